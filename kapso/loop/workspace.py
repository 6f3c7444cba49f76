"""The candidate in the making: a proposer edits files in memory, the engine turns them into a git tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE, Entry
from kapso.goal.protection import Editable
from kapso.propose.blocks import stays_inside
from kapso.propose.protocol import Snapshot, Workspace


class EditableFiles(Snapshot):
    """The editable files of a commit, read when asked for."""

    def __init__(self, repository: Repository, entries: Mapping[str, Entry]) -> None:
        self._repository = repository
        self.entries = entries

    def __getitem__(self, path: str) -> bytes:
        return self._repository.objects.read(self.entries[path].oid, path)

    def changed_from(self, other: Snapshot) -> set[str]:
        assert isinstance(other, EditableFiles)
        return {path for path, _ in self.entries.items() ^ other.entries.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class EditableIndex:
    """The editable files of any commit, found by its difference from the base: 5,000 files cost nothing."""

    def __init__(self, repository: Repository, base: str, editable: Editable) -> None:
        self.editable = editable
        self._repository = repository
        self._base = base
        self._entries = {
            path: entry for path, entry in repository.entries(base).items() if self._is_editable(path, entry)
        }

    def files(self, commit: str) -> EditableFiles:
        """The editable files of `commit`."""
        entries = dict(self._entries)
        for path, (_, entry) in self._repository.changed_paths(self._base, commit).items():
            if entry is not None and self._is_editable(path, entry):
                entries[path] = entry
            else:
                entries.pop(path, None)
        return EditableFiles(self._repository, entries)

    def _is_editable(self, path: str, entry: Entry) -> bool:
        return entry.mode in (FILE, EXECUTABLE) and self.editable.matches(path)


class CandidateWorkspace(Workspace):
    """The `Workspace` that proposers are handed: a mapping of editable paths to contents."""

    def __init__(self, repository: Repository, parent: str, editable: Editable, files: EditableFiles) -> None:
        self._repository = repository
        self._parent = parent
        self._editable = editable
        self._files = files
        self._changed: dict[str, bytes | None] = {}

    def __getitem__(self, path: str) -> bytes:
        if path in self._changed:
            content = self._changed[path]
            if content is None:
                raise KeyError(path)
            return content
        return self._files[path]

    def __setitem__(self, path: str, content: bytes) -> None:
        self._check(path)
        self._changed[path] = content

    def __delitem__(self, path: str) -> None:
        self._check(path)
        if path not in self:
            raise KeyError(path)
        self._changed[path] = None

    def __iter__(self) -> Iterator[str]:
        yield from (path for path in self._files if self._changed.get(path, b"") is not None)
        yield from (
            path
            for path, content in self._changed.items()
            if content is not None and path not in self._files.entries
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: object) -> bool:
        if path in self._changed:
            return self._changed[str(path)] is not None
        return path in self._files.entries

    def why_not(self) -> str | None:
        """Why the edit may not stand: it left the blocks that a file reserves for changes."""
        for path, content in self._changed.items():
            before = self._files[path] if path in self._files.entries else None
            if before is not None and not stays_inside(before, content):
                return f"`{path}` was changed outside its EVOLVE-BLOCK-START … EVOLVE-BLOCK-END block"
        return None

    def tree(self) -> str:
        """The tree of the candidate: the parent's with what was changed."""
        changes: dict[str, Entry | None] = {}
        for path, content in self._changed.items():
            if content is None:
                changes[path] = None
            else:
                mode = self._files.entries[path].mode if path in self._files.entries else FILE
                changes[path] = Entry(mode, self._repository.write_blob(content))
        return self._repository.write_tree(self._parent, changes)

    def _check(self, path: str) -> None:
        if not self._editable.matches(path):
            reason = self._editable.why_protected(path) or "`edit` does not match it"
            raise PermissionError(f"`{path}` may not be changed: {reason}")
