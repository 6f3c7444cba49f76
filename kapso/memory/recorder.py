"""`Recorder`: writes episodes in the background, about once a second, off the critical path.

The log is a projection of git: when it cannot be written, that is said once and nothing else happens.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from kapso.errors import KapsoError
from kapso.memory.episode import Episode
from kapso.memory.episodes import Episodes

Complete = Callable[[Episode], Episode]

_SHARE = 40
"""It waits so many times as long as the last batch took: to open and close the file takes 40 ms, twice as
much as all else that an attempt may need."""
_LONGEST_S = 5.0


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


class Recorder:
    """A thread that owns all writing; `warn` hears of the first failure."""

    def __init__(
        self,
        episodes: Episodes,
        *,
        interval_s: float = 1.0,
        warn: Callable[[str], None] = _to_stderr,
    ) -> None:
        self._episodes = episodes
        self._interval_s = interval_s
        self._took_s = 0.0
        self._warn = warn
        self._has_failed = False
        self._waiting: list[tuple[Episode, Complete | None]] = []
        self._is_writing = False
        self._is_urgent = False
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="kapso-recorder", daemon=True)
        self._thread.start()

    def add(self, episode: Episode, complete: Complete | None = None) -> None:
        """Take `episode` for the next batch; returns at once. `complete` adds what takes a while to find out,
        in the recorder's own thread."""
        with self._changed:
            self._waiting.append((episode, complete))
            self._changed.notify_all()

    def flush(self, timeout_s: float = 15.0) -> bool:
        """Wait until all that was added is written or given up; False when that takes too long."""
        with self._changed:
            self._is_urgent = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting and not self._is_writing, timeout_s)

    def close(self, timeout_s: float = 3.0) -> None:
        """Write what waits and end the thread; gives up after `timeout_s`, as git has it all."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _write_all(self) -> None:
        while batch := self._next_batch():
            since = time.monotonic()
            try:
                self._episodes.record([self._completed(*each) for each in batch])
            except Exception as error:  # a projection that cannot be written must never end a run
                self._report(error)
            self._took_s = time.monotonic() - since
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _completed(self, episode: Episode, complete: Complete | None) -> Episode:
        try:
            return complete(episode) if complete else episode
        except Exception as error:  # what is missing is looked up when somebody asks
            self._report(error)
            return episode

    def _next_batch(self) -> list[tuple[Episode, Complete | None]]:
        """Wait for episodes, then a little longer for more; empty once closed and done."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._is_closed)
            patience_s = min(max(self._interval_s, _SHARE * self._took_s), _LONGEST_S)
            self._changed.wait_for(lambda: self._is_urgent or self._is_closed, patience_s)
            batch, self._waiting = self._waiting, []
            self._is_writing, self._is_urgent = bool(batch), False
            return batch

    def _report(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            reason = error.message if isinstance(error, KapsoError) else repr(error)
            self._warn(f"kapso: the episodic log is not being written: {reason}; git has every attempt")
