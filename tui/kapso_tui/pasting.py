"""What is pasted is text: escape characters in it must not pass for keys, and what is no text must not hurt.

Textual 8.2 takes what follows an escape character for keys, in a paste too, so that coloured output which
somebody pastes would press `x`, `A` or `q`. Most terminals take such characters out; tmux and others do not.
It also ends at the first byte that is not UTF-8, as a paste from a binary file or an old locale holds.
"""

from __future__ import annotations

from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Iterable
from functools import partial

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message

START, END, ESCAPE = "\x1b[200~", "\x1b[201~", "\x1b"


class CalmParser(XTermParser):
    """A parser of what a terminal sends that lets no escape character of a paste through."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._is_pasting = False
        self._tail = ""
        """The last characters outside a paste, which may begin one; within one, those that may end it."""

    def feed(self, data: str) -> Iterable[Message]:
        if not data:
            return super().feed(data)
        cleaned = self._cleaned(data)
        return super().feed(cleaned) if cleaned else ()

    def _cleaned(self, data: str) -> str:
        cleaned = ""
        while data:
            if self._is_pasting:
                part, data = self._within(data)
            else:
                part, data = self._outside(data)
            cleaned += part
        return cleaned

    def _outside(self, data: str) -> tuple[str, str]:
        """Up to where a paste begins, and the rest."""
        seen = self._tail + data
        at = seen.find(START)
        if at < 0:
            self._tail = seen[1 - len(START) :]
            return data, ""
        end = at + len(START) - len(self._tail)
        self._is_pasting, self._tail = True, ""
        return data[:end], data[end:]

    def _within(self, data: str) -> tuple[str, str]:
        """Up to where the paste ends, without escape characters, and the rest; what may be the end waits."""
        seen = self._tail + data
        at = seen.find(END)
        if at >= 0:
            self._is_pasting, self._tail = False, ""
            return seen[:at].replace(ESCAPE, "") + END, seen[at + len(END) :]
        kept = next(size for size in range(len(END) - 1, -1, -1) if seen.endswith(END[:size]))
        self._tail = seen[len(seen) - kept :]
        return seen[: len(seen) - kept].replace(ESCAPE, ""), ""


class CalmDriver(linux_driver.LinuxDriver):
    """Textual's own driver, which names its parser and its decoder nowhere but in its module."""

    def run_input_thread(self) -> None:
        vars(linux_driver)["XTermParser"] = CalmParser
        vars(linux_driver)["getincrementaldecoder"] = _lenient_decoder
        super().run_input_thread()


def _lenient_decoder(encoding: str) -> partial[IncrementalDecoder]:
    return partial(getincrementaldecoder(encoding), "replace")
