"""The last line: the keys that count where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Footer

if TYPE_CHECKING:
    from textual.screen import Screen


class CalmFooter(Footer):
    """Made anew only when the keys differ: Textual's own is, at every word that they might."""

    _told: tuple[tuple[str, str, str, bool], ...] = ()

    def bindings_changed(self, screen: Screen[Any]) -> None:
        if not (screen.app.app_focus and self.is_attached and screen is self.screen):
            return super().bindings_changed(screen)
        active = screen.active_bindings.values()
        keys = tuple(
            (each.key, each.action, each.description, is_on) for _, each, is_on, _ in active if each.show
        )
        if keys != self._told:
            self._told = keys
            super().bindings_changed(screen)
        return None
