"""A dialog: how much more a run that has used up its budget may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from kapso_tui.actions.processes import Options
from kapso_tui.screens.dialogs import STYLE
from kapso_tui.steady import Steady

if TYPE_CHECKING:
    from kapso.memory.episode import RunSummary


class RaiseBudget(Steady, ModalScreen[Options | None]):
    """Asks for new limits; None where the run is left as it is."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave it")]
    DEFAULT_CSS = f"RaiseBudget {{ {STYLE} & Label {{ width: 12; }} & Input {{ width: 1fr; }} }}"

    def __init__(self, summary: RunSummary) -> None:
        super().__init__()
        self.summary = summary

    def compose(self) -> ComposeResult:
        from kapso.report.words import ENDINGS

        why = ENDINGS.get(self.summary.reason or "", "it has finished")
        twice = str(2 * max(self.summary.attempts, 1))
        with VerticalScroll():
            yield Static(f"{self.summary.run}: {why}. Limits given here replace its own.", markup=False)
            for name, value, hint in (
                ("attempts", twice, f"it made {self.summary.attempts}"),
                ("time", "", "such as 90s, 10m or 2h"),
                ("cost", "", "dollars"),
            ):
                with Horizontal():
                    yield Label(name)
                    yield Input(value, placeholder=hint, id=name, compact=True)
            with Horizontal():
                yield Button("Resume", id="go", variant="primary", compact=True)
                yield Button("Leave it", id="leave", compact=True)

    def on_input_submitted(self) -> None:
        self.go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.go()
        else:
            self.dismiss(None)

    def go(self) -> None:
        """Resume with what was typed."""
        attempts, time, cost = (
            self.query_one(f"#{name}", Input).value for name in ("attempts", "time", "cost")
        )
        self.dismiss(Options(attempts=attempts, time=time, cost=cost))
