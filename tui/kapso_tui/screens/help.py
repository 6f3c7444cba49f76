"""Help: words about where the user is, and the keys that work there."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from kapso_tui.steady import Steady


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
        yield Footer()


def _text_of(screen: Screen[Any]) -> Text:
    app = screen.app
    text = Text()
    for words in (getattr(screen, "HELP", ""), getattr(app, "HELP", "")):
        if words:
            text.append(" ".join(words.split()) + "\n\n")
    active = [each for each in screen.active_bindings.values() if each.binding.description]
    order = {id(node): place for place, node in enumerate((*screen.walk_children(), screen, app))}
    active.sort(key=lambda each: order.get(id(each.node), len(order)))
    for node, bindings in groupby(active, key=lambda each: each.node):
        text.append(f"{_title(node, screen)}\n", style="bold")
        lines = {f"{each.binding.action} {each.binding.description}": each for each in bindings}
        for each in lines.values():
            keys = [b.binding for b in active if b.node is node and b.binding.action == each.binding.action]
            shown = " ".join(dict.fromkeys(app.get_key_display(key) for key in keys))
            text.append(f"  {shown:<16}", style="bold cyan")
            tip = each.binding.tooltip or ""
            text.append(f"{each.binding.description}{f': {tip}' if tip else ''}\n")
        text.append("\n")
    return text


def _title(node: Any, screen: Screen[Any]) -> str:
    if node is screen:
        return "On this screen"
    return "Everywhere" if node is screen.app else "In the part with the focus"
