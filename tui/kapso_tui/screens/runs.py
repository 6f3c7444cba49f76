"""All runs of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer, Static

if TYPE_CHECKING:
    from kapso.git.repository import Repository


class RunsScreen(Screen[None]):
    """The list of runs."""

    def __init__(self, repository: Repository) -> None:
        super().__init__()
        self.repository = repository

    def compose(self) -> ComposeResult:
        yield Static("runs", id="empty")
        yield Footer()
