"""Several documents read at once, each in a process apart, and handed on in the order of their source."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import LifoQueue
from types import TracebackType

from kapso_knowledge.reading.apart import Reader
from kapso_knowledge.reading.document import Document, Unreadable
from kapso_knowledge.sources.protocol import Raw, Same, Unread

_AT_ONCE = 2
"""Processes; making nodes and vectors of what they read keeps a third core busy."""

Item = Raw | Same | Unread
Read = tuple[Raw, Document] | Same | Unread


class Readers:
    """`with Readers() as readers: for each in readers.read(items): …`; a document that fails is Unread."""

    def __init__(self) -> None:
        self._count = min(_AT_ONCE, os.cpu_count() or 1)
        self._readers = [Reader() for _ in range(self._count)]
        self._idle: LifoQueue[Reader] = LifoQueue()  # the one that has a process comes first
        for reader in self._readers:
            self._idle.put(reader)
        self._pool = ThreadPoolExecutor(self._count)

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for reader in self._readers:
            reader.close()
        self._pool.shutdown(wait=True)
        for reader in self._readers:
            reader.end()

    def read(self, items: Iterable[Item]) -> Iterator[Read]:
        """What each item became, in their order; one more document than are read at once is in memory."""
        waiting: deque[tuple[Item, Future[Read] | None]] = deque()
        for item in items:
            waiting.append((item, self._pool.submit(self._read, item) if isinstance(item, Raw) else None))
            while waiting and (waiting[0][1] is None or len(waiting) > self._count):
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())

    def _read(self, raw: Raw) -> Read:
        reader = self._idle.get()
        try:
            return raw, reader.read(raw)
        except Unreadable as error:
            return Unread(raw.path, str(error))
        finally:
            self._idle.put(reader)


def _result(item: Item, future: Future[Read] | None) -> Read:
    if future is not None:
        return future.result()
    assert not isinstance(item, Raw)
    return item
