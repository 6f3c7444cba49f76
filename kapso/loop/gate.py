"""The gate between edit and run: which attempts of a session wait for a human, and what was decided.

Waiting ones have no thread, no desk and no place for evaluations. A run that ends meanwhile leaves them
pending, whatever ends it: `rejected` is a human's no alone, and nothing that was written is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.git.attempts import read_pending
from kapso.loop.approval import Approvals, Decision

if TYPE_CHECKING:
    from kapso.loop.run import Run

LEAST = 4
"""At least so many may wait at once."""


@dataclass(frozen=True)
class Waits:
    """An attempt has come to the gate, with the candidate that is to be looked at."""

    number: int
    candidate: str


class Gate:
    """Lets nothing run that a human has not approved; open where the goal does not ask.

    `most` attempts may be undecided, or approved and without a place to run in: nothing is learnt from them,
    so what is proposed beyond them is proposed blindly.
    """

    def __init__(self, run: Run, parallel: int) -> None:
        self._run = run
        self._approvals = Approvals(run.repository.state_dir, run.name)
        self._approved: set[int] = set()
        self.is_closed = run.goal.approve
        self.most = max(LEAST, 2 * parallel)
        self.waiting: dict[int, str] = {}

    def has_room(self, in_flight: set[int]) -> bool:
        """Whether one more attempt may begin beside these, which the run launched."""
        if not self.is_closed:
            return True
        held = {each for each in in_flight if each not in self._approved or each not in self._run.slots}
        return len(held) < self.most

    def hold(self, waits: Waits) -> None:
        """An attempt waits from now on. Its decision may be there already, from before a restart."""
        number, candidate = waits.number, waits.candidate
        self.waiting[number] = candidate
        self._approved.discard(number)
        since = self._approvals.begin(number, candidate)
        if self._approvals.decision(number, candidate) is None:
            found = read_pending(self._run.repository, candidate)
            told = {name: getattr(found, name) for name in ("proposer", "title", "hypothesis", "commit")}
            self._write("waiting", number, **told, since=since)

    def decided(self, elapsed_s: float) -> Iterator[tuple[int, Decision]]:
        """What was decided since: these wait no more. Cheap: it is asked several times a second."""
        for number, candidate in list(self.waiting.items()):
            decision = self._approvals.decision(number, candidate)
            if decision is None:
                continue
            del self.waiting[number]
            if decision.is_approved:
                self._approved.add(number)
            # The journal tells a killed run how much of its time it used: not this wait.
            told = {"commit": candidate, "reason": decision.reason, "elapsed": round(elapsed_s, 3)}
            self._write(decision.word, number, **told)
            yield number, decision

    def forget(self, number: int) -> None:
        """The attempt has landed."""
        self._approved.discard(number)
        if self.is_closed:
            self._approvals.forget(number)

    def forget_others(self, pending: dict[int, str]) -> None:
        """What a kill left of attempts that have landed."""
        if self.is_closed:
            self._approvals.forget_others(pending)

    def _write(self, what: str, number: int, **details: Any) -> None:
        self._run.journal.write(f"attempt.{what}", attempt=number, **details)
