"""Which policy finds most with the same number of attempts: the measurement that the default rests on.

    python experiments/bench/policies.py                          # every task, 100 attempts, 10 seeds
    python experiments/bench/policies.py --only bins,codec --attempts 60 --seeds 5

Each run is a real `kapso run` on a task of `tasks/` or of `fronts/` (after several metrics that contradict
each other), all proposers of its goal taking part, alike but for the policy. Traces are kept in `--out`, so
that a bench that was cut off goes on, as in `search.py`, whose tasks and statistics these are. The tables go
to `--table`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from contest.campaign import version_of  # noqa: E402  (the path comes first)
from contest.kapso_side import run_kapso  # noqa: E402
from contest.statistics import Board, Standing, Values, board_of, lead, mean_interval  # noqa: E402
from contest.task import Task, find_tasks, load_task  # noqa: E402
from contest.trace import Trace  # noqa: E402

from kapso.goal.model import Search  # noqa: E402
from kapso.goal.sections import POLICIES  # noqa: E402

DEFAULT = Search().policy
AREA: Callable[[Standing], Values] = lambda standing: standing.areas  # noqa: E731
FINAL: Callable[[Standing], Values] = lambda standing: standing.finals  # noqa: E731


@dataclass(frozen=True)
class Outcome:
    """One run: its trace, which names the policy as its method, and how much its front covers."""

    trace: Trace
    volume: float | None


def main() -> None:
    given = arguments()
    names = [name for name in given.only.split(",") if name]
    tasks = find_tasks(given.tasks or [HERE / "tasks", HERE / "fronts"], names)
    text = "\n".join(report(tasks, measure(tasks, given), given)) + "\n"
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


@dataclass(frozen=True)
class Job:
    """One run to make; `key` stands for all that it hangs on."""

    task: Task
    policy: str
    seed: int
    attempts: int

    @property
    def key(self) -> str:
        version = version_of("kapso", self.task)
        return f"{self.task.name}:{self.task.digest}:{self.policy}:{self.seed}:{self.attempts}:{version}"


def measure(tasks: Sequence[Task], given: argparse.Namespace) -> list[Outcome]:
    """Every outcome asked for; those that are kept already are not made again."""
    kept = given.out / "policies.jsonl"
    known = _read(kept)
    jobs = [
        Job(task, policy, seed, given.attempts)
        for seed in range(1, given.seeds + 1)
        for task in tasks
        for policy in POLICIES
        if not _is_same_as_tree(task, policy)
    ]
    missing = [job for job in jobs if job.key not in known]
    given.out.mkdir(parents=True, exist_ok=True)
    with kept.open("a") as file, ProcessPoolExecutor(given.jobs) as pool:
        futures = {pool.submit(make, job): job for job in missing}
        for done, future in enumerate(as_completed(futures), 1):
            job, outcome = futures[future], future.result()
            known[job.key] = outcome
            file.write(json.dumps({**outcome.trace.to_json(), "volume": outcome.volume}) + "\n")
            file.flush()
            trace = outcome.trace
            said = f"{job.task.name} {job.policy} {job.seed}: {trace.start:.6g} → {trace.final:.6g}"
            print(f"[{done}/{len(missing)}] {said}", file=sys.stderr, flush=True)
    return [known[job.key] for job in jobs]


def _is_same_as_tree(task: Task, policy: str) -> bool:
    """With one metric, `pareto` is `tree`."""
    return policy == "pareto" and len(task.goal.metrics) < 2


def _read(kept: Path) -> dict[str, Outcome]:
    lines = map(json.loads, kept.read_text().splitlines()) if kept.exists() else []
    return {
        given["key"]: Outcome(volume=given.pop("volume"), trace=Trace.from_json(given)) for given in lines
    }


def make(job: Job) -> Outcome:
    """One run, in a scratch repository of the task with the policy in its goal."""
    task = job.task
    with tempfile.TemporaryDirectory(prefix="policies-") as name:
        folder = Path(name)
        variant = folder / "task" / task.name
        shutil.copytree(task.folder, variant)
        goal = variant / "goal.yaml"
        assert "search:" not in goal.read_text(), f"{task.name}: the policy is not the bench's to choose"
        goal.write_text(f"{goal.read_text().rstrip()}\nsearch: {{policy: {job.policy}}}\n")
        (folder / "run").mkdir()
        trace = run_kapso(load_task(variant), job.seed, job.attempts, folder / "run")
        volume = _volume(task, folder / "run" / task.name)
    return Outcome(replace(trace, method=job.policy, key=job.key), volume)


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
    limits = {each.name: 2 * run.baseline.metrics[each.name] for each in metrics}
    points = [[each.metrics[name] / most for name, most in limits.items()] for each in run.front]
    covered, reached = 0.0, 1.0
    for first, second in sorted(points):
        if first < 1 and second < reached:
            covered += (1 - first) * (reached - second)
            reached = second
    return covered


# Telling


def report(tasks: Sequence[Task], outcomes: Sequence[Outcome], given: argparse.Namespace) -> Iterator[str]:
    """The tables as Markdown."""
    boards = [board_of(task, _traces(task, outcomes)) for task in tasks]
    only = f" --only {given.only}" if given.only else ""
    yield "# Which policy finds most"
    yield ""
    yield f"{given.attempts} attempts, seeds 1 to {given.seeds}, one evaluation at a time; made by"
    yield f"`python experiments/bench/policies.py --attempts {given.attempts} --seeds {given.seeds}{only}`."
    yield ""
    yield "Area: the mean of the best so far over all attempts, 0 being the baseline and 1 the best known."
    yield "Final: the same for what a run ended with. In brackets, the 95 % interval of the mean over seeds."
    yield "With one metric `pareto` is `tree`, and so is not run."
    yield from _table("area", boards, AREA)
    yield from _table("final", boards, FINAL)
    yield from _against_default(boards)
    yield from _fronts(outcomes)


def _traces(task: Task, outcomes: Sequence[Outcome]) -> list[Trace]:
    found = [each.trace for each in outcomes if each.trace.task == task.name]
    if _is_same_as_tree(task, "pareto"):
        found += [replace(each, method="pareto") for each in found if each.method == "tree"]
    return found


def _table(title: str, boards: Sequence[Board], what: Callable[[Standing], Values]) -> Iterator[str]:
    yield from _head(title)
    for board in boards:
        yield _row(board.task.name, {policy: what(board.standings[policy]) for policy in POLICIES})
    means = [
        statistics.fmean(statistics.fmean(what(board.standings[policy])) for board in boards)
        for policy in POLICIES
    ]
    yield _line("mean of the tasks", [f"{mean:.3f}" for mean in means], means)


def _against_default(boards: Sequence[Board]) -> Iterator[str]:
    yield ""
    yield f"Leads over `{DEFAULT}`, the default, over all tasks; 95 % intervals, tasks and seeds drawn again:"
    yield ""
    yield "| policy | area | final |"
    yield "| --- | ---: | ---: |"
    for policy in POLICIES:
        if policy != DEFAULT:
            cells = []
            for what in (AREA, FINAL):
                both = [(what(b.standings[policy]), what(b.standings[DEFAULT])) for b in boards]
                found = lead(both)
                cells.append(f"{found.middle:+.3f} ({found.low:+.3f} to {found.high:+.3f})")
            yield f"| {policy} | {' | '.join(cells)} |"


def _fronts(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """For tasks after two metrics: what the fronts cover."""
    tasks = sorted({each.trace.task for each in outcomes if each.volume is not None})
    if not tasks:
        return
    yield ""
    yield "Where there are two metrics: the share of the square from zero to twice the baseline that the"
    yield "front covers (the baseline alone covers a quarter)."
    yield from _head("front")
    for task in tasks:
        own = [each for each in outcomes if each.trace.task == task]
        yield _row(task, {p: [e.volume or 0.0 for e in own if e.trace.method == p] for p in POLICIES})


def _head(title: str) -> Iterator[str]:
    yield ""
    yield f"| {title} | {' | '.join(POLICIES)} |"
    yield f"| --- |{' ---: |' * len(POLICIES)}"


def _row(name: str, values: Mapping[str, Values]) -> str:
    found = [mean_interval(each) for each in values.values()]
    cells = [f"{each.middle:.3f} ({each.low:.3f} to {each.high:.3f})" for each in found]
    return _line(name, cells, [each.middle for each in found])


def _line(name: str, cells: Sequence[str], values: Values) -> str:
    """A row with the best in bold."""
    marked = [f"**{c}**" if v == max(values) else c for c, v in zip(cells, values, strict=True)]
    return f"| {name} | {' | '.join(marked)} |"


if __name__ == "__main__":
    main()
