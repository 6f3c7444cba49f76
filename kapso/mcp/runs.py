"""Runs and attempts as agents may read them: no hold-out result, no log, nothing of what a goal hides.

Every call opens the repository anew: calls come on any thread, and a run may go on meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.errors import KapsoError, UsageError

if TYPE_CHECKING:
    from kapso.attempt import Attempt
    from kapso.cli.pick import Log
    from kapso.memory.episode import RunSummary

MOST_ROWS = 200
PAGE_CHARACTERS = 30_000
"""Of a diff at a time: clients cut longer answers, or refuse them."""
_BRIEF = ("attempt", "parents", "proposer", "title", "outcome", "verdict", "score", "reason")


class Runs:
    """The runs of the repository around `folder`; `only` shows one of them alone."""

    def __init__(self, folder: Path, only: str | None = None) -> None:
        self.folder = folder
        self._only = only

    @property
    def is_one(self) -> bool:
        """Whether one run alone is shown."""
        return self._only is not None

    def all(self, limit: int) -> dict[str, Any]:
        """Every run, the latest first."""
        log = self._open()
        runs = [run for run in log.runs if self._only in (None, run.run)]
        return {"runs": [run.to_json() for run in runs[: _rows(limit)]], "total": len(runs)}

    def attempts(
        self, run: str | None, sort: str, outcome: str | None, limit: int, offset: int
    ) -> dict[str, Any]:
        """A page of a run's attempts in brief."""
        from kapso.cli.ls import arrange

        log = self._open()
        picked = self.pick(log, run)
        attempts = [a for a in log.episodes.attempts(picked.run) if outcome in (None, str(a.outcome))]
        ordered = arrange(attempts, sort, maximize=picked.maximize, reverse=False)
        page = ordered[max(offset, 0) :][: _rows(limit)]
        told = [each.to_json() for each in page]
        return {
            "run": picked.run,
            "best_attempt": picked.best_attempt,
            "attempts": [{key: each[key] for key in _BRIEF} for each in told],
            "total": len(attempts),
            "next_offset": _next(offset, len(page), len(attempts)),
        }

    def attempt(self, run: str | None, name: str) -> dict[str, Any]:
        """All that a proposer may know about one attempt."""
        from kapso.cli.pick import trace

        log = self._open()
        picked = self.pick(log, run)
        episode = log.episode(picked, name)
        attempt, extent = episode.attempt, episode.diff
        numbered = {each.number: each for each in log.episodes.attempts(picked.run)}
        return {
            **attempt.to_json(),
            "parameters": dict(attempt.parameters),
            "feedback": attempt.feedback,
            "demoted": episode.is_demoted,
            "passed_over": episode.is_passed_over,
            "baseline": picked.baseline,
            "best_attempt": picked.best_attempt,
            "best_score": picked.best_score,
            "lineage": [each.number for each in trace(attempt, numbered)],
            "files_changed": extent.files if extent else None,
            "lines_added": extent.added if extent else None,
            "lines_removed": extent.removed if extent else None,
        }

    def best(self, run: str | None) -> dict[str, Any]:
        """The best attempt, whether it was confirmed, and how it is brought home."""
        log = self._open()
        picked = self.pick(log, run)
        attempt = log.attempt(picked, "best")
        held, less, front = log.confirmation(picked), log.smallest(picked), log.front(picked)
        return {
            **attempt.to_json(),
            "baseline": picked.baseline,
            "status": picked.status,
            "confirmed": held.to_json() if held else None,
            "smallest": less.to_json() if less else None,
            "front": front.numbers if front else None,
            "bring_home": f"kapso apply {picked.run} {attempt.number}",
        }

    def diff(self, run: str | None, a: str, b: str, offset: int) -> dict[str, Any]:
        """A page of what differs between two attempts, in the files that may be seen."""
        log = self._open()
        picked = self.pick(log, run)
        first, second = log.attempt(picked, a), log.attempt(picked, b)
        paths, text = visible_diff(log, picked, first, second)
        start = min(max(offset, 0), len(text))
        page = text[start : start + PAGE_CHARACTERS]
        return {
            "run": picked.run,
            "a": first.number,
            "b": second.number,
            "paths": paths,
            "diff": page,
            "next_offset": _next(start, len(page), len(text)),
        }

    def pick(self, log: Log, text: str | None) -> RunSummary:
        """The run that is meant, as on the command line."""
        if self._only is None:
            return log.run(text)
        picked = log.run(self._only)
        if text is not None and text not in (picked.run, picked.goal):
            raise UsageError(
                f"only the run `{picked.run}` is shown here", help="leave `run` out", slug="no-such-run"
            )
        return picked

    def _open(self) -> Log:
        from kapso.cli.pick import open_log

        return open_log(self.folder)


def visible_diff(log: Log, run: RunSummary, a: Attempt, b: Attempt) -> tuple[list[str], str]:
    """The paths that differ, and how, without what the run's goal hides."""
    from kapso.git.hunks import unified
    from kapso.git.trees import SUBMODULE, Entry
    from kapso.goal.protection import hidden_paths
    from kapso.loop.stored import stored_goal

    repository = log.repository
    try:
        goal = stored_goal(repository, run.run)
    except (KapsoError, KeyError, FileNotFoundError) as error:
        raise UsageError(
            f"the goal of `{run.run}` cannot be read, so nobody knows what it hides",
            help="`kapso diff` shows everything to the user",
            slug="goal-unreadable",
        ) from error
    changed = repository.changed_paths(a.commit, b.commit)
    hidden = hidden_paths(goal, goal.prefix(repository.root), changed)
    if not hidden:
        return sorted(changed), repository.diff(a.commit, b.commit)

    def content(entry: Entry | None, path: str) -> bytes:
        return repository.objects.read(entry.oid, path) if entry and entry.mode != SUBMODULE else b""

    seen = {path: changed[path] for path in sorted(changed.keys() - hidden)}
    texts = [unified(content(old, path), content(new, path), path) for path, (old, new) in seen.items()]
    return list(seen), "".join(texts)


def _rows(limit: int) -> int:
    return min(max(limit, 1), MOST_ROWS)


def _next(offset: int, shown: int, total: int) -> int | None:
    """Where the next page begins, None behind the last one."""
    end = max(offset, 0) + shown
    return end if end < total else None
