"""The summary for CI."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from kapso.attempt import Attempt
from kapso.errors import GoalError
from kapso.git.repository import DiffStat
from kapso.report.facts import Facts
from kapso.report.markdown import escaped, failure_note, to_markdown

Tell = Callable[..., Facts]
Make = Callable[..., Attempt]


def test_it_has_the_same_numbers(tell: Tell, make: Make) -> None:
    attempts = [make(0, 2.0), make(1, 3.0, cost=0.5), make(2, None, reason="exit code 3")]
    text = to_markdown(tell(attempts, holdout={1: {"metrics": {"score": 2.75}}}))
    assert "## Kapso: demo 2 → 3 (+50 %), not confirmed" in text
    assert "| Attempts | 2: 1 new bests, 1 not scored |" in text
    assert "| Sandbox | <code>bubblewrap</code> |" in text
    assert "| 1 | crashed | <code>exit code &#35;</code> | 2 |" in text
    assert "| Hold-out of the best | <code>score</code> 2.75 |" in text
    assert "WARNING" not in text


def test_a_weak_sandbox_is_said_first(tell: Tell, make: Make) -> None:
    text = to_markdown(tell([make(0, 1.0, sandbox="limits"), make(1, 2.0, sandbox="limits")]))
    assert text.index("> [!WARNING]") < text.index("nothing was walled off") < text.index("| Run |")


def test_hostile_text_is_no_markup(tell: Tell, hostile_attempts: list[Attempt]) -> None:
    text = to_markdown(tell(hostile_attempts))
    assert "<img" not in text and "](" not in text and "`|" not in text
    assert set(re.findall(r"</?([a-z]+)", text)) == {"code"}
    for row in (line for line in text.splitlines() if line.startswith("|")):
        assert len(row.split("|")) in (4, 6, 9)


def test_nothing_in_a_diff_closes_its_fence(tell: Tell, make: Make) -> None:
    diff = "diff --git a/a b/a\n@@ -1 +1 @@\n+```` </details>\n+\u202e\n"
    text = to_markdown(tell([make(0, 1.0), make(1, 2.0)], diff=diff, extent=DiffStat(1, 2, 0)))
    assert "<summary>What the best changed: 1 file, +2 −0 lines</summary>\n\n`````diff\n" in text
    assert text.count("`````") == 2 and "\u202e" not in text


def test_a_long_diff_is_cut_and_said(tell: Tell, make: Make) -> None:
    text = to_markdown(
        tell([make(0, 1.0), make(1, 2.0)], diff="+line\n" * 5_000, extent=DiffStat(1, 5_000, 0))
    )
    assert text.count("\n+line") == 400 and "kapso diff demo-0001" in text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("@octocat", "@"),
        ("fixes #1", " #"),
        ("www.x.org", "www."),
        ("http://x", "://"),
        (":tada:", ":"),
        ("$x$", "$"),
        ("a|b", "|"),
        ("<b>", "<"),
        ("[x](y)", "["),
        ("*a* _b_", "*"),
    ],
)
def test_what_github_would_act_on_is_written_out(text: str, mark: str) -> None:
    assert mark in text and mark not in escaped(text)
    assert unescape(escaped(text)) == text


def test_a_failure_is_told_with_its_remedy() -> None:
    error = GoalError("`edit: [*.c]` matches no file", where="goal.yaml:6", help="did you mean `*.cc`?")
    note = failure_note(error)
    assert note.startswith("\n## Kapso failed\n")
    assert "goal.yaml&#58;6" in note and "did you mean" in note
