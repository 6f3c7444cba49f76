"""Every way to name a source, and the module behind each; making one touches neither disk nor network much.

PATH, file://PATH        a file, a folder, or the top of a git repository
URL ending in .git, git@HOST:PATH, https://github.com/OWNER/NAME      a git repository; `@REVISION` may follow
history:[PATH]           the commits of the repository that PATH lies in
arxiv:ID                 a paper
http(s)://…              a page, or with `crawl` the pages below it
web:"QUERY"              what a search provider finds
playbooks                the playbooks that Kapso ships
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kapso_knowledge.errors import SourceError
from kapso_knowledge.sources.protocol import Source

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client
    from kapso_knowledge.sources.crawl import Limits

_FORGES = "github.com|gitlab.com|bitbucket.org|codeberg.org|git.sr.ht|gitee.com"
_REPOSITORY = re.compile(
    r"(?:git\+)?(?:"
    r"(?:https?|ssh|git|file)://[^\s#]+?\.git/?"
    r"|(?:ssh|git)://[^\s#@]+(?:@[^\s#@]+)?"
    r"|[\w.-]+@[\w.-]+:[^\s#@]+"
    rf"|https?://(?:www\.)?(?:{_FORGES})/[\w.~-]+/[\w.-]+?/?"
    r")(?:@(?P<revision>[\w./-]+))?"
)
_ARXIV = re.compile(r"arxiv:\s*(\S+)", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,15}):", re.IGNORECASE)


@dataclass(frozen=True)
class Surroundings:
    """What names are read in.

    Paths are relative to `base`; those within `root` (the user's repository) are named relative to it and
    trusted, others by their absolute path. `cache` holds clones and answers from the network, `playbooks` the
    playbooks that are shipped. `crawl` are the limits of a crawl, None for single pages.
    """

    base: Path
    cache: Path
    root: Path | None = None
    playbooks: Path | None = None
    allow_private: bool = False
    crawl: Limits | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def parse(spec: str, surroundings: Surroundings) -> Source:
    """The source that `spec` names; SourceError where it names none."""
    spec = spec.strip()
    if not spec:
        raise SourceError("a source without a name", help=_HELP, slug="source-unknown")
    if surroundings.crawl is not None and not _is_page(spec):
        raise SourceError(
            f"`{spec}` is no page whose links a crawl could follow",
            help="leave `--crawl` out for it, or give the http(s) address of a page",
            slug="source-uncrawlable",
        )
    if spec == "playbooks":
        return _playbooks(surroundings)
    if spec.startswith("history:"):
        return _history(spec.removeprefix("history:").strip(), surroundings)
    if spec.startswith("web:"):
        return _web_search(spec.removeprefix("web:").strip(), surroundings)
    if found := _ARXIV.fullmatch(spec):
        return _arxiv(found[1], surroundings)
    if found := _REPOSITORY.fullmatch(spec):
        revision = found["revision"]
        url = spec.removeprefix("git+").removesuffix(f"@{revision}" if revision else "")
        return _remote(url, revision, surroundings)
    if _is_page(spec):
        return _page(spec, surroundings)
    return _path(_local(spec), surroundings)


def _is_page(spec: str) -> bool:
    is_address = spec.lower().startswith(("http://", "https://", "crawl:"))
    return is_address and _REPOSITORY.fullmatch(spec) is None


def _local(spec: str) -> str:
    """The path of a `file:` URL of this machine; else the text as it stands."""
    parts = urlsplit(spec) if spec.lower().startswith("file://") else None
    return unquote(parts.path) if parts and parts.netloc in ("", "localhost") and parts.path else spec


def _path(spec: str, surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.folder import Folder

    path = _resolved(spec, surroundings)
    before, _, revision = spec.rpartition("@")
    if not path.exists() and before and is_repository(_resolved(before, surroundings)):
        return _repository(_resolved(before, surroundings), surroundings, revision)
    if is_repository(path):
        return _repository(path, surroundings, None)
    if not path.exists():
        raise _nothing(spec, surroundings)
    return Folder(path, _name(path, surroundings), trusted=_is_own(path, surroundings))


def _resolved(spec: str, surroundings: Surroundings) -> Path:
    try:
        return (surroundings.base / Path(spec).expanduser()).resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a NUL in it, no such user, a loop of links
        raise SourceError(f"`{spec}` is not a path: {error}", help=_HELP, slug="source-unknown") from error


def _nothing(spec: str, surroundings: Surroundings) -> SourceError:
    scheme = _SCHEME.match(spec)
    if scheme:
        return SourceError(
            f"`{spec}`: unknown kind of source `{scheme[1]}:`", help=_HELP, slug="source-unknown"
        )
    return SourceError(
        f"`{spec}` does not exist",
        help=f"paths are relative to `{surroundings.base}`; {_HELP}",
        slug="source-not-found",
    )


def is_repository(path: Path) -> bool:
    """Whether `path` is the top of a working tree, or a bare repository."""
    if (path / ".git").exists():
        return True
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _repository(path: Path, surroundings: Surroundings, revision: str | None) -> Source:
    from kapso_knowledge.sources.repository import Repository

    name = _name(path, surroundings) + (f"@{revision}" if revision else "")
    return Repository(path, name, commit=revision, trusted=_is_own(path, surroundings))


def _name(path: Path, surroundings: Surroundings) -> str:
    root = surroundings.root.resolve() if surroundings.root else None
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else path.as_posix()


def _is_own(path: Path, surroundings: Surroundings) -> bool:
    return surroundings.root is not None and path.is_relative_to(surroundings.root.resolve())


def _playbooks(surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.playbooks import Playbooks

    if surroundings.playbooks is None:
        raise SourceError("the shipped playbooks are not to be found", slug="playbooks-missing")
    return Playbooks(surroundings.playbooks)


def _history(spec: str, surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.history import History

    path = _resolved(spec or ".", surroundings)
    if not path.exists():
        raise _nothing(spec, surroundings)
    name = _name(path, surroundings)
    return History(path, f"history:{'' if name == '.' else name}", trusted=_is_own(path, surroundings))


def _remote(url: str, revision: str | None, surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.git import shown
    from kapso_knowledge.sources.repository import Repository

    name = shown(url).rstrip("/")
    if _REPOSITORY.fullmatch(name.removesuffix(".git")):
        name = name.removesuffix(".git")
    name += f"@{revision}" if revision else ""
    cache = surroundings.cache / "repositories"
    return Repository(url, name, commit=revision, cache=cache, allow_private=surroundings.allow_private)


def _arxiv(id: str, surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.arxiv import Arxiv

    return Arxiv(id, _client(surroundings))


def _web_search(query: str, surroundings: Surroundings) -> Source:
    from kapso_knowledge.sources.web_search import WebSearch

    return WebSearch(query, _client(surroundings), surroundings.environ)


def _page(url: str, surroundings: Surroundings) -> Source:
    """A page; with limits for a crawl, or named as one is, the pages below it."""
    from kapso_knowledge.sources.crawl import Crawl
    from kapso_knowledge.sources.web import Page

    if surroundings.crawl is not None or url.startswith("crawl:"):
        return Crawl(url, _client(surroundings), surroundings.crawl)
    return Page(url, _client(surroundings))


def _client(surroundings: Surroundings) -> Client:
    from kapso_knowledge.net.client import Client  # 120 ms

    return Client(surroundings.cache / "pages", allow_private=surroundings.allow_private)


_HELP = (
    "a source is a path, a git repository's URL, `history:`, `arxiv:ID`, an http(s) URL, "
    '`web:"words to search"` or `playbooks`'
)
