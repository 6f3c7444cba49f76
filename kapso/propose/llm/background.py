"""One event loop on a thread of its own for all calls: connections outlive a call, and a call can be given up
at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, wait
from functools import cache
from typing import Any, TypeVar

from kapso.errors import Interrupted

_Result = TypeVar("_Result")
_LOOK_EVERY_S = 0.1
_LEAVE_WITHIN_S = 1.0


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="kapso-calls", daemon=True).start()
    return loop


_starting = threading.Lock()


def run(work: Coroutine[Any, Any, _Result], cancel: threading.Event | None = None) -> _Result:
    """What `work` gives or raises; when `cancel` is set, Interrupted, its connections closed."""
    with _starting:
        loop = _loop()
    future = asyncio.run_coroutine_threadsafe(work, loop)
    while not wait([future], timeout=_LOOK_EVERY_S).done:
        if cancel is not None and cancel.is_set():
            future.cancel()
            wait([future], timeout=_LEAVE_WITHIN_S)
            break
    try:
        return future.result(timeout=0)
    except CancelledError as error:
        raise Interrupted("the call was cancelled") from error
