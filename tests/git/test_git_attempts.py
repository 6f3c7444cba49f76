"""An attempt written to git is the attempt that is read from it."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.git.attempts import (
    Pending,
    attempt_message,
    clip_title,
    commit_attempt,
    commit_pending,
    read_attempt,
    read_pending,
    read_run,
    runs,
)
from kapso.git.command import Git
from kapso.git.landing import land, start_run
from kapso.git.ledger import write_records
from kapso.git.repository import Repository
from kapso.git.trailers import TrailerError

RUN = "toy-3f9a"
STARTED, FINISHED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC), datetime(2026, 11, 24, 9, 31, tzinfo=UTC)
PLAIN = Attempt(
    run=RUN,
    number=7,
    branch=f"kapso/{RUN}/0007-x",
    commit="",
    tree="",
    parents=(),
    proposer="tune",
    title="step 0.5 → 0.25",
    hypothesis="Smaller steps\n\nsettle.",
    metrics={},
    outcome=Outcome.SCORED,
    started=STARTED,
    finished=FINISHED,
)
FULL = replace(
    PLAIN,
    verdict=Verdict.BETTER,
    score=2.5311,
    metrics={"score": 2.5311, "run.seconds": 1.21},
    duration_s=1.32,
    cost=0.0031,
    evaluator="9c1f04d2ab7e",
    sandbox="bubblewrap",
    recalled=("L12", "L40"),
)


def _landed(repository: Repository, attempt: Attempt, parents: Sequence[str]) -> Attempt:
    final = commit_attempt(repository, attempt, parents)
    land(repository, RUN, attempt.number, None, final, None, lambda: None)
    return final


def test_the_message_is_that_of_the_contract() -> None:
    assert attempt_message(FULL) == (
        "tune: step 0.5 → 0.25\n\nSmaller steps\n\nsettle.\n\n"
        "Kapso-Run: toy-3f9a\nKapso-Attempt: 7\nKapso-Proposer: tune\nKapso-Outcome: scored\n"
        "Kapso-Verdict: better\nKapso-Score: 2.5311\n"
        'Kapso-Metrics: {"run.seconds": 1.21, "score": 2.5311}\n'
        "Kapso-Duration: 1.32\nKapso-Cost: 0.0031\nKapso-Evaluator: 9c1f04d2ab7e\n"
        "Kapso-Sandbox: bubblewrap\nKapso-Lessons: L12 L40\n"
    )


def test_what_is_unknown_has_no_trailer() -> None:
    crashed = replace(PLAIN, outcome=Outcome.CRASHED, reason="exit code 1\nTraceback: \x1b[31mboom")
    trailers = attempt_message(crashed).split("\n\n")[-1].splitlines()
    assert [line.split(":")[0] for line in trailers] == [
        *("Kapso-Run", "Kapso-Attempt", "Kapso-Proposer", "Kapso-Outcome", "Kapso-Reason")
    ]
    assert trailers[-1] == r"Kapso-Reason: exit code 1\nTraceback: \x1b[31mboom"


def test_git_reads_the_trailers(project: Any, repository: Repository) -> None:
    attempt = replace(FULL, tree=repository.tree_of(repository.resolve("HEAD")))
    final = commit_attempt(repository, attempt, [repository.resolve("HEAD")])
    format = "%(trailers:key=Kapso-Score,valueonly)%(trailers:key=Kapso-Metrics,valueonly)"
    score, metrics = project.git("log", "-1", f"--format={format}", final.commit).split("\n")[:2]
    assert float(score) == 2.5311
    assert json.loads(metrics) == FULL.metrics


FINITE = st.floats(allow_nan=False, allow_infinity=False)
WHEN = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(
    lambda t: t.replace(microsecond=0, tzinfo=UTC)
)


@given(
    title=st.text(max_size=90),
    hypothesis=st.text(),
    reason=st.none() | st.text(),
    score=st.none() | FINITE,
    metrics=st.dictionaries(st.text(), FINITE, max_size=3),
    cost=st.none() | FINITE,
    started=WHEN,
    outcome=st.sampled_from(Outcome),
    verdict=st.none() | st.sampled_from(Verdict),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_attempt_comes_back(repository: Repository, **fields: Any) -> None:
    tree = repository.write_tree(None, {})
    final = commit_attempt(repository, replace(FULL, **fields, tree=tree), [])
    assert read_attempt(repository, f"refs/heads/kapso/{RUN}/0007-x", final.commit, {}) == final


def test_numbers_that_are_not_finite_are_left_out(repository: Repository) -> None:
    odd = replace(FULL, score=math.nan, metrics={"score": math.nan, "size": math.inf, "ok": 1.0})
    assert '\nKapso-Metrics: {"ok": 1.0}\n' in attempt_message(odd)
    assert "Kapso-Score" not in attempt_message(odd)


def test_a_long_title_is_cut_in_git_and_in_what_is_returned(repository: Repository) -> None:
    tree = repository.tree_of(repository.resolve("HEAD"))
    final = commit_attempt(repository, replace(PLAIN, number=7, title="long " * 50, tree=tree), [])
    assert final.title == clip_title("long " * 50)
    assert len(final.title) == 90
    assert read_attempt(repository, f"refs/heads/{PLAIN.branch}", final.commit, {}) == final


def test_a_pending_candidate_comes_back(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    tree, words = repository.tree_of(head), ("llm", "try", "Kapso-Score: 9")
    pending = commit_pending(repository, Pending(RUN, 3, "", tree, (head,), *words, ("L1",), STARTED))
    assert read_pending(repository, pending.commit) == pending


def test_a_run_is_read_in_order_with_parents_as_numbers(repository: Repository) -> None:
    base = repository.resolve("HEAD")
    tree = repository.tree_of(base)
    start_run(repository, RUN, {"goal.yaml": b"x"}, base)
    landed = {0: _landed(repository, replace(PLAIN, number=0, tree=tree), [base])}
    for number, parents in {2: [0], 1: [0], 10: [2, 1], 10001: [10]}.items():
        attempt = replace(FULL, number=number, title=f"attempt {number}", tree=tree)
        landed[number] = _landed(repository, attempt, [landed[n].commit for n in parents])
    attempts = read_run(repository, RUN)
    assert [attempt.number for attempt in attempts] == [0, 1, 2, 10, 10001]
    assert [attempt.parents for attempt in attempts] == [(), (0,), (0,), (2, 1), (10,)]
    assert attempts[0].branch == f"kapso/{RUN}/0000-baseline"
    assert attempts[4].branch == f"kapso/{RUN}/10001-attempt-10001"
    assert attempts[3] == replace(landed[10], branch=f"kapso/{RUN}/0010-attempt-10", parents=(2, 1))
    assert runs(repository) == [RUN]


def test_a_record_adds_and_overrides(repository: Repository) -> None:
    tree = repository.tree_of(repository.resolve("HEAD"))
    for number in (1, 2, 3):
        _landed(repository, replace(FULL, number=number, tree=tree), [])
    record = {"verdict": "same", "parameters": {"step": 0.25}, "feedback": "slow"}
    write_records(repository, RUN, {"0001.json": json.dumps(record).encode(), "0002.json": b"{}"})
    one, two, three = read_run(repository, RUN)
    assert (one.verdict, one.parameters, one.feedback) == (Verdict.SAME, {"step": 0.25}, "slow")
    assert (two.verdict, two.parameters, two.feedback) == (Verdict.BETTER, {}, None)
    assert three.verdict == Verdict.BETTER
    write_records(repository, RUN, {"0003.json": b"[]"})
    with pytest.raises(TrailerError, match="the record of attempt 3 of `toy-3f9a` cannot be read"):
        read_run(repository, RUN)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Kapso-Outcome: scored", "Kapso-Outcome: splendid", "'splendid' is not a valid Outcome"),
        ("Kapso-Score: 2.5311", "Kapso-Score: high", "could not convert"),
        ("Kapso-Score: 2.5311", "Kapso-Score: 1\nKapso-Score: 2", "`Kapso-Score` stands twice"),
        ("Kapso-Proposer: tune\n", "", "`Kapso-Proposer` is missing"),
        ("Kapso-Attempt: 7", "Kapso-Attempt: 8", "trailers are those of attempt 8"),
        ('"score": 2.5311}', '"score": Infinity}', "`inf` is not a finite number"),
        ('"score": 2.5311}', '"score": null}', "`None` is not a finite number"),
        ('{"run.seconds": 1.21, "score": 2.5311}', "[1]", "no JSON object"),
        ('{"run.seconds"', '{"run.seconds', "is no attempt"),
    ],
)
def test_a_branch_that_is_no_attempt_is_named(repository: Repository, old: str, new: str, said: str) -> None:
    message = attempt_message(FULL).replace(old, new)
    tree = repository.tree_of(repository.resolve("HEAD"))
    commit = repository.commit(tree, [], message, ("Kapso tune", "kapso@localhost"), STARTED, FINISHED)
    with repository.refs.transaction() as moves:
        moves.create(f"refs/heads/kapso/{RUN}/0007-x", commit)
    with pytest.raises(TrailerError) as caught:
        read_run(repository, RUN)
    assert said in caught.value.message
    assert f"`kapso/{RUN}/0007-x`" in caught.value.message


def test_reading_a_run_takes_one_process_however_long_it_is(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = repository.tree_of(repository.resolve("HEAD"))
    with repository.refs.transaction() as moves:
        for number in range(200):
            final = commit_attempt(repository, replace(FULL, number=number, tree=tree), [])
            moves.create(f"refs/heads/kapso/{RUN}/{number:04d}-x", final.commit)
    write_records(repository, RUN, {f"{number:04d}.json": b'{"feedback": "f"}' for number in range(200)})
    started = []
    run = Git.run

    def counted(self: Git, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        started.append(arguments[0])
        return run(self, *arguments, **options)

    monkeypatch.setattr(Git, "run", counted)
    assert [attempt.feedback for attempt in read_run(repository, RUN)] == ["f"] * 200
    assert started == ["for-each-ref"]
