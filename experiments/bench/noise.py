"""How often Kapso reports an improvement that is not there, and how often it finds one that is.

    python experiments/bench/noise.py --seeds 100

Real runs, one a seed: on a program whose score is noise alone, and on one that one edit makes better by a
few standard deviations of one evaluation. Beside them stands a naive loop: the same attempts, and the best
single evaluation believed. Then the sequential test alone, simulated with noise of several kinds. Writes
results/noise.md; `--seeds 0` simulates only. A run takes some four seconds on a quiet core.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]
RESULTS = Path(__file__).parent / "results" / "noise.md"

from kapso.attempt import Verdict  # noqa: E402
from kapso.evaluate.noise import Noise  # noqa: E402
from kapso.evaluate.sequential import judge, lead, most_pairs  # noqa: E402
from kapso.loop.confirm import MOST_CANDIDATES  # noqa: E402

GOAL = """\
name: noise
objective: Find out whether anything was gained.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: [tune]
repeats: %s
search: {parallel: 1}
budget: {attempts: %d}
"""
PARAMS = '{"x": 1.0, "y": 5.0, "z": 3, "k": 0.1}\n'
SCORE = """\
set -- "$1" $(od -An -N8 -tu4 /dev/urandom)
awk -F'[:,}]' -v u="$2" -v v="$3" '{
  noise = sqrt(-2 * log((u + 1) / 4294967297)) * cos(6.283185307 * v / 4294967296)
  printf "{\\"score\\": %.9f}\\n", 10 + EFFECT * ($4 > 5) + noise }' "$1"
"""
"""The standard deviation of one evaluation is 1; a larger `y` gains EFFECT, and nothing else matters."""


@dataclass(frozen=True)
class Outcome:
    """What one run came to; `naive`: whether the best single evaluation beat that of the baseline."""

    naive: bool
    confirmed: bool
    better: int
    evaluations: int
    gain: float | None


def run_once(seed: int, effect: float, repeats: str, attempts: int) -> Outcome:
    """One real run in a repository of its own."""
    import kapso  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="kapso-noise-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        root = Path(folder, "program")
        root.mkdir()
        (root / "goal.yaml").write_text(GOAL % (repeats, attempts))
        (root / "params.json").write_text(PARAMS)
        (root / "score.sh").write_text(SCORE.replace("EFFECT", str(effect)))
        identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
        for arguments in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
            subprocess.run(["git", *arguments], cwd=root, check=True)
        run = kapso.run(root / "goal.yaml", seed=seed)
        tried = run.attempts()
        scores = [each.score for number, each in tried.items() if number and each.score is not None]
        found, baseline = run.confirmation, tried[0].score
        logs = (root / ".git/kapso/runs").glob("*/attempts/*/log.txt")
        assert baseline is not None
        return Outcome(
            naive=max(scores) > baseline,
            confirmed=run.is_improved,
            better=sum(each.verdict is Verdict.BETTER for number, each in tried.items() if number),
            evaluations=sum(log.read_text(errors="replace").count("$ sh score.sh") for log in logs),
            gain=found.gain if found and found.is_confirmed else None,
        )


def real(seeds: int, jobs: int, effects: list[float], attempts: int) -> Iterator[str]:
    """A table of real runs."""
    yield f"Real runs of {attempts} attempts, {seeds} seeds each. The noise is normal, from /dev/urandom."
    yield ""
    yield (
        "| effect, σ | repeats | a naive loop reports one | Kapso reports one | attempts called better, mean "
        "| evaluations, mean | median gain reported |"
    )
    yield "|---|---|---|---|---|---|---|"
    for effect in effects:
        for repeats in ("1", "auto"):
            play = partial(run_once, effect=effect, repeats=repeats, attempts=attempts)
            with multiprocessing.get_context("spawn").Pool(jobs) as pool:
                found = pool.map(play, range(seeds), chunksize=1)
            gains = [each.gain for each in found if each.gain is not None]
            yield (
                f"| {effect:g} | {repeats} | {share([each.naive for each in found])} "
                f"| {share([each.confirmed for each in found])} "
                f"| {statistics.fmean(each.better for each in found):.2f} "
                f"| {statistics.fmean(each.evaluations for each in found):.0f} "
                f"| {f'{statistics.median(gains):.2f}' if gains else '-'} |"
            )
            print(effect, repeats, f"{sum(each.confirmed for each in found)} of {seeds}", file=sys.stderr)


def share(held: list[bool]) -> str:
    """`3 of 100 (1 to 9 %)`: with Wilson's 95 % interval (1927)."""
    n, p, z = len(held), sum(held) / len(held), 1.96
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return f"{sum(held)} of {n} ({100 * max(low, 0):.0f} to {100 * min(high, 1):.0f} %)"


# The sequential test alone

Draw = Callable[[random.Random], float]
KINDS: dict[str, Draw] = {
    "normal": lambda draw: draw.gauss(0, 1),
    "uniform": lambda draw: draw.random(),
    "heavy tails (Student, 2 degrees)": lambda draw: draw.gauss(0, 1) / (draw.expovariate(1) + 1e-12) ** 0.5,
    "heavier (Cauchy)": lambda draw: draw.gauss(0, 1) / (draw.gauss(0, 1) or 1e-9),
    "skewed (log-normal)": lambda draw: -draw.lognormvariate(0, 1),
    "two modes": lambda draw: float(draw.random() < 0.5) + draw.gauss(0, 0.01),
    "pass or fail": lambda draw: float(draw.random() < 0.5),
    "whole numbers": lambda draw: float(round(draw.gauss(0, 1))),
}


