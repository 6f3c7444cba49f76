"""The sources that were learnt, on whose shelf they stand, and how much of them there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

from kapso.wording import printable

if TYPE_CHECKING:
    from kapso_tui.watch.library import Shelved


class SourceTable(DataTable[Text]):
    """One row a source."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)
        self._shown: list[Shelved] = []

    def on_mount(self) -> None:
        self.add_columns("SOURCE", "SHELF", "DOCUMENTS", "NODES", "LEARNT (UTC)")

    @property
    def picked(self) -> Shelved | None:
        """The source under the cursor."""
        return self._shown[self.cursor_row] if 0 <= self.cursor_row < len(self._shown) else None

    def show(self, sources: Sequence[Shelved]) -> None:
        """Show these."""
        at = self.cursor_row
        self._shown = list(sources)
        self.clear()
        for each in sources:
            known = each.known
            counts = (str(len(known.documents)), str(known.nodes))
            self.add_row(
                Text(printable(known.source), no_wrap=True),
                Text(each.shelf),
                *(Text(count, justify="right") for count in counts),
                Text(f"{known.learnt:%Y-%m-%d %H:%M}"),
            )
        self.move_cursor(row=at, animate=False)
