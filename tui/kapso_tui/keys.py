"""The keys that work on a screen, by what they are about: the one list behind help and palette."""

from __future__ import annotations

from typing import Any

from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

HERE, EVERYWHERE, MOVING = "On this screen", "Everywhere", "Moving about"


def keys_of(screen: Screen[Any]) -> dict[str, list[list[ActiveBinding]]]:
    """By group, what can be done, each with all its keys."""
    found: dict[str, dict[str, list[ActiveBinding]]] = {HERE: {}, EVERYWHERE: {}, MOVING: {}}
    for active in screen.active_bindings.values():
        if active.binding.description:
            alike = found[_group_of(active, screen)]
            alike.setdefault(f"{id(active.node)} {active.binding.action}", []).append(active)
    return {group: list(actions.values()) for group, actions in found.items()}


def _group_of(active: ActiveBinding, screen: Screen[Any]) -> str:
    """Our own keys are here; those of Textual's lists and fields, and hidden ones of parts, move about."""
    if active.node is screen.app:
        return EVERYWHERE
    declared = {each.action for kind in type(active.node).__mro__ for each in _declared(kind)}
    is_ours = active.binding.action in declared
    return HERE if is_ours and (active.binding.show or active.node is screen) else MOVING


def _declared(kind: type) -> list[Binding]:
    """The keys that a class of ours declares."""
    if not kind.__module__.startswith("kapso_tui"):
        return []
    return [each for each in vars(kind).get("BINDINGS", ()) if isinstance(each, Binding)]
