"""What is told of candidates that have not landed: in a list of those that wait, and one in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import HUMAN, rfc3339
from kapso.cli.output import coloured_diff, how_called, print_json, styled
from kapso.wording import duration, plural, printable, printable_lines

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.git.attempts import Pending
    from kapso.git.repository import DiffStat
    from kapso.loop.approval import Waiting
    from kapso.memory.episode import RunSummary

DIFF_LINES = 60
SHORT_DIFF_LINES = 16
"""The list of what waits shows diffs of so many lines; of longer ones, how to see them."""
MOST_PATHS = 5
UNKNOWN = (
    *(
        "branch",
        "outcome",
        "verdict",
        "score",
        "metrics",
        "reason",
        "duration",
        "cost",
        "lessons",
        "knowledge",
    ),
    *("finished", "evaluator", "sandbox", "parameters", "feedback", "demoted", "passed_over", "confirmed"),
    *("baseline", "best_attempt", "best_score", "front", "lineage", "stages", "holdout", "parts", "smallest"),
    *("hints", "recalled", "taught", "withheld", "predicted", "log", "log_file"),
)
"""What is told of an attempt that has ended, beside what is known before."""


def listed(log: Log, run: str, found: Sequence[Waiting]) -> Iterator[str]:
    """Each that waits with its idea and how much it changes, then what to type."""
    numbers = _numbers(log, run)
    for each in found:
        waits = duration(max((datetime.now(UTC) - each.since).total_seconds(), 0.0))
        origin = " and ".join(map(str, _parents(numbers, each.parents))) or "elsewhere"
        yield ""
        yield styled(f"{each.number:>4}  {printable(each.title)}", "bold")
        yield f"      {each.proposer}, from attempt {origin}; waits for {waits}"
        if each.hypothesis:
            yield from (f"      {line}" for line in printable_lines(each.hypothesis).split("\n"))
        yield f"      {_changes(log, each.parents[0], each.commit)}"
        yield from (f"      {line}" for line in _short(log.repository.diff(each.parents[0], each.commit)))
    kapso, number = how_called(), found[0].number
    commands = {
        f"{kapso} show {run} {number}": "its whole diff",
        f"{kapso} approve {run} {number}": "let it run; --all for every one",
        f"{kapso} reject {run} {number} --reason …": "say no",
    }
    width = max(map(len, commands))
    yield ""
    yield from (f"{command.ljust(width)}  {what}" for command, what in commands.items())


def listed_json(log: Log, run: str, found: Sequence[Waiting]) -> Iterator[dict[str, Any]]:
    """The objects that `kapso approve --json` prints."""
    numbers = _numbers(log, run)
    for each in found:
        stat = log.repository.diff_stat(each.parents[0], each.commit)
        yield {
            "run": run,
            "attempt": each.number,
            "commit": each.commit,
            "parents": _parents(numbers, each.parents),
            "proposer": each.proposer,
            "title": each.title,
            "hypothesis": each.hypothesis or None,
            "since": rfc3339(each.since),
            "files": stat.files,
            "added": stat.added,
            "removed": stat.removed,
            "paths": list(log.repository.changed_paths(each.parents[0], each.commit)),
        }


@dataclass(frozen=True)
class InFlight:
    """A candidate that has not landed. `standing` says what it waits for, in words."""

    run: str
    candidate: Pending
    standing: str
    since: datetime | None
    parents: list[int]
    patch: str
    stat: DiffStat

    def to_json(self) -> dict[str, Any]:
        """The object that `kapso show --json` prints: what is known only once it has ended is null."""
        candidate, stat = self.candidate, self.stat
        return {
            **dict.fromkeys(UNKNOWN),
            "run": self.run,
            "attempt": candidate.number,
            "commit": candidate.commit,
            "parents": self.parents,
            "proposer": candidate.proposer,
            "title": candidate.title,
            "hypothesis": candidate.hypothesis or None,
            "started": rfc3339(candidate.started),
            "tree": candidate.tree,
            "standing": self.standing,
            "since": rfc3339(self.since) if self.since else None,
            "diff": {
                "files": stat.files,
                "added": stat.added,
                "removed": stat.removed,
                "patch": self.patch,
            },
        }


def show_in_flight(log: Log, run: RunSummary, number: int, *, full: bool, as_json: bool) -> bool:
    """Print all that is known about a candidate that has not landed; False where there is none."""
    candidate = log.candidate(run, number)
    if candidate is None:
        return False
    found = _in_flight(log, run.run, candidate)
    if as_json:
        print_json(found.to_json())
    else:
        print("\n".join(_rendered(log, found, full=full)))
    return True


def _in_flight(log: Log, run: str, candidate: Pending) -> InFlight:
    from kapso.loop.approval import Approvals, waiting
    from kapso.memory.live import live_status

    repository = log.repository
    since = {each.number: each.since for each in waiting(repository, run)}.get(candidate.number)
    decision = Approvals(repository.state_dir, run).decision(candidate.number, candidate.commit)
    standing = "is being evaluated" if live_status(repository.state_dir, run) else "is not evaluated yet"
    if since is not None:
        standing = "waits for approval"
    elif decision is not None and candidate.proposer != HUMAN:
        standing = f"{decision.word}, {standing}" if decision.is_approved else decision.word
    parents = _parents(_numbers(log, run), candidate.parents)
    before, after = candidate.parents[0], candidate.commit
    patch, stat = repository.diff(before, after), repository.diff_stat(before, after)
    return InFlight(run, candidate, standing, since, parents, patch, stat)


def _rendered(log: Log, found: InFlight, *, full: bool) -> Iterator[str]:
    candidate, run = found.candidate, found.run
    since = f" since {found.since:%Y-%m-%d %H:%M:%S} UTC" if found.since else ""
    yield styled(f"attempt {candidate.number} of {run}: {printable(candidate.title)}", "bold")
    yield f"standing  {found.standing}{since}"
    yield f"proposer  {candidate.proposer}"
    yield f"from      attempt {' and '.join(map(str, found.parents)) or '-'}"
    yield f"commit    {candidate.commit}"
    if candidate.hypothesis:
        yield from ("", styled("hypothesis", "bold"))
        yield from (f"  {line}" for line in printable_lines(candidate.hypothesis.strip()).split("\n"))
    changes = _changes(log, candidate.parents[0], candidate.commit)
    parent = found.parents[0] if found.parents else "-"
    yield from ("", styled(f"diff against attempt {parent}: {changes}", "bold"))
    lines = coloured_diff(found.patch)
    kept = lines if full else lines[:DIFF_LINES]
    yield from kept
    if len(kept) < len(lines):
        yield styled(f"… {len(lines) - len(kept)} more lines: --full shows them", "dim")
    if found.since is not None:
        kapso, number = how_called(), candidate.number
        yield ""
        yield f"{kapso} approve {run} {number}"
        yield f"{kapso} reject {run} {number} --reason …"


def _short(diff: str) -> list[str]:
    """The hunks of a diff that is short, and of which file they are where it is not the only one."""
    lines = diff.rstrip("\n").split("\n")
    is_one = sum(line.startswith("diff --git ") for line in lines) == 1
    heading = ("index ", "--- ", "+++ ", *(["diff --git "] if is_one else []))
    kept, is_hunk = [], False
    for line in lines:
        is_hunk = line.startswith("@@") or (is_hunk and not line.startswith("diff --git "))
        if is_hunk or not line.startswith(heading):
            kept.append(line)
    return coloured_diff("\n".join(kept)) if len(kept) <= SHORT_DIFF_LINES else []


def _changes(log: Log, before: str, after: str) -> str:
    """`2 files, +10 -3: a.py, b.py`."""
    stat = log.repository.diff_stat(before, after)
    paths = [printable(path) for path in log.repository.changed_paths(before, after)]
    more = f" and {len(paths) - MOST_PATHS} more" if len(paths) > MOST_PATHS else ""
    extent = f"{plural(stat.files, 'file')}, +{stat.added} -{stat.removed}"
    return f"{extent}: {', '.join(paths[:MOST_PATHS])}{more}"


def _numbers(log: Log, run: str) -> dict[str, int]:
    from kapso.git import landing

    return {commit: number for number, (_, commit) in landing.landed(log.repository, run).items()}


def _parents(numbers: dict[str, int], commits: Sequence[str]) -> list[int]:
    return [numbers[commit] for commit in commits if commit in numbers]
