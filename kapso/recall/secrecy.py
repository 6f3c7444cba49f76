"""What of the libraries is kept from proposers and agents: what goals hide, from wherever it was learnt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from kapso.errors import KapsoError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso_knowledge import Node

LONGEST_FILE = 1 << 20
SHORTEST_LINE = 12
"""Characters: shorter lines (`else:`, `return x`) stand everywhere."""
SHARE = 0.5
"""Of a node's lines: with as many from hidden files it tells what they hold."""


@dataclass(frozen=True)
class Secrecy:
    """What the goals hide in their bases, which are commits of `repository`; each goal itself, too, as it
    tells how the scorer and the hold-out are called."""

    repository: Repository
    goals: Sequence[tuple[Goal, str]]

    @classmethod
    def of_runs(cls, repository: Repository, runs: Iterable[str]) -> Secrecy:
        """What the goals of these runs hide; each goal is looked at once. Unreadable ones are passed over."""
        from kapso.git.landing import base_of
        from kapso.loop.stored import stored_goal

        found: dict[object, tuple[Goal, str]] = {}
        for run in runs:
            try:
                goal, base = stored_goal(repository, run), base_of(repository, run)
            except (KapsoError, KeyError, FileNotFoundError):
                continue
            found.setdefault((goal.file, goal.hide, goal.evaluate, goal.holdout, base), (goal, base))
        return cls(repository, list(found.values()))

    def hides(self, node: Node) -> bool:
        """Whether the node tells what some hidden file holds."""
        if not self.goals:
            return False
        path = self._path(node)
        if path is not None and self.hides_path(path):
            return True
        if node.source.startswith("history:") and (
            self._touches_hidden(node.revision) or self._names_hidden(node.text)
        ):
            return True
        return self._repeats_hidden(node.text)

    def tells(self, text: str) -> bool:
        """Whether a text names a hidden file, or repeats what one holds."""
        return bool(self.goals) and (self._names_hidden(text) or self._repeats_hidden(text))

    def _names_hidden(self, text: str) -> bool:
        return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) for name in self._names)

    def _repeats_hidden(self, text: str) -> bool:
        lines = _lines(text)
        return bool(lines) and len(lines & self._lines) >= SHARE * len(lines)

    def _path(self, node: Node) -> str | None:
        """Where in the repository the node stands; None for what stands elsewhere."""
        if re.match(r"[a-z][a-z0-9+.-]+:", node.source):
            return None
        root = self.repository.root.resolve()
        source = node.source
        if "@" in source and not Path(root, source).exists():
            source = source.rpartition("@")[0]  # as of a revision
        place = Path(root, source, node.place.path)
        return place.relative_to(root).as_posix() if place.is_relative_to(root) else None

    def hides_path(self, path: str) -> bool:
        """Whether some goal hides what stands at `path`, from the repository's root."""
        from kapso.goal.protection import hidden_paths

        root = self.repository.root
        return any(
            goal.file == root / path or hidden_paths(goal, goal.prefix(root), [path])
            for goal, _ in self.goals
        )

    def _touches_hidden(self, commit: str) -> bool:
        """Whether a commit changed what is hidden: of a long change, only the first part names the file."""
        if commit not in self._commits:
            self._commits[commit] = any(map(self.hides_path, self._changed_by(commit)))
        return self._commits[commit]

    def _changed_by(self, commit: str) -> Iterable[str]:
        """The paths that a commit changed; none for one of another repository."""
        repository = self.repository
        try:
            if commit not in repository.pygit:
                return ()
            parents = repository.objects.commit(commit).parent_ids
            return repository.changed_paths(str(parents[0]), commit) if parents else ()
        except (KapsoError, ValueError):
            return ()

    @cached_property
    def _commits(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _hidden(self) -> list[tuple[str, str]]:
        """Base and path of every tracked file that is hidden."""
        from kapso.goal.protection import hidden_paths

        root, found = self.repository.root, []
        for goal, base in self.goals:
            tracked = self.repository.entries(base)
            hidden = hidden_paths(goal, goal.prefix(root), tracked)
            if goal.file.is_relative_to(root):
                hidden |= tracked.keys() & {goal.file.relative_to(root).as_posix()}
            found += [(base, path) for path in sorted(hidden)]
        return found

    @cached_property
    def _names(self) -> set[str]:
        return {PurePosixPath(path).name for _, path in self._hidden}

    @cached_property
    def _lines(self) -> frozenset[str]:
        """The telling lines of the hidden files."""
        found: set[str] = set()
        for base, path in self._hidden:
            try:
                content = self.repository.read(base, path)
            except FileNotFoundError:  # a submodule
                continue
            if len(content) <= LONGEST_FILE and b"\0" not in content:
                found |= _lines(content.decode("utf-8", "replace"))
        return frozenset(found)


def _lines(text: str) -> set[str]:
    """The lines long enough to tell, without indentation and the marks of a diff."""
    stripped = (line.lstrip("+- \t").rstrip() for line in text.splitlines())
    return {line for line in stripped if len(line) >= SHORTEST_LINE}
