"""Whether attempts use the library: how many it takes to find a winning move that stands in one.

    python experiments/bench/use.py --seeds 10 --out experiments/bench/results

Three programs, each with a dozen plausible moves of which one wins: it stands in a shipped playbook, in one
of five pages of a manual, or in the history of the repository. A scripted model makes one move an attempt: it
follows what its prompt tells it from the library, and else draws (`library_use/model.py`). Each run is a real
run with the proposer `llm`, once with the library and once without (`memory: {recall: false}`, nothing
learnt). `recipe` needs no model: it is tried where a playbook's recipe matches. What stands in `--out` is not
run again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from library_use.model import Reader, mean_without  # noqa: E402
from library_use.task import NAMES, Task  # noqa: E402

import kapso  # noqa: E402  (the path comes first)
from tests.scripted.server import Request, ScriptedServer  # noqa: E402

OFFLINE = {"orders": ("tune, mutate", "recipe")}
"""Where a recipe matches, and what to compare."""
OFFLINE_ATTEMPTS = 60
WITH, WITHOUT = "with the library", "without"
Found = dict[str, dict[str, list[int | None]]]
"""By task and way of running: the attempt that found it, seed by seed."""


def main() -> None:
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / "use.json"
    found: Found = json.loads(file.read_text()) if file.exists() else {}
    with tempfile.TemporaryDirectory(prefix="kapso-use-") as spare:
        place = Path(spare)
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(place / name.lower())
        os.environ["SCRIPTED_KEY"] = "no-secret"
        for seed in range(1, given.seeds + 1):
            for name in given.tasks:
                for arm in (WITH, WITHOUT, *OFFLINE.get(name, ())):
                    attempts = found.setdefault(name, {}).setdefault(arm, [])
                    if len(attempts) >= seed:
                        continue
                    attempts.append(one(Task.read(name), seed, place / f"{name}-{seed}-{len(arm)}", arm))
                    print(name, seed, arm, attempts[-1], file=sys.stderr, flush=True)
                    file.write_text(json.dumps(found, indent=1) + "\n")
    text = page(found, shlex.join(["python", *sys.orig_argv[1:]]))
    (given.out / "use.md").write_text(text)
    print(text)


def one(task: Task, seed: int, folder: Path, arm: str) -> int | None:
    """At which attempt one run finds the winning move; None: not at all."""
    if arm in (WITH, WITHOUT):
        return read_and_try(task, seed, folder, has_library=arm == WITH)
    return try_offline(task, seed, folder, arm)


def read_and_try(task: Task, seed: int, folder: Path, *, has_library: bool) -> int | None:
    """At which attempt the reading model finds the winning move; None: not at all."""
    reader = Reader(task, seed)
    with ScriptedServer() as server:
        server.respond = lambda request: answer(reader, request)
        model = f'model: "openai:scripted", base_url: "{server.openai_url}", api_key_env: SCRIPTED_KEY'
        more = f"propose: [{{llm: {{{model}}}}}]\n" + limits(task, seed, len(task.moves))
        if has_library:
            more += f"knowledge: {json.dumps(list(task.knowledge))}\n"
        else:
            more += "memory: {recall: false}\n"
        return found_at(task, task.make(folder, more))


def answer(reader: Reader, request: Request) -> str:
    return reader.answer(request.prompt)


def try_offline(task: Task, seed: int, folder: Path, proposers: str) -> int | None:
    """The same for proposers that need no model."""
    more = f"propose: [{proposers}]\n" + limits(task, seed, OFFLINE_ATTEMPTS)
    return found_at(task, task.make(folder, more))


def limits(task: Task, seed: int, attempts: int) -> str:
    return (
        f"search: {{policy: greedy, parallel: 1, seed: {seed}}}\nbudget: {{attempts: {attempts}}}\n"
        f"stop: {{target: {task.target}}}\n"
    )


def found_at(task: Task, goal: Path) -> int | None:
    """The first attempt of a run that is as good as the winning move."""
    attempts = kapso.run(goal).attempts()
    return next(
        (
            number
            for number, each in attempts.items()
            if number and each.is_scored and each.score is not None and each.score <= task.target
        ),
        None,
    )


def page(found: Found, command: str) -> str:
    """The table."""
    lines = [
        "# Whether attempts use the library",
        "",
        f"`{command}` on {platform.platform()}, Python {platform.python_version()}.",
        "Attempts until the winning move was found; a run without it counts as one more than it had.",
        "",
        "| task | run | found | mean | 95 % | median | all |",
        "| --- | --- | ---: | ---: | --- | ---: | --- |",
    ]
    for name, arms in found.items():
        task = Task.read(name)
        for arm, attempts in arms.items():
            most = OFFLINE_ATTEMPTS if arm in OFFLINE.get(name, ()) else len(task.moves)
            counts = [most + 1 if each is None else each for each in attempts]
            low, high = interval(counts)
            hits = sum(each is not None for each in attempts)
            listed = " ".join("–" if each is None else str(each) for each in attempts)
            row = [name, arm, f"{hits} of {len(attempts)}", f"{mean(counts):.1f}", f"{low:.1f}–{high:.1f}"]
            lines.append(f"| {' | '.join([*row, f'{median(counts):g}', listed])} |")
    chance = ", ".join(f"{name} {mean_without(Task.read(name).moves):g}" for name in found)
    lines += ["", f"Chance alone takes, on the average: {chance}."]
    lines += [
        "",
        "What is asked of the library, and what the model makes of it, was settled on the first two seeds.",
    ]
    return "\n".join(lines) + "\n"


def interval(values: Sequence[int]) -> tuple[float, float]:
    """Of the mean, by the bootstrap."""
    rng = random.Random(1)
    means = sorted(mean(rng.choices(values, k=len(values))) for _ in range(2000))
    return means[50], means[1949]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=listed, default=list(NAMES), metavar="A,B", help=", ".join(NAMES))
    parser.add_argument("--seeds", type=int, default=10, metavar="K", help="seeds 1 to K (default 10)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/use", metavar="DIR", help="results")
    return parser.parse_args()


def listed(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(NAMES)):
        raise argparse.ArgumentTypeError(f"no task is called {unknown[0]}; there are: {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    main()
