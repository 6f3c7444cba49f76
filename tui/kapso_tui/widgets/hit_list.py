"""What a search found, each with its source, its exact place, and why it matched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from kapso.wording import printable

if TYPE_CHECKING:
    from kapso_tui.watch.library import Found


class HitList(OptionList):
    """The hits, best first. An option's id is that of its node."""

    DEFAULT_CSS = """
    HitList, HitList:focus {
        border: none; padding: 0 1; background: transparent; scrollbar-size-vertical: 1;
    }
    HitList > .option-list--option-highlighted, HitList:focus > .option-list--option-highlighted {
        color: $text; text-style: none;
    }
    HitList:focus > .option-list--option-highlighted { background: $primary 40%; }
    """

    def show(self, hits: Sequence[Found]) -> None:
        """Show these; the cursor is at the best one."""
        self.set_options(Option(_shown(hit), id=hit.node.id) for hit in hits)
        self.highlighted = 0 if hits else None

    @property
    def picked(self) -> str | None:
        """The id of the node under the cursor."""
        return None if self.highlighted is None else self.get_option_at_index(self.highlighted).id


def _shown(hit: Found) -> Content:
    snippet = Content(hit.snippet)
    for first, end in hit.marks:
        snippet = snippet.stylize("bold underline", first, end)
    language = f", {hit.node.language}" if hit.node.language else ""
    return Content("\n").join(
        [
            Content.assemble((printable(hit.node.title), "bold"), (f"  {hit.node.kind}{language}", "dim")),
            snippet,
            Content.styled(printable(hit.place), "dim"),
            Content.styled("; ".join(hit.why), "dim italic"),
            Content(""),
        ]
    )
