"""How well Kapso searches: it and its rivals on the same tasks, with equal numbers of evaluations.

    python experiments/bench/search.py --attempts 100 --seeds 10
    python experiments/bench/search.py --tasks ~/held-out --methods kapso,tpe --out /tmp/held-out
    python experiments/bench/search.py --magpie ~/magpie-3b3b4eb.tar.gz

Results are kept as JSON Lines in `--out`; what stands there already is not run again, so that a bench that
was cut off goes on, and after a change of Kapso only its own part is new. README.md says what is measured.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from contest.campaign import Campaign  # noqa: E402  (the path comes first)
from contest.magpie_side import PLACE, unpack  # noqa: E402
from contest.methods import METHODS  # noqa: E402
from contest.plot import svg  # noqa: E402
from contest.statistics import board_of  # noqa: E402
from contest.table import page  # noqa: E402
from contest.task import Task, find_tasks  # noqa: E402
from contest.trace import Trace  # noqa: E402


def main() -> None:
    given = arguments()
    names = [name for name in given.only.split(",") if name]
    tasks = find_tasks(given.tasks or [HERE / "tasks"], names)
    if given.magpie:
        os.environ[PLACE] = str(unpack(given.magpie, given.out / "magpie"))
    methods = [name for name in given.methods if given.tables or is_ready(name)]
    campaign = Campaign(tasks, methods, given.seeds, given.attempts, given.out, given.jobs, given.keep)
    publish(tasks, campaign.known() if given.tables else campaign.run(), given.out)


def publish(tasks: Sequence[Task], traces: Sequence[Trace], out: Path) -> None:
    """Write table and plot, and print the table."""
    boards = []
    for task in tasks:
        if found := [trace for trace in traces if trace.task == task.name]:
            boards.append(board_of(task, found))
    if not boards:
        raise SystemExit("no trace was made")
    (out / "search.svg").write_text(svg(boards))
    text = page(boards, traces, shlex.join(["python", *sys.orig_argv[1:]]), "search.svg")
    (out / "search.md").write_text(text)
    print(text)


def is_ready(method: str) -> bool:
    reason = METHODS[method].why_not()
    if reason is not None:
        print(f"{METHODS[method].label} is left out: {reason}", file=sys.stderr)
    return reason is None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tasks", type=Path, action="append", metavar="DIR", help="folder of tasks, or a task"
    )
    parser.add_argument("--only", default="", metavar="A,B", help="these tasks alone")
    parser.add_argument(
        "--methods", type=listed, default=list(METHODS), metavar="A,B", help=", ".join(METHODS)
    )
    parser.add_argument("--magpie", type=Path, metavar="PATH", help="Magpie's archive or folder")
    parser.add_argument("--attempts", type=int, default=100, metavar="N", help="evaluations (default 100)")
    parser.add_argument("--seeds", type=int, default=10, metavar="K", help="seeds 1 to K (default 10)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/search", metavar="DIR", help="results")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many run at once (default 2)")
    parser.add_argument("--tables", action="store_true", help="make no trace, only the tables")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the scratch folders there, to look at")
    given = parser.parse_args()
    if given.attempts < 2 or given.seeds < 1 or given.jobs < 1:
        parser.error("--attempts must be 2 or more, --seeds and --jobs 1 or more")
    return given


def listed(text: str) -> list[str]:
    names = text.split(",")
    unknown = sorted(set(names) - set(METHODS))
    if unknown:
        raise argparse.ArgumentTypeError(f"no method is called {unknown[0]}; there are: {', '.join(METHODS)}")
    return names


if __name__ == "__main__":
    main()
