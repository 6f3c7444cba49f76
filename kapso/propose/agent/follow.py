"""Follows an agent's output while it works: shows its last line, and ends it before it costs too much."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from kapso.propose.agent.output import Reading, last_lines

LOOK_EVERY_S = 0.5
MOST_LINE_BYTES = 4 << 20


class Ending(threading.Event):
    """Set when `other` is, or by itself."""

    def __init__(self, other: threading.Event) -> None:
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        return super().is_set() or self._other.is_set()


class Follower:
    """Reads what is added to `log` as long as the `with` lasts.

    `ending` is set once what the agent tells of its cost, and one more step like its dearest, may pass
    `most_cost`: only some agents tell of it as they go.
    """

    def __init__(
        self, log: Path, show: Callable[[str], None], cancel: threading.Event, most_cost: float | None
    ) -> None:
        self._log, self._show, self._most_cost = log, show, most_cost
        self._seen = log.stat().st_size if log.exists() else 0
        self._rest = b""
        self._reading = Reading()
        self._dearest = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="kapso-agent", daemon=True)
        self.ending = Ending(cancel)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            with suppress(OSError):
                self._look()

    def _look(self) -> None:
        with self._log.open("rb") as file:
            file.seek(self._seen)
            added = file.read(MOST_LINE_BYTES)
        self._seen += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        self._rest = self._rest[-MOST_LINE_BYTES:]
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            before = self._reading.cost or 0.0
            self._reading.feed(line)
            self._dearest = max(self._dearest, (self._reading.cost or 0.0) - before)
        cost = self._reading.cost
        if cost is not None and self._most_cost is not None and cost + self._dearest > self._most_cost:
            self.ending.set()
        for line in last_lines(b"\n".join(lines).decode("utf-8", "replace"), 1):
            self._show(line)
