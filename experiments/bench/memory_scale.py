"""What memory costs when it has become large: recall, learning, the files and the main memory.

    python experiments/bench/memory_scale.py --episodes 100000 --out experiments/bench/results

Runs of made-up attempts (their features, results and errors are drawn; some functions, operators, names and
ranges of parameters really help, hurt or break) go through what a run does with each: recall, prediction,
learning, the ledger in git, the episodic log in DuckDB. Each is the real one. Times are of the processor, in
milliseconds, as other programs on the machine then matter least; they are told for each tenth of the
attempts, so that whatever grows shows. Prints one JSON object; `--out` writes it, and a page of tables.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from kapso.attempt import Attempt, Outcome, Verdict  # noqa: E402
from kapso.git.repository import Repository  # noqa: E402
from kapso.git.trees import FILE, Entry  # noqa: E402
from kapso.memory import DiffSize, Episode, Episodes, Stage  # noqa: E402
from kapso.memory.described import EXAMPLES  # noqa: E402
from kapso.memory.features import Candidate, Features, Looker, ended  # noqa: E402
from kapso.memory.hunks import Diffs, Hunk  # noqa: E402
from kapso.memory.lessons.judge import judge  # noqa: E402
from kapso.memory.lessons.learner import Learner  # noqa: E402
from kapso.memory.lessons.ledger import Ledger  # noqa: E402
from kapso.memory.lessons.lesson import Lesson, Line  # noqa: E402
from kapso.memory.lessons.pace import Pace  # noqa: E402
from kapso.memory.lessons.recall import Here, Occasion, Recall  # noqa: E402
from kapso.memory.lessons.table import show_lessons  # noqa: E402
from kapso.memory.query import ask  # noqa: E402
from kapso.propose.recalled import Recalled  # noqa: E402

T = TypeVar("T")
START = datetime(2026, 1, 1, tzinfo=UTC)
OPERATORS = "compare bound arithmetic delete swap callee name copy hoist cache grow exit condition".split()
KINDS = "call loop condition assignment comparison number arithmetic import return".split()
ERRORS = (
    "ZeroDivisionError: division by zero",
    "IndexError: list index out of range",
    "NameError: name 'x' is not defined",
)
GOALS, FILES, FUNCTIONS, PARAMETERS, NAMES = 10, 6, 12, 20, 150
BATCH, PEEK = 100, 10
"""Episodes to a write of the log; every how many attempts the recall of one that reads is timed."""
ATTEMPT_S = 0.035
"""What an attempt takes at least: how often lessons are committed hangs on it."""


class Clock:
    """Milliseconds of the processor by what was done, and by tenth of the attempts."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._times: dict[str, list[list[float]]] = {}

    def __call__(self, name: str, at: int, work: Callable[..., T], *arguments: Any, share: int = 1) -> T:
        since = time.process_time()
        found = work(*arguments)
        tenths = self._times.setdefault(name, [[] for _ in range(10)])
        tenths[min(9, 10 * at // self._total)].append(1e3 * (time.process_time() - since) / share)
        return found

    def told(self) -> dict[str, Any]:
        return {name: _spread(tenths) for name, tenths in self._times.items()}


def _spread(tenths: list[list[float]]) -> dict[str, Any]:
    every = sorted(each for tenth in tenths for each in tenth)
    means = [round(statistics.fmean(tenth), 3) if tenth else None for tenth in tenths]
    return {
        "mean": round(statistics.fmean(every), 3),
        "p99": round(every[int(0.99 * (len(every) - 1))], 3),
        "most": round(every[-1], 3),
        "by_tenth": means,
    }


class World:
    """A goal: a program of functions and parameters, some of which matter."""

    def __init__(self, goal: int) -> None:
        self.name = f"goal-{goal}"
        self.draw = random.Random(goal)
        self.folder = f"goal{goal}"
        self.places = [
            (f"{self.folder}/m{f}.py", f"f{f}_{n}") for f in range(FILES) for n in range(FUNCTIONS)
        ]
        self.good = set(self.draw.sample(self.places, 4))
        self.broken = set(self.draw.sample(self.places, 4)) - self.good
        self.parameters = [f"{self.folder}/m0.py:P{n}" for n in range(PARAMETERS)]
        self.here = Here(self.name, {path: b"" for path, _ in self.places}, frozenset({"python"}))

    def features(self) -> Features:
        draw, proposer = self.draw, self.draw.choices(("tune", "mutate", "llm"), (3, 5, 2))[0]
        if proposer == "tune":
            names = draw.sample(self.parameters, draw.randint(1, 3))
            moved = {name: (0.5, round(draw.random(), 3)) for name in names}
            return Features(proposer, None, ((f"{self.folder}/m0.py", ""),), moved)
        place = draw.choice(self.places)
        names = frozenset(
            f"{draw.choice('+-')}name{draw.randrange(NAMES)}" for _ in range(draw.randint(0, 3))
        )
        kinds = frozenset(draw.sample(KINDS, 2))
        return Features(
            proposer, draw.choice(OPERATORS) if proposer == "mutate" else None, (place,), {}, names, kinds
        )

    def result(self, features: Features) -> tuple[Outcome, Verdict | None, str | None]:
        """How it ends: most change nothing; some places, operators, names and values do."""
        better, fails = 0.04, 0.12
        if self.good & set(features.places):
            better = 0.35
        if self.broken & set(features.places) or "+name7" in features.tokens:
            fails = 0.9
        if features.operator == "hoist":
            better += 0.1
        if any(new > 0.9 for name, (_, new) in features.moved.items() if name.endswith(("P1", "P2"))):
            fails = 0.8
        if self.draw.random() < fails:
            error = ERRORS[len(features.places[0][1]) % len(ERRORS)]
            return Outcome.CRASHED, None, f"`run` ended with exit code 1: {error}"
        drawn = self.draw.random()
        verdict = Verdict.BETTER if drawn < better else Verdict.WORSE if drawn < 0.6 else Verdict.SAME
        return Outcome.SCORED, verdict, None


def attempts(world: World, run: str, count: int) -> Iterator[tuple[Attempt, Features]]:
    """The baseline and then `count` attempts; scores climb as they get better."""
    score = 1.0
    for number in range(count + 1):
        features = world.features() if number else Features("baseline")
        outcome, verdict, reason = world.result(features) if number else (Outcome.SCORED, None, None)
        moved = {Verdict.BETTER: 0.01, Verdict.WORSE: -0.02, Verdict.SAME: 0.0}
        own = score + moved[verdict] if verdict else score
        place = ":".join(features.places[0]) if features.places else "nothing"
        attempt = Attempt(
            run=run,
            number=number,
            branch=f"kapso/{run}/{number:04d}-try",
            commit=f"{world.draw.getrandbits(160):040x}",
            tree=f"{world.draw.getrandbits(160):040x}",
            parents=(0,) if number else (),
            proposer=features.proposer,
            title=f"{features.operator or 'edit'} in {place}",
            hypothesis="What it is good for, in the words of its proposer, which take a line or two.",
            outcome=outcome,
            verdict=verdict,
            score=own if outcome is Outcome.SCORED else None,
            metrics={"score": own, "run.seconds": 0.5} if outcome is Outcome.SCORED else {},
            reason=reason,
            duration_s=0.5,
            parameters={name: new for name, (_, new) in features.moved.items()},
            feedback=None if reason is None else f"Traceback (most recent call last):\n  …\n{reason}",
            evaluator="e" * 12,
            sandbox="bubblewrap",
            started=START + timedelta(seconds=number),
            finished=START + timedelta(seconds=number + 1),
        )
        score = max(score, own)
        yield attempt, features


def episode(attempt: Attempt, features: Features) -> Episode:
    """With what DuckDB keeps beside: the hunks, and two commands."""
    before, after = "    value = compute(first, second) + 1\n", "    value = compute(first, second) - 1\n"
    hunks = tuple(
        Hunk(
            path,
            (region,),
            12,
            12,
            1,
            1,
            tuple(sorted(features.kinds)),
            tuple(sorted(features.tokens)),
            before,
            after,
        )
        for path, region in features.places
    )
    stages = (
        Stage("run", "./pack --out $KAPSO_OUT", 0, 0.4, 0.4, 2**25),
        Stage("evaluate", "python e.py", 0, 0.1),
    )
    return Episode(attempt, DiffSize(1, 1, 1), stages, source="s" * 81, hunks=hunks)


class Going:
    """Runs go through what a run does with its attempts, one after another."""

    def __init__(self, repository: Repository, log: Episodes, clock: Clock) -> None:
        self.ledger, self.log, self.clock = Ledger(repository), log, clock
        self.seen = self.news = self.commits = 0
        self._time = 0.0
        self._waiting: list[Episode] = []

    def run(self, world: World, name: str, count: int) -> None:
        """One run from its beginning to its end."""
        clock, lines = self.clock, self.clock("read what is known", self.seen, self.ledger.lines)
        learner = clock("begin", self.seen, Learner, name, world.name, "e" * 12, True, lines)
        recall = Recall(clock("judge what is known", self.seen, _judged, lines, world.name), world.here)
        known: Recall | None = None
        made = attempts(world, name, count)
        baseline, features = next(made)
        learner.observe(baseline, None, features)
        pace = Pace(lambda: self._time)
        for attempt, features in made:
            if self.seen % PEEK == 0:
                known = clock("recall for a reader", self.seen, _for_reader, learner, world.here, known)
            if len(recall):
                told = clock("recall", self.seen, _for_maker, recall, attempt.proposer, self.seen)
                ids = tuple(each.id for each in told.lessons)
                attempt = replace(attempt, recalled=ids, withheld=tuple(told.withheld))
            attempt = replace(attempt, predicted=clock("predict", self.seen, learner.predict, features))
            now = ended(features, attempt)
            news = clock("learn", self.seen, learner.observe, attempt, baseline, now)
            self.news += len(news)
            pace.note(has_news=bool(news))
            self._time += ATTEMPT_S
            if pace.is_due:
                with pace.committing():
                    clock("commit", self.seen, self._keep, learner, name)
            self.add(episode(attempt, now))
        clock("commit the whole, at the end", self.seen - 1, self._put, learner, name)

    def add(self, episode: Episode) -> None:
        self._waiting.append(episode)
        self.seen += 1
        if len(self._waiting) == BATCH:
            self.clock("write episodes, an attempt", self.seen - 1, self.flush, share=BATCH)

    def flush(self) -> None:
        self.log.record(self._waiting)
        self._waiting = []

    def _keep(self, learner: Learner, run: str) -> None:
        since = time.process_time()
        self.ledger.keep(run, _own(learner, run))
        self.commits += 1
        self._time += time.process_time() - since

    def _put(self, learner: Learner, run: str) -> None:
        self.ledger.put(_own(learner, run))
        self.commits += 1


def _own(learner: Learner, run: str) -> dict[str, Line]:
    """What the run saw, as it is written."""
    changed = learner.changed()
    return {key: replace(line, sightings={run: line.sightings[run]}) for key, line in changed.items()}


def _judged(lines: Mapping[str, Line], goal: str) -> list[Lesson]:
    return [judge(each, goal) for each in lines.values()]


def _for_reader(learner: Learner, here: Here, before: Recall | None) -> Recall:
    """As a run does: what did not change since is not looked at anew."""
    recall = Recall(learner.lessons(), here, before)
    recall.for_reader(Occasion("llm", 0))
    return recall


def _for_maker(recall: Recall, proposer: str, seed: int) -> Recalled:
    return recall.for_maker(Occasion(proposer, seed))


def learnt(repository: Repository, going: Going) -> dict[str, Any]:
    lines = going.ledger.lines()
    statuses = [str(each.status) for each in _judged(lines, "goal-0")]
    commit = going.ledger.commit
    assert commit is not None
    return {
        "lessons": len(lines),
        "by_status": {status: statuses.count(status) for status in sorted(set(statuses))},
        "news": going.news,
        "commits": going.commits,
        "lessons_jsonl_mb": round(len(repository.read(commit, "lessons.jsonl")) / 1e6, 2),
    }


def queries(log: Episodes, repository: Repository) -> dict[str, Any]:
    """Wall milliseconds of showing all lessons, and of each example of `kapso sql --schema`."""
    since = time.perf_counter()
    show_lessons(repository, log)
    told: dict[str, Any] = {"show the lessons": round(1e3 * (time.perf_counter() - since))}
    for example in EXAMPLES:
        since = time.perf_counter()
        rows = len(ask(log, example.sql, 120).rows)
        told[example.question[:60]] = {"ms": round(1e3 * (time.perf_counter() - since)), "rows": rows}
    return told


def looking(repository: Repository, base: str) -> dict[str, float]:
    """Features of one-line edits of a file of 2,000 lines: the first one parses it all, the others do not."""
    body = "".join(
        f"def step_{n}(x):\n    y = x * {n}\n    for i in range(y):\n        x = go(i, x)\n    return x\n\n\n"
        for n in range(290)
    )
    start = _commit(repository, base, body)
    looker, times = Looker(Diffs(repository)), []
    parent = Candidate("baseline", start, {})
    for number in range(30):
        made = _commit(repository, start, body.replace(f"x * {number * 9}\n", "x - 1\n"))
        since = time.process_time()
        looker.features(Candidate("llm", made, {}), parent)
        times.append(1e3 * (time.process_time() - since))
    return {
        "first": round(times[0], 2),
        "median": round(statistics.median(times[1:]), 2),
        "most": round(max(times[1:]), 2),
    }


def _commit(repository: Repository, onto: str, text: str) -> str:
    tree = repository.write_tree(onto, {"big.py": Entry(FILE, repository.write_blob(text.encode()))})
    return repository.commit(tree, [onto], "a version\n", ("Kapso", "kapso@localhost"), START, START)


def measured(total: int, per_run: int) -> dict[str, Any]:
    """All of it, in a scratch repository."""
    with tempfile.TemporaryDirectory(prefix="kapso-memory-scale-") as scratch:
        folder = Path(scratch, "program")
        folder.mkdir()
        (folder / "pack.py").write_text("RADIUS = 1\n")
        identity = ["-c", "user.name=Kapso", "-c", "user.email=kapso@localhost"]
        for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=folder, check=True)
        repository = Repository.open(folder)
        log = Episodes(repository.state_dir / "kapso.duckdb")
        assert log.database.path is not None
        clock, before, since = Clock(total), _rss_mb(), time.perf_counter()
        worlds = [World(number) for number in range(GOALS)]
        going = Going(repository, log, clock)
        for number, first in enumerate(range(0, total, per_run)):
            world = worlds[number % GOALS]
            going.run(world, f"{world.name}-{number:04x}", min(per_run, total - first))
        going.flush()
        took, after = time.perf_counter() - since, _rss_mb()
        return {
            "episodes": total,
            "runs": -(-total // per_run),
            **learnt(repository, going),
            "objects_mb": _folder_mb(repository.common_dir / "objects"),
            "duckdb_mb": round(log.database.path.stat().st_size / 1e6, 1),
            "rss_mb": {"before": before, "most": after},
            "cpu_ms": clock.told(),
            "features_ms": looking(repository, repository.resolve("HEAD")),
            "queries": queries(log, repository),
            "rss_mb_with_queries": _rss_mb(),
            "wall_s": round(took, 1),
        }


def page(told: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    rss, features = told["rss_mb"], told["features_ms"]
    lines = [
        f"# What memory costs after {told['episodes']:,} attempts",
        "",
        f"Made by `memory_scale.py`: {told['runs']} runs over {GOALS} goals. Milliseconds of the processor,",
        "on a machine that others used as well.",
        "",
        "| | mean | 99 of 100 below | first tenth | last tenth |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, each in told["cpu_ms"].items():
        known = [tenth for tenth in each["by_tenth"] if tenth is not None]
        lines.append(f"| {name} | {each['mean']} | {each['p99']} | {known[0]} | {known[-1]} |")
    lines += [
        "",
        "| | |",
        "| --- | ---: |",
        f"| lessons | {told['lessons']:,} |",
        f"| `lessons.jsonl` | {told['lessons_jsonl_mb']} MB |",
        f"| commits of lessons, and git's objects before it packs them | {told['commits']:,}, "
        f"{told['objects_mb']} MB |",
        f"| `kapso.duckdb` | {told['duckdb_mb']} MB |",
        f"| main memory before, at most, with the queries | {rss['before']}, {rss['most']}, "
        f"{told['rss_mb_with_queries']} MB |",
        f"| features of a one-line edit in 2,000 lines, the first one and the median | {features['first']}, "
        f"{features['median']} ms |",
        "",
        "| query | wall ms | rows |",
        "| --- | ---: | ---: |",
    ]
    for name, each in told["queries"].items():
        ms, rows = (each["ms"], f"{each['rows']:,}") if isinstance(each, dict) else (each, "")
        lines.append(f"| {name} | {ms} | {rows} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--run", type=int, default=1_000, help="attempts a run")
    parser.add_argument("--out", type=Path, help="a folder for memory_scale.json and memory_scale.md")
    parser.add_argument(
        "--tables", type=Path, help="tables of what an earlier call printed, measuring nothing"
    )
    options = parser.parse_args()
    earlier = options.tables
    told = json.loads(earlier.read_text()) if earlier else measured(options.episodes, options.run)
    text = json.dumps(told, indent=2) + "\n"
    if options.out:
        (options.out / "memory_scale.json").write_text(text)
        (options.out / "memory_scale.md").write_text(page(told))
    print(page(told) if earlier else text, end="")


def _folder_mb(folder: Path) -> float:
    return round(sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6, 1)


def _rss_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
