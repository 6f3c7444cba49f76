"""A screen whose keys do things: in a thread, or in the terminal while the dashboard stands aside."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.app import SuspendNotSupported
from textual.screen import Screen

from kapso.errors import KapsoError, MachineError
from kapso_tui.steady import Steady

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp

T = TypeVar("T")


class Acting(Steady, Screen[None]):
    """Nothing that a key does ends the dashboard: what cannot be done is told, with the remedy."""

    app: KapsoApp

    def say(self, text: str, *, is_warning: bool = False) -> None:
        """A toast."""
        self.notify(text, severity="warning" if is_warning else "information", markup=False, timeout=8)

    @work(thread=True, group="acts", exit_on_error=False)
    def act(self, do: Callable[[], T], then: Callable[[T], object]) -> None:
        """Do something in a thread, then tell of it on the app's own."""
        try:
            done = do()
        except KapsoError as error:
            self.app.from_thread(self.app.complain, error)
        except Exception as error:  # whatever git, the disk or a pulled run holds
            told = KapsoError(f"that failed unexpectedly: {type(error).__name__}: {error}")
            self.app.from_thread(self.app.complain, told)
        else:
            self.app.from_thread(then, done)

    def in_terminal(self, command: Sequence[str], folder: Path) -> None:
        """Run a program that takes the terminal, and come back when it ends."""
        shown = shlex.join(command)
        try:
            with self.app.suspend(), _deaf_to_interrupts():
                done = subprocess.run(command, cwd=folder, check=False)
        except SuspendNotSupported:
            self.app.complain(
                MachineError("this terminal cannot be handed over", help=f"in another one: {shown}")
            )
        except OSError as error:
            self.app.complain(MachineError(f"`{command[0]}` cannot be run: {error.strerror}"))
        else:
            if done.returncode:
                self.say(f"{shown} ended with exit code {done.returncode}", is_warning=True)
        self.refresh(layout=True)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C is for the program in the terminal; unlike an ignored signal, a handler is not handed down."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
