"""Attempt 0: the unchanged program is scored, twice at least, before anything is tried.

Two equal evaluations with different seeds tell that the evaluation is deterministic; differing ones are
repeated to learn the noise of one evaluation.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kapso.attempt import BASELINE, now, rfc3339
from kapso.errors import BaselineError
from kapso.evaluate.evaluator import Place
from kapso.evaluate.measured import Measured
from kapso.evaluate.noise import Noise
from kapso.evaluate.stages import Course
from kapso.evaluate.tally import weak_stages
from kapso.git import attempts as commits
from kapso.git import landing
from kapso.goal import Goal
from kapso.goal.model import DEFAULT_TIMEOUT_S, MEASURED_METRICS
from kapso.goal.names import nearest
from kapso.loop.run import Run

LEAST, MOST = 2, 5
OTHER_SEED = 500_000
"""The repeat whose seed the second evaluation has: none that an attempt gets."""
SHOWN_LINES, LOG_TAIL = 15, 8_000
NOT_FOUND = 127
"""What a shell exits with when there is no such command."""
STANDS_OUT = 4.0
"""Standard deviations by which a score with another seed differs, if that is more than noise."""
USUAL_SCORES = ("score", "combined_score")
"""The latter is what OpenEvolve and ShinkaEvolve call it."""
QUICK_S, LEAST_LIMIT_S = 10.0, 5
LONG_S = 60.0
"""A noisy evaluation that takes so long in all is not repeated further."""


def land_baseline(run: Run, say: Callable[[str], None]) -> bool:
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
    if (core := run.evaluator.pinning.core) is not None:
        say(f"times are measured on core {core}, which nothing else of Kapso uses")
    measured = middle(run.goal, at_first_seed(run.goal, evaluations))
    run.evaluator.baseline_metrics = measured.metrics
    run.history.noise = noise_of(run.goal, evaluations)
    state = {
        "number": BASELINE,
        "parents": [],
        "started": rfc3339(started),
        "candidate": pending.commit,
        "idea": None,
    }
    if run.goal.holdout is not None:
        said = measure_holdout(run)
        if said["reason"]:
            say(f"warning: the hold-out cannot score the unchanged program: {said['reason']}")
        run.keep_holdout(BASELINE, said)
    # Before it lands, as the noise is not measured again after a kill.
    run.write_records({"status": "running", **run.conditions()})
    attempt = run.attempt_of(state, measured)  # type: ignore[arg-type]
    run.keep_episode(run.land(attempt, pending.commit), measured.stages)
    if hint := _endless(run.goal, measured):
        say(hint)
    for weakness in weak_stages(run.goal, measured.metrics, measured.stages):
        say(f"warning: {weakness}")
    return is_deterministic(run.goal, evaluations)


def measure_baseline(run: Run) -> list[Measured]:
    """Two evaluations of the base, the second with a seed of its own; more, up to five, where they differ.

    Raises BaselineError.
    """
    evaluations = _warm_up(run) if run.goal.uses_time else []
    since = time.monotonic()
    while len(evaluations) < LEAST or (
        not is_deterministic(run.goal, evaluations)
        and not _is_seeded(run.goal, evaluations)
        and len(evaluations) < MOST
        and time.monotonic() - since < LONG_S
    ):
        seed = OTHER_SEED if len(evaluations) == 1 and not run.goal.uses_time else 0
        evaluations.append(_evaluate_base(run, seed))
    return evaluations


def _evaluate_base(run: Run, first_repeat: int = 0) -> Measured:
    place = replace(_place(run), first_repeat=first_repeat, course=Course.ALL)
    measured = run.evaluator.evaluate(run.base, place, run.cancel)
    if measured.outcome != "scored":
        raise _baseline_error(run, measured)
    return measured


def _warm_up(run: Run) -> list[Measured]:
    """The evaluations so far: none, as the first one finds the machine's caches cold, unless it takes long.

    It tells as well whether the program may be timed on a core of its own.
    """
    measured = _evaluate_base(run)
    if sum(stage.seconds or 0.0 for stage in measured.stages) > QUICK_S:
        return [measured]
    run.evaluator.pinning.decide(run.goal, measured.metrics)
    return []


def is_deterministic(goal: Goal, evaluations: Sequence[Measured]) -> bool:
    """Whether all evaluations gave the same declared metrics and none of them is a time."""
    return not goal.uses_time and _are_equal(goal, evaluations)


def _is_seeded(goal: Goal, evaluations: Sequence[Measured]) -> bool:
    """Whether it is the seed alone that makes them differ: the second had one of its own."""
    again = [evaluations[0], *evaluations[2:]]
    return len(again) > 1 and not goal.uses_time and _are_equal(goal, again)


def _are_equal(goal: Goal, evaluations: Sequence[Measured]) -> bool:
    values = [tuple(each.metrics.get(metric.name) for metric in goal.metrics) for each in evaluations]
    return len(set(values)) == 1


def noise_of(goal: Goal, evaluations: Sequence[Measured]) -> Noise:
    """The noise of the score between evaluations with the same seed, and whether the seed matters as well."""
    scores = [each.metrics[goal.primary.name] for each in evaluations]
    first, other, *rest = scores
    same = Noise.of([first, *rest])
    stands_out = abs(other - statistics.fmean([first, *rest])) > STANDS_OUT * same.sigma
    is_seeded = stands_out and len(rest) > 0 and not goal.uses_time
    return replace(same, is_seeded=True) if is_seeded else Noise.of(scores)


def at_first_seed(goal: Goal, evaluations: Sequence[Measured]) -> list[Measured]:
    """Those that compare with the attempts, which all get the first seed, if the seed matters."""
    is_seeded = noise_of(goal, evaluations).is_seeded
    return [evaluations[0], *evaluations[2:]] if is_seeded else list(evaluations)


def middle(goal: Goal, evaluations: Sequence[Measured]) -> Measured:
    """One value of each metric over all evaluations: the median, or as the goal says where repeats vary."""
    names = set.intersection(*(set(each.metrics) for each in evaluations))
    of = goal.of_repeats if goal.repeats is None else lambda name, values: float(statistics.median(values))
    metrics = {name: of(name, [each.metrics[name] for each in evaluations]) for name in sorted(names)}
    return replace(evaluations[0], metrics=metrics)


def _endless(goal: Goal, measured: Measured) -> str | None:
    """What an endless loop would cost where nobody has set a time limit and the program is quick."""
    named = [goal.build, *goal.check, *(each for s in goal.all_stages for each in (s.run, s.command))]
    commands = [each for each in named if each is not None]
    slowest = max((stage.seconds or 0.0 for stage in measured.stages), default=0.0)
    if any(each.timeout_s != DEFAULT_TIMEOUT_S for each in commands) or slowest > QUICK_S:
        return None
    limit = max(LEAST_LIMIT_S, math.ceil(10 * slowest))
    return (
        f"no command took more than {slowest:.2g} s, and each may take {DEFAULT_TIMEOUT_S:.0f} s: an endless "
        f"loop would hold an attempt that long; `timeout: {limit}s` in the goal (or `--timeout {limit}s` "
        "where there is none) ends it sooner"
    )


def _place(run: Run) -> Place:
    return Place(run.name, BASELINE, 0, run.folder.log(BASELINE))


def measure_holdout(run: Run) -> dict[str, Any]:
    """What the hold-out says about the base: `metrics`, or `reason` why there are none."""
    place = _place(run)
    produced = run.evaluator.produce(run.base, place, run.cancel)
    try:
        if produced.failure is not None:
            return {"metrics": {}, "reason": produced.failure[1]}
        return run.evaluator.hold_out(run.base, produced, place, run.cancel)
    finally:
        run.evaluator.discard(place)


def _baseline_error(run: Run, measured: Measured) -> BaselineError:
    """Why the unchanged program has no score, with the end of what it said and the remedy that is likely."""
    lines = [f"the unchanged program cannot be scored ({measured.outcome}): {measured.reason}"]
    said = measured.said or _end_of_log(run)
    lines += [f"  | {_printable(line)}" for line in said.splitlines()[-SHOWN_LINES:]]
    help = _remedy(run, measured)
    return BaselineError("\n".join(lines), where=run.goal.shown_as, help=help, slug="baseline")


def _remedy(run: Run, measured: Measured) -> str:
    hidden = [path for path in run.evaluator.files.hidden if path.rsplit("/", 1)[-1] in measured.said]
    last = measured.stages[-1] if measured.stages else None
    if hidden:
        return (
            f"`{hidden[0]}` is hidden from the candidate, as only the scorer may see it; "
            "`hide:` in the goal names what is hidden instead"
        )
    if measured.outcome == "timed-out":
        return "raise `timeout`, or make the program quicker"
    if measured.reason and measured.reason.startswith("the constraint"):
        return "constraints are for what the program keeps to already: mend it, or loosen the constraint"
    if run.goal.stages and (measured.reason or "").startswith("stage `"):
        return "a stage prints the metric that ranks it, and those that its `promote` names"
    if other := _metric_meant(run.goal, measured):
        direction = run.goal.primary.goal
        in_file = f"`metrics: {{{other}: {direction}}}`"
        return f"name what counts: {in_file if run.goal.has_file else f'`--metric {other}={direction}`'}"
    if measured.outcome == "invalid":
        return "mend the scorer or the goal; `kapso doctor` tries every command"
    if last is not None and last.exit_code == NOT_FOUND:
        return f"a command in `{last.name}` was not found: install it, put it on PATH, or make it in `setup`"
    if not run.folder.path.is_relative_to(run.repository.state_dir):  # a check-up's, gone with it
        return "run the command by hand to see all that it prints"
    return f"run the command by hand; all that it printed is in `{run.folder.log(BASELINE)}`"


def _metric_meant(goal: Goal, measured: Measured) -> str | None:
    """The metric that was given where the goal's score was not: peers' evaluators have names of their own."""
    given = [name for name in measured.metrics if name not in MEASURED_METRICS]
    if measured.outcome != "invalid" or goal.primary.is_measured or goal.primary.name in given or not given:
        return None
    return next((name for name in USUAL_SCORES if name in given), nearest(goal.primary.name, sorted(given)))


def _end_of_log(run: Run) -> str:
    """The last command of the log and what it printed."""
    try:
        text = run.folder.log(BASELINE).read_bytes()[-LOG_TAIL:].decode("utf-8", "replace")
    except OSError:
        return ""
    return text[max(text.rfind("\n$ ") + 1, 0) :]


def _printable(line: str) -> str:
    """What a program printed must not steer the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in line)
