"""The seam between the loop and whatever has ideas: the protocols that proposers implement.

Order of calls, for each attempt: `ideate` → `edit` → (the loop runs and scores the candidate) →
`observe`. `ideate` and `observe` are called by one thread at a time; `edit` may run beside them and rests
on its idea alone. A proposer changes nothing but the workspace that it is handed, and draws all its
randomness from `Context.seed`, so that the same history and seed give the same tree.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Goal
from kapso.propose.recalled import NOTHING, Recalled
from kapso.propose.syntax import form, identity

PROBE = "probe"
"""First word of the hypothesis (`probe: …`) of what was made to learn from, and not to be built on."""

NONE: Mapping[str, bytes | None] = MappingProxyType({})

Files = Mapping[str, bytes]
"""Path from the repository's root (forward slashes) → content as git has it; editable files, read lazily."""


class Snapshot(Files):
    """The editable files of a commit."""

    @abstractmethod
    def changed_from(self, other: Snapshot) -> set[str]:
        """The paths at which the two differ, without reading what they hold."""

    def program(self, changes: Mapping[str, bytes | None] = NONE) -> str:
        """The identity of the program, with these changes made (None: deleted): equal for two of one run
        that differ in format and comments alone."""
        files = {**self, **changes}
        return identity({path: form(path, content) for path, content in files.items() if content is not None})


class Workspace(MutableMapping[str, bytes]):
    """The editable files of a candidate in the making; setting, adding or deleting a path edits it."""


@dataclass(frozen=True)
class Idea:
    """What to try and why. Everything in it is JSON, so that it survives a kill.

    `rests_on` names the lessons and the nodes of libraries that it was told of. `parents` are the attempts
    it starts from, if they are not the ones that the policy chose; the first is the one to edit.
    """

    title: str
    hypothesis: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[str, ...] = ()
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Context:
    """What a proposer may look at.

    `known` are attempts that its ideas for this one merely repeated; `is_last` says that no other proposer
    has an idea, so that one that merely rests should not. `best` is the run's best by now; `left` about how
    many attempts the run has, this one included, None where nothing limits it; `noise` the standard deviation
    of one evaluation's score. Nothing is to be made from the `barred` any more: their lead did not hold.
    `hints` are what the user said with `kapso steer`, oldest first; `recalled` is what memory brings to it,
    and, for those that read, libraries.
    """

    goal: Goal
    number: int
    parents: Sequence[Attempt]
    files: Files
    attempts: Sequence[Attempt]
    seed: int
    known: Sequence[Attempt] = ()
    is_last: bool = False
    best: int = BASELINE
    left: int | None = None
    noise: float = 0.0
    barred: Collection[int] = ()
    hints: Sequence[str] = ()
    recalled: Recalled = NOTHING


class Proposer(Protocol):
    """Something that has ideas; an `Editor` or an `Author` (author.py), by who makes the edit."""

    name: str

    def why_nothing(self, files: Files) -> str | None:
        """Why it has nothing to try on the base's `files`, in a phrase; None where it has something."""

    def ideate(self, context: Context) -> Idea | None:
        """The next idea, or None when there is nothing (left) to try."""

    def observe(self, attempt: Attempt) -> None:
        """Learn from an attempt that landed, whoever proposed it; called in order of landing."""


@runtime_checkable
class Editor(Proposer, Protocol):
    """A proposer whose edits follow from its ideas, at once and for nothing."""

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Carry the idea out. An edit that leaves every file as it was counts as no attempt."""


@runtime_checkable
class Promising(Protocol):
    """A proposer that can tell from the base how much there is for it to do."""

    def promise(self, files: Files) -> float:
        """What its attempts promise on the base's `files`, where 1 is what they usually do."""


@runtime_checkable
class Eager(Protocol):
    """A proposer that may know of something that is to be tried before anything else."""

    name: str

    def eager(self, context: Context) -> str | None:
        """The lesson that tells of it, None where there is nothing; asked before each attempt."""
