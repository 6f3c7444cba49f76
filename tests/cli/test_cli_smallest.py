"""The smallest diff that keeps the score, and what each hunk earns: told wherever the best is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from kapso.attempt import Verdict

Kapso = Callable[..., Any]
GOAL = "objective: Pack circles\nedit: ['*.py']\nevaluate: 'true'\n"
BEST = b"SIZE = 2\n\nRADIUS = 2\n"
OFFER = "kapso: attempt 2 keeps the score with 2 of 4 changed lines: `kapso apply packing-3f9a --smallest`\n"


@pytest.fixture
def dissected(start: Callable[..., Any]) -> Any:
    """The best adds a size, which is idle, and doubles the radius, which earns; 2 leaves out the size."""
    run = start("packing-3f9a", text=GOAL, file="goal.yaml")
    run.land({}, 2.0, proposer="baseline", title="baseline")
    run.land({"pack.py": BEST}, 2.5, verdict=Verdict.BETTER, title="radius and size")
    more = {"proposer": "ablate", "parents": (1,)}
    run.land(
        {"pack.py": b"RADIUS = 2\n"}, 2.5, verdict=Verdict.SAME, title="attempt 1 without a size", **more
    )
    run.land({"pack.py": b"SIZE = 2\n\nRADIUS = 1\n"}, 2.0, verdict=Verdict.WORSE, title="no radius", **more)
    run.finish(best=1)
    return run


def test_apply_offers_it_and_brings_it_home(kapso: Kapso, dissected: Any) -> None:
    done = kapso("apply")
    assert (done.code, done.out, done.err) == (0, "kapso-apply/packing-3f9a-0001\n", OFFER)
    assert kapso("apply", "1", "--patch").err == ""
    done = kapso("apply", "--smallest")
    assert (done.code, done.out, done.err) == (0, "kapso-apply/packing-3f9a-0002\n", "")
    made = subprocess.run(["git", "show", f"{done.out.strip()}:pack.py"], capture_output=True, check=True)
    assert made.stdout == b"RADIUS = 2\n"
    refused = kapso("apply", "3", "--smallest")
    assert refused.code == 2 and "leave out ATTEMPT" in refused.err


def test_best_show_and_report_tell_of_it(kapso: Kapso, dissected: Any) -> None:
    assert "less    attempt 2 keeps the score with 2 of 4 changed lines" in kapso("best").out
    told = json.loads(kapso("best", "--json").out)
    assert (told["attempt"], told["smallest"]["attempt"]) == (1, 2)
    shown = kapso("show").out
    assert "what each hunk of its diff against the base earns" in shown
    parts = json.loads(kapso("show", "--json").out)["parts"]
    edits = [edit for part in parts for edit in part["edits"] or [part]]
    assert sorted((edit["effect"], edit["gain"]) for edit in edits) == [("earns", 0.5), ("no effect", 0.0)]
    page = kapso("report", "-o", "-").out
    assert "this hunk: <b>+0.5</b>" in page and "keeps the score with 2 of 4 changed lines" in page
    kapso("reindex")
    assert json.loads(kapso("best", "--json").out)["smallest"]["attempt"] == 2


def test_what_did_not_hold_is_not_offered(kapso: Kapso, dissected: Any) -> None:
    dissected.record(2, demoted=True)
    assert kapso("apply").err == ""
    assert json.loads(kapso("best", "--json").out)["smallest"] is None
    assert "nothing smaller is known to keep the score of attempt 1" in kapso("apply", "--smallest").err


def test_a_run_without_any_of_it_says_nothing(kapso: Kapso, packing: Any) -> None:
    told = json.loads(kapso("show", "--json").out)
    assert (told["parts"], told["smallest"]) == ([], None)
    assert "earns" not in kapso("show").out and json.loads(kapso("best", "--json").out)["smallest"] is None
