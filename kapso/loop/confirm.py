"""No lucky winners: before a run ends, its best must hold in fresh evaluations beside the baseline.

With several metrics, too, what is confirmed is the lead of the best by the primary one. The rest of a front
stays as it was measured: to confirm all of it would cost a multiple, and it claims no lead.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.evaluate.evaluator import Place
from kapso.evaluate.measured import Measured
from kapso.evaluate.sequential import judge, lead, most_pairs
from kapso.git import landing
from kapso.git.layout import RunRefs
from kapso.git.repository import Repository
from kapso.loop.baseline import is_deterministic
from kapso.loop.run import Run

MOST_CANDIDATES = 3
"""How many bests are tried before the run ends without improvement; each try may confirm luck."""
_FRESH = 1_000_000
"""Fresh pairs use seeds that no attempt has used."""


@dataclass(frozen=True)
class Confirmation:
    """Whether the best holds, how that was found out, and by how much it leads (positive is better).

    `low` and `high` bound that lead with 95 %. `before` and `after` are the scores of baseline and best as
    they were measured now: the best was chosen for its score, and so has had luck.
    """

    is_confirmed: bool
    how: str
    attempt: int
    pairs: int = 0
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    after: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: object) -> Confirmation | None:
        """What the records say about it, with every part checked: a pulled run may say anything."""
        if not isinstance(told, dict):
            return None
        attempt, pairs = told.get("attempt"), told.get("pairs")
        return cls(
            told.get("is_confirmed") is True,
            str(told.get("how") or "it is not known how"),
            attempt if isinstance(attempt, int) else -1,
            pairs if isinstance(pairs, int) else 0,
            *(_finite(told.get(name)) for name in ("gain", "low", "high", "before", "after")),
        )


def confirmation_of(repository: Repository, run: str, best: int | None) -> Confirmation | None:
    """How the best of a run held in fresh evaluations; None where nothing is known about this best."""
    from kapso.memory.history import read_json

    records = repository.refs.get(RunRefs(run).records)
    found = Confirmation.from_json(read_json(repository, records, "run.json").get("confirmed"))
    return found if found is not None and found.attempt == best else None


def confirm(run: Run, say: Callable[[str], None]) -> Confirmation:
    """Confirm the best, or demote it and try the next, until one holds or none is left."""
    is_exact: bool | None = None
    for _ in range(MOST_CANDIDATES):
        best = run.history.best
        if best.number == BASELINE:
            break
        if is_exact is None:
            is_exact = _repeats_exactly(run, BASELINE)
        say(f"confirming attempt {best.number} in fresh evaluations")
        found = _confirm_one(run, best, is_exact)
        if found.is_confirmed:
            return found
        _demote(run, best)
    run.history.give_up()
    _move_best(run)
    return Confirmation(False, "no attempt held", BASELINE)


def confirm_over(run: Run, settled: int, say: Callable[[str], None]) -> Confirmation | None:
    """Confirm a best that came when the run had ended already, or let `settled`, its best then, stand.

    None where nothing came before `settled`.
    """
    best = run.history.best
    if best.number == settled:
        return None
    say(f"confirming attempt {best.number} in fresh evaluations")
    found = _confirm_one(run, best, _repeats_exactly(run, BASELINE))
    if not found.is_confirmed:
        run.demote(best.number)
        run.history.best_number = settled
        _move_best(run)
    return found


def _confirm_one(run: Run, best: Attempt, is_exact: bool) -> Confirmation:
    before, after = run.history.baseline.score, best.score
    assert before is not None and after is not None
    if is_exact and _repeats_exactly(run, best.number):
        gain = _gain(run, before, after)
        how = "evaluations repeat exactly"
        return Confirmation(gain > 0, how, best.number, 0, gain, gain, gain, before, after)
    most, noise = most_pairs(run.history.count), run.history.noise
    pairs: list[tuple[float, float]] = []
    gains: list[float] = []
    while (verdict := judge(gains, noise, most=most)) is None:
        pair = _fresh_pair(run, best, len(pairs))
        if pair is None:
            return Confirmation(False, "a fresh evaluation of it failed", best.number, len(pairs))
        pairs.append(pair)
        gains.append(_gain(run, *pair))
    found = lead(gains, noise)
    before, after = (statistics.fmean(scores) for scores in zip(*pairs, strict=True))
    interval = (found.mean, found.low, found.high)
    is_confirmed = verdict is Verdict.BETTER
    return Confirmation(is_confirmed, "fresh pairs", best.number, found.pairs, *interval, before, after)


def _fresh_pair(run: Run, best: Attempt, index: int) -> tuple[float, float] | None:
    """Baseline and best, both measured now; the order changes from pair to pair."""
    order = [BASELINE, best.number] if index % 2 == 0 else [best.number, BASELINE]
    first_repeat = _FRESH + index * run.goal.repeats_at_once
    measured = {number: _evaluate(run, number, first_repeat) for number in order}
    if any(each.outcome != "scored" for each in measured.values()):
        return None
    name = run.goal.primary.name
    return measured[BASELINE].metrics[name], measured[best.number].metrics[name]


def _repeats_exactly(run: Run, number: int) -> bool:
    """Whether a fresh seed gives what the attempt was recorded with, and no metric is a time."""
    if run.goal.uses_time or run.history.noise.sigma > 0 or run.history.noise.is_seeded:
        return False
    recorded = Measured(run.history.attempts[number].outcome, run.history.attempts[number].metrics)
    again = _evaluate(run, number, _FRESH)
    return again.outcome == "scored" and is_deterministic(run.goal, [recorded, again])


def _evaluate(run: Run, number: int, first_repeat: int) -> Measured:
    place = Place(run.name, number, 0, run.folder.log(number), first_repeat)
    commit = run.base if number == BASELINE else run.history.attempts[number].commit
    return run.evaluator.evaluate(commit, place, run.cancel)


def _gain(run: Run, baseline: float, best: float) -> float:
    return best - baseline if run.goal.primary.goal == "maximize" else baseline - best


def _demote(run: Run, best: Attempt) -> None:
    run.demote(best.number)
    _move_best(run)


def _move_best(run: Run) -> None:
    run.best_left_in = landing.move_best(run.repository, run.name, run.history.best.commit)


def _finite(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]
