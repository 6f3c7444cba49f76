"""What memory is worth: runs that begin with what earlier ones taught, against runs that begin with nothing.

    python experiments/bench/memory.py --seeds 10 --out experiments/bench/results

Three families of two goals each, in one repository (`memory_goals/`): constants, choices, structure. For
every goal and seed: a run without memory, then, on copies of the repository that it left, the same goal again
with another seed, the other goal of its family, and one of another family, to which its lessons do not apply.
Then a program with traps (edits that always crash, values that time out), and a memory half of whose evidence
is forged, beside scorers whose feedback lies. Every statement that was learnt on the way is checked against
the attempts. What stands in `--out` is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from statistics import fmean
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from memory_goals.forgery import forge  # noqa: E402  (the path comes first)
from memory_goals.world import FAMILIES, TRAPS, Goal, goal_of, make  # noqa: E402

import kapso  # noqa: E402
from kapso.memory.lessons.faithful import check  # noqa: E402

COLD, AGAIN, SIBLING, STRANGER, POISONED = "cold", "again", "sibling", "stranger", "poisoned"
ARMS = {
    AGAIN: "the same goal again",
    SIBLING: "the other goal of the family",
    STRANGER: "a goal of another family",
    POISONED: "the other goal, half of the evidence forged, feedback that lies",
}
OTHER_SEED = 1000
Trace = dict[str, Any]
"""`scores` by attempt (None: none), `traps` how many attempts ended in one, `lessons` that were recalled."""
Found = dict[str, dict[str, Trace]]
"""By arm and `goal:seed`."""


def main() -> None:
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / "memory.json"
    found: Found = json.loads(file.read_text()) if file.exists() else {}
    jobs = [
        (family, seed, given.attempts)
        for seed in range(1, given.seeds + 1)
        for family in (*given.families, TRAPS.name)
        if f"{family}:{seed}" not in found.get("done", {})
    ]
    with ProcessPoolExecutor(given.parallel) as pool:
        futures = {pool.submit(one, *job): job for job in jobs}
        for future in as_completed(futures):
            family, seed, _ = futures[future]
            for arm, traces in future.result().items():
                found.setdefault(arm, {}).update(traces)
            found.setdefault("done", {})[f"{family}:{seed}"] = {}
            file.write_text(json.dumps(found) + "\n")
            print(family, seed, file=sys.stderr, flush=True)
    text = page(found, shlex.join(["python", *sys.orig_argv[1:]]))
    (given.out / "memory.md").write_text(text)
    print(text)


def one(family: str, seed: int, attempts: int) -> Found:
    """All runs of one family and seed, in repositories of their own."""
    with tempfile.TemporaryDirectory(prefix="kapso-memory-") as spare:
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(Path(spare) / name.lower())
        runs = _Runs(Path(spare), seed, attempts)
        return runs.trapped() if family == TRAPS.name else runs.of(family)


class _Runs:
    """The runs of one seed, each in a folder below `place`."""

    def __init__(self, place: Path, seed: int, attempts: int) -> None:
        self.place, self.seed, self.attempts = place, seed, attempts
        self.found: Found = {}

    def of(self, name: str) -> Found:
        family = FAMILIES[name]
        others = list(FAMILIES)
        stranger = FAMILIES[others[(others.index(name) + 1) % len(others)]]
        for first, second in ((family.first, family.second), (family.second, family.first)):
            world = make(self.place / first.name)
            self.run(COLD, world, name, first, recall=False)
            self.run(AGAIN, self._copy(world), name, first, seed=self.seed + OTHER_SEED)
            self.run(SIBLING, self._copy(world), name, second)
            self.run(STRANGER, self._copy(world), stranger.name, stranger.first, said=f"after {first.name}")
            lying = make(self.place / f"{first.name}-lies", lies=True)
            self.run("", lying, name, first, recall=False)
            forge(lying, random.Random(self.seed))
            self.run(POISONED, lying, name, second)
            self.check(world, first)
        return self.found

    def trapped(self) -> Found:
        world = make(self.place / "traps")
        for more in (0, OTHER_SEED // 2):  # a trap that is met once or twice in a run is known after two
            arm = f"traps: cold{' again' if more else ''}"
            self.run(arm, world, TRAPS.name, TRAPS.first, seed=self.seed + more, recall=False)
        self.run("traps: again", self._copy(world), TRAPS.name, TRAPS.first, seed=self.seed + OTHER_SEED)
        self.run("traps: sibling", self._copy(world), TRAPS.name, TRAPS.second)
        self.check(world, TRAPS.first)
        return self.found

    def run(
        self,
        arm: str,
        world: Path,
        family: str,
        goal: Goal,
        *,
        seed: int | None = None,
        recall: bool = True,
        said: str = "",
    ) -> None:
        """One run; what it found is kept under `arm`, if that has a name."""
        file = goal_of(world, family, goal)
        if not recall:
            file.write_text(f"{file.read_text()}memory: {{recall: false}}\n")
        run = kapso.run(file, attempts=self.attempts, seed=seed or self.seed, parallel=1)
        told = list(run.attempts().values())
        if not recall:
            file.write_text(file.read_text().replace("memory: {recall: false}\n", ""))
        if arm:
            key = f"{goal.name}{' ' if said else ''}{said}:{self.seed}"
            self.found.setdefault(arm, {})[key] = {
                "scores": [each.score if each.is_scored else None for each in told],
                "traps": [_trap(each) for each in told[1:] if _trap(each)],
                "attempts": len(told) - 1,
                "lessons": sum(bool(each.lessons) for each in told),
            }

    def check(self, world: Path, goal: Goal) -> None:
        """Hold what was learnt in `world`, and in the copies of it, against the attempts."""
        for copy in (world, *sorted(self.place.glob(f"{world.name}-copy-*"))):
            self.found.setdefault("faithful", {})[f"{copy.name}:{self.seed}"] = check(copy)

    def _copy(self, world: Path) -> Path:
        copies = len(list(self.place.glob(f"{world.name}-copy-*")))
        return shutil.copytree(world, self.place / f"{world.name}-copy-{copies}", symlinks=True)


def _trap(attempt: Any) -> str | None:
    """Which trap ended an attempt."""
    if attempt.outcome == "timed-out":
        return "value"
    said = f"{attempt.reason or ''} {attempt.feedback or ''}"
    return "edit" if "calibration" in said else None


def evaluations_to(scores: Sequence[float | None], goal: float) -> int:
    """The first attempt as good as `goal` (less is better); one more than there were where none is."""
    tolerance = 1e-9 * max(1.0, abs(goal))
    hits = (at for at, score in enumerate(scores) if score is not None and score <= goal + tolerance)
    return next(hits, len(scores))


def best(scores: Sequence[float | None]) -> float:
    return min(score for score in scores if score is not None)


def page(found: Found, command: str) -> str:
    """The tables."""
    lines = [
        "# What memory is worth",
        "",
        f"`{command}` on {platform.platform()}, Python {platform.python_version()}.",
        "",
        "## Warm against cold",
        "",
        "Evaluations until the cold run's final score of the same seed was reached; a run without it counts",
        "as one more than it had. The gain: by how much the final score is better than cold, as a share of",
        "what cold gained. 95 % intervals by the bootstrap over seeds.",
        "",
        "| goal | run | seeds | cold | warm | warm / cold | reached | gain at the end |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | --- |",
    ]
    for arm in ARMS:
        lines += [_row(goal, arm, pairs) for goal, pairs in _pairs(found, arm).items()]
        lines.append(_row("**all**", arm, [pair for some in _pairs(found, arm).values() for pair in some]))
    lines += ["", *(f"- {arm}: {what}" for arm, what in ARMS.items()), "", *_traps(found), *_faithful(found)]
    return "\n".join(lines) + "\n"


def _pairs(found: Found, arm: str) -> dict[str, list[tuple[Trace, Trace]]]:
    """By goal, cold and warm of the same seed."""
    pairs: dict[str, list[tuple[Trace, Trace]]] = {}
    for key, warm in sorted(found.get(arm, {}).items()):
        goal, _, seed = key.rpartition(":")
        cold = found.get(COLD, {}).get(f"{goal.split(' ')[0]}:{seed}")
        if cold is not None:
            pairs.setdefault(goal, []).append((cold, warm))
    return pairs


def _row(goal: str, arm: str, pairs: Sequence[tuple[Trace, Trace]]) -> str:
    if not pairs:
        return f"| {goal} | {arm} | 0 | | | | | |"
    finals = [best(cold["scores"]) for cold, _ in pairs]
    colds = [evaluations_to(cold["scores"], final) for (cold, _), final in zip(pairs, finals, strict=True)]
    warms = [evaluations_to(warm["scores"], final) for (_, warm), final in zip(pairs, finals, strict=True)]
    hits = sum(at < len(warm["scores"]) for at, (_, warm) in zip(warms, pairs, strict=True))
    gains = [
        (final - best(warm["scores"])) / ((cold["scores"][0] - final) or 1.0)
        for (cold, warm), final in zip(pairs, finals, strict=True)
    ]
    ratio = _interval(list(zip(colds, warms, strict=True)), lambda some: _ratio(some))
    gain = _interval(gains, fmean)
    cells = [
        goal,
        arm,
        len(pairs),
        f"{fmean(colds):.1f}",
        f"{fmean(warms):.1f}",
        ratio,
        f"{hits}/{len(pairs)}",
        gain,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _ratio(pairs: Sequence[tuple[int, int]]) -> float:
    return sum(warm for _, warm in pairs) / max(1, sum(cold for cold, _ in pairs))


def _interval(values: Sequence[Any], of: Any) -> str:
    """The figure with its interval, by the bootstrap."""
    rng = random.Random(1)
    drawn = sorted(of(rng.choices(values, k=len(values))) for _ in range(2000))
    return f"{of(values):.2f} ({drawn[50]:.2f} to {drawn[1949]:.2f})"


def _traps(found: Found) -> Iterator[str]:
    yield from ("## Traps", "", "| run | attempts | in a trap | edits that crash | values that time out |")
    yield "| --- | ---: | --- | ---: | ---: |"
    for arm in ("traps: cold", "traps: cold again", "traps: again", "traps: sibling"):
        traces = list(found.get(arm, {}).values())
        made = sum(each["attempts"] for each in traces) or 1
        edits, values = (sum(each["traps"].count(kind) for each in traces) for kind in ("edit", "value"))
        yield f"| {arm} | {made} | {(edits + values) / made:.1%} | {edits} | {values} |"
    yield ""


def _faithful(found: Found) -> Iterator[str]:
    told: list[Mapping[str, Any]] = list(found.get("faithful", {}).values())
    counts = {name: sum(each[name] for each in told) for name in ("lessons", "false", "duplicates")}
    yield from ("## Faithfulness", "")
    yield (
        f"{counts['lessons']} lessons in {len(told)} repositories: {counts['false']} false at the confidence "
        f"that they state, {counts['duplicates']} that repeat another."
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--families", type=listed, default=list(FAMILIES), metavar="A,B", help=", ".join(FAMILIES)
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="K", help="seeds 1 to K (default 10)")
    parser.add_argument("--attempts", type=int, default=60, metavar="N", help="of every run (default 60)")
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1, metavar="P", help="at a time")
    parser.add_argument("--out", type=Path, default=ROOT / "build/memory", metavar="DIR", help="results")
    return parser.parse_args()


def listed(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(FAMILIES)):
        raise argparse.ArgumentTypeError(
            f"no family is called {unknown[0]}; there are: {', '.join(FAMILIES)}"
        )
    return names


if __name__ == "__main__":
    main()
