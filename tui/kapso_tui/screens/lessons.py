"""Lessons: what was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer, Static

if TYPE_CHECKING:
    from kapso.git.repository import Repository


class LessonsScreen(Screen[None]):
    """The screen of the lessons."""

    def __init__(self, repository: Repository) -> None:
        super().__init__()
        self.repository = repository

    def compose(self) -> ComposeResult:
        yield Static("lessons", id="empty")
        yield Footer()
