"""The seam for proposers whose edits a model or a coding agent writes: slow, dear, and able to mend what they
wrote.

Order of calls: `ideate` (quick: it packs what will be asked into the idea, nothing is sent) → `write`, which
may take minutes and overlaps with everything else → the loop runs and scores the candidate. Where that fails
and `search.repairs` allows, `write` is called again on the failed candidate, with what failed. Whatever
costs anything goes through `Desk.call`, which keeps the answer on the disk before it is used: after a kill,
the same calls in the same order give the same answers and cost nothing.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from kapso.propose.protocol import Idea, Proposer, Workspace


class NoUsableEdit(Exception):
    """What was written is no edit, and no repair is left: the attempt ends as `invalid`, with this reason."""


class Unavailable(Exception):
    """The provider or the agent cannot be had: the attempt ends as `abandoned`, with this reason.

    `cost` is what may have been charged all the same, in dollars; None where that is not known: then the most
    that the call could cost counts.
    """

    def __init__(self, reason: str, cost: float | None = None) -> None:
        super().__init__(reason)
        self.cost = cost


class BudgetSpent(Exception):
    """A call could cost more than is left of `budget.cost`: it was not made."""


@dataclass(frozen=True)
class Reply:
    """What came back from one call. All of it is JSON.

    `text` is what was written, `data` what else is needed to use it (the files that an agent changed).
    `cost` is in dollars, None where the price is not known.
    """

    text: str
    model: str
    data: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Failure:
    """What was wrong with what was written: `reason` in a phrase, `feedback` with the exact error; `lessons`
    tell of errors like it."""

    reason: str
    feedback: str | None = None
    lessons: Sequence[str] = ()


class Desk(Protocol):
    """Where one attempt is written: its number, its folder, what failed so far, and the only way to pay.

    `failures` are what the loop found wrong with earlier candidates of this attempt, oldest first. When
    `cancel` is set, a call ends within a second or so by raising kapso.errors.Interrupted.
    """

    number: int
    folder: Path
    failures: Sequence[Failure]
    cancel: threading.Event

    @property
    @abstractmethod
    def repairs(self) -> int:
        """How many calls with the purpose `repair` may still be made."""

    @abstractmethod
    def call(
        self, purpose: str, request: Mapping[str, Any], most_cost: float | None, make: Callable[[], Reply]
    ) -> Reply:
        """The reply to the next call of this attempt: the one on the disk if there is one, else `make()`'s.

        `purpose` (`ideate`, `edit`, `repair`) and `request` (JSON: exactly what is sent, no secrets) are kept
        for `kapso show --prompt`; `most_cost` dollars are held back from the budget until the reply tells
        what it cost. What `make` raises is kept as the call's end and raised.

        Raises BudgetSpent, and nothing is sent, where `most_cost` may not be spent any more.
        """

    @abstractmethod
    def show(self, line: str) -> None:
        """Show what is going on, in one line, to whoever watches the run."""

    @abstractmethod
    def known(self, workspace: Workspace) -> str | None:
        """What is known of the program in `workspace` if it was evaluated before, in a sentence for the model
        (`the same program as attempt 7, which scored 2.5`); None if it is new."""


@runtime_checkable
class Author(Proposer, Protocol):
    """A proposer that writes by calls that take long and may cost money.

    `most_cost` is the most that one of its calls may cost, None where nothing bounds it. `works_here` says
    that it keeps this machine busy, so that times are not measured beside it, `is_paid` that its calls cost
    money, as far as that is known.
    """

    most_cost: float | None
    works_here: bool
    is_paid: bool

    def check(self) -> float:
        """Find out before the first attempt that it can work at all: a UsageError or MachineError names a
        missing package, key or command, an unknown model, and the remedy. Returns what it may have cost.
        """

    def write(self, idea: Idea, desk: Desk, workspace: Workspace) -> Idea:
        """Make the edit in `workspace`, which holds the parent's files or, in a repair, the failed
        candidate's; returns the idea with the title and the hypothesis that were told.

        Raises NoUsableEdit, Unavailable or BudgetSpent.
        """
