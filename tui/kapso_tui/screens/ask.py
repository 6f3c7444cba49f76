"""Small questions over a screen: a line of text, or whether somebody is sure."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

LONGEST = 4096
"""Characters of an answer: what is pasted by mistake is cut."""
T = TypeVar("T")


class Question(ModalScreen[T]):
    DEFAULT_CSS = """
    Question { align: center middle; }
    Question #question { width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 1 2;
                          background: $surface; border: round $primary; }
    Question Static { width: 100%; }
    Question .hint { color: $text-muted; margin-top: 1; }
    """

    def __init__(self, question: str, *, hint: str = "") -> None:
        super().__init__()
        self._question, self._hint = question, hint

    def _told(self, keys: str) -> Static:
        return Static("\n".join(filter(None, [self._hint, keys])), classes="hint", markup=False)


class Ask(Question[str | None]):
    """A line of text; None where nobody wants to say."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Never mind")]

    def __init__(self, question: str, *, hint: str = "", value: str = "", placeholder: str = "") -> None:
        super().__init__(question, hint=hint)
        self._value, self._placeholder = value, placeholder

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._question, markup=False)
            yield Input(self._value, placeholder=self._placeholder, max_length=LONGEST, select_on_focus=False)
            yield self._told("enter: go on · escape: never mind")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Sure(Question[bool]):
    """Yes or no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._question, markup=False)
            yield self._told("y: yes · n: no")
