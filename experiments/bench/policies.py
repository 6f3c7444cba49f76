"""Which policy finds most with the same number of attempts: the measurement that the default rests on.

    python experiments/bench/policies.py                          # every task, 100 attempts, 10 seeds
    python experiments/bench/policies.py --only bins,codec --attempts 60 --seeds 5

Each run is a real `kapso run` on a task of `tasks/` or of `fronts/` (after several metrics that contradict
each other), all proposers of its goal taking part, alike but for the policy. Traces are kept in `--out`, so
that a bench that was cut off goes on; the tables go to `--table`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from contest.campaign import version_of_kapso  # noqa: E402  (the path comes first)
from contest.kapso_side import run_kapso  # noqa: E402
from contest.task import Task, find_tasks, load_task  # noqa: E402

POLICIES = ("greedy", "tree", "islands", "pareto")
DEFAULT = "tree"
RESAMPLES = 4000


@dataclass(frozen=True)
class Outcome:
    """What one run found. `curve` is the worth of its best after each attempt, `volume` that of its front."""

    task: str
    policy: str
    seed: int
    start: float
    curve: tuple[float, ...]
    volume: float | None
    version: str


def main() -> None:
    given = arguments()
    tasks = find_tasks(
        given.tasks or [HERE / "tasks", HERE / "fronts"], [name for name in given.only.split(",") if name]
    )
    outcomes = measure(tasks, given)
    text = "\n".join(report(tasks, outcomes, given)) + "\n"
    given.table.parent.mkdir(parents=True, exist_ok=True)
    given.table.write_text(text)
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = partial(parser.add_argument, metavar="X")
    add("--tasks", type=Path, action="append", help="folder of tasks (default: `tasks` and `fronts` here)")
    add("--only", default="", help="these tasks alone: a,b")
    add("--attempts", type=int, default=100, help="attempts of each run (default 100)")
    add("--seeds", type=int, default=10, help="seeds 1 to X (default 10)")
    add("--jobs", type=int, default=2, help="how many run at once (default 2)")
    add("--out", type=Path, default=ROOT / "build/policies", help="where traces are kept")
    add("--table", type=Path, default=HERE / "results/policies.md", help="where the tables go")
    return parser.parse_args()


# Running


def measure(tasks: Sequence[Task], given: argparse.Namespace) -> list[Outcome]:
    """Every outcome asked for, those made anew that are not kept already."""
    version = f"{version_of_kapso()}:{given.attempts}"
    kept = given.out / "policies.jsonl"
    known = {
        (each.task, each.policy, each.seed): each for each in _read(kept) if each.version.startswith(version)
    }
    missing = [
        (task, policy, seed)
        for seed in range(1, given.seeds + 1)
        for task in tasks
        for policy in POLICIES
        if (task.name, policy, seed) not in known and not _is_same_as_tree(task, policy)
    ]
    given.out.mkdir(parents=True, exist_ok=True)
    with kept.open("a") as file, ProcessPoolExecutor(given.jobs) as pool:
        futures = [pool.submit(make, *each, given.attempts, version) for each in missing]
        for done, future in enumerate(as_completed(futures), 1):
            outcome = future.result()
            known[(outcome.task, outcome.policy, outcome.seed)] = outcome
            file.write(json.dumps(asdict(outcome)) + "\n")
            file.flush()
            which = f"{outcome.task} {outcome.policy} {outcome.seed}"
            said = f"[{done}/{len(missing)}] {which}: {outcome.start:.6g} → {outcome.curve[-1]:.6g}"
            print(said, file=sys.stderr, flush=True)
    names = {task.name for task in tasks}
    return [each for each in known.values() if each.task in names and each.seed <= given.seeds]


def _is_same_as_tree(task: Task, policy: str) -> bool:
    """With one metric, `pareto` is `tree`."""
    return policy == "pareto" and len(task.goal.metrics) < 2


def _read(kept: Path) -> Iterator[Outcome]:
    for line in kept.read_text().splitlines() if kept.exists() else []:
        given = json.loads(line)
        yield Outcome(**{**given, "curve": tuple(given["curve"])})


def make(task: Task, policy: str, seed: int, attempts: int, version: str) -> Outcome:
    """One run, in a scratch repository."""
    with tempfile.TemporaryDirectory(prefix="policies-") as name:
        folder = Path(name)
        variant = folder / "task" / task.name
        shutil.copytree(task.folder, variant)
        goal = variant / "goal.yaml"
        assert "search:" not in goal.read_text(), f"{task.name}: the policy is not the bench's to choose"
        goal.write_text(f"{goal.read_text().rstrip()}\nsearch: {{policy: {policy}}}\n")
        (folder / "run").mkdir()
        trace = run_kapso(load_task(variant), seed, attempts, folder / "run")
        volume = _volume(task, folder / "run" / task.name)
    return Outcome(task.name, policy, seed, trace.start, tuple(trace.curve()), volume, version)


def _volume(task: Task, repository: Path) -> float | None:
    """How much of the square from zero to twice the baseline the front covers; None but for two metrics.

    Both must be positive and minimized.
    """
    metrics = task.goal.metrics
    if len(metrics) != 2 or any(each.goal != "minimize" for each in metrics):
        return None
    import kapso

    [run] = kapso.open(repository).runs()
    assert run.baseline is not None
    limits = [2 * run.baseline.metrics[each.name] for each in metrics]
    points = [
        [each.metrics[m.name] / most for m, most in zip(metrics, limits, strict=True)] for each in run.front
    ]
    covered, reached = 0.0, 1.0
    for first, second in sorted(points):
        if first < 1 and second < reached:
            covered += (1 - first) * (reached - second)
            reached = second
    return covered


# Telling


def report(tasks: Sequence[Task], outcomes: Sequence[Outcome], given: argparse.Namespace) -> Iterator[str]:
    """The tables as Markdown."""
    found = _with_tree_for_pareto(tasks, outcomes)
    areas = {task.name: _areas(task, found) for task in tasks}
    yield "# Which policy finds most"
    yield ""
    yield f"{given.attempts} attempts, seeds 1 to {given.seeds}, one evaluation at a time; made by"
    yield f"`python experiments/bench/policies.py --attempts {given.attempts} --seeds {given.seeds}" + (
        f" --only {given.only}`." if given.only else "`."
    )
    yield ""
    yield "Area: the mean of the best so far over all attempts, 0 being the baseline and 1 the best that any"
    yield "run here found. Final: the same for what a run ended with. ± is the 95 % interval of the mean over"
    yield "seeds. With one metric `pareto` is `tree`, and so is not run."
    yield ""
    yield f"| area | {' | '.join(POLICIES)} |"
    yield f"| --- |{' ---: |' * len(POLICIES)}"
    for name, each in areas.items():
        yield _row(name, {policy: [area for area, _ in each[policy].values()] for policy in POLICIES})
    yield _overall(
        {name: {p: [a for a, _ in each[p].values()] for p in POLICIES} for name, each in areas.items()}
    )
    yield ""
    yield f"| final | {' | '.join(POLICIES)} |"
    yield f"| --- |{' ---: |' * len(POLICIES)}"
    for name, each in areas.items():
        yield _row(name, {policy: [final for _, final in each[policy].values()] for policy in POLICIES})
    yield _overall(
        {name: {p: [f for _, f in each[p].values()] for p in POLICIES} for name, each in areas.items()}
    )
    yield ""
    yield from _against_default(areas)
    yield from _fronts(outcomes)


def _with_tree_for_pareto(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> list[Outcome]:
    single = {task.name for task in tasks if _is_same_as_tree(task, "pareto")}
    trees = [each for each in outcomes if each.task in single and each.policy == "tree"]
    return [*outcomes, *(replace(each, policy="pareto") for each in trees)]


def _areas(task: Task, outcomes: Iterable[Outcome]) -> dict[str, dict[int, tuple[float, float]]]:
    """Policy → seed → area and final, between the baseline and the best of all."""
    own = [each for each in outcomes if each.task == task.name]
    best = max(task.sign * worth for each in own for worth in each.curve)
    found: dict[str, dict[int, tuple[float, float]]] = {policy: {} for policy in POLICIES}
    for each in own:
        span = best - task.sign * each.start
        heights = [(task.sign * (worth - each.start)) / span if span else 0.0 for worth in each.curve]
        found[each.policy][each.seed] = statistics.fmean(heights), heights[-1]
    return found


def _row(name: str, values: Mapping[str, Sequence[float]]) -> str:
    best = max(statistics.fmean(each) for each in values.values())
    cells = []
    for each in values.values():
        mean, half = statistics.fmean(each), _half(each)
        text = f"{mean:.3f} ± {half:.3f}"
        cells.append(f"**{text}**" if mean == best else text)
    return f"| {name} | {' | '.join(cells)} |"


def _overall(tasks: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    means = {p: statistics.fmean(statistics.fmean(each[p]) for each in tasks.values()) for p in POLICIES}
    best = max(means.values())
    cells = [f"**{mean:.3f}**" if mean == best else f"{mean:.3f}" for mean in means.values()]
    return f"| mean of the tasks | {' | '.join(cells)} |"


def _half(values: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean, by resampling."""
    low, high = _interval([values])
    return (high - low) / 2