def confirms(
    draw: random.Random, kind: Draw, effect: float, most: int, wider: float = 1.0
) -> tuple[bool, int]:
    """Whether a candidate is confirmed, after how many pairs; its noise is `wider` times the baseline's."""
    noise = Noise.of([kind(draw) for _ in range(5)])
    gains: list[float] = []
    while (verdict := judge(gains, noise, most=most)) is None:
        gains.append(effect + wider * kind(draw) - kind(draw))
    return verdict is Verdict.BETTER, len(gains)


def in_run(draw: random.Random, effect: float) -> tuple[Verdict, int]:
    """The verdict of `repeats: auto` on one attempt, and the evaluations of the candidate that it took."""
    noise = Noise.of([draw.gauss(0, 1) for _ in range(5)])
    parent = [draw.gauss(0, 1) for _ in range(12)]
    recorded = statistics.median(parent[:5])
    own = [effect + draw.gauss(0, 1)]
    verdict = judge([own[0] - recorded], noise, least=1)
    if verdict is not None and own[0] <= recorded:
        return verdict, 1
    gains: list[float] = []
    while (verdict := judge(gains, noise, least=3 if own[0] > recorded else 1)) is None:
        if len(own) <= len(gains):
            own.append(effect + draw.gauss(0, 1))
        gains.append(own[len(gains)] - parent[len(gains)])
    return verdict, len(own)


def simulated(cases: int) -> Iterator[str]:
    """Tables of the test alone: errors, power, cost."""
    draw = random.Random(1)
    yield f"The confirmation alone, {cases} simulated runs that end with {MOST_CANDIDATES} lucky candidates:"
    yield "how many runs report an improvement that is not there, in %, by the most pairs that are allowed."
    yield ""
    most = [most_pairs(attempts) for attempts in (50, 100, 200)]
    yield "| noise | " + " | ".join(f"{each} pairs" for each in most) + " |"
    yield "|---" * (len(most) + 1) + "|"
    for name, kind, wider in [
        *((name, kind, 1.0) for name, kind in KINDS.items()),
        ("normal, the candidate's three times as wide", KINDS["normal"], 3.0),
        ("normal, the candidate's a fifth as wide", KINDS["normal"], 0.2),
    ]:
        errors = [
            sum(
                any(confirms(draw, kind, 0.0, each, wider)[0] for _ in range(MOST_CANDIDATES))
                for _ in range(cases)
            )
            for each in most
        ]
        yield f"| {name} | " + " | ".join(f"{100 * each / cases:.1f}" for each in errors) + " |"
    yield ""
    yield "How many true improvements one confirmation finds, in %, and the pairs that it takes:"
    yield ""
    yield "| effect, σ | " + " | ".join(f"{each} pairs" for each in most) + " |"
    yield "|---" * (len(most) + 1) + "|"
    for effect in (0.5, 1, 1.5, 2, 2.5, 3, 5):
        cells = []
        for each in most:
            found = [confirms(draw, KINDS["normal"], effect, each) for _ in range(cases)]
            held = sum(is_held for is_held, _ in found)
            cells.append(f"{100 * held / cases:.0f} ({statistics.fmean(pairs for _, pairs in found):.1f})")
        yield f"| {effect:g} | " + " | ".join(cells) + " |"
    yield ""
    yield "`repeats: auto` on one attempt whose parent has been evaluated before:"
    yield ""
    yield "| effect, σ | better, % | same, % | worse, % | evaluations of the candidate |"
    yield "|---|---|---|---|---|"
    for effect in (-5, -2, -1, 0, 0.5, 1, 2, 3, 5):
        judged = [in_run(draw, effect) for _ in range(cases)]
        shares = [
            100 * sum(each is verdict for each, _ in judged) / cases
            for verdict in (Verdict.BETTER, Verdict.SAME, Verdict.WORSE)
        ]
        cost = statistics.fmean(evaluations for _, evaluations in judged)
        yield f"| {effect:g} | " + " | ".join(f"{each:.1f}" for each in shares) + f" | {cost:.2f} |"
    yield ""
    yield from coverage(draw, cases)


def coverage(draw: random.Random, cases: int) -> Iterator[str]:
    """How often the interval holds the truth."""
    held = []
    for effect in (0.0, 1.0, 2.0, 3.0):
        for _ in range(cases):
            noise = Noise.of([draw.gauss(0, 1) for _ in range(5)])
            gains: list[float] = []
            while judge(gains, noise) is None:
                gains.append(effect + draw.gauss(0, 1) - draw.gauss(0, 1))
            found = lead(gains, noise)
            held.append(found.low <= effect <= found.high)
    yield f"The interval held the true gain in {100 * sum(held) / len(held):.1f} % of {len(held)} cases."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--attempts", type=int, default=30)
    parser.add_argument("--effects", default="0,2,4", help="in standard deviations of one evaluation")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--cases", type=int, default=4000, help="simulated runs a cell")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    since = time.monotonic()
    lines = ["# Noise", "", f"Made by `python experiments/bench/noise.py --seeds {given.seeds}`.", ""]
    if given.seeds:
        effects = [float(each) for each in given.effects.split(",")]
        lines += [*real(given.seeds, given.jobs, effects, given.attempts), ""]
    lines += simulated(given.cases)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    print(f"{(time.monotonic() - since) / 60:.1f} minutes", file=sys.stderr)


if __name__ == "__main__":
    main()
