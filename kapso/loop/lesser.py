"""No lucky survivors: the smallest diff that keeps the score meets the best in fresh pairs, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kapso.attempt import Verdict
from kapso.evaluate.evaluator import Place
from kapso.evaluate.noise import Noise
from kapso.evaluate.sequential import Lead, judge, lead
from kapso.loop.confirm import Confirmation
from kapso.loop.run import Run
from kapso.propose import FINISHERS

MOST_CANDIDATES = 3
_FRESH = 2_000_000
"""Fresh pairs use seeds that neither an attempt nor the best's own confirmation has used."""


@dataclass(frozen=True)
class Lesser:
    """The attempt that keeps the best's score with less; `gain` is the best's over it, in fresh `pairs`.

    No pairs where evaluations repeat exactly: then one was enough.
    """

    attempt: int
    share: str
    pairs: int = 0
    gain: float | None = None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def hold_smallest(run: Run, found: Confirmation | None, say: Callable[[str], None]) -> Lesser | None:
    """The smallest diff that holds beside the best; what fresh pairs find worse is demoted."""
    attempts = run.history.attempts
    if found is None or not found.is_confirmed or not any(e.proposer in FINISHERS for e in attempts.values()):
        return None
    from kapso.propose.ablate.dissection import smallest

    for _ in range(MOST_CANDIDATES):
        small = smallest(
            run.history.best, attempts, run.editable.files, run.goal, run.history.noise, run.history.demoted
        )
        if small is None:
            return None
        number = small.attempt.number
        if found.pairs == 0:
            return Lesser(number, small.share)
        say(f"attempt {number} has {small.share}: comparing it with the best in fresh evaluations")
        gains = _gains(run, number)
        if (told := held(gains, run.history.noise)) is not None:
            return Lesser(number, small.share, told.pairs, told.mean, told.low, told.high)
        run.keep_record(run.history.demote(number))
    return None


def held(gains: Sequence[float], noise: Noise) -> Lead | None:
    """The best's lead over what has less, by its gains in pairs; None where it is one, or nothing is known.

    The interval must allow for none: a verdict asks for more, and what is told of both would not agree.
    """
    if not gains or judge(gains, noise) is Verdict.BETTER:
        return None
    found = lead(gains, noise)
    return found if found.low <= 0 else None


def _gains(run: Run, number: int) -> list[float]:
    """The best's gains over the attempt `number` in fresh pairs, until they tell; none if one failed."""
    gains: list[float] = []
    while judge(gains, run.history.noise) is None:
        best = run.history.best.number
        order = [best, number] if len(gains) % 2 == 0 else [number, best]
        scores = {each: _score(run, each, _FRESH + len(gains) * run.goal.repeats_at_once) for each in order}
        with_all, with_less = scores[best], scores[number]
        if with_all is None or with_less is None:
            return []
        more = with_all - with_less
        gains.append(more if run.goal.primary.goal == "maximize" else -more)
    return gains


def _score(run: Run, number: int, first_repeat: int) -> float | None:
    place = Place(run.name, number, 0, run.folder.log(number), first_repeat)
    measured = run.evaluator.evaluate(run.history.attempts[number].commit, place, run.cancel)
    return measured.metrics.get(run.goal.primary.name) if measured.outcome == "scored" else None
