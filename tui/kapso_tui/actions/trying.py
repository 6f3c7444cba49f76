"""A revision of the user's own as an attempt: asked of the process that works on the run, or of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.memory.live import live_status
from kapso_tui.actions.processes import Launch

if TYPE_CHECKING:
    from kapso_tui.watch.run import RunWatch


@dataclass(frozen=True)
class Asked:
    """What to say; the attempt that has these very files already, or the process that evaluates them."""

    said: tuple[str, ...]
    known: int | None = None
    launch: Launch | None = None


def ask(watch: RunWatch, revision: str) -> Asked:
    """Have `revision` evaluated, or the working tree as it stands where that is empty.

    UsageError where it changes what no attempt may change.
    """
    from kapso.loop.attempt_by_hand import make_request

    repository, run, notes = watch.repository, watch.run, list[str]()
    is_dirty = not revision.strip()
    named = revision.strip() or "HEAD"
    request = make_request(repository, run, named, notes.append, dirty=is_dirty)
    for number, each in watch.attempts.items():
        if (each.tree or repository.tree_of(each.commit)) == request.tree:
            return Asked((*notes, f"that was tried already: attempt {number}"), known=number)
    if live_status(repository.state_dir, run) is None:
        launch = Launch(
            repository, ["try", *["--dirty"] * is_dirty, "--", run, *[named] * (not is_dirty)], run
        )
        return Asked((*notes, f"evaluating {request.title!r} as an attempt of {run}"), launch=launch)
    watch.folder.requests.add(request)
    when = "once it goes on (p)" if watch.status == "paused" else "as its next attempt"
    return Asked((*notes, f"{run} takes {request.title!r} up {when}"))
