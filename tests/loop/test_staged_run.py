"""Runs with a cheap stage before an expensive one: as good, at a fraction of the full evaluations."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

Demo = Callable[..., Any]

STAGED = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate:
  stages:
    - {name: quick, command: sh quick.sh $KAPSO_OUT/params.json}
    - {name: full, command: sh score.sh $KAPSO_OUT/params.json}
propose: [tune]
"""
QUICK = """\
awk -F'[:,}]' '{ d = ($2 - 3.1)^2 + ($4 - 19)^2 / 90; printf "{\\"score\\": %.12g}\\n", 5 - d }' "$1"
"""


@pytest.fixture
def staged(demo: Demo) -> Callable[..., Any]:
    def make(goal: str = "", base_goal: str = STAGED) -> Any:
        return demo(goal, extra={"quick.sh": QUICK}, base_goal=base_goal)

    return make


def outcomes(attempts: list[dict[str, Any]]) -> list[str]:
    return [str(each["outcome"]) for each in attempts[1:]]


def fulls(kapso: Any, run: str) -> int:
    """How many full evaluations the attempts took, told from their logs."""
    logs = (kapso.root / ".git/kapso/runs" / run / "attempts").glob("*/log.txt")
    texts = [log.read_text() for log in logs if log.parent.name != "0000"]
    return sum("$ sh score.sh" in text for text in texts)


@pytest.mark.slow
def test_a_cheap_stage_spares_full_evaluations_and_finds_the_same(staged: Any) -> None:
    kapso = staged("budget: {attempts: 40}\nsearch: {parallel: 1}\n")
    done = kapso("run", check=0)
    [run] = kapso.json("ls")
    attempts = kapso.json("ls", run["run"])
    cut = [each for each in attempts if each["outcome"] == "cut"]
    assert fulls(kapso, run["run"]) == 40 - len(cut) <= 26
    assert f"  {len(cut)} of 40 attempts were cut at `quick` (" in done.stdout
    assert " saved); it ordered " in done.stdout
    assert all(each["outcome"] in ("scored", "cut") for each in attempts)
    assert run["best_score"] > 9.7 and attempts[0]["metrics"]["quick.score"] < 5
    for each in cut:
        assert (each["score"], each["verdict"]) == (None, None)
        assert "quick.score" in each["metrics"] and "score" not in each["metrics"]
        assert each["reason"].startswith("stage `quick`: score ")
    check_told(kapso, run["run"], cut)


def check_told(kapso: Any, run: str, cut: list[dict[str, Any]]) -> None:
    """Wherever a person or a script looks, what was cut is shown as such; git has all of it."""
    number = str(cut[0]["attempt"])
    trailers = kapso.git("log", "-1", "--format=%(trailers)", cut[0]["branch"])
    assert "Kapso-Outcome: cut\n" in trailers and '"quick.score": ' in trailers
    assert "Kapso-Reason: stage `quick`: score" in trailers and "Kapso-Score" not in trailers
    [shown] = kapso.json("show", run, number)
    assert [each["name"] for each in shown["stages"]] == ["run (quick)", "quick"]
    assert "outcome   cut\n" in kapso("show", run, number).stdout
    assert [each["attempt"] for each in kapso.json("ls", run, "--outcome", "cut")] == [
        each["attempt"] for each in cut
    ]
    kapso("report", run, "-o", "report.html", check=0)
    page = (kapso.root / "report.html").read_text()
    assert f"{len(cut)} of 40 attempts were cut at <code>quick</code>" in page
    before = kapso("ls", run, "--json").stdout
    kapso("reindex", check=0)
    assert kapso("ls", run, "--json").stdout == before


@pytest.mark.slow
def test_pairs_leave_the_cheap_stages_alone(demo: Demo) -> None:
    """What has been let through is not cut by a repeat, nor is who it is compared with."""
    noisy = QUICK.replace("5 - d", '10 - d + ENVIRON["KAPSO_SEED"] / 2147483648')
    goal = "budget: {attempts: 5}\nrepeats: auto\nsearch: {parallel: 1}\n"
    kapso = demo(goal, extra={"quick.sh": QUICK, "score.sh": noisy}, base_goal=STAGED)
    kapso("run")
    [run] = kapso.json("ls")
    logs = sorted((kapso.root / ".git/kapso/runs" / run["run"] / "attempts").glob("*/log.txt"))[1:]
    made = [[line for line in log.read_text().splitlines() if line.startswith("$ ")] for log in logs]
    assert max(map(len, made)) > 4, "some attempt was compared in pairs"
    assert all(sum("quick" in line for line in lines) <= 1 for lines in made)


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_been(staged: Any) -> None:
    goal = "budget: {attempts: 12}\nsearch: {parallel: 1, seed: 3}\nmemory: {recall: false}\n"
    kapso = staged(goal, STAGED.replace("command: sh score.sh", "command: sleep 0.05; sh score.sh"))
    process = kapso.start("run")
    killed = kapso.wait_for(process, 6)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kapso("resume", killed, check=0)
    kapso.check_whole(killed, 12)
    kapso("run", check=0)
    [whole] = [each["run"] for each in kapso.json("ls") if each["run"] != killed]
    assert (once := story(kapso, whole)) == story(kapso, killed)
    assert "cut" in [outcome for _, outcome, *_ in once]


def story(kapso: Any, run: str) -> list[tuple[Any, ...]]:
    keys = ("attempt", "outcome", "title", "score", "reason", "parents")
    return [tuple(each[key] for key in keys) for each in kapso.json("ls", run)]


@pytest.mark.slow
def test_two_at_once(staged: Any) -> None:
    kapso = staged("budget: {attempts: 20}\nsearch: {parallel: 2}\n")
    kapso("run", check=0)
    [run] = kapso.json("ls")
    kapso.check_whole(run["run"], 20)
    assert {"cut", "scored"} == set(outcomes(kapso.json("ls", run["run"])))


@pytest.mark.slow
def test_what_the_user_tries_is_scored_in_full(staged: Any) -> None:
    kapso = staged("budget: {attempts: 6}\nsearch: {parallel: 1}\n")
    kapso("run")
    (kapso.root / "params.json").write_text('{"x": -50.0, "y": 5.0}\n')
    kapso.git("commit", "-qam", "far off")
    kapso("try", "HEAD")
    last = kapso.json("ls", "demo")[-1]
    assert (last["proposer"], last["outcome"]) == ("human", "scored")
    assert last["metrics"]["quick.score"] < last["metrics"]["score"] < -2000


@pytest.mark.slow
def test_the_check_up_tells_of_every_stage(staged: Any) -> None:
    kapso = staged(
        base_goal=STAGED.replace("params.json}\n    - {", "params.json, promote: score > 99}\n    - {")
    )
    said = [(each["what"], each["says"]) for each in kapso.json("doctor")]
    assert {"run (quick)", "quick", "run", "full"} <= {what for what, _ in said}
    warnings = [says for what, says in said if what == "stages"]
    assert any("would cut the unchanged program: `score > 99` does not hold" in says for says in warnings)
    done = kapso("run", "--attempts", "3")
    assert "warning: the stage `quick` would cut the unchanged program" in done.stderr
    assert outcomes(kapso.json("ls", "demo")) == ["cut"] * 3
