"""Help: words about where the user is, and the keys that work there."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from kapso_tui.steady import Steady

EVERYWHERE, MOVING = "Everywhere", "Moving about"


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
    app, text = screen.app, Text()
    for words in (getattr(screen, "HELP", ""), getattr(app, "HELP", "")):
        if words:
            text.append(" ".join(words.split()) + "\n\n")
    groups: dict[str, list[ActiveBinding]] = {name: [] for name in ("On this screen", EVERYWHERE, MOVING)}
    for active in screen.active_bindings.values():
        if active.binding.description:
            groups[_group_of(active, screen)].append(active)
    for title, bindings in groups.items():
        text.append(f"{title}\n", style="bold")
        by_action: dict[str, list[Binding]] = {}
        for each in bindings:
            by_action.setdefault(each.binding.action, []).append(each.binding)
        for alike in by_action.values():
            keys = " ".join(dict.fromkeys(map(app.get_key_display, alike)))
            tip = f": {alike[0].tooltip}" if alike[0].tooltip else ""
            text.append(f"  {keys:<16}", style="bold")
            text.append(f"{alike[0].description}{tip}\n")
        text.append("\n")
    return text


def _group_of(active: ActiveBinding, screen: Screen[Any]) -> str:
    """Our own keys by where they are declared; those that every list of Textual has move about."""
    if active.node is screen.app:
        return EVERYWHERE
    declared = [binding for kind in type(active.node).__mro__ for binding in _declared(kind)]
    is_ours = any(active.binding.action == each.action for each in declared)
    return "On this screen" if is_ours else MOVING


def _declared(kind: type) -> list[Binding]:
    """The keys that a class of ours declares."""
    if not kind.__module__.startswith("kapso_tui"):
        return []
    return [each for each in vars(kind).get("BINDINGS", ()) if isinstance(each, Binding)]
