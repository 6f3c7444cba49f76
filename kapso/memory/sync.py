"""Brings the episodic log up to date with git: what is missing or differs is read, what vanished is dropped.

Cheap when nothing changed: a run whose refs stand where they stood is not looked into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.attempt import Attempt, Verdict
from kapso.errors import KapsoError, MachineError
from kapso.git.attempts import read_attempt, with_record
from kapso.git.trailers import TrailerError
from kapso.memory.database import to_stderr
from kapso.memory.episode import Episode, diff_size, source_of, summarise
from kapso.memory.episodes import Episodes, Key, Known
from kapso.memory.history import RunInGit, read_json, runs_in_git

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

_RECORD = re.compile(r"(\d{4,})\.json")


def open_synced(
    repository: Repository, *, say: Callable[[str], None] = to_stderr, patience_s: float = 10.0
) -> tuple[Episodes, list[RunSummary]]:
    """The log of `repository`, up to date, and its runs; kept in memory where its file cannot be written.

    `say` gets a line for the user, `patience_s` is how long another process may hold the file.
    """
    episodes = Episodes(repository.state_dir / "kapso.duckdb", patience_s=patience_s, say=say)
    try:
        return episodes, sync(repository, episodes, say=say)
    except MachineError as error:
        if error.slug not in ("database", "database-locked", "state-folder"):
            raise
        say(f"{error.message}; read from git for this once")
        episodes = Episodes(None)
        return episodes, sync(repository, episodes, say=say)


def rebuild(repository: Repository) -> Episodes:
    """Forget the log and read all of it from git again. Refuses what `sync` only warns about."""
    episodes = Episodes(repository.state_dir / "kapso.duckdb")
    imports = [import_run(repository, run, {}, []) for run in runs_in_git(repository).values()]
    for complaint in (complaint for imported in imports for complaint in imported.complaints):
        raise complaint
    episodes.clear()
    _store(episodes, imports, [])
    return episodes


def sync(
    repository: Repository, episodes: Episodes, *, say: Callable[[str], None] = to_stderr
) -> list[RunSummary]:
    """Make `episodes` show what git holds; its runs, the latest first.

    Attempts that cannot be read are left out, and said.
    """
    found = runs_in_git(repository)
    runs, sources = episodes.overview()
    stale = [run for run in found.values() if sources.get(run.run) != run.source]
    vanished = [run for run in sources if run not in found]
    if not stale and not vanished:
        return runs
    known = episodes.known()
    imports = [import_run(repository, run, known, episodes.episodes(run.run)) for run in stale]
    for complaint in (complaint for imported in imports for complaint in imported.complaints):
        say(f"left out: {complaint.message}")
    _store(episodes, imports, vanished)
    return episodes.runs()


@dataclass
class Imported:
    """A run as read from git: what is new or different in it, and what the log has and git has not."""

    run: RunInGit
    summary: RunSummary
    fresh: list[Episode]
    vanished: list[Key]
    complaints: list[KapsoError]


def import_run(
    repository: Repository, run: RunInGit, known: Mapping[Key, Known], rows: Sequence[Episode]
) -> Imported:
    """Read what differs from `known`; `rows` are the episodes that the log has of this run."""
    fresh: list[Episode] = []
    complaints = [_doubled(ref) for ref in run.doubled]
    records = _records(repository, run.records)
    numbers = {commit: number for number, commit in run.commits.items()}
    for number, commit in run.commits.items():
        record = records.get(number)
        source = source_of(commit, record)
        row = known.get((run.run, number))
        if row is not None and row.source == source:
            continue
        try:
            has_diff = row is not None and row.commit == commit and row.has_diff
            fresh.append(_read_episode(repository, run, number, numbers, record, source, has_diff))
        except TrailerError as error:
            complaints.append(error)
    now = {row.attempt.number: row for row in rows if row.attempt.number in run.commits}
    now |= {episode.attempt.number: episode for episode in fresh}
    return Imported(
        run=run,
        summary=summarise(
            run.run,
            now.values(),
            goal=read_json(repository, run.goal, "run.json"),
            end=read_json(repository, run.records, "run.json"),
        ),
        fresh=fresh,
        vanished=[key for key in known if key[0] == run.run and key[1] not in run.commits],
        complaints=complaints,
    )


def _store(episodes: Episodes, imports: Sequence[Imported], vanished_runs: Sequence[str]) -> None:
    episodes.update(
        [episode for imported in imports for episode in imported.fresh],
        runs={imported.run.run: (imported.summary, imported.run.source) for imported in imports},
        vanished=[key for imported in imports for key in imported.vanished],
        vanished_runs=vanished_runs,
    )


def _read_episode(
    repository: Repository,
    run: RunInGit,
    number: int,
    numbers: Mapping[str, int],
    record: str | None,
    source: str,
    has_diff: bool,
) -> Episode:
    """The attempt as its commit tells it; a verdict in its record overrides the commit's."""
    attempt = read_attempt(repository, run.branches[number], run.commits[number], numbers)
    if (attempt.run, attempt.number) != (run.run, number):
        raise _misplaced(attempt)
    told = _json(repository, record)
    was_better = attempt.verdict is Verdict.BETTER
    attempt = with_record(attempt, told)
    demoted = told.get("demoted") or (was_better and attempt.verdict is not Verdict.BETTER)
    diff = None
    if not has_diff and attempt.parents:
        diff = diff_size(repository, run.commits[attempt.parents[0]], attempt.commit)
    passed_over = bool(told.get("passed_over"))
    return Episode(attempt, diff, is_demoted=bool(demoted), is_passed_over=passed_over, source=source)


def _records(repository: Repository, commit: str | None) -> dict[int, str]:
    """Number → the blob of its record."""
    if commit is None:
        return {}
    names = ((_RECORD.fullmatch(path), entry) for path, entry in repository.entries(commit).items())
    return {int(match[1]): entry.oid for match, entry in names if match}


def _json(repository: Repository, blob: str | None) -> dict[str, Any]:
    if blob is None:
        return {}
    try:
        value = json.loads(repository.objects.read(blob))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _misplaced(attempt: Attempt) -> TrailerError:
    return TrailerError(
        f"`{attempt.branch}` holds attempt {attempt.number} of `{attempt.run}`",
        help="delete or rename the branch: it is a copy",
        slug="misplaced-attempt",
    )


def _doubled(ref: str) -> KapsoError:
    return KapsoError(
        f"`{ref}` claims the number of another attempt",
        help="delete or rename the branch that is no attempt",
        slug="duplicate-attempt",
    )
