"""The page in a real browser: no complaint, no request, nothing that runs but its own script, and fast."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.report.facts import Facts
from kapso.report.page import to_html

pytestmark = pytest.mark.slow

Tell = Callable[..., Facts]
Make = Callable[..., Attempt]
LARGE = 5_000
PATIENCE = 4
"""The machine that tests run on may be busy: how many times the 2 s of an idle one are granted."""


def save(folder: Path, facts: Facts) -> str:
    path = folder / "report.html"
    path.write_text(to_html(facts), encoding="utf-8")
    return path.as_uri()


def large_run(make: Make) -> list[Attempt]:
    """Long texts of every script, a tenth of failures, branches and combinations, a proposer of each kind."""
    chance = random.Random(0)
    attempts, best, top = [make(0, 100.0)], 0, 100.0
    for number in range(1, LARGE + 1):
        facts: dict[str, Any] = {
            "proposer": chance.choice(["tune", "mutate", "combine", "llm"]),
            "title": f"attempt {number}: ÄÖ→λ " + "x" * chance.randrange(70),
            "hypothesis": "Weil <b>das</b> schneller ist. " * 40,
            "feedback": "日本語 & mehr " * 100,
            "parents": (chance.choice([best, best, chance.randrange(number)]),),
            "parameters": {"alpha": chance.random(), "beta": number},
        }
        if chance.random() < 0.1:
            facts |= {"outcome": Outcome.CRASHED, "reason": f"exit code {number}: `x{number % 7}` </p>" * 5}
            attempts.append(make(number, None, **facts))
            continue
        score = top + chance.gauss(-3, 2.2)
        metrics = {"score": score, **{f"metric.{n}": chance.random() for n in range(20)}}
        verdict = Verdict.BETTER if score > top else Verdict.WORSE
        attempts.append(make(number, score, metrics=metrics, verdict=verdict, **facts))
        if score > top:
            best, top = number, score
    return attempts


def test_five_thousand_attempts_stay_small_and_open_fast(
    browser: Any, tell: Tell, make: Make, tmp_path: Path
) -> None:
    url = save(tmp_path, tell(large_run(make)))
    assert (tmp_path / "report.html").stat().st_size < 5_000_000
    took = min(browser.open(url) for _ in range(3))
    assert browser.complaints() == []
    assert took < 2 * PATIENCE
    assert browser.run("document.querySelectorAll('#table tbody tr').length") == 50
    assert browser.run("document.querySelector('#filters output').value") == f"{LARGE + 1} of {LARGE + 1}"


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_hostile_text_stays_text_and_the_page_fits(
    browser: Any, tell: Tell, hostile_attempts: list[Attempt], tmp_path: Path, width: int, dark: bool
) -> None:
    url = save(tmp_path, tell(hostile_attempts))
    browser.open(f"{url}#attempt-8", width=width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == [f"{url}"]
    assert browser.run("document.images.length") == 0
    assert browser.run("document.scripts.length") == 2
    assert "<img src=x onerror=alert(1)>" in browser.run("document.querySelector('.detail').textContent")
    assert browser.run("document.documentElement.scrollWidth") <= width
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 200) is dark


def test_what_slipped_through_unescaped_could_not_run(
    browser: Any, tell: Tell, make: Make, tmp_path: Path
) -> None:
    page = to_html(tell([make(0, 1.0)]))
    attack = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    path = tmp_path / "report.html"
    path.write_text(page.replace('<main id="main">', f'<main id="main">{attack}'), encoding="utf-8")
    browser.open(path.as_uri())
    assert "taken" not in browser.run("document.title")
    assert len(browser.complaints()) >= 2


def test_the_table_sorts_filters_and_opens(browser: Any, tell: Tell, make: Make, tmp_path: Path) -> None:
    attempts = [
        make(0, 5.0),
        make(1, 9.0),
        make(2, 7.0, parents=(1,), title="Needle"),
        make(3, None, reason="boom"),
    ]
    browser.open(save(tmp_path, tell([*attempts, replace(make(4, 6.0), proposer="mutate")])))
    numbers = "[...document.querySelectorAll('#table .open')].map(each => each.textContent).join()"
    header = "document.querySelector('#table th[data-sort=\"{}\"] button').click()"
    assert browser.run(numbers) == "0,1,2,3,4"
    browser.run(header.format(5))
    assert browser.run(numbers) == "1,2,4,0,3"
    browser.run(header.format(5))
    assert browser.run(numbers) == "0,4,2,1,3"
    assert browser.run("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "ascending"

    def search(text: str) -> str:
        field = "document.querySelector('#filters [name=text]')"
        browser.run(f"{field}.value = '{text}'; {field}.dispatchEvent(new Event('input', {{bubbles: true}}))")
        found: str = browser.run(numbers)
        return found

    assert (search("needle"), search("boom"), search("from:1"), search("nothing")) == ("2", "3", "2", "")
    browser.run("document.querySelector('.tree [data-from=\"0\"]').click()")
    assert browser.run(numbers) == "4,1,3"
    browser.run("document.querySelector('#table .open').click()")
    assert "mutate, evaluated in 0.50s" in browser.run("document.querySelector('.detail').textContent")
    assert browser.complaints() == []


def test_pointing_at_the_chart_names_the_attempt(
    browser: Any, tell: Tell, make: Make, tmp_path: Path
) -> None:
    browser.open(save(tmp_path, tell([make(0, 1.0), make(1, 2.0), make(2, 3.0, title="the last one")])))
    box = browser.run(
        "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.canvas').getBoundingClientRect())"
    )
    x, y = box[0] + 0.976 * box[2], box[1] + 0.06 * box[3]
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert "the last one" in browser.run("document.querySelector('.tip').textContent")
    browser.run("document.querySelector('#view-time').click()")
    assert browser.run("getComputedStyle(document.querySelector('.view-attempts')).display") == "none"
    assert browser.run("getComputedStyle(document.querySelector('.view-time')).display") == "block"
