"""A best taken apart in a real run: what is kept, what is told about it, and what a kill cannot lose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

Demo = Callable[..., Any]
GOAL = """\
name: parts
objective: Bring a, d and f to 2.
edit: [parts.ini]
run: cp parts.ini $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/parts.ini
propose: [ablate]
search: {parallel: 1}
"""
PARTS = "".join(f"{name} = 1\n" for name in "abcdefgh")
SCORE = """\
awk '/^[adf] = 2/ { s += 3 } /^b = 3/ { exit 1 } END { printf "{\\"score\\": %d}\\n", s }' "$1"
"""


def with_best(kapso: Any) -> Any:
    """A run that knows a best in which three of six changed lines earn."""
    assert "no proposer has anything left" in kapso("run", check=3).stdout
    kapso.edit(
        PARTS, PARTS.replace("1", "2").replace("c = 2", "c = 1").replace("g = 2", "g = 1"), "parts.ini"
    )
    kapso("try", "parts", "HEAD", check=0)
    kapso.git("reset", "-q", "--hard", "HEAD~1")
    return kapso


@pytest.fixture
def parts(demo: Demo) -> Any:
    return with_best(demo(base_goal=GOAL, extra={"parts.ini": PARTS, "score.sh": SCORE}))


@pytest.mark.slow
def test_the_smallest_diff_that_keeps_the_score_is_found_told_and_applied(parts: Any) -> None:
    kapso = parts
    done = kapso("resume", "parts", check=0)
    run = kapso.json("ls")[0]["run"]
    attempts = kapso.json("ls", "parts")
    assert {each["proposer"] for each in attempts[2:]} == {"ablate"} and len(attempts) < 14
    assert all(each["parents"] == [1] for each in attempts[2:])
    best = kapso.json("best", "parts")[0]
    less = best["smallest"]
    assert (best["attempt"], less["lines"], less["of_lines"], less["score"]) == (1, 6, 12, 9)
    assert f"attempt {less['attempt']} keeps that score with 6 of 12 changed lines" in done.stdout
    assert "apply" in done.stdout and "--smallest" in done.stdout

    offered = kapso("apply", "parts", "--patch", check=0)
    assert f"attempt {less['attempt']} keeps the score with 6 of 12 changed lines" in offered.stderr
    assert offered.stdout.count("\n+") == 6 + 1
    branch = kapso("apply", "parts", "--smallest", check=0).stdout.strip()
    assert branch == f"kapso-apply/{run}-{less['attempt']:04d}"
    assert kapso.git("show", f"{branch}:parts.ini") == "".join(
        f"{name} = {2 if name in 'adf' else 1}\n" for name in "abcdefgh"
    )
    story = kapso.json("show", "parts", "best")[0]
    gains = {edit["hunk"]: edit for part in story["parts"] for edit in part["edits"] or [part]}
    assert sorted(edit["gain"] for edit in gains.values()) == [0, 0, 0, 3, 3, 3]
    assert story["smallest"]["attempt"] == less["attempt"]
    page = kapso("report", "parts", "-o", "-").stdout
    assert "this hunk: <b>+" in page and "keeps the score with 6 of 12 changed lines" in page


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_found_out(parts: Any) -> None:
    kapso = parts
    kapso("resume", "parts", check=0)
    expected = [each["title"] for each in kapso.json("ls", "parts")]
    with_best(kapso)
    run = kapso.json("ls")[0]["run"]
    journal = kapso.root / ".git/kapso/runs" / run / "events.jsonl"
    process = kapso.start("resume", run)
    deadline = time.monotonic() + 60
    while journal.read_text().count('"attempt.evaluated"') < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(kapso.json("ls", run)) < len(expected)
    kapso("resume", run, check=0)
    assert [each["title"] for each in kapso.json("ls", run)] == expected
    kapso.check_whole(run, len(expected) - 1)


@pytest.mark.slow
def test_beside_others_it_takes_the_last_stretch(demo: Demo) -> None:
    kapso = demo(goal="search: {parallel: 1}\n".replace("tune", "tune, ablate"))
    kapso("run", "--propose", "tune,combine,ablate", "--attempts", "30", check=0)
    proposers = [each["proposer"] for each in kapso.json("ls", "demo")[1:]]
    assert len(proposers) == 30 and "ablate" not in proposers[:26]
    assert 1 <= proposers.count("ablate") <= 4, proposers
