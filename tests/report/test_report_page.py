"""The page as text: one file, well formed, nothing from elsewhere, nothing hostile in it that is markup."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.attempt import Attempt, Verdict
from kapso.git.repository import DiffStat
from kapso.loop.confirm import Confirmation
from kapso.report import chart, page
from kapso.report.code import read_diff
from kapso.report.data import as_script, page_data
from kapso.report.facts import Facts
from kapso.report.tree import attempt_tree

Tell = Callable[..., Facts]
Make = Callable[..., Attempt]
VOID = {"meta", "link", "input", "br", "img"}

DIFF = r"""diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -1,4 +1,4 @@ def f(</script>):
 a = "<b>"
--- a/fake
-gone = 1
+++ b/fake
+new = 2
 z = '''
diff --git "a/\303\244.txt" "b/\303\244.txt"
new file mode 100644
--- /dev/null
+++ "b/\303\244.txt"
@@ -0,0 +1 @@
+plain
\ No newline at end of file
diff --git a/my b.bin b/my b.bin
Binary files a/my b.bin and b/my b.bin differ
"""


class Reader(HTMLParser):
    """Collects tags and attributes; every element must be closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_hostile_text_makes_no_element(tell: Tell, hostile_attempts: list[Attempt]) -> None:
    extent = DiffStat(1, 2, 2)
    facts = tell(hostile_attempts, start={"objective": hostile_attempts[1].title}, diff=DIFF, extent=extent)
    reader = read(page.to_html(facts))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("script") == 2 and "img" not in tags and "b" in tags
    attributes = {name for _, attributes in reader.tags for name in attributes}
    assert not [name for name in attributes if name.startswith("on")]
    assert "{{" not in page.to_html(tell(hostile_attempts[:1]))


def test_nothing_comes_from_elsewhere(tell: Tell, make: Make) -> None:
    text = page.to_html(tell([make(0, 1.0), make(1, 2.0)], diff=DIFF, extent=DiffStat(1, 1, 1)))
    reader = read(text)
    links = [a[n] or "" for _, a in reader.tags for n in ("src", "href", "action", "data") if n in a]
    assert links and all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert "@import" not in text and "url(" not in text


def test_every_link_within_the_page_leads_somewhere(tell: Tell, make: Make) -> None:
    reader = read(page.to_html(tell([make(0, 1.0), make(1, 2.0)])))
    names = {a["id"] for _, a in reader.tags if "id" in a}
    links = {(a["href"] or "")[1:] for tag, a in reader.tags if tag == "a"}
    assert {link for link in links if not link.startswith("attempt-")} <= names
    labels = {a["for"] for tag, a in reader.tags if tag == "label" and "for" in a}
    described = {a["aria-labelledby"] for _, a in reader.tags if "aria-labelledby" in a}
    assert labels | described <= names


@pytest.mark.parametrize(
    ("confirmed", "status", "badge"),
    [
        (Confirmation(True, "fresh pairs", 1, 3, 1.0, 0.9, 1.1), "finished", "confirmed"),
        (Confirmation(True, "fresh pairs", 7, 3, 1.0, 0.9, 1.1), "finished", "not confirmed"),
        (None, "interrupted", "not confirmed yet"),
    ],
)
def test_the_headline_says_how_far_it_goes(
    tell: Tell, make: Make, confirmed: Confirmation | None, status: str, badge: str
) -> None:
    facts = tell([make(0, 2.0), make(1, 3.0)], end={"status": status}, confirmation=confirmed)
    assert page.verdict(facts)[0] == badge
    assert page.change(facts) == "+50 %"
    text = page.to_html(facts)
    assert ("better by 1 in 3 fresh pairs (95 % interval 0.9 to 1.1)" in text.lower()) is (
        badge == "confirmed"
    )
    assert ("kapso resume demo-0001" in text) is (status == "interrupted")


@pytest.mark.parametrize(
    ("end", "badge"),
    [
        ({}, "no improvement"),
        ({"reason": "target"}, "target met"),
        ({"status": "interrupted"}, "no improvement yet"),
    ],
)
def test_no_improvement_is_said_as_such(tell: Tell, make: Make, end: dict[str, str], badge: str) -> None:
    facts = tell([make(0, 2.0), make(1, 1.0), make(2, 9.0)], end={"best": 0, **end}, demoted=frozenset({2}))
    assert page.verdict(facts)[0] == badge and page.change(facts) == ""
    assert "does not hold" not in page.to_html(facts) and "did not hold" in page.to_html(facts)


def test_levels_and_judges_are_named_for_what_they_are(tell: Tell, make: Make, tmp_path: object) -> None:
    attempts = [make(0, 1.0), make(1, 2.0, sandbox="limits")]
    text = page.to_html(tell(attempts))
    assert "nothing was walled off" in text and "Sandbox: bubblewrap" in text and "Sandbox: limits" in text
    assert "1 attempt.</b>" in text


def test_the_interval_stands_where_the_best_is(tell: Tell, make: Make) -> None:
    found = Confirmation(True, "fresh pairs", 1, 3, 1.0, 0.5, 1.5)
    attempts = [make(0, 2.0), make(1, 3.0)]
    drawn = chart.score_chart(tell(attempts, confirmation=found), ["tune", "baseline"])
    assert drawn is not None and drawn.interval is not None and drawn.baseline is not None
    top, bottom = drawn.interval
    assert 0 < top < drawn.y[1] < bottom < drawn.baseline < chart.PLOT


def test_an_outlier_does_not_flatten_the_chart(tell: Tell, make: Make) -> None:
    attempts = [make(0, 2.0), *(make(n, 2.0 + n / 10) for n in range(1, 9)), make(9, -1e12), make(10, -1e300)]
    drawn = chart.score_chart(tell(attempts), ["tune", "baseline"])
    assert drawn is not None and drawn.beyond == 2
    assert drawn.y[0] - drawn.y[8] > 400
    assert all(0 <= y <= chart.SIZE for y in drawn.y)


@pytest.mark.parametrize(
    "pair", [(1e308, -1e308), (5e-324, 0.0), (7.0, 7.0), (1.0, 1.0 + 2e-16), (-1e-300, 1e300)]
)
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_no_score_is_too_odd_to_be_drawn(
    tell: Tell, make: Make, pair: tuple[float, float], direction: str
) -> None:
    attempts = [make(0, pair[0]), make(1, pair[1]), make(2, pair[1], parents=(9, 1)), make(3, pair[0])]
    found = Confirmation(True, "fresh pairs", 1, 3, pair[0], pair[1], pair[0])
    text = page.to_html(tell(attempts, start={"direction": direction}, confirmation=found))
    assert not re.search(r'(?: d="[^"]*|(?:top|left):)(?:nan|inf)', text)


def test_a_night_between_two_sessions_takes_no_room(tell: Tell, make: Make) -> None:
    from datetime import timedelta

    late = [make(n, 1.0) for n in range(10, 20)]
    later = [replace(each, finished=each.finished + timedelta(hours=9)) for each in late]
    worked = chart.worked_s(tell([*(make(n, 1.0) for n in range(10)), *later]))
    assert worked == sorted(worked) and worked[-1] < 100


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 4e9), (2.3, 2.30001), (1e-12, 2e-12), (5, 5)])
def test_ticks_are_few_and_within(low: float, high: float) -> None:
    found = chart.ticks(low, high, 6)
    assert 1 <= len(found) <= 9
    assert all(low - abs(low) * 1e-6 <= each <= high + abs(high) * 1e-6 for each in found)


def test_a_program_s_lines_do_not_pass_for_git_s() -> None:
    (code, text, binary), is_cut = read_diff(DIFF)
    assert (code.path, code.added, code.removed) == ("x.py", 2, 2)
    assert [line.sign for line in code.hunks[0].lines] == [" ", "-", "-", "+", "+", " "]
    assert "&lt;b&gt;" in code.hunks[0].lines[0].html and "t-s" in code.hunks[0].lines[0].html
    assert (text.path, [line.text for line in text.hunks[0].lines]) == ("ä.txt", ["plain"])
    assert (binary.path, binary.notes) == ("my b.bin", ["Binary files a/my b.bin and b/my b.bin differ"])
    assert not is_cut


def test_directions_and_control_characters_are_shown() -> None:
    files, _ = read_diff("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+x\u202ey\x1b[0m\tz\n")
    assert files[0].hunks[0].lines[0].html == "x\\u202ey\\x1b[0m\tz"


@pytest.mark.slow
def test_a_program_that_lexers_choke_on_holds_nobody_up() -> None:
    bad = "".join(f"+{'a ' * 149}\n" for _ in range(26))
    hunks = "".join(f"@@ -0,0 +{1 + 26 * n},26 @@\n{bad}" for n in range(60))
    began = time.process_time()
    files, _ = read_diff(f"diff --git a/A.java b/A.java\n--- a/A.java\n+++ b/A.java\n{hunks}")
    assert time.process_time() - began < 8  # 90 s without a limit
    assert files[0].added == 60 * 26


LINES = st.sampled_from(
    [
        *DIFF.split("\n"),
        "",
        '+++ "b/\\',
        "@@ -9999999,3 +1 @@",
        "diff --git ",
        'diff --git "a/\\" "b/\\"',
        "\\",
    ]
)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINES, max_size=30))
def test_no_diff_is_too_odd_to_be_read(lines: list[str]) -> None:
    files, _ = read_diff("\n".join(lines))
    for file in files:
        for line in (line for hunk in file.hunks for line in hunk.lines):
            assert "<b>" not in line.html and "</script>" not in line.html


def test_a_long_diff_is_cut() -> None:
    body = "".join(f"+{n}\n" for n in range(5_000))
    files, is_cut = read_diff(f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1,5000 @@\n{body}")
    assert is_cut and len(files[0].hunks[0].lines) < 5_000


def test_the_line_to_the_best_keeps_to_the_left(tell: Tell, make: Make) -> None:
    attempts = [
        make(0, 1.0),
        make(1, 2.0),
        make(2, 1.5, parents=(0,)),
        make(3, 1.6, parents=(2,)),
        make(4, 3.0, parents=(1, 3), verdict=Verdict.BETTER),
        make(5, None, parents=(1,)),
    ]
    tree = attempt_tree(tell(attempts))
    lanes = {row.attempt.number: row.lane for row in tree.rows}
    assert lanes == {0: 0, 1: 0, 2: 1, 3: 1, 4: 0}
    assert [edge.is_second for edge in tree.edges].count(True) == 1
    leaves = {row.attempt.number: row.leaves for row in tree.rows}
    assert leaves[1] == (("failed", 1),) and tree.left_out == 0


def test_a_broad_tree_stays_narrow_and_short(tell: Tell, make: Make) -> None:
    attempts = [make(0, 1.0), *(make(n, 1.0 + n, parents=((n - 1) // 2,)) for n in range(1, 2_000))]
    tree = attempt_tree(tell(attempts))
    assert len(tree.rows) == 300 and tree.lanes <= 6 and tree.left_out == 701


@pytest.mark.parametrize(
    "text", ["<" * 3_000, "\U0001f600" * 3_000, "\u2028" * 3_000, "\\" * 3_000, "\udc80" * 9]
)
def test_texts_are_cut_by_what_they_weigh_in_the_page(tell: Tell, make: Make, text: str) -> None:
    noisy = {"hypothesis": text, "feedback": text, "title": text, "parameters": {text: text}}
    attempts = [make(0, 1.0), *(make(n, None, reason=text, **noisy) for n in range(1, 151))]
    data = page_data(tell(attempts), ["tune", "baseline"], None)
    assert len(data.encode()) < 2_900_000
    assert len(json.loads(data)["rows"]) == 151


def test_json_in_a_script_cannot_end_it() -> None:
    text = as_script({"a": "</script><!--\u2028&"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_a_busy_machine_leaves_no_code_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    diff = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-import os\n+import sys\n"
    clock = itertools.count(step=60)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    [file], _ = read_diff(diff)
    assert all("<" in line.html for hunk in file.hunks for line in hunk.lines if "import" in line.html)
