"""Starts and resumes runs, each a process of its own that outlives the dashboard; reads how they ended.

What a process prints goes to a file: into the run's folder once there is one.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import KapsoError, MachineError
from kapso.memory.live import live_status

if TYPE_CHECKING:
    from kapso.git.repository import Repository

OUTPUT = "output.txt"
"""In a run's folder, what its processes printed that the dashboard started."""
NO_ERRORS = (0, 3)
INTERRUPTED = (130, 143)
_ERROR = re.compile(r"error\[([^\]\n]+)\]: (.*)")


@dataclass(frozen=True)
class Options:
    """What replaces the goal's own values, as the user typed it; empty leaves the goal's."""

    attempts: str = ""
    time: str = ""
    cost: str = ""
    parallel: str = ""
    seed: str = ""
    propose: str = ""
    dirty: bool = False

    def arguments(self) -> list[str]:
        """As the command line takes them."""
        given = {name: value.strip() for name, value in vars(self).items() if isinstance(value, str)}
        return [*(f"--{name}={value}" for name, value in given.items() if value), *["--dirty"] * self.dirty]


class Launch:
    """A process that works on a run; `run` is None until it is known which one it started."""

    def __init__(self, repository: Repository, arguments: Sequence[str], run: str | None = None) -> None:
        self.run = run
        self._state = repository.state_dir
        name = f"started/{secrets.token_hex(4)}.txt" if run is None else f"runs/{run}/{OUTPUT}"
        self._output = self._place(name)
        self._began = time.time()
        with self._output.open("ab") as output:
            self._from = output.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kapso", *arguments],  # -P: no module of the user's is imported
                cwd=repository.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # neither Ctrl-C nor the terminal's end reaches it
            )

    @property
    def exit_code(self) -> int | None:
        """How it ended, None while it goes on."""
        return self.process.poll()

    def find_run(self) -> str | None:
        """The run that the process holds, or held; its output moves into the run's folder."""
        if self.run is None:
            for lock in self._state.glob("runs/*/lock"):
                if _text(lock) == str(self.process.pid) and lock.stat().st_mtime >= self._began - 2:
                    self.run = lock.parent.name
                    self._move(lock.with_name(OUTPUT))
        return self.run

    def has_begun(self) -> bool:
        """Whether it works on a run whose baseline is evaluated."""
        run = self.find_run()
        if run is None or live_status(self._state, run) is None:
            return False
        return '"event": "attempt.evaluated"' in _text(self._state / "runs" / run / "events.jsonl", 65536)

    def said(self, most: int = 20) -> list[str]:
        """The last lines that it printed."""
        try:
            with self._output.open("rb") as file:
                file.seek(max(self._from, self._output.stat().st_size - 16384))
                return file.read().decode(errors="replace").rstrip("\n").split("\n")[-most:]
        except OSError:
            return []

    def forget(self) -> None:
        """Remove what it printed, where it never had a run."""
        if self.run is None:
            self._output.unlink(missing_ok=True)

    def error(self) -> KapsoError | None:
        """Why it failed, None where it did not, or goes on."""
        code = self.exit_code
        if code is None or code in NO_ERRORS or code in INTERRUPTED:
            return None
        return read_error(self.said(60), code)

    def _place(self, path: str) -> Path:
        file = self._state / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MachineError(
                f"`{file.parent}` cannot be written: {error.strerror}",
                help="make the repository's git folder writable for you",
                slug="state-folder",
            ) from error
        return file

    def _move(self, file: Path) -> None:
        try:
            os.replace(self._output, file)
            self._output, self._from = file, 0
        except OSError:
            pass  # it is read where it is


def start_run(repository: Repository, goal_file: Path, options: Options) -> Launch:
    """Start a run of the goal."""
    goal = os.path.relpath(goal_file, repository.root)
    shown = goal if not goal.startswith("..") else str(goal_file)
    return Launch(repository, ["run", *options.arguments(), "--", shown])


def resume_run(repository: Repository, run: str, options: Options) -> Launch:
    """Go on with a run, with raised limits if there are any."""
    return Launch(repository, ["resume", *options.arguments(), "--", run], run)


def read_error(lines: Sequence[str], code: int) -> KapsoError:
    """The error that a command printed."""
    for index in range(len(lines) - 1, -1, -1):
        if match := _ERROR.match(lines[index]):
            rest = lines[index + 1 :]
            where = next((each[6:] for each in rest if each.startswith("  --> ")), None)
            remedy = [each.removeprefix("help: ") for each in rest if not each.startswith("  --> ")]
            return KapsoError(match[2], help="\n".join(remedy) or None, where=where, slug=match[1])
    tail = "\n".join(lines[-5:]).strip()
    if code < 0:
        return KapsoError(f"the run's process was ended by signal {-code}", help="`u` resumes the run")
    return KapsoError(tail or f"the run's process ended with exit code {code}")


def _text(path: Path, most: int = 4096) -> str:
    try:
        with path.open("rb") as file:
            return file.read(most).decode(errors="replace").strip()
    except OSError:
        return ""
