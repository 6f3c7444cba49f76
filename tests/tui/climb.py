"""A run made by the git engine alone, with fixed content: what the dashboard shows of it is known beforehand.

`Made` lands attempts as a run does (branch, best, journal, pending ref gone), so that one can be watched.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict, rfc3339
from kapso.git import landing
from kapso.git.attempts import Pending, commit_attempt, commit_pending
from kapso.git.layout import RunRefs
from kapso.git.ledger import write_holdout, write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.loop.run import announcement
from kapso.loop.run_folder import Journal

RUN = "climb-0000"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = """\
name: climb
objective: Climb as high as can be.
edit: [program.py]
evaluate: python evaluate.py
budget: {attempts: 40, time: 10m, cost: 2}
stop: {target: 20}
"""
CONFIRMED = {
    "is_confirmed": True,
    "how": "in fresh pairs",
    "attempt": 12,
    "pairs": 5,
    "gain": 4.4,
    "low": 4.1,
    "high": 4.7,
    "before": 10.0,
    "after": 14.4,
}
Spec = tuple[str, int, float | None]
"""Proposer, first parent, score (None: it crashed)."""
SPECS: Sequence[Spec] = (
    ("tune", 0, 11.0),
    ("mutate", 0, None),
    ("mutate", 0, 9.5),
    ("tune", 1, 12.5),
    ("llm", 1, 10.0),
    ("tune", 4, 12.0),
    ("combine", 4, 14.0),
    ("mutate", 5, 9.75),
    ("llm", 7, 13.0),
    ("tune", 7, -900.0),
    ("mutate", 9, 12.75),
    ("tune", 7, 14.5),
)


class Made:
    """The run in `folder`; `land` adds an attempt to it, `propose` one that has not landed."""

    def __init__(self, folder: Path, *, maximize: bool = True) -> None:
        self.repository = Repository.open(folder)
        self.base = self.repository.resolve("HEAD")
        self.maximize = maximize
        self.attempts: dict[int, Attempt] = {}
        self.best: Attempt | None = None
        facts = {
            "run": RUN,
            "goal": "climb",
            "objective": "Climb as high as can be.",
            "metric": "score",
            "direction": "maximize" if maximize else "minimize",
            "started": rfc3339(STARTED),
            "file": "goal.yaml",
        }
        files = {"goal.yaml": GOAL.encode(), "run.json": json.dumps(facts).encode()}
        landing.start_run(self.repository, RUN, files, self.base)
        self.folder = self.repository.state_dir / "runs" / RUN
        self.folder.mkdir(parents=True)
        self.journal = Journal(self.folder / "events.jsonl", RUN)
        self.journal.write("run.started")
        self.land("baseline", None, 10.0, title="baseline")

    def propose(self, proposer: str, parent: int | None, title: str, *, is_waiting: bool = False) -> int:
        """An attempt with a candidate, under way; its number."""
        number = self._next()
        self.journal.write("attempt.started", attempt=number, parents=[] if parent is None else [parent])
        made = commit_pending(self.repository, self._pending(number, proposer, parent, title))
        landing.set_pending(self.repository, RUN, number, made.commit)
        self.journal.write(
            "attempt.proposed", attempt=number, proposer=proposer, title=title, commit=made.commit
        )
        if is_waiting:
            self.journal.write("attempt.waiting", attempt=number)
        return number

    def land(self, proposer: str, parent: int | None, score: float | None, *, title: str = "") -> Attempt:
        """An attempt from its start to its end."""
        title = title or f"step {self._next()}"
        number = self.propose(proposer, parent, title)
        pending = landing.pending(self.repository, RUN)[number]
        made = self._attempt(number, proposer, parent, score, title)
        commits = [self.attempts[parent].commit if parent is not None else self.base]
        final = commit_attempt(self.repository, made, commits)
        is_best = score is not None and (self.best is None or self._beats(score, self.best.score or 0.0))
        names = RunRefs(RUN)
        short = "baseline" if number == BASELINE else f"step-{number}"
        final = replace(final, branch=names.branch(number, short).removeprefix("refs/heads/"))
        told = landing.land(
            self.repository,
            RUN,
            number,
            pending,
            final,
            final.commit if is_best else None,
            lambda: self.journal.announce(number, announcement(final)),
        )
        final = replace(final, commit=told.commit, branch=told.branch.removeprefix("refs/heads/"))
        self.attempts[number] = final
        if is_best:
            if self.best is not None:
                previous = self.best.score
                self.journal.write("best.improved", attempt=number, score=score, previous=previous)
            self.best = final
        return final

    def end(self, demoted: Sequence[int] = (), **told: Any) -> None:
        """How its last session leaves it."""
        assert self.best is not None
        end = {"status": "finished", "reason": "attempts", "best": self.best.number, "elapsed": 62.0, **told}
        records = {
            f"{each.number:04d}.json": record(each, each.number in demoted) for each in self.attempts.values()
        }
        write_records(self.repository, RUN, records | {"run.json": json.dumps(end).encode()})
        self.journal.write("run.finished", is_durable=True, elapsed=62.0)

    def hold_out(self, scores: Mapping[int, float]) -> None:
        """What the hold-out said."""
        said = {
            f"{number:04d}.json": json.dumps({"outcome": "scored", "metrics": {"score": score}}).encode()
            for number, score in scores.items()
        }
        write_holdout(self.repository, RUN, said)

    @contextmanager
    def working(self) -> Iterator[None]:
        """As long as this lasts, a process works on the run, for all that anybody can tell."""
        with (self.folder / "lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _next(self) -> int:
        pending = landing.pending(self.repository, RUN)
        return max([-1, *self.attempts, *pending]) + 1

    def _beats(self, score: float, other: float) -> bool:
        return score > other if self.maximize else score < other

    def _pending(self, number: int, proposer: str, parent: int | None, title: str) -> Pending:
        blob = self.repository.write_blob(f"X = {number}\n".encode())
        return Pending(
            run=RUN,
            number=number,
            commit="",
            tree=self.repository.write_tree(self.base, {"program.py": Entry(FILE, blob)}),
            parents=(self.attempts[parent].commit if parent is not None else self.base,),
            proposer=proposer,
            title=title,
            hypothesis="It may help.",
            recalled=(),
            started=STARTED + timedelta(seconds=5 * number),
        )

    def _attempt(
        self, number: int, proposer: str, parent: int | None, score: float | None, title: str
    ) -> Attempt:
        pending = self._pending(number, proposer, parent, title)
        before = self.attempts[parent].score if parent is not None else None
        verdict = None
        if score is not None and before is not None:
            verdict = Verdict.SAME if score == before else Verdict.WORSE
            verdict = Verdict.BETTER if self._beats(score, before) else verdict
        return Attempt(
            run=RUN,
            number=number,
            branch="",
            commit="",
            tree=pending.tree,
            parents=() if parent is None else (parent,),
            proposer=proposer,
            title=title,
            hypothesis="It may help.",
            outcome=Outcome.SCORED if score is not None else Outcome.CRASHED,
            verdict=verdict,
            score=score,
            metrics={} if score is None else {"score": score},
            reason=None if score is not None else "`evaluate` ended with exit code 1: NameError: x",
            duration_s=1.5,
            cost=0.25 if proposer == "llm" else None,
            sandbox="bubblewrap",
            started=pending.started,
            finished=pending.started + timedelta(seconds=4),
        )


def record(attempt: Attempt, is_demoted: bool) -> bytes:
    told: dict[str, Any] = {"parameters": {}, "feedback": None, "demoted": is_demoted}
    return json.dumps({**attempt.to_json(), **told}).encode()


def climb(folder: Path, specs: Sequence[Spec] = SPECS) -> Made:
    """A run of twelve attempts: an outlier, a crash, branches that lead on and some that do not."""
    made = Made(folder)
    for proposer, parent, score in specs:
        made.land(proposer, parent, score)
    made.hold_out({1: 10.5, 4: 12.0, 7: 12.25, 12: 14.25})
    made.end(confirmed=CONFIRMED)
    return made
