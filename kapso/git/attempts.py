"""An attempt as a commit, and back; whole runs read from git alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.git.landing import landed
from kapso.git.layout import GOALS, HIDDEN, parse_branch, short_name
from kapso.git.ledger import read_records, record_name
from kapso.git.trailers import TrailerError, format_message, parse_message

if TYPE_CHECKING:
    from kapso.git.repository import Repository

TITLE_LENGTH = 90


@dataclass(frozen=True)
class Pending:
    """A candidate that was committed and has not landed.

    `parents` are commits; `cost` is what it took so far, in dollars.
    """

    run: str
    number: int
    commit: str
    tree: str
    parents: tuple[str, ...]
    proposer: str
    title: str
    hypothesis: str
    recalled: tuple[str, ...]
    started: datetime
    cost: float | None = None


def clip_title(title: str) -> str:
    """The title as git keeps it: cut where a subject line would become too long to read."""
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"


def author(proposer: str) -> tuple[str, str]:
    """Name and address that commits by `proposer` carry."""
    return f"Kapso {proposer}", "kapso@localhost"


def pending_message(pending: Pending) -> str:
    """The message of a candidate that is about to be evaluated: all that is known before."""
    optional = {"Kapso-Cost": _number(pending.cost), "Kapso-Lessons": " ".join(pending.recalled) or None}
    trailers = _origin(pending.run, pending.number, pending.proposer)
    trailers.update({name: value for name, value in optional.items() if value is not None})
    return format_message(f"{pending.proposer}: {clip_title(pending.title)}", pending.hypothesis, trailers)


def attempt_message(attempt: Attempt) -> str:
    """The message of an attempt that ended. Metrics that are not finite are left out; the reason tells."""
    metrics = {name: float(value) for name, value in attempt.metrics.items() if math.isfinite(value)}
    optional = {
        "Kapso-Verdict": attempt.verdict,
        "Kapso-Score": _number(attempt.score),
        "Kapso-Metrics": json.dumps(metrics, sort_keys=True, ensure_ascii=False) if metrics else None,
        "Kapso-Duration": _number(attempt.duration_s),
        "Kapso-Cost": _number(attempt.cost),
        "Kapso-Evaluator": attempt.evaluator or None,
        "Kapso-Sandbox": attempt.sandbox or None,
        "Kapso-Reason": attempt.reason,
        "Kapso-Lessons": " ".join(attempt.recalled) or None,
    }
    trailers = _origin(attempt.run, attempt.number, attempt.proposer)
    trailers["Kapso-Outcome"] = attempt.outcome
    trailers.update({name: value for name, value in optional.items() if value is not None})
    return format_message(f"{attempt.proposer}: {clip_title(attempt.title)}", attempt.hypothesis, trailers)


def commit_pending(repository: Repository, pending: Pending) -> Pending:
    """`pending` with the commit that holds it; no ref moves yet."""
    message = pending_message(pending)
    who, moment = author(pending.proposer), pending.started
    commit = repository.commit(pending.tree, pending.parents, message, who, moment, moment)
    return replace(pending, commit=commit, title=clip_title(pending.title))


def commit_attempt(repository: Repository, attempt: Attempt, parents: Sequence[str]) -> Attempt:
    """`attempt` with the commit that holds it, made from the commits `parents`; no ref moves yet."""
    message = attempt_message(attempt)
    who = author(attempt.proposer)
    commit = repository.commit(attempt.tree, parents, message, who, attempt.started, attempt.finished)
    return replace(attempt, commit=commit, title=clip_title(attempt.title))


def read_pending(repository: Repository, commit: str) -> Pending:
    """The candidate that a pending ref stands at."""
    found = repository.objects.commit(commit)
    fields = _Fields(f"`{commit[:12]}`", found.message)
    proposer = fields.required("Kapso-Proposer")
    return Pending(
        run=fields.required("Kapso-Run"),
        number=int(fields.required("Kapso-Attempt")),
        commit=commit,
        tree=str(found.tree_id),
        parents=tuple(str(parent) for parent in found.parent_ids),
        proposer=proposer,
        title=fields.subject.removeprefix(f"{proposer}: "),
        hypothesis=fields.body,
        recalled=tuple(fields.get("Kapso-Lessons", "").split()),
        started=datetime.fromtimestamp(found.author.time, UTC),
        cost=fields.number("Kapso-Cost"),
    )


def read_attempt(
    repository: Repository, ref: str, commit: str, numbers_by_commit: Mapping[str, int]
) -> Attempt:
    """The attempt that the branch `ref` holds at `commit`. TrailerError if it is none.

    A parent that is not in `numbers_by_commit`, such as the base, is no attempt and left out.
    """
    found = repository.objects.commit(commit)
    fields = _Fields(f"`{short_name(ref)}`", found.message)
    proposer = fields.required("Kapso-Proposer")
    verdict = fields.get("Kapso-Verdict", "")
    try:
        run, number = fields.required("Kapso-Run"), int(fields.required("Kapso-Attempt"))
        if parse_branch(ref) not in ((run, number), None):
            raise ValueError(f"its trailers are those of attempt {number} of `{run}`")
        return Attempt(
            run=run,
            number=number,
            branch=short_name(ref),
            commit=commit,
            tree=str(found.tree_id),
            parents=tuple(n for p in found.parent_ids if (n := numbers_by_commit.get(str(p))) is not None),
            proposer=proposer,
            title=fields.subject.removeprefix(f"{proposer}: "),
            hypothesis=fields.body,
            outcome=Outcome(fields.required("Kapso-Outcome")),
            started=datetime.fromtimestamp(found.author.time, UTC),
            finished=datetime.fromtimestamp(found.committer.time, UTC),
            verdict=Verdict(verdict) if verdict else None,
            score=fields.number("Kapso-Score"),
            metrics=fields.numbers("Kapso-Metrics"),
            reason=fields.trailers.get("Kapso-Reason"),
            duration_s=fields.number("Kapso-Duration"),
            cost=fields.number("Kapso-Cost"),
            recalled=tuple(fields.get("Kapso-Lessons", "").split()),
            evaluator=fields.get("Kapso-Evaluator", ""),
            sandbox=fields.get("Kapso-Sandbox", ""),
        )
    except ValueError as error:
        raise _unreadable(fields.place, str(error)) from error


def read_run(repository: Repository, run: str) -> list[Attempt]:
    """Every landed attempt of a run in order, the baseline first.

    What was learnt after an attempt had landed stands in its record: a verdict there overrides the
    trailer's, and parameters and feedback come from it.
    """
    branches = landed(repository, run)
    records = read_records(repository, run)
    numbers = {commit: number for number, (_, commit) in branches.items()}
    attempts = []
    for number, (ref, commit) in sorted(branches.items()):
        attempt = read_attempt(repository, ref, commit, numbers)
        record = records.get(record_name(number))
        attempts.append(_with_record_text(attempt, record) if record else attempt)
    return attempts


def with_record(attempt: Attempt, told: Mapping[str, Any]) -> Attempt:
    """`attempt` with what its record tells beyond its commit; the record's verdict counts."""
    verdict = told.get("verdict", attempt.verdict)
    return replace(
        attempt,
        verdict=Verdict(verdict) if verdict in list(Verdict) else None,
        parameters=told.get("parameters") or {},
        feedback=told.get("feedback"),
        withheld=tuple(told.get("withheld") or ()),
        predicted=told.get("predicted") or {},
    )


