"""`kapso run --from RUN`: the best of an earlier run is scored again, as the first attempt of a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Demo = Callable[..., Any]


@pytest.fixture
def earlier(demo: Demo) -> Any:
    """The demo after a run that found something."""
    kapso = demo("budget: {attempts: 4}\n")
    kapso("run", check=0)
    kapso.run = kapso.json("ls")[0]["run"]
    kapso.best = kapso.json("best", kapso.run)[0]
    return kapso


@pytest.mark.slow
def test_base_and_best_are_scored_again_where_the_evaluation_has_changed(earlier: Any) -> None:
    earlier.edit("10 - d", "20 - d", "score.sh")
    earlier.edit("edit: ", "repeats: 2\nedit: ")
    refused = earlier("resume", "--attempts", "9", check=2)
    assert f"--from {earlier.run}" in refused.stderr
    done = earlier("run", "--attempts", "1", "--from", "demo", check=0)
    assert (
        f"from {earlier.run}: attempt {earlier.best['attempt']} is scored again as attempt 1" in done.stderr
    )
    baseline, first, own = earlier.json("ls", earlier.json("ls")[0]["run"])
    assert baseline["score"] == 13.75 and first["score"] == pytest.approx(earlier.best["score"] + 10)
    assert (first["proposer"], first["parents"], first["verdict"]) == ("human", [0], "better")
    assert first["title"] == f"best of {earlier.run}: {earlier.best['title']}"
    assert f"Attempt {earlier.best['attempt']} of {earlier.run}" in first["hypothesis"]
    assert own["proposer"] == "tune", "the budget is of what the run launches by itself"
    parents = earlier.git("log", "-1", "--format=%P", first["commit"]).split()
    assert parents == [baseline["commit"], earlier.best["commit"]], "what came before stays in history"
    assert earlier.json("ls", earlier.run)[-1]["attempt"] == 4, "the earlier run is as it was"
    earlier.check_whole(first["run"], 2)


@pytest.mark.slow
def test_a_base_that_moved_is_merged_or_refused(earlier: Any) -> None:
    earlier.git("switch", "-qc", "apart")
    (earlier.root / "params.json").write_text('{"x": 1.0, "y": 5.0}\n\n')
    earlier.git("commit", "-qam", "a line more")
    done = earlier("run", "--attempts", "1", "--from", earlier.run)
    assert "merged onto the new base" in done.stderr
    first = earlier.json("ls", earlier.json("ls")[0]["run"])[1]
    there = earlier.git("show", f"{earlier.best['commit']}:params.json")
    assert earlier.git("show", f"{first['commit']}:params.json") == there + "\n"
    runs = len(earlier.json("ls"))
    (earlier.root / "params.json").write_text('{"x": -7.0, "y": -8.0}\n')
    earlier.git("commit", "-qam", "other values")
    refused = earlier("run", "--from", earlier.run, check=2)
    assert "both changed `params.json`" in refused.stderr and "kapso apply" in refused.stderr
    assert len(earlier.json("ls")) == runs


@pytest.mark.slow
def test_nothing_to_start_from(earlier: Any) -> None:
    earlier.git("merge", "-q", earlier("apply", earlier.run, check=0).stdout.strip())
    done = earlier("run", "--attempts", "1", "--from", earlier.run)
    assert "has the files of attempt" in done.stderr
    run = earlier.json("ls")[0]["run"]
    assert [each["proposer"] for each in earlier.json("ls", run)] == ["baseline", "tune"]
    earlier("run", "--attempts", "1", "--from", "nope", check=2)


@pytest.mark.slow
def test_killed_before_it_was_taken_up_it_is_asked_for_again(earlier: Any) -> None:
    earlier.edit("run: cp", "run: sleep 0.5; cp")
    process = earlier.start("run", "--attempts", "2", "--from", earlier.run)
    while len(earlier.json("ls")) < 2:
        assert process.poll() is None
    process.kill()
    process.communicate()
    run = earlier.json("ls")[0]["run"]
    earlier("resume", run)
    assert earlier.json("ls", run)[1]["title"].startswith(f"best of {earlier.run}")
    earlier.check_whole(run, 3)
