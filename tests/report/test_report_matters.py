"""What the report says of the parameters that matter."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from kapso.report.matters import sentence
from kapso.report.page import to_html

Make = Callable[..., Any]


def test_the_page_ranks_the_parameters_that_matter(make: Make, tell: Make) -> None:
    random = Random(0)
    values = [(random.random(), random.random()) for _ in range(30)]
    told = [
        make(number, 5 * a + 0.1 * b, parameters={"a.py:rate": a, "a.py:<b>": b})
        for number, (a, b) in enumerate(values, 1)
    ]
    page = to_html(tell([make(0, 1.0), *told]))
    part = page.split('id="matters"')[1].split("</section>")[0]
    assert "What matters" in part and "<code>a.py:rate</code>" in part and "<b>" not in part
    assert part.index("a.py:rate") < (part + "&lt;b&gt;").index("&lt;b&gt;")
    assert 'href="#matters"' in page


def test_without_parameters_there_is_no_such_section(make: Make, tell: Make) -> None:
    page = to_html(tell([make(0, 1.0), *(make(number, 2.0) for number in range(1, 20))]))
    assert "What matters" not in page and "#matters" not in page


def test_the_summary_names_the_first_few() -> None:
    shares = {"a.py:f.rate": 0.62, "b.py:rounds": 0.21, "c:x~ab12cd": 0.1, "d": 0.04, "e": 0.03}
    assert sentence(shares) == "rate 62 %, rounds 21 %, x 10 %, d 4 %"
