"""What goes wrong unexpectedly is written to the log of errors and told; the dashboard goes on.

Textual ends an app with the first exception of any part. A part that is `Steady` survives its own.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING

from textual.app import App
from textual.events import Event, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import WorkerFailed

from kapso.errors import KapsoError
from kapso.wording import printable_lines
from kapso_tui.glyphs import glyphs

if TYPE_CHECKING:
    from textual.driver import Driver

SHOWN_S = 12.0
MOST, WITHIN_S = 20, 10.0
"""So many errors within so long are no slips: the app ends after all."""


class Steady(MessagePump):
    """A part whose handlers may fail without ending it."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.app._handle_exception(error)


class SteadyApp(Steady, App[None]):
    """Tells of unexpected errors and goes on; `KAPSO_DEBUG=1` ends with the traceback, as Textual does."""

    def __init__(self) -> None:
        super().__init__()
        self.defects: deque[Exception] = deque(maxlen=MOST)
        """The last unexpected errors."""
        self._times: deque[float] = deque(maxlen=MOST)
        self._told: dict[str, float] = {}

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":  # Windows has none
            return found
        from kapso_tui.pasting import CalmDriver

        return CalmDriver

    def complain(self, error: KapsoError) -> None:
        """Show what went wrong, and the remedy; not again while that stands on the screen."""
        lines = [error.message, *([error.where] if error.where else [])]
        lines += [f"{glyphs().arrow} {error.help}"] if error.help else []
        text, moment = printable_lines("\n".join(lines)), time.monotonic()
        if moment - self._told.get(text, -SHOWN_S) >= SHOWN_S:
            self._told[text] = moment
            self.notify(text, severity="error", timeout=SHOWN_S, markup=False)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Paste):  # what steers a terminal is no text for any field
            event.text = "".join(each for each in event.text if each.isprintable() or each in "\t\n")
        await super().on_event(event)

    def _handle_exception(self, error: Exception) -> None:
        if isinstance(error, WorkerFailed):
            error = _cause(error)
        if isinstance(error, KapsoError):
            self.complain(error)
            return
        self.defects.append(error)
        self._times.append(time.monotonic())
        is_flood = len(self._times) == MOST and self._times[-1] - self._times[0] < WITHIN_S
        if os.environ.get("KAPSO_DEBUG") == "1" or is_flood or not self.is_running:
            super()._handle_exception(error)
            return
        self._tell(error)

    def _tell(self, error: Exception) -> None:
        from kapso.cli.output import crash_log

        summary = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        where = crash_log("".join(traceback.format_exception(error)))
        help = f"this is a defect of Kapso, told in {where}; if the screen stands still, `1` opens the runs"
        self.complain(KapsoError(f"something failed unexpectedly: {summary}", help=help))


def _cause(failed: WorkerFailed) -> Exception:
    return failed.error if isinstance(failed.error, Exception) else failed
