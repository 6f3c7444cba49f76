"""`approve: true`: nothing runs that no human said yes to, whatever becomes of the run meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kapso.loop.approval import Approvals
from tests.loop.conftest import GOAL
from tests.loop.test_try import commit
from tests.loop.test_written import reply
from tests.scripted.server import ScriptedServer

Demo = Callable[..., Any]
APPROVE = "approve: true\nsearch: {parallel: 2}\n"
PATIENCE_S = 60.0


@contextmanager
def live(kapso: Any, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on beside the test, and not beyond it."""
    process = kapso.start(*arguments)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(holds: Callable[[], Any], process: subprocess.Popen[str] | None = None) -> Any:
    """What `holds` returns as soon as that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about in time"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.02)
    return found


def events(kapso: Any, *kinds: str) -> list[dict[str, Any]]:
    """The events of these kinds in the only run's journal."""
    [journal] = list((kapso.root / ".git/kapso/runs").glob("*/events.jsonl")) or [None]
    lines = journal.read_text().splitlines() if journal else []
    return [event for line in lines if (event := json.loads(line))["event"] in kinds]


def waiting(kapso: Any) -> list[int]:
    """What the command line lists."""
    return [each["attempt"] for each in kapso.json("approve")]


def told(kapso: Any, kind: str) -> Callable[[int], bool]:
    """Whether the journal tells that of an attempt."""
    return lambda number: number in [each["attempt"] for each in events(kapso, f"attempt.{kind}")]


def count(kapso: Any, kind: str, least: int) -> Callable[[], bool]:
    return lambda: len(events(kapso, f"attempt.{kind}")) >= least


def end(process: subprocess.Popen[str], timeout: float = 60) -> tuple[int, str]:
    """Its exit code, and all that it said."""
    printed, said = process.communicate(timeout=timeout)
    return process.returncode, said + printed


def was_run(kapso: Any, run: str, number: int) -> bool:
    return bool((kapso.root / f".git/kapso/runs/{run}/attempts/{number:04d}/log.txt").exists())


def test_a_human_decides_while_the_run_goes_on(demo: Demo) -> None:
    kapso = demo(APPROVE + "budget: {attempts: 6}\n")
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 4), process)
        assert waiting(kapso) == [1, 2, 3, 4]
        assert not kapso.announced(kapso.json("ls")[0]["run"])[1:]

        said = kapso("reject", "2", "--reason", "y stays\n as it is", check=0)
        assert "rejected attempt 2 of demo-" in said.stdout and said.stderr == ""
        [decided] = kapso.json("approve", "1", "3")[:1]
        assert (decided["decision"], decided["reason"]) == ("approved", None)
        until(lambda: all(map(told(kapso, "evaluated"), [1, 2, 3])), process)
        until(count(kapso, "waiting", 6), process)  # the others went on meanwhile, the budget counts the no
        assert waiting(kapso) == [4, 5, 6]
        kapso("approve", "--all", check=0)
        code, said = end(process)
    assert code in (0, 3) and "approve: true, so each attempt waits for you" in said
    assert "kapso: attempt 4 waits for approval: " in said
    assert "kapso: attempt 2 is rejected: y stays as it is" in said
    [run] = kapso.json("ls")
    assert (run["status"], run["attempts"]) == ("finished", 6)
    rows = kapso.json("ls", run["run"])
    assert [row["outcome"] for row in rows] == ["scored", "scored", "rejected", *["scored"] * 4]
    rejected = rows[2]
    assert (rejected["reason"], rejected["score"], rejected["verdict"]) == ("y stays as it is", None, None)
    assert "Kapso-Outcome: rejected" in kapso.git("log", "-1", "--format=%B", rejected["branch"])
    assert not was_run(kapso, run["run"], 2) and was_run(kapso, run["run"], 4)
    trees = [kapso.git("rev-parse", f"{row['commit']}^{{tree}}") for row in rows]
    assert len(set(trees)) == len(trees)
    kapso.check_whole(run["run"], 6)
    assert not list((kapso.root / f".git/kapso/runs/{run['run']}/approvals").iterdir())

    assert events(kapso, "run.finished")[0]["waiting"] == []
    [rejection] = events(kapso, "attempt.rejected")
    assert (rejection["attempt"], rejection["reason"]) == (2, "y stays as it is")
    kapso("reindex", check=0)
    assert kapso.json("ls", run["run"]) == rows


