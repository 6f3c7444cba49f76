"""What the report, its Markdown and the last lines of a run say of lessons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kapso.attempt import Verdict
from kapso.memory.lessons.lesson import (
    About,
    Example,
    Kind,
    Lesson,
    Line,
    Record,
    Scope,
    Sighting,
    Status,
    Subject,
    Tally,
)
from kapso.report.learnt import lessons_of, sentence
from kapso.report.markdown import to_markdown
from kapso.report.page import to_html
from tests.report.conftest import HOSTILE

Make = Callable[..., Any]
RUN, OTHER = "demo-0001", "demo-ffff"


def lesson(region: str, *runs: str, kind: Kind = Kind.PREFER, **fields: Any) -> Lesson:
    subject = Subject(About.PLACE, {"path": "pack.py", "region": region})
    examples = [Example(2, "2" * 40, "for"), Example(3, "3" * 40, "against")]
    record = Record(graded=10, hits=8, brier=1.0, usual=2.5)
    seen = {
        run: Sighting(run, "demo", "e", 5, Tally(5, 4), Tally(9, 1), {}, examples, record) for run in runs
    }
    told: dict[str, Any] = {
        "statement": f"Edits in `{region}` help",
        "scope": Scope(),
        "expects": "better",
        "confidence": 0.875,
        "value": None,
        "status": Status.ACTIVE,
        **fields,
    }
    return Lesson(Line(subject, seen), kind, **told)


def learnt_part(page: str) -> str:
    return page.split('id="learnt"')[1].split("</section>")[0]


def test_the_page_tells_lessons_with_their_evidence_and_worth(make: Make, tell: Make) -> None:
    attempts = [make(0, 1.0)]
    for number in range(1, 9):
        is_better = number in (1, 2, 3, 8)
        told = {"recalled": ("L1",)} if number < 5 else {"withheld": ("L1",)}
        verdict = Verdict.BETTER if is_better else Verdict.WORSE
        attempts.append(make(number, 2.0 if is_better else 0.5, verdict=verdict, **told))
    lessons = (
        lesson("seconds", RUN, kind=Kind.FACT),
        lesson("grow", RUN, value=0.25),
        lesson("shrink", RUN, OTHER, status=Status.CANDIDATE),
    )
    page = to_html(tell(attempts, lessons=lessons))
    part = learnt_part(page)
    assert "30 predictions" in part and "24 came true" in part
    assert "is 0.100; always predicting the usual would have had 0.250" in part
    assert (
        "Of 4 attempts that were told of lessons, 75 %" in part
        and "of 4 that by lot were told of none, 25 %" in part
    )
    assert "Edits in <code>grow</code> help" in part and "88 %" in part and "+0.25" in part
    assert 'data-attempt="2">#2</a>' in part and 'against: </span><a href="#attempt-3"' in part
    assert part.index("shrink") < part.index("seconds"), "facts come last"
    assert "prefer, candidate</span>" in part and "5 of 10" in part
    assert 'href="#learnt"' in page
    assert f"| {lessons[1].id} Edits in " in to_markdown(tell(attempts, lessons=lessons))


def test_without_lessons_nothing_is_said(make: Make, tell: Make) -> None:
    facts = tell([make(0, 1.0), make(1, 2.0)])
    assert "What was learnt" not in to_html(facts) and "#learnt" not in to_html(facts)
    assert "Learnt" not in to_markdown(facts)


def test_a_hostile_statement_is_text(make: Make, tell: Make) -> None:
    facts = tell([make(0, 1.0)], lessons=(lesson("grow", RUN, statement=HOSTILE),))
    assert "<img" not in learnt_part(to_html(facts)) and "alert(1)" in learnt_part(to_html(facts))
    assert "<img" not in to_markdown(facts) and "](javascript" not in to_markdown(facts)


def test_what_the_run_has_not_seen_or_nobody_believes_is_left_out() -> None:
    mine, other = lesson("grow", RUN), lesson("grow", OTHER)
    retired = replace(mine, status=Status.RETIRED)
    quarantined = replace(mine, status=Status.QUARANTINED)
    assert lessons_of([retired, other, mine, quarantined], RUN) == [mine]


def test_the_last_line_of_a_run_tells_the_surest_one() -> None:
    lessons = [
        lesson("seconds", RUN, kind=Kind.FACT),
        lesson("shrink", RUN, status=Status.CANDIDATE, value=0.5),
        lesson("grow", RUN, OTHER),
    ]
    assert sentence(lessons) == "3 lessons, 2 of them new, 1 confirmed: Edits in `grow` help (88 % sure)"
    doubted = lesson("doubt", RUN, status=Status.CANDIDATE, value=0.5, confidence=0.25)
    assert sentence([doubted, lessons[1]]) == "2 lessons: Edits in `shrink` help (88 % sure)"
    assert sentence(lessons[:1]) == "1 lesson: Edits in `seconds` help (88 % sure)"
    long = lesson("grow", RUN, statement="word " * 100)
    assert len(sentence([long])) < 180
