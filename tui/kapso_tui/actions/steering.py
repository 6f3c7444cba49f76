"""Words to a run and to those who work on it: pause, go on, stop, a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapso.errors import UsageError
from kapso.loop.run_folder import RunFolder
from kapso.memory.live import live_status

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary


def pause_or_release(repository: Repository, run: str) -> str | None:
    """Hold the run, or let it go on where it is held; what to say, None where nobody works on it."""
    status = live_status(repository.state_dir, run)
    if status is None:
        return None
    if status == "paused":
        _tell(repository, run, "running")
        return f"{run} goes on"
    _tell(repository, run, "paused")
    return f"{run} holds once what is in flight has ended; p lets it go on"


def stop(repository: Repository, run: str) -> str:
    """End the run; what to say."""
    _tell(repository, run, "stopping")
    return f"{run} ends once what is in flight has ended; its best is confirmed then"


def _tell(repository: Repository, run: str, state: str) -> None:
    """A word to the process that works on the run; UsageError where none does."""
    if live_status(repository.state_dir, run) is None:
        raise UsageError(
            f"run `{run}` is not running", help=f"`kapso resume {run}` goes on with it", slug="not-running"
        )
    RunFolder(repository.state_dir, run).tell(state)


def hint(repository: Repository, run: RunSummary, text: str) -> list[str]:
    """Give the run's models and agents a hint; what to say, and why nobody may hear it."""
    from kapso.cli.steer import checked, why_unheard
    from kapso.loop.hints import Hints

    Hints(repository, run.run).add(checked(text))
    return [f"{run.run}: every later prompt carries the hint", *why_unheard(repository, run)]
