"""Attempt 0: the unchanged program is scored, twice at least, before anything is tried.

Two equal evaluations tell that the evaluation is deterministic; differing ones are repeated to learn
the noise of one evaluation.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

from kapso.attempt import BASELINE, now, rfc3339
from kapso.errors import BaselineError
from kapso.evaluate.evaluator import Measured, Place
from kapso.evaluate.noise import Noise
from kapso.git import attempts as commits
from kapso.git import landing
from kapso.goal import Goal
from kapso.loop.run import Run

LEAST, MOST = 2, 5
LONG_S = 60.0
"""A noisy evaluation that takes so long in all is not repeated further."""


def land_baseline(run: Run) -> bool:
    """Score the base and land it as attempt 0; whether the evaluation is deterministic.

    Raises BaselineError when it cannot be scored.
    """
    tree = run.repository.tree_of(run.base)
    started = now()
    pending = commits.commit_pending(
        run.repository,
        commits.Pending(
            run.name, BASELINE, "", tree, (run.base,), "baseline", "the unchanged program", "", (), started
        ),
    )
    landing.set_pending(run.repository, run.name, BASELINE, pending.commit)
    run.journal.write("attempt.started", attempt=BASELINE, parents=[])
    evaluations = measure_baseline(run)
    measured = middle(evaluations)
    run.evaluator.baseline_metrics = measured.metrics
    run.history.noise = Noise.of([each.metrics[run.goal.primary.name] for each in evaluations])
    state = {
        "number": BASELINE,
        "parents": [],
        "started": rfc3339(started),
        "candidate": pending.commit,
        "idea": None,
    }
    if run.goal.holdout is not None:
        _hold_out(run)
    attempt = run.attempt_of(state, measured)  # type: ignore[arg-type]
    run.land(attempt, pending.commit)
    return is_deterministic(run.goal, evaluations)


def measure_baseline(run: Run) -> list[Measured]:
    """Two evaluations of the base, up to five where they differ. Raises BaselineError."""
    evaluations: list[Measured] = []
    since = time.monotonic()
    while len(evaluations) < LEAST or (
        not is_deterministic(run.goal, evaluations)
        and len(evaluations) < MOST
        and time.monotonic() - since < LONG_S
    ):
        measured = run.evaluator.evaluate(run.base, _place(run), run.cancel)
        if measured.outcome != "scored":
            raise _baseline_error(run, measured)
        evaluations.append(measured)
    return evaluations


def is_deterministic(goal: Goal, evaluations: Sequence[Measured]) -> bool:
    """Whether all evaluations gave the same declared metrics and none of them is a time."""
    if goal.uses_time:
        return False
    values = [tuple(each.metrics.get(metric.name) for metric in goal.metrics) for each in evaluations]
    return len(set(values)) == 1


def middle(evaluations: Sequence[Measured]) -> Measured:
    """The median of each metric over all evaluations."""
    names = set.intersection(*(set(each.metrics) for each in evaluations))
    metrics = {
        name: float(statistics.median(each.metrics[name] for each in evaluations)) for name in sorted(names)
    }
    return replace(evaluations[0], metrics=metrics)


def _place(run: Run) -> Place:
    return Place(run.name, BASELINE, 0, run.folder.log(BASELINE))


def _hold_out(run: Run) -> None:
    place = _place(run)
    produced = run.evaluator.produce(run.base, place, run.cancel)
    if produced.failure is None:
        run.keep_holdout(BASELINE, run.evaluator.hold_out(run.base, produced, place, run.cancel))
    run.evaluator.discard(place)


def _baseline_error(run: Run, measured: Measured) -> BaselineError:
    """Why the unchanged program has no score, with the end of what it said and the remedy that is likely."""
    lines = [f"the unchanged program cannot be scored ({measured.outcome}): {measured.reason}"]
    lines += [f"  | {line}" for line in measured.said.splitlines()[-15:]]
    hidden = [path for path in run.evaluator.files.hidden if path.rsplit("/", 1)[-1] in measured.said]
    if hidden:
        help = (
            f"`{hidden[0]}` is hidden from the candidate, as only the scorer may see it; "
            "`hide:` in the goal names what is hidden instead"
        )
    elif "timed-out" in measured.outcome:
        help = "raise `timeout`, or make the program quicker"
    elif measured.outcome == "invalid":
        help = "mend the scorer or the goal; `kapso doctor` shows what each command prints"
    else:
        help = f"run the command by hand; all that it printed is in `{run.folder.log(BASELINE)}`"
    return BaselineError("\n".join(lines), where=run.goal.shown_as, help=help, slug="baseline")
