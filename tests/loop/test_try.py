"""`kapso try`: the user's own revision as an attempt of runs that are over, that go on, that are killed."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

Demo = Callable[..., Any]
RUN = "run: cp params.json $KAPSO_OUT/"


def commit(kapso: Any, x: float, y: float, message: str = "mine", start: str = "main") -> str:
    """A commit upon `start` with these values, made on a branch of its own; its id."""
    kapso.git("switch", "-qC", "mine", start)
    (kapso.root / "params.json").write_text(f'{{"x": {x}, "y": {y}}}\n')
    kapso.git("commit", "-qam", message)
    revision = str(kapso.git("rev-parse", "HEAD")).strip()
    kapso.git("switch", "-q", "main")
    return revision


def told(kapso: Any, *arguments: str) -> dict[str, Any]:
    """The object that `try --json` prints."""
    [attempt] = kapso.json("try", *arguments)
    assert isinstance(attempt, dict)
    return attempt


@pytest.fixture
def finished(demo: Demo) -> Any:
    """The demo after three attempts."""
    kapso = demo("budget: {attempts: 3}\n")
    kapso("run")
    kapso.run = kapso.json("ls")[0]["run"]
    return kapso


@pytest.mark.slow
def test_a_better_revision_becomes_the_confirmed_best_of_a_finished_run(finished: Any) -> None:
    revision = commit(finished, 3.0, 19.0, "x is three\n\nThe scorer says so.")
    attempt = told(finished, revision)
    assert (attempt["attempt"], attempt["proposer"], attempt["title"]) == (4, "human", "x is three")
    assert (attempt["hypothesis"], attempt["outcome"], attempt["score"]) == (
        "The scorer says so.",
        "scored",
        9.99,
    )
    assert (attempt["parents"], attempt["verdict"]) == ([0], "better")
    assert attempt == finished.json("ls", finished.run)[-1]
    [best] = finished.json("best")
    assert best.items() >= attempt.items() and best["confirmed"]["attempt"] == attempt["attempt"]
    assert "held    evaluations repeat exactly" in finished("best").stdout
    run = finished.json("ls")[0]
    assert (run["status"], run["best_attempt"], run["attempts"]) == ("finished", 4, 4)
    records = json.loads(finished.git("show", f"refs/kapso/{finished.run}/records:run.json"))
    assert records["confirmed"]["attempt"] == 4 and records["confirmed"]["is_confirmed"]
    best = finished.git("rev-parse", f"kapso/{finished.run}/best", attempt["branch"]).split()
    assert best[0] == best[1] == attempt["commit"]
    tree = finished.git("rev-parse", f"{revision}^{{tree}}", f"{attempt['commit']}^{{tree}}").split()
    assert tree[0] == tree[1]
    finished.check_whole(finished.run, 4)


def test_what_was_tried_already_is_told_and_not_evaluated_again(finished: Any) -> None:
    again = finished.json("ls", finished.run)[2]
    assert told(finished, finished.run, again["branch"]) == again
    said = finished("try", "main", check=0)
    assert f"was tried already: attempt 0 of {finished.run}" in said.stdout
    finished.check_whole(finished.run, 3)


def unrelated(parents: dict[int, list[int]]) -> tuple[int, int]:
    """Two attempts of which none was made from the other."""

    def above(number: int) -> set[int]:
        return set(parents[number]).union(*(above(each) for each in parents[number]))

    pairs = ((one, other) for one in parents if one for other in parents if other > one)
    return next((one, other) for one, other in pairs if one not in above(other))


@pytest.mark.slow
def test_it_is_made_from_the_nearest_attempt_in_its_history(finished: Any) -> None:
    rows = finished.json("ls", finished.run)
    branches = [each["branch"] for each in rows]
    one, other = unrelated({row["attempt"]: row["parents"] for row in rows})
    assert told(finished, commit(finished, 2.0, 5.0, start=branches[2]))["parents"] == [2]
    applied = finished("apply", finished.run, "1", check=0).stdout.strip()
    assert told(finished, commit(finished, 2.5, 5.0, start=applied))["parents"] == [1]
    finished.git("switch", "-qC", "both", branches[one])
    finished.git("merge", "-q", "-s", "ours", branches[other], "-m", "both")
    assert told(finished, commit(finished, 2.25, 5.0, start="both"))["parents"] == [one, other]
    lines = finished.git("log", "-1", "--format=%P", finished.json("ls", finished.run)[-1]["branch"])
    assert lines.split() == finished.git("rev-parse", branches[one], branches[other]).split()
    finished.check_whole(finished.run, 6)


def test_what_no_attempt_may_change_is_refused_by_name(finished: Any) -> None:
    (finished.root / "score.sh").write_text("echo '{\"score\": 99}'\n")
    (finished.root / "new.txt").write_text("new")
    finished.git("add", "-A")
    finished.git("commit", "-qm", "cheat")
    done = finished("try", "HEAD", check=2)
    assert "`score.sh` (the command of `evaluate` names it" in done.stderr
    assert "`new.txt` (`edit` does not match it)" in done.stderr
    finished.git("reset", "-q", "--hard", "HEAD~")
    (finished.root / "params.json").unlink()
    (finished.root / "params.json").symlink_to("score.sh")
    finished.git("commit", "-qam", "link")
    assert "it is a link or a submodule" in finished("try", "HEAD", check=2).stderr
    assert "names no commit" in finished("try", "nowhere", check=2).stderr
    finished.check_whole(finished.run, 3)


@pytest.mark.slow
def test_the_working_tree_is_tried_and_left_as_it_is(finished: Any) -> None:
    (finished.root / "params.json").write_text('{"x": 3.0, "y": 18.0}\n')
    (finished.root / "notes.txt").write_text("left out")
    before = finished.git("status", "--porcelain"), finished.git("rev-parse", "HEAD")
    attempt = told(finished, "--dirty")
    assert attempt["score"] == 9.96 and attempt["title"].startswith("uncommitted changes on ")
    assert (finished.git("status", "--porcelain"), finished.git("rev-parse", "HEAD")) == before


@pytest.mark.slow
def test_a_failed_revision_is_a_result_and_no_error(finished: Any) -> None:
    finished.git("rm", "-q", "params.json")
    finished.git("commit", "-qm", "nothing left")
    done = finished("try", "HEAD", check=0)
    assert "crashed" in done.stdout
    assert finished.json("ls")[0]["best_attempt"] != 4
    finished.check_whole(finished.run, 4)


@pytest.mark.slow
def test_a_lead_that_does_not_hold_is_demoted_at_once(demo: Demo) -> None:
    first = int.from_bytes(hashlib.sha256(b"0:0").digest()[:4], "big") >> 1
    lucky = f'test "$KAPSO_SEED" = {first} && grep -q 7.5 "$1" && echo \'{{"score": 99}}\' && exit\n'
    kapso = demo(
        "budget: {attempts: 1}\nmetrics: {score: maximize, run.seconds: minimize}\n",
        extra={"score.sh": lucky + "echo '{\"score\": 1}'\n"},
    )
    kapso("run", check=3)
    done = kapso("try", commit(kapso, 7.5, 7.5), check=0)
    assert "did not hold when it was evaluated again" in done.stdout
    attempt = kapso.json("ls", kapso.json("ls")[0]["run"])[-1]
    assert (attempt["score"], attempt["verdict"]) == (99, "same")
    assert kapso.json("ls")[0]["best_attempt"] == 0


@pytest.mark.slow
def test_a_live_run_takes_it_up_as_its_next_attempt(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 12}\nsearch: {parallel: 1}\n")
    kapso.edit(RUN, "run: sleep 0.8; cp params.json $KAPSO_OUT/")
    revision = commit(kapso, 3.0, 20.0)
    process = kapso.start("run")
    run = kapso.wait_for(process, 1)
    attempt = told(kapso, run, revision)
    assert attempt["proposer"] == "human" and attempt["score"] == 10
    assert process.poll() is None, "the run was still going on"
    assert attempt["attempt"] <= len(kapso.announced(run)) < 12
    process.communicate(timeout=60)
    kapso.check_whole(run, 13)  # the budget is of what the run launches by itself
    best = kapso.json("best", run)[0]
    assert best.items() >= {**attempt, "verdict": best["verdict"]}.items()


@pytest.mark.slow
def test_who_waits_for_a_run_that_is_killed_goes_on_by_itself(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 6}\nsearch: {parallel: 1}\n")
    kapso.edit(RUN, "run: sleep 1; cp params.json $KAPSO_OUT/")
    revision = commit(kapso, 3.0, 20.0)
    process = kapso.start("run")
    run = kapso.wait_for(process, 0)
    waiting = kapso.start("try", revision, "--json")
    requests = kapso.root / ".git/kapso/runs" / run / "requests"
    while not (requests.exists() and list(requests.glob("*.json"))):
        time.sleep(0.02)
    process.kill()
    process.communicate()
    out, err = waiting.communicate(timeout=60)
    assert json.loads(out)["score"] == 10, err
    assert not list(requests.glob("*.json"))
    assert kapso.json("ls")[0]["status"] == "interrupted"
    kapso("resume", run, check=0)
    kapso.check_whole(run, 7)


@pytest.mark.parametrize("moment", [0.0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1.0, 1.5, 2.0))])
def test_killed_anywhere_nothing_is_lost_nor_twice(finished: Any, moment: float) -> None:
    revision = commit(finished, 3.0, 20.0)
    process = finished.start("try", revision)
    requests = finished.root / ".git/kapso/runs" / finished.run / "requests"
    while not (requests.exists() and list(requests.glob("*.json"))):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    time.sleep(moment)
    process.kill()
    process.communicate()
    finished("resume", finished.run)  # refused, exit code 2, where the try had ended before the kill
    attempts = finished.json("ls", finished.run)
    assert [each["proposer"] for each in attempts[4:]] == ["human"]
    finished.check_whole(finished.run, 4)
    assert told(finished, revision) == attempts[4]


@pytest.mark.slow
def test_terminated_it_stays_pending_and_resume_evaluates_it(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 2}\n")
    kapso.edit(RUN, "run: grep -q 20 params.json && sleep 3; cp params.json $KAPSO_OUT/")
    kapso("run")
    run = kapso.json("ls")[0]["run"]
    process = kapso.start("try", commit(kapso, 3.0, 20.0))
    while not kapso.git("for-each-ref", f"refs/kapso/{run}/pending"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out) == (143, "") and f"kapso resume {run}" in err
    kapso("resume", run, check=0)
    kapso.check_whole(run, 3)
    assert kapso.json("best", run)[0]["proposer"] == "human"


@pytest.mark.slow
def test_a_changed_evaluation_is_refused(finished: Any) -> None:
    revision = commit(finished, 3.0, 20.0)
    finished.edit("edit: [params.json]", "repeats: 2\nedit: [params.json]")
    assert "`repeats`" in finished("try", revision, check=2).stderr
    assert not list((finished.root / ".git/kapso/runs" / finished.run / "requests").iterdir())


def test_arguments(finished: Any) -> None:
    assert "is missing" in finished("try", check=2).stderr
    assert "one argument too many" in finished("try", "a", "b", "c", check=2).stderr
    assert "no run is called" in finished("try", "nope", "HEAD", check=2).stderr
