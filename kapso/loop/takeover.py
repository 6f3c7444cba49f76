"""What an earlier session left: cut short landings are finished, candidates go on where they stood."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from kapso.attempt import rfc3339
from kapso.errors import MachineError
from kapso.git import attempts as commits
from kapso.git import landing
from kapso.loop.run import announcement

if TYPE_CHECKING:
    from kapso.loop.graph import AttemptState
    from kapso.loop.run import Run


def replay_landings(run: Run, pending: dict[int, str]) -> dict[int, str]:
    """Finish the landings that a kill cut short; returns the candidates that never landed."""
    for number, attempt in run.history.attempts.items():
        announce = partial(run.journal.announce, number, announcement(attempt))
        if number in pending:
            landing.land(run.repository, run.name, number, pending[number], attempt, None, announce)
        else:
            announce()  # a journal that was deleted is filled from git
    run.best_left_in = landing.move_best(run.repository, run.name, run.history.best.commit)
    waiting = {number: commit for number, commit in pending.items() if number not in run.history.attempts}
    for number, commit in list(waiting.items()):
        try:
            run.repository.tree_of(commit)
        except MachineError:  # a power cut came before its objects were on the disk; nothing was measured
            landing.drop_pending(run.repository, run.name, number, waiting.pop(number))
    return waiting


def take_over(run: Run, number: int, commit: str, standing: Mapping[int, Any]) -> AttemptState:
    """Where the attempt stood if that is with the pending commit, else a state made from git."""
    found = commits.read_pending(run.repository, commit)
    run.history.in_flight[found.tree] = number
    run.note_in_flight(number, found)
    if (stood := standing.get(number)) is not None and stood.get("candidate") == commit:
        state: AttemptState = stood
        return state
    if (begun := run.desks.begun(number)) is not None and begun["proposer"] == found.proposer:
        return begun  # what it was asked is not in git, and the answers are on the disk
    by_commit = {attempt.commit: each for each, attempt in run.history.attempts.items()}
    return {
        "number": number,
        "parents": [by_commit[parent] for parent in found.parents if parent in by_commit],
        "proposer": found.proposer,
        "idea": {"title": found.title, "hypothesis": found.hypothesis},
        "known": {},
        "candidate": commit,
        "started": rfc3339(found.started),
    }
