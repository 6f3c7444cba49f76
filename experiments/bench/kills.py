"""Kills the engine at random moments and goes on: nothing announced may be lost, nothing may be left over.

    python experiments/bench/kills.py --kills 200

Several runs, each on a repository of its own: `kapso run`, SIGKILL at a random moment, `kapso resume`,
SIGKILL, and so on; then it is left to end, and what stands in git is compared with what had been announced.
Candidates leave a daemon behind, so that a process that survives its engine is seen. Prints one JSON object,
in which every list must be empty; exit code 1 if one is not. `kills_outlived_until_resume` counts kills
after which a process was left, which is for the next `resume` to end.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GOAL = """\
name: kills
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: (setsid sleep {daemon} &) ; sleep 0.03; cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: [tune]
search: {{parallel: {parallel}}}
budget: {{attempts: {attempts}}}
"""
PARAMS = '{"x": 1.0, "y": 5.0}\n'
SCORE = """\
awk -F'[:,}]' '{ d = ($2 - 3)^2 + ($4 - 20)^2 / 100; printf "{\\"score\\": %.12g}\\n", 10 - d }' "$1"
"""
START_S, EVENTS, AFTER_S = 5.0, 40, 0.2
"""A kill falls within so many seconds of the start, or so long after one of so many next events."""
GONE_S = 1.0
"""How long the processes of a killed engine may take to vanish."""


class Victim:
    """One run in a repository of its own, killed and resumed."""

    def __init__(self, folder: Path, seed: int, attempts: int) -> None:
        self.root = folder / "program"
        self.attempts = attempts
        self.kills = 0
        self.outlived = 0
        self.announced: dict[int, dict[str, Any]] = {}
        self.faults: collections.defaultdict[str, list[str]] = collections.defaultdict(list)
        self.stages: collections.Counter[str] = collections.Counter()
        self._draw = random.Random(seed)
        self._daemon = f"8{uuid.uuid4().int % 10**9:09}"  # seconds: a name that `ps` shows
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        self._make(1 + seed % 2)
        self._before = self._fingerprint()

    def _make(self, parallel: int) -> None:
        self.root.mkdir(parents=True)
        goal = GOAL.format(daemon=self._daemon, parallel=parallel, attempts=self.attempts)
        for name, text in (("goal.yaml", goal), ("params.json", PARAMS), ("score.sh", SCORE)):
            (self.root / name).write_text(text)
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
            subprocess.run(["git", *command], cwd=self.root, check=True, env=self._environment)

    def suffer(self, kills: int) -> None:
        """Kill the run so often, let it end, and look for what is lost or left."""
        while self.kills < kills:
            process = self._start()
            self._wait_for_the_moment(process)
            process.kill()
            _, said = process.communicate()
            if process.returncode == -9:
                self.kills += 1
                self.stages[self._stage()] += 1
                self._look_after_a_kill()
            elif process.returncode in (0, 3):
                self.attempts += 8  # it had ended: let it go on, so that there is something to kill
            else:
                self._fault("failed", f"exit code {process.returncode}: {said.strip()}")
                return
        done = self._kapso("resume", "--attempts", str(self.attempts + 4))
        if done.returncode not in (0, 3):
            self._fault("failed", f"the last resume, {done.returncode}: {done.stderr.strip()}")
        self._look_at_the_end()

    def _start(self) -> subprocess.Popen[str]:
        arguments = ["run"]
        if self._has_begun():
            arguments = ["resume", "--attempts", str(self.attempts)]
        return subprocess.Popen(
            [sys.executable, "-m", "kapso", *arguments],
            cwd=self.root,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _has_begun(self) -> bool:
        return bool(self._git("for-each-ref", "refs/kapso/*/goal").strip())

    def _wait_for_the_moment(self, process: subprocess.Popen[str]) -> None:
        """Anywhere from the start on; three times in four while attempts are in flight."""
        if self._draw.random() < 1 / 4:
            self._sleep(process, self._draw.uniform(0, START_S))
            return
        events, deadline = self._count_events() + self._draw.randint(1, EVENTS), time.monotonic() + 60
        while process.poll() is None and self._count_events() < events and time.monotonic() < deadline:
            time.sleep(0.002)
        self._sleep(process, self._draw.uniform(0, AFTER_S))

    @staticmethod
    def _sleep(process: subprocess.Popen[str], seconds: float) -> None:
        end = time.monotonic() + seconds
        while process.poll() is None and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.02))

    def _count_events(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in self._journals())

    def _journals(self) -> list[Path]:
        return sorted((self.root / ".git/kapso/runs").glob("*/events.jsonl"))

    def _events(self) -> list[dict[str, Any]]:
        lines = [line for path in self._journals() for line in path.read_text().splitlines(keepends=True)]
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def _stage(self) -> str:
        events = self._events()
        return str(events[-1]["event"]) if events else "before the first event"

    # What must hold

    def _look_after_a_kill(self) -> None:
        """Whatever was announced has a branch that says the same, at once and without a resume."""
        for event in self._events():
            if event["event"] == "attempt.evaluated":
                self.announced.setdefault(event["attempt"], event)
        branches = set(self._git("for-each-ref", "--format=%(refname:short)", "refs/heads/kapso").split())
        for number, event in self.announced.items():
            if event["branch"] not in branches:
                self._fault("lost", f"attempt {number} has no branch right after a kill")
        self.outlived += bool(self._survivors())

    def _survivors(self) -> dict[int, str]:
        """Processes of the run that are still there after a moment."""
        deadline = time.monotonic() + GONE_S
        while (left := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return left

    def _processes(self) -> dict[int, str]:
        """Processes whose command line names this run's repository or the daemon of its candidates."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if self._daemon in line or str(self.root) in line:
                found[int(path.parent.name)] = line
        return found

    def _look_at_the_end(self) -> None:
        events = [each for each in self._events() if each["event"] == "attempt.evaluated"]
        listed = [json.loads(line) for line in self._kapso("ls", "kills", "--json").stdout.splitlines()]
        numbers = [each["attempt"] for each in listed]
        by_number = {each["attempt"]: each for each in listed}
        if numbers != list(range(len(numbers))):
            self._fault("holes", f"attempts are numbered {numbers}")
        times_told = collections.Counter(each["attempt"] for each in events)
        self.faults["twice"] += [f"attempt {n}, {times}×" for n, times in times_told.items() if times > 1]
        self.faults["untold"] += [f"attempt {n}" for n in sorted(set(numbers) - set(times_told))]
        for number, event in self.announced.items():
            kept = by_number.get(number)
            if kept is None or any(kept[key] != event[key] for key in ("commit", "score", "outcome")):
                self._fault("lost", f"attempt {number} was announced otherwise: {kept}")
        self._look_at_git()
        for pid, line in self._survivors().items():
            self._fault("left_processes", line)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _look_at_git(self) -> None:
        names = self._git("for-each-ref", "--format=%(refname)", "refs/heads/kapso", "refs/kapso").split()
        branches = [name.split("/")[4] for name in names if name.startswith("refs/heads/kapso/")]
        per_number = collections.Counter(name.split("-")[0] for name in branches if name != "best")
        self.faults["twice"] += [f"branch {n}, {times}×" for n, times in per_number.items() if times > 1]
        self.faults["pending"] += [name for name in names if "/pending/" in name]
        self.faults["fsck"] += self._git("fsck", "--strict", "--full", "--no-dangling").splitlines()
        self.faults["locks"] += [str(path) for path in (self.root / ".git/refs").rglob("*.lock")]
        if self._fingerprint() != self._before:
            self._fault("touched", f"{self.root} is not as it was")

    def _fingerprint(self) -> str:
        """The user's part of the repository: files, index, HEAD, configuration, logs, other refs."""
        digest = hashlib.sha256(self._git("for-each-ref", "refs/heads/main", "refs/heads/master").encode())
        git = self.root / ".git"
        paths = [path for path in self.root.iterdir() if path.is_file()]
        paths += [git / "HEAD", git / "config", git / "index", *sorted((git / "logs").rglob("*"))]
        for path in sorted(path for path in paths if path.is_file()):
            digest.update(str(path).encode() + path.read_bytes())
        return digest.hexdigest()

    def _fault(self, kind: str, says: str) -> None:
        self.faults[kind].append(f"{self.root}: {says}")

    def _kapso(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kapso", *arguments]
        return subprocess.run(command, cwd=self.root, env=self._environment, capture_output=True, text=True)

    def _git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.root, env=self._environment, capture_output=True, text=True)
        return done.stdout + done.stderr


