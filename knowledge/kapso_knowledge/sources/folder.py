"""A file or a folder on the disk: what git would not ignore, nothing outside the folder, by name."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kapso_knowledge.errors import SourceError
from kapso_knowledge.reading import Unreadable, check_size
from kapso_knowledge.reading.formats import format_by_name
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from kapso_knowledge.sources.skipping import as_text, is_document, skips_folder

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MOST_FILES = 50_000
_DEEPEST = 40


class Folder:
    """`name` is what hits cite; `path` is a file or a folder."""

    def __init__(self, path: Path, name: str, *, trusted: bool = False) -> None:
        self.path = path
        self.name = name
        self.trusted = trusted

    @property
    def revision(self) -> str:
        return ""

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        if not self.path.exists():
            raise SourceError(f"`{self.path}` does not exist", help="check the path", slug="source-not-found")
        if not self.path.is_dir():
            yield _read(self.path, "", known)
            return
        closed: list[OSError] = []
        for count, (path, relative) in enumerate(_walk(self.path, closed), 1):
            if count > _MOST_FILES:
                raise SourceError(
                    f"`{self.name}` has more than {_MOST_FILES} documents",
                    help="learn the folders in it that matter",
                    slug="source-too-large",
                )
            yield _read(path, relative, known)
        for error in closed:
            yield from _closed(error, self.path, known)


def blob_id(content: bytes) -> str:
    """The id that git would give the content: the same text is known again, committed or not."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _read(path: Path, relative: str, known: Mapping[str, str]) -> Raw | Same | Unread:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Unread(relative, "not a regular file")
        check_size(format_by_name(path.name) or "pdf", status.st_size)
        content = path.read_bytes()
    except Unreadable as error:
        return Unread(relative, str(error))
    except OSError as error:
        return Unread(relative, error.strerror or str(error))
    revision = blob_id(content)
    if known.get(relative) == revision:
        return Same(relative)
    time = datetime.fromtimestamp(status.st_mtime, UTC)
    return Raw(relative, content, revision, time=time, url=path.absolute().as_uri())


def _closed(error: OSError, root: Path, known: Mapping[str, str]) -> Iterator[Unread]:
    """A folder that cannot be looked into, and what was known of the documents in it, which stay."""
    folder = as_text(os.path.relpath(error.filename or root, root))
    reason = error.strerror or str(error)
    yield Unread(folder, reason)
    yield from (Unread(path, reason) for path in known if path.startswith(f"{folder}/"))


def _walk(root: Path, closed: list[OSError]) -> Iterator[tuple[Path, str]]:
    """The documents under `root`, sorted; links to folders are not followed, links out of it not read.

    `closed` takes the errors of the folders that cannot be looked into.
    """
    inside = root.resolve()
    ignored: list[tuple[str, GitIgnoreSpec]] = []
    for folder, folders, files in os.walk(root, onerror=closed.append):
        here = Path(folder).relative_to(root).as_posix()
        prefix = "" if here == "." else here + "/"
        depth = prefix.count("/")
        ignored = [(above, spec) for above, spec in ignored if prefix.startswith(above)]
        if (spec := _ignore_file(Path(folder))) is not None:
            ignored.append((prefix, spec))
        wanted = [name for name in sorted(folders) if not skips_folder(name)] if depth < _DEEPEST else []
        folders[:] = [name for name in wanted if not _is_ignored(f"{prefix}{name}/", ignored)]
        for name in sorted(files):
            relative = prefix + name
            if not is_document(relative) or _is_ignored(relative, ignored):
                continue
            path = Path(folder, name)
            if path.is_symlink() and _leads_out(path, inside):
                continue
            yield path, as_text(relative)


def _leads_out(link: Path, inside: Path) -> bool:
    try:
        return not link.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a link to itself leads nowhere
        return True


def _ignore_file(folder: Path) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec  # 30 ms

    try:
        lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:  # a pattern that is none: git passes over it too
        return None


def _is_ignored(path: str, ignored: list[tuple[str, GitIgnoreSpec]]) -> bool:
    """Whether the nearest .gitignore that says something about the path ignores it."""
    for above, spec in reversed(ignored):
        verdict = spec.check_file(path[len(above) :]).include
        if verdict is not None:
            return bool(verdict)
    return False