def runs(repository: Repository) -> list[str]:
    """The ids of all runs that git holds, in the order of names."""
    return [ref.removeprefix(HIDDEN).split("/")[0] for ref in repository.refs.list(GOALS)]


class _Fields:
    """The parts of one commit message, each asked for by name."""

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        try:
            self.subject, self.body, self.trailers = parse_message(message)
        except TrailerError as error:
            raise TrailerError(f"{place}: {error.message}", slug=error.slug) from error

    def get(self, name: str, default: str) -> str:
        return self.trailers.get(name, default)

    def required(self, name: str) -> str:
        if name not in self.trailers:
            raise _unreadable(self.place, f"`{name}` is missing")
        return self.trailers[name]

    def number(self, name: str) -> float | None:
        text = self.trailers.get(name)
        return None if text is None else _finite(text)

    def numbers(self, name: str) -> dict[str, float]:
        told = json.loads(self.trailers.get(name, "{}"))
        if not isinstance(told, dict):
            raise _unreadable(self.place, f"`{name}` is no JSON object")
        return {key: _finite(value) for key, value in told.items()}


def _unreadable(place: str, reason: str) -> TrailerError:
    return TrailerError(
        f"{place} is no attempt: {reason}",
        help="if the branch is not the run's own, rename or delete it",
        slug="unreadable-attempt",
    )


def _finite(value: Any) -> float:
    is_number = isinstance(value, int | float | str) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan
    if not math.isfinite(number):
        raise ValueError(f"`{value}` is not a finite number")
    return number


def _origin(run: str, number: int, proposer: str) -> dict[str, str]:
    return {"Kapso-Run": run, "Kapso-Attempt": str(number), "Kapso-Proposer": proposer}


def _number(value: float | None) -> str | None:
    return None if value is None or not math.isfinite(value) else repr(float(value))


def _with_record_text(attempt: Attempt, record: bytes) -> Attempt:
    try:
        return with_record(attempt, json.loads(record))
    except (ValueError, AttributeError) as error:
        message = f"the record of attempt {attempt.number} of `{attempt.run}` cannot be read: {error}"
        raise TrailerError(message, slug="unreadable-record") from error
