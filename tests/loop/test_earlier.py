"""A run of a goal begins with what earlier runs found; a seed and the same memory give the same run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kapso.report.matters import sentence

Demo = Callable[..., Any]


def ran(kapso: Any, *arguments: str) -> tuple[str, Any]:
    """A run's id and what it said."""
    done = kapso("run", *arguments)
    return kapso.json("ls")[0]["run"], done


@pytest.mark.slow
def test_a_run_begins_where_an_earlier_one_ended_unless_nothing_is_recalled(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 14}\nsearch: {parallel: 1}\n")
    first, done = ran(kapso)
    best = kapso.json("best", first)[0]
    assert "earlier runs" not in done.stderr
    end = json.loads(kapso.git("show", f"refs/kapso/{first}/records:run.json"))
    assert set(end["importance"]) <= {"params.json:x", "params.json:y"} and end["importance"]
    ranked = dict(sorted(end["importance"].items(), key=lambda pair: -pair[1]))
    assert f"  matters {sentence(ranked)}" in done.stdout

    second, done = ran(kapso, "--attempts", "1")
    assert f"earlier runs found: {first};" in done.stderr
    told = kapso.json("ls", second)[1]
    assert told["score"] == best["score"]
    assert told["hypothesis"] == f"recall: good in {first}, attempt {best['attempt']}"
    assert kapso("resume", second, "--attempts", "3").returncode == 0
    kept = kapso.git("show", f"refs/kapso/{second}/goal:earlier.json")
    assert [run["run"] for run in json.loads(kept)] == [first]
    resumed = kapso.json("ls", second)[2]
    assert resumed["hypothesis"].startswith(f"recall: good in {first}"), "a resumed run remembers too"

    (kapso.root / "goal.yaml").write_text(
        (kapso.root / "goal.yaml").read_text() + "memory: {recall: false}\n"
    )
    third, done = ran(kapso, "--attempts", "2")
    assert "earlier runs" not in done.stderr
    before, after = (kapso.json("ls", each)[1:3] for each in (first, third))
    assert [each["title"] for each in before] == [each["title"] for each in after]
    assert "earlier.json" not in kapso.git("ls-tree", "--name-only", f"refs/kapso/{third}/goal")


@pytest.mark.slow
def test_a_goal_that_tunes_the_same_begins_with_what_another_one_found(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 14}\nsearch: {parallel: 1}\n")
    first, _ = ran(kapso)
    best = kapso.json("best", first)[0]
    kapso.edit("name: demo", "name: sibling")
    kapso.edit("propose: ", "repeats: 2\npropose: ")
    second, done = ran(kapso, "--attempts", "4")
    assert f"earlier runs found: {first};" in done.stderr
    [kept] = json.loads(kapso.git("show", f"refs/kapso/{second}/goal:earlier.json"))
    assert not kept["is_comparable"]
    told = kapso.json("ls", second)
    assert told[1]["hypothesis"] == f"recall: good in {first}, attempt {best['attempt']}"