@pytest.mark.slow
def test_what_waits_survives_a_kill_and_a_decision_that_nobody_heard(demo: Demo) -> None:
    kapso = demo(APPROVE + "budget: {attempts: 5}\n")
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 4), process)
        process.kill()
        process.wait()
    run = kapso.json("ls")[0]["run"]
    before = kapso.json("approve")
    assert [each["attempt"] for each in before] == [1, 2, 3, 4]
    said = kapso("approve", run, "2", check=0)
    assert f"nobody works on the run; `kapso resume {run}`" in said.stderr
    kapso("reject", run, "3", check=0)

    with live(kapso, "resume", run) as process:
        until(lambda: all(map(told(kapso, "evaluated"), [2, 3])), process)
        until(lambda: told(kapso, "waiting")(5), process)
        found = kapso.json("approve")
        assert [each["attempt"] for each in found] == [1, 4, 5]
        assert found[0] == before[0]  # the same candidate, which waits since the same moment
        rows = {row["attempt"]: row for row in kapso.json("ls", run)}
        assert rows[2]["outcome"] == "scored"
        assert (rows[3]["outcome"], rows[3]["reason"]) == ("rejected", "a human said no")
        assert not was_run(kapso, run, 1) and not was_run(kapso, run, 3)

        kapso("stop", run, check=0)
        code, said = end(process)
    assert code in (0, 3)
    assert "3 attempts still wait for approval" in said and f" approve {run} " in said
    [finished] = events(kapso, "run.finished")
    assert (finished["reason"], finished["waiting"]) == ("stopped", [1, 4, 5])
    assert len(kapso.git("for-each-ref", f"refs/kapso/{run}/pending").splitlines()) == 3

    own = commit(kapso, 3.0, 19.0)
    [attempt] = kapso.json("try", run, own)  # one's own needs nobody's yes
    assert (attempt["attempt"], attempt["outcome"]) == (6, "scored") and waiting(kapso) == [1, 4, 5]
    kapso("reject", "--all", check=0)
    kapso("resume", run)
    assert [row["outcome"] for row in kapso.json("ls", run)].count("rejected") == 4
    kapso.check_whole(run, 6)


@pytest.mark.slow
def test_an_attempt_that_waits_can_be_read_and_mistakes_are_told(demo: Demo) -> None:
    kapso = demo(APPROVE + "budget: {attempts: 9}\n")
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 4), process)
        run = kapso.json("ls")[0]["run"]
        listed = kapso("approve", check=0).stdout
        assert f"4 attempts of {run} wait for approval" in listed and "1 file, +1 -1: params.json" in listed
        assert '-{"x": 1.0, "y": 5.0}' in listed and "+++ " not in listed
        assert f"approve {run} 1 " in listed and f"show {run} 1 " in listed
        [told] = kapso.json("show", run, "1")
        assert told["standing"] == "waits for approval" and told["outcome"] is None
        assert told.keys() == kapso.json("show", run, "0")[0].keys()
        shown = kapso("show", run, "1", check=0).stdout
        assert "waits for approval since" in shown and '+{"x"' in shown
        patch = kapso("diff", run, "0", "1", check=0).stdout
        assert patch == kapso.git("diff", "--binary", "--full-index", "main", told["commit"])
        for arguments, slug in [
            (("approve", "best"), "not-waiting"),
            (("approve", "baseline"), "not-waiting"),
            (("approve", "1", "77"), "no-such-attempt"),
            (("reject",), "usage"),
            (("reject", "1", "--all"), "usage"),
            (("reject", "1", "--reason", "x" * 3000), "usage"),
            (("try", told["commit"]), "waits"),
        ]:
            refused = kapso(*arguments, check=2)
            assert f"error[{slug}]" in refused.stderr and "help: " in refused.stderr, arguments
        assert waiting(kapso) == [1, 2, 3, 4]  # of several, none where one is no good

        kapso("pause", check=0)
        said = kapso("approve", run, "1", check=0)
        assert "the run is paused" in said.stderr
        assert "is approved already" in kapso("reject", run, "1", check=2).stderr
        time.sleep(0.5)
        assert not events(kapso, "attempt.approved")
        kapso("resume", run, check=0)
        until(count(kapso, "evaluated", 2), process)
        until(count(kapso, "waiting", 5), process)
        process.send_signal(signal.SIGTERM)
        since = time.monotonic()
        code, said = end(process)
        assert code == 143 and time.monotonic() - since < 5
    assert "ended already" in kapso("reject", run, "1", check=2).stderr
    assert waiting(kapso) == [2, 3, 4, 5]


@pytest.mark.slow
def test_git_alone_tells_what_waits(demo: Demo) -> None:
    kapso = demo(APPROVE + "budget: {attempts: 4}\n")
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 4), process)
        process.send_signal(signal.SIGINT)
        code, _ = end(process)
    assert code == 130
    shutil.rmtree(kapso.root / ".git/kapso")
    found = kapso.json("approve")
    assert [each["attempt"] for each in found] == [1, 2, 3, 4]
    kapso("approve", "3", check=0)
    kapso("reject", "1", "2", "4", check=0)
    kapso("resume")
    assert [row["outcome"] for row in kapso.json("ls", found[0]["run"])][1:] == [
        "rejected",
        "rejected",
        "scored",
        "rejected",
    ]


