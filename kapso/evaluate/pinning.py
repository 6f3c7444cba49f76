"""Which programs are timed on a core of their own: those that use one at a time, where nothing else runs.

A candidate that has more threads or processes at once than the unchanged program is timed again with all
cores, so that going parallel is seen as the gain that it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from kapso.attempt import BASELINE
from kapso.evaluate.sandbox import CommandResult
from kapso.evaluate.sandbox.cores import claim_core
from kapso.goal import Goal

_AT_ONCE = 1.05
_CLOCK_S = 0.01
"""Processor time is counted in steps of this size, wall time is not."""
_SHORT = 4
"""Threads that a program may have whose like ended too soon to be looked at: a shell and what it calls."""


class Pinning:
    """The core that a run's programs are timed on, None as long as that is any; by attempt, who is not.

    `threads` is how many the unchanged program had at once, 0 where it was never looked at.
    """

    def __init__(self) -> None:
        self.core: int | None = None
        self.threads: int | None = None
        self._seen = 0
        self._free: set[int] = set()

    def decide(self, goal: Goal, metrics: Mapping[str, float]) -> None:
        """Claim a core for the program that was timed last, with these metrics, if it would not hinder."""
        if goal.search.parallel in (None, 1) and goal.uses_time:
            if metrics["run.cpu_seconds"] <= _AT_ONCE * metrics["run.seconds"] + _CLOCK_S:
                self.restore(self._seen)

    def restore(self, threads: object) -> None:
        """As the run had it before: on whatever core is free now."""
        if isinstance(threads, int):
            self.core = claim_core()
            self.threads = None if self.core is None else threads

    def core_for(self, number: int) -> int | None:
        return None if number in self._free else self.core

    def is_hindered(self, number: int, result: CommandResult) -> bool:
        """Whether attempt `number` has to be timed again, as it uses more than its core; it has all then."""
        if number == BASELINE:
            self._seen = max(self._seen, result.threads)
            if self.threads is not None:
                self.threads = max(self.threads, self._seen)
            return False
        if self.threads is None or number in self._free or result.threads <= (self.threads or _SHORT):
            return False
        self._free.add(number)
        return result.stopped_by != "cancel"