def _against_default(areas: Mapping[str, Mapping[str, Mapping[int, tuple[float, float]]]]) -> Iterator[str]:
    """Same task, same seed: by how much each policy differs from the default."""
    yield f"Differences to `{DEFAULT}`, paired by task and seed, with the 95 % interval over seeds:"
    yield ""
    yield "| policy | area | final |"
    yield "| --- | ---: | ---: |"
    for policy in POLICIES:
        if policy == DEFAULT:
            continue
        cells = []
        for which in (0, 1):
            groups = [
                [
                    each[policy][seed][which] - each[DEFAULT][seed][which]
                    for seed in each[policy]
                    if seed in each[DEFAULT]
                ]
                for each in areas.values()
            ]
            low, high = _interval(groups)
            mean = statistics.fmean(statistics.fmean(group) for group in groups)
            cells.append(f"{mean:+.3f} ({low:+.3f} to {high:+.3f})")
        yield f"| {policy} | {' | '.join(cells)} |"


def _interval(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The 95 % interval of the mean of the groups' means; each group is resampled for itself."""
    draw = random.Random(0)
    means = sorted(
        statistics.fmean(statistics.fmean(draw.choices(group, k=len(group))) for group in groups)
        for _ in range(RESAMPLES)
    )
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def _fronts(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """For tasks after two metrics: what the fronts cover."""
    tasks = sorted({each.task for each in outcomes if each.volume is not None})
    if not tasks:
        return
    yield ""
    yield "Where there are two metrics: the share of the square from zero to twice the baseline that"
    yield "the front covers (the baseline alone covers a quarter)."
    yield ""
    yield f"| front | {' | '.join(POLICIES)} |"
    yield f"| --- |{' ---: |' * len(POLICIES)}"
    for task in tasks:
        values = {
            policy: [
                e.volume for e in outcomes if (e.task, e.policy) == (task, policy) and e.volume is not None
            ]
            for policy in POLICIES
        }
        yield _row(task, values)


if __name__ == "__main__":
    main()
