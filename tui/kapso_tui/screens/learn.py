"""Asks which source is to be read into which library."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Static

from kapso_tui.actions.library import Wish
from kapso_tui.screens.dialogs import STYLE

HINT = """\
docs/  a file, a folder or a git repository, by its path or URL
history:  the commits of this repository
arxiv:2601.21526  a paper          https://…  a page
web:"some words"  what a search provider finds

enter: read it   tab: next   esc: leave"""


class Learn(ModalScreen[Wish | None]):
    """The source, and two choices; None where nobody wants to say."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = f"Learn {{ {STYLE} & .hint {{ color: $text-muted; margin: 1 0 0 0; }} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave")]

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("Read a source into the library:", markup=False)
            yield Input(placeholder="docs/", compact=True)
            yield Checkbox("into your own library, for all repositories", id="own", compact=True)
            yield Checkbox("follow a page's links on its host", id="crawl", compact=True)
            yield Static(HINT, classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        source = event.value.strip()
        if source:
            is_own, crawl = (self.query_one(f"#{name}", Checkbox).value for name in ("own", "crawl"))
            self.dismiss(Wish(source, is_own, crawl))
