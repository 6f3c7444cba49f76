"""The command palette: every key of where the user is, every place, every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider

from kapso.wording import number
from kapso_tui.keys import EVERYWHERE, HERE, keys_of
from kapso_tui.screens.runs import RunsScreen

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp


class Entry(NamedTuple):
    """What can be called by name."""

    name: str
    call: Callable[[], object]
    help: str


class Everything(Provider):
    """All that can be done from here."""

    async def discover(self) -> Hits:
        for entry in self.entries():
            yield DiscoveryHit(entry.name, entry.call, help=entry.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in self.entries():
            if (score := matcher.match(entry.name)) > 0:
                yield Hit(score, matcher.highlight(entry.name), entry.call, help=entry.help)

    def entries(self) -> Iterator[Entry]:
        """The keys of the screen first, then those that work everywhere, themes, and runs."""
        app: KapsoApp = self.app  # type: ignore[assignment]
        yield from self._keys()
        if not isinstance(self.screen, RunsScreen):  # it has a key for that
            yield Entry("New run", app.action_new_run, "a goal.yaml, and limits for it")
        yield Entry("Light theme", partial(app.action_theme, "light"), "`KAPSO_THEME=light` from the start")
        yield Entry("Dark theme", partial(app.action_theme, "dark"), "`KAPSO_THEME=dark` from the start")
        yield Entry("Another theme", app.action_change_theme, "all that there are")
        yield from self._runs()

    def _keys(self) -> Iterator[Entry]:
        """What the keys do that work here."""
        found = keys_of(self.screen)
        for alike in (*found[HERE], *found[EVERYWHERE]):
            binding, node = alike[0].binding, alike[0].node
            if not binding.system and alike[0].enabled:
                keys = " ".join(dict.fromkeys(self.app.get_key_display(each.binding) for each in alike))
                run = partial(self.app.run_action, binding.action, node)
                yield Entry(
                    binding.description, run, f"key {keys}" + f": {binding.tooltip}" * bool(binding.tooltip)
                )

    def _runs(self) -> Iterator[Entry]:
        app: KapsoApp = self.app  # type: ignore[assignment]
        for screen in app.screen_stack:
            if isinstance(screen, RunsScreen):
                for run in screen.watch_.runs:
                    said = f"{run.status}, best {number(run.summary.best_score)}"
                    yield Entry(f"Open {run.run}", partial(app.open_run, run.run), said)
