"""Small dialogs that more than one key opens: a question, a line of text, a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static

from kapso.errors import KapsoError
from kapso_tui.steady import Steady

STYLE = """
    align: center middle;
    & > VerticalScroll {
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; padding: 0 1; background: $surface;
    }
    & Horizontal { height: 1; }
    & Button { margin-right: 1; }
    & #why { color: $text-error; display: none; }
    & OptionList { height: auto; max-height: 16; border: none; }
"""


class Ask(Steady, ModalScreen[bool]):
    """A question that is answered by yes or no."""

    AUTO_FOCUS = "#yes"
    DEFAULT_CSS = f"Ask {{ {STYLE} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self.question = question
        self.yes = yes

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.question, markup=False)
            with Horizontal():
                yield Button(f"{self.yes} (y)", id="yes", variant="primary", compact=True)
                yield Button("No (n)", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class AskLine(Steady, ModalScreen[str | None]):
    """A line of text; what `check` refuses is told, and can be mended. None where the user leaves."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = f"AskLine {{ {STYLE} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave")]

    def __init__(self, title: str, hint: str, check: Callable[[str], object]) -> None:
        super().__init__()
        self.title_line = title
        self.hint = hint
        self.check = check

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.title_line, markup=False)
            yield Input(placeholder=self.hint, compact=True)
            yield Static("", id="why", markup=False)
            yield Static("enter: send   esc: leave", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self.check(event.value)
        except KapsoError as error:
            why = self.query_one("#why", Static)
            why.update(error.message)
            why.display = True
        else:
            self.dismiss(event.value)


class Choose(Steady, ModalScreen[int | None]):
    """One of several; its place in the list, None where the user leaves."""

    AUTO_FOCUS = "OptionList"
    DEFAULT_CSS = f"Choose {{ {STYLE} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave")]

    def __init__(self, title: str, choices: Sequence[str]) -> None:
        super().__init__()
        self.title_line = title
        self.choices = choices

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.title_line, markup=False)
            yield OptionList(*self.choices, markup=False, compact=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)
