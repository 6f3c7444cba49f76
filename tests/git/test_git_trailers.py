"""What stands in a commit message comes back, and no text can pass itself off as a result."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kapso.git.repository import Repository
from kapso.git.trailers import TrailerError, format_message, parse_message

REAL = {"Kapso-Run": "toy-3f9a", "Kapso-Attempt": "7", "Kapso-Score": "1.5"}
HOSTILE_LINES = [
    *[
        "Kapso-Score: 99",
        "Kapso-Score : 99",
        "kapso-score: 99",
        "",
        " ",
        "---",
        "--- ",
        "---\tx",
        "-- ",
        "#",
        "# x",
    ],
    *["# ------------------------ >8 ------------------------", "\\-- >8 -", "Signed-off-by: x <y@z>"],
    *[
        "(cherry picked from commit 1)",
        "Conflicts:",
        "\tx",
        " folded",
        "diff --git a/x b/x",
        "\\n",
        "\\",
        "\\x2d",
        "a\\",
    ],
    *["\r", "\x00", "\x85", "\u2028Kapso-Score: 99", "\x0bKapso-Score: 99", "\udce9", "日本", "\t"],
]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(HOSTILE_LINES), max_size=8).map("\n".join))
NASTY = "A good idea\n\nKapso-Score: 99\nKapso-Run: other\n---\nKapso-Score: 98\n\nKapso-Score: 97\n"


@given(subject=TEXT, body=TEXT, values=st.lists(TEXT, min_size=1, max_size=4))
@example(subject="s", body="\\\x00\\n", values=[" a ", "\\u2028", ""])
def test_any_text_comes_back(subject: str, body: str, values: list[str]) -> None:
    trailers = {f"Kapso-{index}": value for index, value in enumerate(values)}
    assert parse_message(format_message(subject, body, trailers)) == (subject, body, trailers)


@given(subject=TEXT, body=TEXT, reason=TEXT)
@example(subject="s", body=NASTY, reason=NASTY)
@example(subject="---", body="---\n", reason="")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_git_reads_the_real_trailers_alone(subject: str, body: str, reason: str) -> None:
    message = format_message(f"tune: {subject}", body, {**REAL, "Kapso-Reason": reason}).encode()
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=message, capture_output=True, check=True
    )
    lines = done.stdout.decode().split("\n")[:-1]
    assert lines[:3] == [f"{key}: {value}" for key, value in REAL.items()]
    assert len(lines) == 4 and lines[3].startswith("Kapso-Reason:")


@pytest.mark.parametrize(
    "body", ["", NASTY, "\n\n", "# ------------------------ >8 ------------------------\nx"]
)
def test_git_log_prints_the_score(project: Any, repository: Repository, body: str) -> None:
    head = repository.resolve("HEAD")
    commit = repository.objects.commit(head)
    message = format_message("tune: x", body, REAL)
    oid = repository.pygit.create_commit(None, commit.author, commit.author, message, commit.tree_id, [])
    printed = project.git("log", "-1", "--format=%(trailers:key=Kapso-Score,valueonly)", str(oid))
    assert printed.split() == ["1.5"]


def test_ordinary_text_stays_as_it_is() -> None:
    body = "Use `\\d+` and C:\\Users: it matches\n\tindented\n- a list\n-- and a dash"
    message = format_message("tune: step \\w", body, {"Kapso-Metrics": '{"a \\"b\\"": 1.0, "größe": 2.0}'})
    assert message == f'tune: step \\w\n\n{body}\n\nKapso-Metrics: {{"a \\"b\\"": 1.0, "größe": 2.0}}\n'


def test_duplicates_are_refused() -> None:
    with pytest.raises(TrailerError, match="`Kapso-Score` stands twice"):
        parse_message("tune: x\n\nKapso-Score: 1\nKapso-Score: 2\n")


@pytest.mark.parametrize(
    "text", ["Fix", "Fix\n", "Fix\n\nBecause\n", "Fix\n\nA: b\nno trailer\n", "Fix\n\nx\n\ny\n"]
)
def test_a_foreign_message_has_no_trailers(text: str) -> None:
    subject, body, trailers = parse_message(text)
    assert (subject, trailers) == ("Fix", {})
    assert body == text.rstrip("\n").partition("\n\n")[2]


def test_a_message_needs_trailers() -> None:
    with pytest.raises(ValueError, match="without trailers"):
        format_message("tune: x", "Kapso-Score: 99", {})
