"""What earlier runs taught is applied, avoided and told in a run; without lessons all is as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kapso.git.repository import Repository
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Line, Sighting, Subject, Tally

Demo = Callable[..., Any]

BEST = '{"x": 3.0, "y": 20.0}\n'


def line(subject: Subject, concerned: Tally, others: Tally, **more: Any) -> Line:
    """What one earlier run of the demo saw of a subject."""
    seen = Sighting("demo-0000", "demo", "an evaluator", 60, concerned, others, **more)
    return Line(subject, {seen.run: seen})


def change(before: str, after: str) -> Line:
    subject = Subject(About.CHANGE, {"hunks": [["params.json", before, after]]})
    return line(subject, Tally(3, better=3, scored=3, gain=3.0, square=3.0), Tally(40, better=4, same=36))


def learnt(kapso: Any, *lines: Line) -> None:
    """Memory as an earlier run left it."""
    Ledger(Repository.open(kapso.root)).put({each.subject.key: each for each in lines})


def journal(kapso: Any, run: str) -> list[dict[str, Any]]:
    text = (kapso.root / ".git/kapso/runs" / run / "events.jsonl").read_text()
    return [json.loads(each) for each in text.splitlines()]


def test_a_change_that_earned_before_is_applied_at_once(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 3}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    known = change(kapso.git("show", "HEAD:params.json"), BEST)
    learnt(kapso, known)
    done = kapso("run")
    assert "warning: the run" not in done.stderr
    attempts = kapso.json("ls", kapso.json("ls")[0]["run"])[1:]
    by_recipe = [each for each in attempts if each["proposer"] == "recipe"]
    assert [each["score"] for each in by_recipe] == [10], "once, as it makes nothing new again"
    assert by_recipe[0]["attempt"] <= 2, "an eighth goes without"
    assert known.subject.id in by_recipe[0]["lessons"]
