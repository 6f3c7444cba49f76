"""The places in which candidates are evaluated, and which attempt has which."""

from __future__ import annotations

import threading
import time

from kapso.errors import Interrupted

_POLL_S = 0.2


class Slots:
    """`count` slots. An attempt that is being written has none and waits for one; it goes before new ones.

    Who waits gets one in order of arrival, what the user asked for before all others.
    """

    def __init__(self, count: int) -> None:
        self._free = list(range(count))[::-1]
        self._of: dict[int, int] = {}
        self._queue: list[int] = []
        self._taken_at = 0.0
        self._changed = threading.Condition()

    def __getitem__(self, number: int) -> int:
        return self._of[number]

    def __contains__(self, number: int) -> bool:
        return number in self._of

    @property
    def busy_s(self) -> float:
        """How long there has been none for an attempt that begins now, in seconds; 0 where there is one."""
        return 0.0 if self.has_free else time.monotonic() - self._taken_at

    @property
    def has_free(self) -> bool:
        """Whether there is one for an attempt that begins now."""
        return len(self._free) > len(self._queue)

    def take_free(self, number: int) -> bool:
        """Take a slot that is free and that nobody waits for; whether there is one."""
        with self._changed:
            if not self.has_free:
                return False
            self._of[number] = self._free.pop()
            self._taken_at = time.monotonic()
            return True

    def take(self, number: int, cancel: threading.Event, *, is_first: bool = False) -> None:
        """Wait for a slot, unless the attempt has one. Raises Interrupted when `cancel` comes first."""
        with self._changed:
            if number in self._of or self.take_free(number):
                return
            self._queue.insert(0 if is_first else len(self._queue), number)
            try:
                while not self._free or number not in self._queue[: len(self._free)]:
                    if cancel.is_set():
                        raise Interrupted("the run was left before the candidate was evaluated")
                    self._changed.wait(_POLL_S)
                self._of[number] = self._free.pop()
                self._taken_at = time.monotonic()
            finally:
                self._queue.remove(number)
                self._changed.notify_all()

    def give_back(self, number: int) -> None:
        """The attempt needs none for now."""
        with self._changed:
            slot = self._of.pop(number, None)
            if slot is not None:
                self._free.append(slot)
                self._changed.notify_all()
