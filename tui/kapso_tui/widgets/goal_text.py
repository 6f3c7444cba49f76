"""A goal's text with line numbers, and what is wrong with it below the line that is wrong."""

from __future__ import annotations

from textual.content import Content
from textual.highlight import highlight
from textual.widgets import Static

from kapso.errors import KapsoError
from kapso.wording import printable, printable_lines
from kapso_tui.glyphs import glyphs


class GoalText(Static):
    """Shows one goal; the line that is wrong is scrolled to."""

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, text: str, error: KapsoError | None, line: int | None) -> None:
        """`line` is where `error` is."""
        parts = []
        code = highlight(printable_lines(text.expandtabs(4).rstrip("\n")), language="yaml")
        lines = code.split("\n")
        for index, content in enumerate(lines, start=1):
            is_wrong = error is not None and index == line
            sign = glyphs().flight if is_wrong else " "
            parts.append(Content.assemble((f"{sign}{index:>4} ", "bold" if is_wrong else "dim"), content))
            if is_wrong and error is not None:
                parts += [
                    Content.assemble(("      ", ""), (each, "bold $text-error")) for each in _told(error)
                ]
        self.update(Content("\n").join(parts))
        if line is not None and self.parent is not None:
            self.call_after_refresh(self.parent.scroll_to, y=max(line - 4, 0), animate=False)  # type: ignore[attr-defined]


def _told(error: KapsoError) -> list[str]:
    lines = [f"{glyphs().below} {printable(error.message)}"]
    return [*lines, f"{glyphs().arrow} {printable(error.help)}"] if error.help else lines
