"""Kapso beside its peers: the same stream of scripted edits, and what each harness costs that asks for them.

    python experiments/bench/harness.py --iterations 1000
    python experiments/bench/harness.py --iterations 0 --kills 10 --kill-iterations 300

A model on loopback answers at once with the n-th edit, whatever it is asked, so that only the harness takes
time. They run in turns of a few replies, in the same minutes. The peers are installed from the package index
into environments of their own in the cache folder, at the first run. README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from harnesses.killed import Killed, kill_once  # noqa: E402  (the path comes first)
from harnesses.processes import adopt_orphans  # noqa: E402
from harnesses.race import Figures, race  # noqa: E402
from harnesses.sides import SIDES  # noqa: E402
from harnesses.table import page, plain  # noqa: E402


def main() -> None:
    given = arguments()
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="kapso-harness-", ignore_cleanup_errors=True) as spare:
        folder = given.keep or Path(spare)
        found: dict[str, Figures] = {}
        if given.iterations:
            found = race(given.harnesses, given.iterations, given.parallel, given.turn, folder / "race")
        kills: dict[str, list[Killed]] = {}
        for number in range(given.kills):
            for name in given.harnesses:
                place = folder / f"kills/{name}-{number}"
                kills.setdefault(name, []).append(kill_once(name, given.kill_iterations, number, place))
    text = page(found, kills, shlex.join(["python", *sys.orig_argv[1:]]))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "harness.md").write_text(text)
    (given.out / "harness.json").write_text(json.dumps(plain(found, kills)) + "\n")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--harnesses", type=listed, default=list(SIDES), metavar="A,B", help=", ".join(SIDES))
    parser.add_argument("--iterations", type=int, default=1000, help="of the race (default 1000; 0: none)")
    parser.add_argument("--parallel", type=int, default=1, help="evaluations at once (default 1)")
    parser.add_argument("--turn", type=int, default=20, metavar="N", help="replies a turn (default 20)")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="kills of each (default 0)")
    parser.add_argument("--kill-iterations", type=int, default=300, help="of a run to be killed")
    parser.add_argument("--out", type=Path, default=ROOT / "build/harness", metavar="DIR", help="results")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the folders of the runs there")
    given = parser.parse_args()
    if given.iterations and given.iterations < 20 or given.kills and given.kill_iterations < 20:
        parser.error("fewer than 20 iterations tell nothing")
    if given.keep is not None and given.keep.exists() and os.listdir(given.keep):
        parser.error(f"{given.keep} is not empty")
    return given


def listed(text: str) -> list[str]:
    names = text.split(",")
    unknown = sorted(set(names) - set(SIDES))
    if unknown:
        raise argparse.ArgumentTypeError(f"no harness is called {unknown[0]}; there are: {', '.join(SIDES)}")
    return names


if __name__ == "__main__":
    main()
