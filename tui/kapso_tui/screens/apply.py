"""A dialog: what applying an attempt would change, and the ways to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kapso.wording import number, printable
from kapso_tui.actions.applying import Plan
from kapso_tui.glyphs import glyphs
from kapso_tui.steady import Steady
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.tabs.diff import diff_rows
from kapso_tui.widgets.tabs.page import Page

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp


class ApplyDialog(Steady, ModalScreen[str | None]):
    """Shows the diff against the base; ends with `branch`, `patch`, `worktree`, `smallest` or None."""

    app: KapsoApp
    AUTO_FOCUS = "Page"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss('branch')", "New branch"),
        Binding("p", "dismiss('patch')", "Patch file"),
        Binding("w", "dismiss('worktree')", "Working tree"),
        Binding("m", "dismiss('smallest')", "Smallest instead"),
        Binding("escape", "dismiss(None)", "Leave"),
    ]
    DEFAULT_CSS = """
    ApplyDialog { align: center middle; }
    ApplyDialog > Vertical {
        width: 90%; height: 90%; border: round $primary; padding: 0 1; background: $surface;
    }
    ApplyDialog Static { height: auto; }
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("\n".join(self._lines()), markup=False)
            yield Page()
            yield CalmFooter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.plan.smallest is not None if parameters == ("smallest",) else True

    def on_page_resized(self) -> None:
        self.draw(self.query_one(Page).width)

    @work(thread=True, exclusive=True, group="preview")
    def draw(self, width: int) -> None:
        """Lay the diff out, in a thread."""
        rows = diff_rows(self.plan.change, width)
        self.app.from_thread(self.query_one(Page).fill, rows)

    def _lines(self) -> list[str]:
        plan, attempt = self.plan, self.plan.attempt
        gain = f"{number(plan.run.baseline)} {glyphs().arrow} {number(attempt.score)}"
        lines = [f"Apply attempt {attempt.number} of {plan.run.run}: {printable(attempt.title)}"]
        if not attempt.is_scored:
            lines.append(f"It was not scored: {attempt.outcome}.")
        lines.append(f"enter makes the branch {plan.branch}: one commit on {plan.base[:12]}, {gain}.")
        if plan.smallest is not None:
            less = plan.smallest
            lines.append(f"m: attempt {less.attempt.number} keeps the score with {less.share}.")
        return lines
