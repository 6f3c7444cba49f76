"""What has happened in a run so far, in memory: landed attempts, the best, and which trees are known.

A projection of git, rebuilt at every start; one lock guards every change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kapso.attempt import BASELINE, HUMAN, Attempt, Verdict
from kapso.evaluate.noise import Noise
from kapso.goal import Metric


class History:
    """Landed attempts by number, in order of landing, and what they say about the next.

    With `by_verdict`, no score makes an attempt the best unless its verdict is `better`, or pairs have found
    it better than the best (`proven`), which many steps too small to tell may come to.
    """

    def __init__(self, metric: Metric, *, by_verdict: bool = False) -> None:
        self.metric = metric
        self.by_verdict = by_verdict
        self.noise = Noise()
        self.attempts: dict[int, Attempt] = {}
        self.in_flight: dict[str, int] = {}
        self.best_number = BASELINE
        self.best_since = 0
        self.by_hand = 0
        self._by_tree: dict[str, int] = {}
        self.demoted: set[int] = set()
        self.passed_over: set[int] = set()
        """Scores that lead by what may be luck alone: no bests, and else attempts like all others."""
        self.proven: set[int] = set()

    @property
    def baseline(self) -> Attempt:
        return self.attempts[BASELINE]

    @property
    def best(self) -> Attempt:
        return self.attempts[self.best_number]

    @property
    def count(self) -> int:
        """Landed attempts, the baseline left out."""
        return len(self.attempts) - (BASELINE in self.attempts)

    @property
    def launched(self) -> int:
        """Landed attempts that the run launched by itself: a budget limits these, and not its user."""
        return self.count - self.by_hand

    @property
    def without_better(self) -> int:
        """How many attempts have landed since the best did."""
        return self.count - self.best_since

    def add(self, attempt: Attempt) -> bool:
        """Take an attempt that has landed; whether it is the best now."""
        self.attempts[attempt.number] = attempt
        self.by_hand += attempt.proposer == HUMAN
        self._by_tree.setdefault(attempt.tree, attempt.number)
        self.in_flight.pop(attempt.tree, None)
        if attempt.number != BASELINE and self.is_passed_over(attempt):
            self.passed_over.add(attempt.number)
        if attempt.number == BASELINE or self.would_be_best(attempt):
            self.best_number, self.best_since = attempt.number, self.count
            return attempt.number != BASELINE
        return False

    def would_be_best(self, attempt: Attempt) -> bool:
        """Whether its valid score beats that of the best, and holds as far as is known."""
        return self._leads(attempt) and not self.is_passed_over(attempt)

    def is_passed_over(self, attempt: Attempt) -> bool:
        """Whether its score would make it the best, and its lead does not hold."""
        is_proven = attempt.verdict is Verdict.BETTER or attempt.number in self.proven
        holds = is_proven or not self.by_verdict
        return self._leads(attempt) and (attempt.number in self.demoted or not holds)

    def _leads(self, attempt: Attempt) -> bool:
        if not attempt.is_scored or attempt.score is None:
            return False
        best = self.best.score
        return best is None or self.metric.is_better(attempt.score, best)

    def verdict(self, score: float | None, parent: int) -> Verdict | None:
        """`score` against that of the attempt `parent`; `better` where the parent has none."""
        if score is None:
            return None
        against = self.attempts[parent].score
        if against is None:
            return Verdict.BETTER
        return self.noise_around(against).verdict(self.metric, score, against)

    def noise_around(self, score: float) -> Noise:
        """The noise of one evaluation of a program that scores about so."""
        baseline = self.baseline.score
        return self.noise if baseline is None else self.noise.at(self.metric, score, baseline)

    def known(self, tree: str) -> Attempt | None:
        """The attempt that has been evaluated with this very tree."""
        number = self._by_tree.get(tree)
        return None if number is None else self.attempts[number]

    def demote(self, number: int) -> Attempt:
        """The best did not hold: it counts as `same`, and the next best takes its place."""
        self.demoted.add(number)
        attempt = replace(self.attempts[number], verdict=Verdict.SAME)
        self.attempts[number] = attempt
        self.best_number = BASELINE
        for each in self.attempts.values():
            if self.would_be_best(each):
                self.best_number = each.number
        return attempt

    def give_up(self) -> None:
        """Too many bests did not hold for the next one to be believed: the baseline stands."""
        self.best_number = BASELINE


def parents_first(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """The attempts of a run in order, each after those that it was made from: a number that came to nothing
    is given out again, and may be made from a later one."""
    waiting = {attempt.number: attempt for attempt in attempts}
    for number in sorted(waiting):
        line = [number]
        while line:
            attempt = waiting.get(line[-1])
            missing = [] if attempt is None else [each for each in attempt.parents if each in waiting]
            if missing:
                line += missing
            elif waiting.pop(line.pop(), None) is not None and attempt is not None:
                yield attempt
