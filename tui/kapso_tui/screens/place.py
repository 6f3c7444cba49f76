"""What places that are read in threads have in common: work apart, results on the app's own thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen
from textual.worker import get_current_worker

from kapso_tui.steady import Steady

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso_tui.app import KapsoApp

T = TypeVar("T")


class Place(Steady, Screen[None]):
    """A screen about a repository."""

    def __init__(self, repository: Repository) -> None:
        super().__init__()
        self.repository = repository

    @property
    def dashboard(self) -> KapsoApp:
        """The app, as what it is."""
        return cast("KapsoApp", self.app)

    def apart(
        self,
        group: str,
        work: Callable[[], T],
        then: Callable[[T], object],
        *,
        last: Callable[[], object] | None = None,
    ) -> None:
        """Run `work` in a thread, then `then` with its result here; a failure is a toast.

        Of a group the newest counts: results of what was begun before are dropped. `last` follows either way.
        """

        def body() -> None:
            worker = get_current_worker()
            try:
                result = work()
            except Exception as error:  # what nobody foresaw ends no dashboard
                if not worker.is_cancelled:
                    self.call_later(self._fail, error)
            else:
                if not worker.is_cancelled:
                    self.call_later(then, result)
            if last is not None and not worker.is_cancelled:
                self.call_later(last)

        self.run_worker(body, group=group, exclusive=True, thread=True, exit_on_error=False)

    def _fail(self, error: Exception) -> None:
        self.app._handle_exception(error)
