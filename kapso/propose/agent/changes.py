"""What an agent changed: the edit that stands, and what is undone because it may not.

The agent's own repository is not asked: what counts is how the files differ from those that it was given.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kapso.evaluate.sandbox import Written
from kapso.git.trees import EXECUTABLE, FILE, Entry
from kapso.propose.agent.repository import FOLDER, ignored
from kapso.propose.agent.site import Site
from kapso.propose.blocks import kept_inside, stays_inside

MOST_BYTES = 8 << 20
MOST_FILES = 2_000
MOST_UNDONE = 100
_SHOWN = 5


@dataclass
class Changes:
    """`files` maps paths to their new content as git stores it, None where they are deleted.

    `undone` maps paths to why what was done there does not count.
    """

    files: dict[str, bytes | None] = field(default_factory=dict)
    undone: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "files": {path: _packed(content) for path, content in self.files.items()},
            "undone": dict(self.undone),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Changes:
        files = {path: _unpacked(packed) for path, packed in data["files"].items()}
        return cls(files, dict(data["undone"]))

    def apply(self, workspace: MutableMapping[str, bytes]) -> None:
        """Make the edit."""
        for path, content in self.files.items():
            if content is not None:
                workspace[path] = content
            elif path in workspace:
                del workspace[path]

    def told(self) -> str:
        """What was undone and why, for people and models; empty where nothing was."""
        lines = [f"`{path}`: {why}" for path, why in list(self.undone.items())[:_SHOWN]]
        more = len(self.undone) - len(lines)
        return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


def find_changes(
    site: Site, tree: str, written: Written, secrets: Mapping[bytes, bytes], scratch: Path
) -> Changes:
    """What differs from `tree`, the one that the agent was given. `scratch` is an empty folder."""
    found = Changes()
    given = site.repository.entries(tree)
    paths = list(_paths(written, given))
    new = [path for path in paths if path not in given and _is_text(path)]
    unwanted = ignored(site.repository, tree, new, scratch)
    judge = _Judge(site, tree, secrets)
    for path in paths:
        if path in unwanted:
            continue
        why, content = judge.on(path, given.get(path), _read(written, path))
        if content is not _SAME and len(found.files) >= MOST_FILES:
            why, content = f"an attempt may not change more than {MOST_FILES} files", _SAME
        if content is not _SAME:
            found.files[path] = content
        if why is not None and len(found.undone) < MOST_UNDONE:
            found.undone[_shown(path)] = why
    return found


_SAME = b"\0the file is as it was"
"""Compared by identity: no content is this very object."""
_Verdict = tuple[str | None, bytes | None]
"""Why (part of) a change does not count, if so, and what stands at the path from now on."""


class _Judge:
    """Judges one path after the other. Nothing is written to the repository for what may not change."""

    def __init__(self, site: Site, tree: str, secrets: Mapping[bytes, bytes]) -> None:
        self._repository, self._editable = site.repository, site.editable
        self._tree, self._secrets = tree, secrets

    def on(self, path: str, given: Entry | None, content: bytes | str | None) -> _Verdict:
        """`given` was at `path`, and now `content` is: None is nothing, a text why it cannot be had."""
        is_file = given is not None and given.mode in (FILE, EXECUTABLE)
        if not _is_text(path):
            return "its name is not plain text", _SAME
        if content is None and given is None:
            return None, _SAME
        if not self._editable.matches(path):
            if is_file and content == self._repository.working_bytes(self._tree, path):
                return None, _SAME
            return self._editable.why_protected(path) or "`edit` does not match it", _SAME
        if isinstance(content, str):
            return content, _SAME
        if given is not None and not is_file:
            return "only files can be changed", _SAME
        return self._on_editable(path, given, content)

    def _on_editable(self, path: str, given: Entry | None, content: bytes | None) -> _Verdict:
        repository = self._repository
        before = None if given is None else repository.objects.read(given.oid, path)
        for value, name in self._secrets.items():
            if content is not None and value in content and value not in (before or b""):
                return f"it holds the value of {name.decode()}", _SAME
        after = content
        if content is not None:
            after = repository.objects.read(repository.stored_blob(self._tree, path, content), path)
        return (None, _SAME) if before == after else _within_blocks(before, after)


def _within_blocks(before: bytes | None, after: bytes | None) -> _Verdict:
    """An edit without what it changes outside of a file's blocks."""
    if before is None or stays_inside(before, after):
        return None, after
    why = "only what lies between `EVOLVE-BLOCK-START` and `EVOLVE-BLOCK-END` may be changed"
    mended = None if after is None else kept_inside(before, after)
    return why, _SAME if mended is None or mended == before else mended


def _paths(written: Written, given: Mapping[str, Entry]) -> Iterator[str]:
    """Every path at which something may differ, those of the program first; not the agent's repository."""
    here = {path for path in (*written.files, *written.others) if not f"{path}/".startswith(f"{FOLDER}/")}
    gone = {path for path in given if path not in here and written.is_gone(path)}
    both = {path for path in here | gone if path in given or path in written.files}
    yield from sorted(both, key=lambda path: (path not in given, path))


def _read(written: Written, path: str) -> bytes | str | None:
    """The content of what was written; None if it is gone; in a text, why it cannot be taken."""
    place = written.files.get(path)
    if place is None:
        return None
    try:
        if place.stat().st_size > MOST_BYTES:
            return f"it is larger than {MOST_BYTES >> 20} MB"
        return place.read_bytes()
    except PermissionError:
        place.chmod(0o600)
        return place.read_bytes()


def _packed(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _unpacked(packed: Mapping[str, str] | None) -> bytes | None:
    if packed is None:
        return None
    return packed["text"].encode() if "text" in packed else base64.b64decode(packed["base64"])


def _is_text(path: str) -> bool:
    return path.isprintable() and not any("\ud800" <= letter <= "\udfff" for letter in path)


def _shown(path: str) -> str:
    return path if _is_text(path) else ascii(path)
