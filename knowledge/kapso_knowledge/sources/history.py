"""A repository's own commits: what was changed for speed or for correctness, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kapso_knowledge.errors import SourceError
from kapso_knowledge.reading.commit import MEDIA
from kapso_knowledge.reading.formats import language_of
from kapso_knowledge.sources import git
from kapso_knowledge.sources.protocol import Raw, Same, Unread

if TYPE_CHECKING:
    import pygit2

_WALKED = 20_000
_MOST = 1_000
"""Commits: the newest are those that the code at hand still resembles."""
_LINES = 120
_LARGEST_PATCH = 200_000
"""Bytes; a commit that changes more moves things about rather than making them better."""
_SPEED = re.compile(
    r"\b(?:perf|performance|speed\w*|fast\w*|slow\w*|optimi[sz]\w*|accelerat\w*|cach\w+|memoi[sz]\w*|vectori[sz]\w*|"
    r"latency|throughput|allocations?|memory (?:use|usage|footprint|consumption)|less memory|parallel\w*|"
    r"lazy|lazily|overhead|profil\w+|hot path|bottleneck|"
    r"quadratic|linear time|simd|inline[ds]?|\d+(?:\.\d+)?x|\d+ ?% (?:less|fewer|faster))\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"\b(?:fix(?:e[sd])?|bugs?|incorrect\w*|wrong\w*|crash\w*|leaks?|race|deadlock|overflow|underflow|regression|"
    r"off[- ]by[- ]one|corrupt\w*|edge case|precision|rounding|nan|segfault|infinite loop)\b",
    re.IGNORECASE,
)
_TRIVIAL = re.compile(
    r"\b(?:typos?|lint|flake8|ruff|black|mypy|ci|docs?|documentation|readme|changelog|spelling|whitespace|format\w*|"
    r"bump|release|merge|copyright|comments?)\b",
    re.IGNORECASE,
)


class History:
    """The commits that `path` (a repository, or a part of one) was changed by, newest first."""

    def __init__(self, path: Path, name: str, *, trusted: bool = False) -> None:
        self.name = name
        self.trusted = trusted
        self._path = path
        self._revision = ""

    @property
    def revision(self) -> str:
        return self._revision

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        repository = git.opened(self._path, self.name)
        head = git.commit_of(repository, "HEAD", self.name)
        self._revision = str(head.id)
        part = _part(repository, self._path)
        found, is_told = 0, False
        for commit in _commits(repository, head):
            path, revision = f"commit/{commit.short_id}", str(commit.id)
            is_known = known.get(path) == revision
            item = Same(path) if is_known else _read(repository, commit, path, part)
            if item is not None:
                found, is_told = found + (not isinstance(item, Unread)), True
                yield item
            if found >= _MOST:
                return
        if not is_told:
            raise SourceError(
                f"`{self.name}`: no commit tells of speed or correctness",
                help="read are commits whose message does (`faster`, `fix`, `30 % less memory`)",
                slug="history-empty",
            )


def _part(repository: pygit2.Repository, path: Path) -> str:
    """Where in the repository `path` is: "" for the whole, else `folder/` or a file."""
    top = repository.workdir
    if top is None or path.resolve() == Path(top).resolve():
        return ""
    inside = path.resolve().relative_to(Path(top).resolve()).as_posix()
    return f"{inside}/" if path.is_dir() else inside


def _commits(repository: pygit2.Repository, head: pygit2.Commit) -> Iterator[pygit2.Commit]:
    """Those whose message tells of speed or correctness, no merges."""
    from pygit2.enums import SortMode

    for count, commit in enumerate(repository.walk(head.id, SortMode.TIME)):
        if count >= _WALKED:
            return
        if len(commit.parents) == 1 and _tells(commit.message):
            yield commit


def _tells(message: str) -> bool:
    subject = message.split("\n", 1)[0]
    if _SPEED.search(subject):
        return True
    return not _TRIVIAL.search(subject) and bool(_RIGHT.search(subject) or _SPEED.search(message))


def _read(repository: pygit2.Repository, commit: pygit2.Commit, path: str, part: str) -> Raw | Unread | None:
    """The commit as a document, Unread where its files are not here."""
    import pygit2

    try:
        return _document(repository, commit, path, part)
    except (pygit2.GitError, KeyError, ValueError, TypeError):  # TypeError: not even its folders are
        return Unread(path, "not all of its files are in this clone")


def _document(repository: pygit2.Repository, commit: pygit2.Commit, path: str, part: str) -> Raw | None:
    """Message and diff; None where no program in `part` was changed: what is new improves nothing."""
    diff = repository.diff(commit.parents[0], commit, context_lines=2)
    patches = [patch for patch in diff if patch is not None and _is_code(patch.delta.new_file.path, part)]
    if all(patch.delta.status_char() == "A" or _is_test(patch.delta.new_file.path) for patch in patches):
        return None
    subject, _, body = commit.message.strip().partition("\n")
    aim = "speed" if _SPEED.search(subject) else "correctness"
    time = datetime.fromtimestamp(commit.commit_time, UTC)
    said = f"Changed for {aim} on {time:%Y-%m-%d}, commit {commit.short_id}."
    text = "\n".join([subject, "", said, "", body, *_trimmed(patches)])
    return Raw(path, text.encode("utf-8", "replace"), str(commit.id), media=MEDIA, time=time)


def _is_code(path: str, part: str) -> bool:
    return path.startswith(part) and language_of(path) not in (None, "toml", "yaml", "ini", "json", "go.mod")


def _is_test(path: str) -> bool:
    return bool(re.search(r"(?:^|[/_.-])(?:tests?|testing|spec|conftest)(?:[/_.-]|$)", path))


def _trimmed(patches: list[pygit2.Patch]) -> Iterator[str]:
    """The first lines of each file's changes, code before its tests, as many as a reader looks at."""
    left = _LINES
    for patch in sorted(patches, key=lambda patch: _is_test(patch.delta.new_file.path)):
        if left > 0 and len(patch.data) <= _LARGEST_PATCH:
            lines = (patch.text or "").rstrip().split("\n")[:left]
            left -= len(lines)
            yield from (line[:400] for line in lines)