def test_a_run_that_does_not_ask_says_so(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    kapso("run")
    for command in (["approve"], ["approve", "1"], ["reject", "--all"]):
        assert "error[asks-for-none]" in kapso(*command, check=2).stderr
    assert not list(Path(kapso.root, ".git/kapso/runs").glob("*/approvals"))


@pytest.mark.slow
def test_time_in_which_a_human_thinks_does_not_count(demo: Demo) -> None:
    kapso = demo(APPROVE + "budget: {time: 60s}\n")
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 4), process)
        time.sleep(3.2)
        kapso("approve", "1", check=0)
        until(count(kapso, "evaluated", 2), process)
        process.kill()  # the journal alone tells what was used
        process.wait()
    assert used(kapso, "attempt.approved") < lasted(kapso, "attempt.approved") - 3
    run = kapso.json("ls")[0]["run"]
    with live(kapso, "resume", run) as process:
        until(count(kapso, "waiting", 8), process)
        time.sleep(2.2)
        process.send_signal(signal.SIGINT)
        code, _ = end(process)
    assert code == 130
    assert used(kapso, "run.finished") < lasted(kapso, "run.finished") - 5


def used(kapso: Any, kind: str) -> float:
    """The time of the budget that is used by the first event of this kind, as it tells."""
    return float(events(kapso, kind)[0]["elapsed"])


def lasted(kapso: Any, kind: str) -> float:
    """How long the run lasted until the first event of this kind, whether or not anybody worked on it."""
    begun, then = (datetime.fromisoformat(events(kapso, each)[0]["time"]) for each in ("run.started", kind))
    return (then - begun).total_seconds()


@pytest.mark.slow
def test_what_waits_when_the_time_is_over_is_taken_up_once_it_is_decided(demo: Demo) -> None:
    slow = GOAL.replace("run: cp", "run: sleep 1; cp")
    kapso = demo(APPROVE + "budget: {time: 5s}\n", base_goal=slow)
    with live(kapso, "run") as process:
        run = until(lambda: events(kapso, "run.started"), process)[0]["run"]
        approvals = Approvals(kapso.root / ".git/kapso", run)
        while process.poll() is None:
            for number in waiting(kapso)[:-2]:
                if process.poll() is None:
                    approvals.approve(number)
        code, _ = end(process)
    assert code in (0, 3)
    left = waiting(kapso)
    [finished] = events(kapso, "run.finished")
    assert finished["reason"] == "time" and left and {*left} <= {*finished["waiting"]}
    if left == finished["waiting"]:  # else one was approved in the moment in which the run ended
        refused = kapso("resume", run, check=2)
        assert "error[finished]" in refused.stderr and f"kapso approve {run}" in refused.stderr
    kapso("approve", run, str(left[0]), check=0)
    kapso("resume", run)
    rows = {row["attempt"]: row["outcome"] for row in kapso.json("ls", run)}
    assert rows[left[0]] == "scored" and not rows.keys() & set(left[1:])
    assert waiting(kapso) == left[1:]


@pytest.mark.slow
def test_what_an_author_mends_waits_again(
    demo: Demo, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_KEY", "k-secret")
    scripted.say(reply(1, 2, "first"), reply(3, 20, "mended"))
    llm = f'llm: {{model: "openai:scripted", base_url: "{scripted.openai_url}", api_key_env: SCRIPTED_KEY}}'
    goal = GOAL.replace("[tune]", f"[{{{llm}}}]").replace("run: cp", "run: grep -q 20 params.json && cp")
    kapso = demo(
        "approve: true\nbudget: {attempts: 1}\n", {"params.json": '{"x": 20.0, "y": 5.0}\n'}, base_goal=goal
    )
    with live(kapso, "run") as process:
        until(count(kapso, "waiting", 1), process)
        [first] = kapso.json("approve")
        assert first["title"] == "first"
        kapso("approve", "1", check=0)
        until(count(kapso, "repaired", 1), process)
        until(count(kapso, "waiting", 2), process)
        [mended] = kapso.json("approve")
        assert (mended["attempt"], mended["title"]) == (1, "mended") and mended["commit"] != first["commit"]
        assert not events(kapso, "attempt.evaluated")[1:]
        kapso("approve", "1", check=0)
        code, _ = end(process)
    assert code == 0
    attempt = kapso.json("ls", "demo")[1]
    assert (attempt["title"], attempt["outcome"], attempt["score"]) == ("mended", "scored", 10)
    assert [each["commit"] for each in events(kapso, "attempt.approved")] == [
        first["commit"],
        mended["commit"],
    ]
