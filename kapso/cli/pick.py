"""What RUN and ATTEMPT mean on the command line, for every command alike."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.attempt import BASELINE, Attempt
from kapso.errors import UsageError

if TYPE_CHECKING:
    from kapso.git.attempts import Pending
    from kapso.git.repository import Repository
    from kapso.loop.confirm import Confirmation
    from kapso.memory.episode import Episode, RunSummary
    from kapso.memory.episodes import Episodes
    from kapso.memory.front import Front
    from kapso.propose.ablate.dissection import Smallest


@dataclass(frozen=True)
class Log:
    """The repository that the command works on and its episodic log, up to date with git."""

    repository: Repository
    episodes: Episodes
    runs: Sequence[RunSummary]

    def run(self, text: str | None) -> RunSummary:
        return find_run(self.runs, text)

    def episode(self, run: RunSummary, text: str) -> Episode:
        """The attempt that `text` names, with all that is known about it."""
        number = find_attempt(run, text)
        episode = self.episodes.episode(run.run, number)
        if episode is None:
            raise UsageError(
                f"run `{run.run}` has no attempt `{number}`",
                help=f"it has the baseline (0) and {run.attempts} attempts: `kapso ls {run.run}`",
                slug="no-such-attempt",
            )
        return episode

    def front(self, run: RunSummary) -> Front | None:
        """What none beats in every metric; None where the goal has a single one, or cannot be read."""
        from kapso.memory.front import read_front

        return read_front(self.repository, self.episodes, run.run)

    def confirmation(self, run: RunSummary) -> Confirmation | None:
        """How the best of the run held in fresh evaluations; None where nothing is known about this best."""
        from kapso.loop.confirm import confirmation_of

        return confirmation_of(self.repository, run.run, run.best_attempt)

    def attempt(self, run: RunSummary, text: str) -> Attempt:
        return self.episode(run, text).attempt

    def candidate(self, run: RunSummary, number: int) -> Pending | None:
        """The candidate of an attempt that has not landed; None where there is none, or it has."""
        from kapso.git import landing
        from kapso.git.attempts import read_pending

        commit = landing.pending(self.repository, run.run).get(number)
        if commit is None or landing.landed_as(self.repository, run.run, number):
            return None
        return read_pending(self.repository, commit)

    def version(self, run: RunSummary, text: str) -> Attempt | Pending:
        """The attempt that `text` names, or its candidate where it has not landed."""
        return self.candidate(run, find_attempt(run, text)) or self.attempt(run, text)

    def smallest(self, run: RunSummary) -> Smallest | None:
        """The attempt that keeps the score of the run's best with the least change, if one does."""
        from kapso.loop.dissected import smallest_of

        episodes = self.episodes.episodes(run.run)
        demoted = {each.attempt.number for each in episodes if each.is_demoted}
        attempts = [each.attempt for each in episodes]
        return smallest_of(self.repository, run.run, run.best_attempt, attempts, demoted)


def open_log(folder: Path | None = None) -> Log:
    """The repository around `folder` (default: the current one) and its log, brought up to date with git."""
    from kapso.git.repository import Repository
    from kapso.memory.live import live_status
    from kapso.memory.sync import open_synced

    repository = Repository.open(folder or Path.cwd())
    episodes, summaries = open_synced(repository)
    runs = [
        replace(summary, status=live_status(repository.state_dir, summary.run) or summary.status)
        for summary in summaries
    ]
    return Log(repository, episodes, runs)


def find_run(runs: Sequence[RunSummary], text: str | None) -> RunSummary:
    """The run that `text` names: an id, a goal's name (its latest run), a unique prefix; None is the latest.

    `runs` come latest first.
    """
    if not runs:
        raise UsageError(
            "there is no run in this repository",
            help="`kapso run` in a folder that holds a goal.yaml starts one",
            slug="no-runs",
        )
    if text is None:
        return runs[0]
    exact = [run for run in runs if run.run == text] or [run for run in runs if run.goal == text]
    if exact:
        return exact[0]
    found = [run for run in runs if run.run.startswith(text)] if text else []
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"`{text}` fits {len(found)} runs",
            help=f"give more of the name: {_names(found)}",
            slug="ambiguous-run",
        )
    near = difflib.get_close_matches(text, [run.run for run in runs] + [run.goal for run in runs], n=1)
    remedy = f"did you mean `{near[0]}`?" if near else f"there are: {_names(runs)}"
    raise UsageError(f"no run is called `{text}`", help=remedy, slug="no-such-run")


def find_attempt(run: RunSummary, text: str) -> int:
    """The number that `text` names in `run`: digits alone, `baseline` or `best`."""
    if text == "baseline":
        return BASELINE
    if text == "best":
        if run.best_attempt is None:
            raise UsageError(
                f"run `{run.run}` has no best attempt: none was scored",
                help=f"`kapso ls {run.run}` shows how its attempts ended",
                slug="no-best",
            )
        return run.best_attempt
    if is_attempt(text) and len(text) <= 9:
        return int(text)
    raise UsageError(
        f"`{text}` names no attempt",
        help="an attempt is a number, `baseline` or `best`",
        slug="no-such-attempt",
    )


def trace(attempt: Attempt, attempts: Mapping[int, Attempt]) -> tuple[Attempt, ...]:
    """The first parents, from the attempt itself back to the baseline."""
    line, seen = [attempt], {attempt.number}
    while line[-1].parents and (parent := attempts.get(line[-1].parents[0])) and parent.number not in seen:
        line.append(parent)
        seen.add(parent.number)
    return tuple(line)


def is_attempt(text: str) -> bool:
    return text in ("baseline", "best") or (text.isascii() and text.isdigit())


def split(arguments: Sequence[str], attempts: int) -> tuple[str | None, list[str]]:
    """`[RUN] [ATTEMPT]…` taken apart: a first argument that can be an attempt is one, of the latest run."""
    rest = list(arguments)
    run = rest.pop(0) if rest and not is_attempt(rest[0]) else None
    if len(rest) > attempts:
        raise UsageError(
            f"`{rest[attempts]}` is one argument too many",
            help="first the run, then the attempt" + ("s" if attempts > 1 else ""),
            slug="usage",
        )
    return run, rest


def _names(runs: Sequence[RunSummary], most: int = 8) -> str:
    names = ", ".join(f"`{run.run}`" for run in runs[:most])
    return f"{names} and {len(runs) - most} more" if len(runs) > most else names
