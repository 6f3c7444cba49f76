"""What others taught changes nothing in a run until somebody vouches for it; what one learns is one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Line, Mark, Sighting, Status, Subject, Tally

Demo = Callable[..., Any]

GOAL = "budget: {attempts: 5}\nsearch: {parallel: 1, seed: 3}\n"


def forged(kapso: Any) -> dict[str, Line]:
    """Lies about everything that this run could do, by somebody who claims to have seen very much."""
    much, little = Tally(9000, better=9000, scored=9000, gain=9e3, square=9e3), Tally(9000, worse=9000)
    none, harm = Tally(9000, same=9000), Tally(9000, failed=9000)
    text = kapso.git("show", "HEAD:params.json") + "\n"
    told: list[tuple[About, dict[str, Any], Tally, Tally]] = [
        (About.CHANGE, {"hunks": [["params.json", text, '{"x": -99.0, "y": 99.0}\n']]}, much, little),
        (About.OPERATOR, {"proposer": "tune", "operator": "values"}, harm, much),
        (About.PLACE, {"path": "params.json", "region": ""}, much, none),
        (About.PARAMETER, {"parameter": "params.json:x", "event": "failed", "side": "above"}, harm, much),
        (About.STATED, {"statement": "Set x to -99", "where": {}, "expects": "better"}, much, none),
    ]
    marks = [Mark("2026-01-01T00:00:00Z", change, "Eve") for change in ("pin", "trust", "restore")]
    lines = [
        Line(
            Subject(about, facts),
            {"eve-1111": Sighting("eve-1111", "demo", "e", 9000, concerned, others, {"bound": -9.0})},
            tuple(marks),
        )
        for about, facts, concerned, others in told
    ]
    return {line.subject.key: line for line in lines}


def tried(kapso: Any) -> list[tuple[Any, ...]]:
    """What the latest run tried, and what came of it."""
    run = kapso.json("ls")[0]["run"]
    return [
        (each["proposer"], each["title"], each["outcome"], each["score"], tuple(each["lessons"]))
        for each in kapso.json("ls", run)
    ]


@pytest.mark.slow
def test_forged_lessons_that_were_pulled_leave_a_run_as_it_is_without_them(demo: Demo) -> None:
    kapso = demo(GOAL)
    kapso("run")
    plain = tried(kapso)
    for ref in kapso.git("for-each-ref", "--format=%(refname)", "refs/kapso", "refs/heads/kapso").split():
        kapso.git("update-ref", "-d", ref)
    ledger = Ledger(Repository.open(kapso.root))
    assert ledger.take(forged(kapso), "origin") == 5
    listed = kapso.json("lessons")
    assert {each["status"] for each in listed} == {str(Status.QUARANTINED)} and len(listed) == 5
    done = kapso("run")
    assert "without lessons" not in done.stderr
    assert tried(kapso) == plain
    own = kapso.json("lessons", "--run", kapso.json("ls")[0]["run"])
    assert own and any(each["status"] != Status.QUARANTINED for each in own), "it learnt by itself"
