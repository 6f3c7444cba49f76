"""A repository's own commits: what was changed for speed or for correctness, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

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
    r"latency|throughput|allocations?|memory|parallel\w*|lazy|lazily|overhead|profil\w+|hot path|bottleneck|"
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
        found = 0
        for commit in _commits(repository, head):
            path, revision = f"commit/{commit.short_id}", str(commit.id)
            if known.get(path) == revision:
                found += 1
                yield Same(path)
            elif (raw := _document(repository, commit, path, part)) is not None:
                found += 1
                yield raw
            if found >= _MOST:
                return


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


def _document(repository: pygit2.Repository, commit: pygit2.Commit, path: str, part: str) -> Raw | None:
    """Message and diff as Markdown; None where no code of `part` was changed."""
    diff = repository.diff(commit.parents[0], commit, context_lines=2)
    patches = [patch for patch in diff if patch is not None and _is_code(patch.delta.new_file.path, part)]
    if not patches:
        return None
    subject, _, body = commit.message.strip().partition("\n")
    aim = "speed" if _SPEED.search(subject) else "correctness"
    time = datetime.fromtimestamp(commit.commit_time, UTC)
    said = f"{_plain(subject)} (changed for {aim}, {time:%Y-%m-%d}, commit {commit.short_id})"
    code = _fenced([*_trimmed(patches)], language_of(patches[0].delta.new_file.path))
    text = f"---\nkind: heuristic\n---\n# {_plain(subject)}\n\n{said}\n\n{_body(body)}\n\n{code}\n"
    return Raw(path, text.encode("utf-8", "replace"), str(commit.id), media="text/markdown", time=time)


def _is_code(path: str, part: str) -> bool:
    return path.startswith(part) and language_of(path) is not None


def _trimmed(patches: list[pygit2.Patch]) -> Iterator[str]:
    """The first lines of each file's changes, code before its tests, as many as a reader looks at."""
    patches = sorted(
        patches, key=lambda patch: ("test" in patch.delta.new_file.path, patch.delta.new_file.path)
    )
    left = _LINES
    for patch in patches:
        if left <= 0:
            return
        if patch.data and len(patch.data) > _LARGEST_PATCH:
            continue
        lines = (patch.text or "").split("\n")
        shown = [line for line in lines if not line.startswith(("diff --git", "index ", "--- "))][:left]
        left -= len(shown)
        yield from (line[:400] for line in shown)


def _plain(subject: str) -> str:
    return " ".join(subject.replace("#", "").split())[:200] or "untitled"


def _body(body: str) -> str:
    """The message's words, without trailers and with nothing that Markdown takes for headings."""
    lines = (
        line
        for line in body.strip().split("\n")
        if not re.match(r"[A-Z][\w-]+-by: |Change-Id: |cc: ", line, re.I)
    )
    return "\n".join(re.sub(r"^(#+|=+$|-+$|```|~~~)", r"\\\1", line) for line in lines)[:4_000]


def _fenced(lines: list[str], language: str | None) -> str:
    text = "\n".join(lines).rstrip()
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language or 'diff'}\n{text}\n{fence}"