FAULTS = (
    "failed",
    "lost",
    "twice",
    "untold",
    "holes",
    "pending",
    "locks",
    "fsck",
    "left_processes",
    "touched",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--runs", type=int, default=10, help="over how many runs the kills are spread")
    parser.add_argument("--at-once", type=int, default=2, help="how many runs suffer at once")
    parser.add_argument("--attempts", type=int, default=100, help="of each run, to begin with")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the repositories here")
    options = parser.parse_args()
    since = time.monotonic()
    shares = [options.kills // options.runs + (n < options.kills % options.runs) for n in range(options.runs)]
    with tempfile.TemporaryDirectory(prefix="kapso-kills-") as spare:
        folder = options.folder or Path(spare)
        victims = [
            Victim(folder / str(number), options.seed + number, options.attempts)
            for number in range(options.runs)
        ]
        with ThreadPoolExecutor(options.at_once) as pool:
            list(pool.map(Victim.suffer, victims, shares))
    faults = {kind: [each for victim in victims for each in victim.faults[kind]] for kind in FAULTS}
    figures = {
        "kills": sum(victim.kills for victim in victims),
        "runs": len(victims),
        "announced": sum(len(victim.announced) for victim in victims),
        "seconds": round(time.monotonic() - since),
        "last_event_before_kill": dict(sum((victim.stages for victim in victims), collections.Counter())),
        "kills_outlived_until_resume": sum(victim.outlived for victim in victims),
        **faults,
    }
    print(json.dumps(figures, indent=1))
    sys.exit(1 if any(faults.values()) else 0)


if __name__ == "__main__":
    main()
