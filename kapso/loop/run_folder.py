"""A run's folder in the state directory: its lock, its journal of events, its control file, its logs.

Everything here can be deleted without losing an attempt; git has them.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from kapso.errors import MachineError, UsageError
from kapso.loop.requests import Requests

Listener = Callable[[dict[str, Any]], None]

TELLING = ("run.finished", "run.continued", "attempt.approved", "attempt.rejected")
"""The events that tell how much time the run has used."""

_sync = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter


class RunFolder:
    """`<state_dir>/runs/<run>/`."""

    def __init__(self, state_dir: Path, run: str) -> None:
        self.run = run
        self.path = state_dir / "runs" / run
        self.requests = Requests(self.path)
        # As text: they are looked at several times an attempt, and joining paths costs more than looking.
        self._control, self._budget = str(self.path / "control.json"), str(self.path / "budget.json")
        self._control_seen: tuple[int, str] = (-1, "running")

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints.sqlite"

    def attempt(self, number: int) -> Path:
        """The folder of an attempt."""
        return self.path / "attempts" / f"{number:04d}"

    def log(self, number: int) -> Path:
        """The log of an attempt's commands; its folder is made."""
        folder = self.attempt(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / "log.txt"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; UsageError when another process does. The kernel frees it whatever ends this one."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / "lock").open("a+")
        except OSError as error:
            raise MachineError(
                f"`{self.path}` cannot be written: {error.strerror}", slug="state-folder"
            ) from error
        with file:
            self._take(file)
            yield

    def _take(self, file: IO[str]) -> None:
        try:
            self._flock(file)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip()
            raise UsageError(
                f"run `{self.run}` is running already" + (f" (process {holder})" if holder else ""),
                help=f"`kapso ls {self.run}` shows how far it is, `kapso stop {self.run}` ends it",
                slug="already-running",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()

    @staticmethod
    def _flock(file: IO[str]) -> None:
        """Whoever merely looks whether the run is live holds the lock for a moment, too."""
        deadline = time.monotonic() + 0.3
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def control(self) -> str:
        """What the run was last told: `running`, `paused` or `stopping`. Cheap enough to ask often."""
        try:
            stamp = os.stat(self._control).st_mtime_ns
            if stamp != self._control_seen[0]:
                state = json.loads(Path(self._control).read_text())["state"]
                self._control_seen = (stamp, str(state))
        except (OSError, ValueError, KeyError, TypeError):
            return "running"
        return self._control_seen[1]

    def raised(self) -> dict[str, Any]:
        """The limits that `kapso resume` raised, by their names in `Overrides`; none where none was."""
        try:
            found = json.loads(Path(self._budget).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def raised_at(self) -> int:
        """When limits were raised last, in nanoseconds; 0 where none was. Cheap enough to ask often."""
        try:
            return os.stat(self._budget).st_mtime_ns
        except OSError:
            return 0

    def keep_raised(self, limits: Mapping[str, Any]) -> None:
        """Remember raised limits."""
        Path(self._budget).write_text(json.dumps(dict(limits)))

    def tell(self, state: str) -> None:
        """Tell the run to be `running`, `paused` or `stopping`."""
        path = Path(self._control)
        fresh = path.with_name(f"control.{os.getpid()}.json")
        fresh.write_text(json.dumps({"state": state}))
        fresh.replace(path)


class Journal:
    """`events.jsonl`: append-only, one JSON object a line; what `run --json` prints, too."""

    def __init__(self, path: Path, run: str, listener: Listener | None = None) -> None:
        self._path = path
        self._run = run
        self._listener = listener
        self._lock = threading.Lock()
        self.announced: set[int] = set()
        self.past: list[dict[str, Any]] = []
        self._mend()

    def write(self, event: str, *, is_durable: bool = False, **details: Any) -> None:
        """Append an event; `is_durable` ones are on the disk before this returns."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"time": moment, "event": event, "run": self._run, **details}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                data = line.encode("utf-8", "backslashreplace")
                written = os.write(descriptor, data)
                if written != len(data):  # half a line would spoil the next one
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                    raise MachineError(
                        f"`{self._path}` cannot be written: the disk is full", slug="disk-full"
                    )
                if is_durable:
                    _sync(descriptor)
            finally:
                os.close(descriptor)
            if event == "attempt.evaluated":
                self.announced.add(details["attempt"])
        if self._listener:
            self._listener(entry)

    def announce(self, number: int, details: dict[str, Any]) -> None:
        """`attempt.evaluated`, once for each attempt, however often it lands."""
        if number not in self.announced:
            self.write("attempt.evaluated", is_durable=True, attempt=number, **details)

    def elapsed_s(self) -> float:
        """Seconds that earlier sessions of the run lasted, pauses left out where a session could say so."""
        total = 0.0
        since: datetime | None = None
        last: datetime | None = None
        for entry in self.past:
            moment = datetime.fromisoformat(entry["time"])
            if entry["event"] in ("run.started", "run.resumed"):
                total += (last - since).total_seconds() if since and last else 0.0
                since = moment
            elif entry["event"] in TELLING and isinstance(entry.get("elapsed"), int | float):
                total = float(entry["elapsed"])
                since = None if entry["event"] == "run.finished" else moment
            last = moment
        return total + ((last - since).total_seconds() if since and last else 0.0)

    def _mend(self) -> None:
        """Read what is there; a last line that a kill cut off is taken away."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        for line in whole.splitlines():
            try:
                entry = json.loads(line)
                datetime.fromisoformat(entry["time"])
                is_evaluated = entry["event"] == "attempt.evaluated"
            except (ValueError, KeyError, TypeError):
                continue
            self.past.append(entry)
            if is_evaluated:
                self.announced.add(entry["attempt"])


class JournalTail:
    """The events that a run writes from now on; a line that is not whole yet is left for the next time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                yield event
