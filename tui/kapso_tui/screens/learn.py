"""Asks which source is to be read into which library."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Checkbox, Input, Static

from kapso_tui.actions.library import Wish
from kapso_tui.screens.ask import LONGEST, Question

HINT = """\
docs/  a file, a folder or a git repository, by its path or URL
history:  the commits of this repository
arxiv:2601.21526  a paper          https://…  a page
web:"some words"  what a search provider finds"""


class Learn(Question[Wish | None]):
    """The source, and two choices; None where nobody wants to say."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Never mind")]

    def __init__(self) -> None:
        super().__init__("Read a source into the library:", hint=HINT)

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._question, markup=False)
            yield Input(placeholder="docs/", max_length=LONGEST)
            yield Checkbox("into your own library, for all repositories", id="own", compact=True)
            yield Checkbox("follow a page's links on its host", id="crawl", compact=True)
            yield self._told("enter: read it · tab: next · escape: never mind")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        source = event.value.strip()
        if source:
            is_own, crawl = (self.query_one(f"#{name}", Checkbox).value for name in ("own", "crawl"))
            self.dismiss(Wish(source, is_own, crawl))
