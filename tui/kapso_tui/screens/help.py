"""Help: words about where the user is, and the keys that work there."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from kapso_tui.keys import keys_of
from kapso_tui.steady import Steady
from kapso_tui.widgets.calm_footer import CalmFooter


class HelpScreen(Steady, ModalScreen[None]):
    """The keys of `about`, the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "Close", key_display="esc")
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 90%; height: 90%; border: round $primary; padding: 0 1; background: $surface;
    }
    """

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._text = _text_of(about)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._text, markup=False)
        yield CalmFooter()


def _text_of(screen: Screen[Any]) -> Text:
    app, text = screen.app, Text()
    for words in (getattr(screen, "HELP", ""), getattr(app, "HELP", "")):
        if words:
            text.append(" ".join(words.split()) + "\n\n")
    for title, actions in keys_of(screen).items():
        text.append(f"{title}\n", style="bold")
        for alike in actions:
            first = alike[0].binding
            keys = " ".join(dict.fromkeys(app.get_key_display(each.binding) for each in alike))
            tip = f": {first.tooltip}" if first.tooltip else ""
            text.append(f"  {keys:<16}", style="bold")
            text.append(f"{first.description}{tip}\n")
        text.append("\n")
    return text
