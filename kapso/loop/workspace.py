"""The candidate in the making: a proposer edits files in memory, the engine turns them into a git tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE, Entry
from kapso.goal.protection import Editable
from kapso.propose.blocks import stays_inside
from kapso.propose.protocol import NONE, Snapshot, Workspace
from kapso.propose.syntax import form, identity


class EditableFiles(Snapshot):
    """The editable files of a commit, read when asked for; `changed` are not as in the base."""

    def __init__(
        self, index: EditableIndex, commit: str, entries: Mapping[str, Entry], changed: set[str]
    ) -> None:
        self._index = index
        self._commit = commit
        self.entries = entries
        self.changed = changed

    def __getitem__(self, path: str) -> bytes:
        return self._index.repository.objects.read(self.entries[path].oid, path)

    def changed_from(self, other: Snapshot) -> set[str]:
        assert isinstance(other, EditableFiles)
        return {path for path, _ in self.entries.items() ^ other.entries.items()}

    def program(self, changes: Mapping[str, bytes | None] = NONE) -> str:
        if not changes and (known := self._index.programs.get(self._commit)) is not None:
            return known
        forms = {
            path: self._index.form(path, self.entries.get(path)) for path in self.changed - changes.keys()
        }
        for path, content in changes.items():
            mode = self.entries[path].mode if path in self.entries else FILE
            entry = None if content is None else Entry(mode, _blob_id(content))
            forms[path] = self._index.form(path, entry, content)
        program = self._index.program(forms)
        if not changes:
            self._index.programs[self._commit] = program
        return program

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class EditableIndex:
    """The editable files of any commit, found by its difference from the base: 5,000 files cost nothing.

    `programs` are the identities of programs that are known, by commit.
    """

    def __init__(
        self, repository: Repository, base: str, editable: Editable, *, format_counts: bool = False
    ) -> None:
        self.repository = repository
        self.editable = editable
        self.programs: dict[str, str] = {}
        self._base = base
        self._format_counts = format_counts
        self._forms: dict[tuple[str, Entry], str] = {}
        self._latest = lru_cache(maxsize=32)(self._files)
        self._entries = {
            path: entry for path, entry in repository.entries(base).items() if self._is_editable(path, entry)
        }

    def files(self, commit: str) -> EditableFiles:
        """The editable files of `commit`; a prompt asks for those of the same ten commits as the last one."""
        return self._latest(commit)

    def _files(self, commit: str) -> EditableFiles:
        entries = dict(self._entries)
        changed = set()
        for path, (_, entry) in self.repository.changed_paths(self._base, commit).items():
            changed.add(path)
            if entry is not None and self._is_editable(path, entry):
                entries[path] = entry
            else:
                entries.pop(path, None)
        return EditableFiles(self, commit, entries, changed)

    def form(self, path: str, entry: Entry | None, content: bytes | None = None) -> str:
        """What a file is, format and comments left out unless they count; "" for none."""
        if entry is None or self._format_counts:
            return f"{entry.mode:o} {entry.oid}" if entry else ""
        key = (path, entry)
        if key not in self._forms:
            if content is None:
                content = self.repository.objects.read(entry.oid, path)
            self._forms[key] = f"{entry.mode:o} {form(path, content)}"
        return self._forms[key]

    def program(self, forms: Mapping[str, str]) -> str:
        """The identity of the base with these forms in it."""
        return identity(
            {path: each for path, each in forms.items() if each != self.form(path, self._entries.get(path))}
        )

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
        self._identity: str | None = None
        self._tree: str | None = None

    def __getitem__(self, path: str) -> bytes:
        if path in self._changed:
            content = self._changed[path]
            if content is None:
                raise KeyError(path)
            return content
        return self._files[path]

    def __setitem__(self, path: str, content: bytes) -> None:
        self._check(path)
        self._identity = self._tree = None
        self._changed[path] = content

    def __delitem__(self, path: str) -> None:
        self._check(path)
        if path not in self:
            raise KeyError(path)
        self._identity = self._tree = None
        if path in self._files.entries:
            self._changed[path] = None
        else:
            del self._changed[path]

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

    def program(self) -> str:
        """The identity of the candidate's program."""
        if self._identity is None:
            self._identity = self._files.program(self._changed)
        return self._identity

    def tree(self) -> str:
        """The tree of the candidate: the parent's with what was changed."""
        if self._tree is None:
            self._tree = self._written()
        return self._tree

    def _written(self) -> str:
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


def tree_of(workspace: Workspace) -> str:
    """The whole tree of a candidate in the making."""
    assert isinstance(workspace, CandidateWorkspace)
    return workspace.tree()


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
