"""The front in the report: drawn for two metrics, listed for more, told of in Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt
from kapso.goal import Command, Goal, Metric, Search
from kapso.report import page
from kapso.report.facts import Facts
from kapso.report.front_chart import front_plane
from kapso.report.markdown import to_markdown

Tell = Callable[..., Facts]
Make = Callable[..., Attempt]
METRICS = (Metric("score"), Metric("size", "minimize"), Metric("<b>heat", "minimize"))


@pytest.fixture
def traded(tell: Tell, make: Make) -> Callable[..., Facts]:
    """`traded(2)`: a run after so many metrics, of which attempts 1, 3 and 4 are the front."""

    def tell_it(metrics: int, policy: str = "pareto") -> Facts:
        goal = Goal(
            "demo", "x", Path(), Path("goal.yaml"), ("a",), Command("true"),
            metrics=METRICS[:metrics], search=Search(policy=policy),
        )  # fmt: skip
        values = [
            (1.0, 100.0),
            (5.0, 300.0),
            (4.0, 310.0),
            (3.0, 200.0),
            (0.5, 50.0),
            (9.0, 10.0),
            (-1e6, 1e9),
        ]
        attempts = [
            make(n, score, metrics={"score": score, "size": size, "<b>heat": size})
            for n, (score, size) in enumerate(values)
        ]
        return tell([*attempts, make(7)], demoted=frozenset({5}), goal=goal)

    return tell_it


def test_the_front_of_two_metrics_is_drawn_as_rings_on_steps(traded: Callable[..., Facts]) -> None:
    facts = traded(2)
    assert [each.number for each in facts.front] == [1, 3, 0, 4]
    plane = front_plane(facts)
    assert plane is not None
    assert [mark.number for mark in plane.front] == [1, 3, 0, 4]
    assert [mark.x for mark in plane.front] == sorted((mark.x for mark in plane.front), reverse=True)
    assert [mark.y for mark in plane.front] == sorted(mark.y for mark in plane.front), "upwards is better"
    (x1, y1), (x3, y3) = [(mark.x, mark.y) for mark in plane.front[:2]]
    assert plane.steps.startswith(f"M{x1} {y1}V{y3}H{x3}"), "the corner is worse in both"
    assert plane.best == plane.front[0] and plane.baseline == plane.front[2]
    assert plane.others.count("M") == 3 and plane.beyond == 2
    assert (plane.x.better, plane.y.better) == ("left", "up")
    text = page.to_html(facts)
    assert 'id="front"' in text and text.count('<path class="ring" d="M') >= 4
    assert "#1</span>" in text and "baseline</span>" in text


def test_the_front_of_three_metrics_is_a_table(traded: Callable[..., Facts]) -> None:
    facts = traded(3)
    text = page.to_html(facts)
    assert front_plane(facts) is None and "front-plot" not in text
    assert re.search(r'data-attempt="3">3</a></td><td class="n">3</td><td class="n">200</td>', text)
    assert "&lt;b&gt;heat (min)" in text


@pytest.mark.parametrize(("metrics", "policy"), [(1, "pareto"), (2, "tree")])
def test_other_runs_have_no_such_section(traded: Callable[..., Facts], metrics: int, policy: str) -> None:
    facts = traded(metrics, policy)
    assert facts.front == ()
    assert 'href="#front"' not in page.to_html(facts) and "front" not in to_markdown(facts)


def test_markdown_lists_it(traded: Callable[..., Facts]) -> None:
    text = to_markdown(traded(2))
    assert "| On the front | <code>score</code>, maximize | <code>size</code>, minimize | |" in text
    assert "\n| 1 (best) | 5 | 300 | <code>try 1</code> |\n| 3 | 3 | 200 |" in text


def test_a_long_front_is_labelled_here_and_there(traded: Callable[..., Facts], make: Make, tell: Any) -> None:
    goal = traded(2).goal
    attempts = [
        make(n, float(n), metrics={"score": float(n), "size": float(n), "<b>heat": 0.0}) for n in range(101)
    ]
    plane = front_plane(tell(attempts, goal=goal))
    assert plane is not None and len(plane.front) == 101
    labelled = [mark for mark in plane.front if mark.is_labelled]
    assert 10 <= len(labelled) <= 20
    assert plane.best is not None and plane.best.number in {mark.number for mark in labelled}
    for at, mark in enumerate(labelled):
        assert not any(mark.hides(other) for other in labelled[:at])
    equal = front_plane(tell([replace(attempts[0], metrics={"score": 0.0, "size": 0.0})], goal=goal))
    assert equal is not None and [mark.number for mark in equal.front] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 390])
def test_the_chart_fits_the_page(
    traded: Callable[..., Facts], browser: Any, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.to_html(traded(2)))
    browser.open(f"file://{file}", width=width)
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.querySelectorAll('#front .labels .at').length") == 4
    assert browser.run("document.querySelector('#front svg').getBoundingClientRect().height") > 200
