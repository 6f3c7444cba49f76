"""`kapso run` from end to end on a small program: git, journal, exit codes, determinism."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]
ONE = 'cat > /dev/null < "$1"; echo \'{"score": 1}\'\n'


def fingerprint(root: Path) -> dict[str, str]:
    """Everything of a user's repository that Kapso must not touch."""
    found = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root / ".git":
            folders[:] = [each for each in folders if each in ("hooks", "logs", "info")]
            files = [each for each in files if each in ("HEAD", "config", "index", "ORIG_HEAD")]
        for name in files:
            path = Path(folder, name)
            content = hashlib.sha1(path.read_bytes()).hexdigest()
            found[str(path)] = f"{content} {path.stat().st_mtime_ns} {path.stat().st_mode}"
    return found


def test_a_run_improves_lands_and_leaves_the_user_alone(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 40}\n")
    before = fingerprint(kapso.root)
    refs = kapso.git("for-each-ref", "refs/heads/main", "refs/tags", "refs/stash")
    done = kapso("run", check=0)
    assert "confirmed" in done.stdout and "kapso apply" in done.stdout
    assert fingerprint(kapso.root) == before
    assert kapso.git("for-each-ref", "refs/heads/main", "refs/tags", "refs/stash") == refs
    assert kapso.git("status", "--porcelain") == ""

    [run] = kapso.json("ls")
    attempts = kapso.json("ls", run["run"])
    assert [each["attempt"] for each in attempts] == list(range(41))
    assert run["attempts"] == 40 and run["status"] == "finished"
    assert run["best_score"] > run["baseline"] == attempts[0]["score"]
    [best] = kapso.json("best")
    assert best["score"] == run["best_score"] == max(each["score"] or 0 for each in attempts)
    shown = kapso.git("log", "-1", "--format=%(trailers:key=Kapso-Score,valueonly)", best["branch"]).strip()
    assert float(shown) == best["score"]
    assert kapso.git("rev-parse", f"kapso/{run['run']}/best").strip() == best["commit"]
    assert kapso.git("for-each-ref", f"refs/kapso/{run['run']}/pending") == ""
    parents = kapso.git("log", "-1", "--format=%P", best["branch"]).split()
    assert parents == [attempts[number]["commit"] for number in best["parents"]]
    assert not kapso.git("fsck", "--strict", "--no-dangling").strip()


def test_the_tree_of_an_attempt_is_the_candidate_and_nothing_more(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 3}\n")
    kapso("run")
    [run] = kapso.json("ls")
    for attempt in kapso.json("ls", run["run"])[1:]:
        changed = kapso.git("diff", "--name-only", "main", attempt["branch"]).split()
        assert changed == ["params.json"]


def test_events_tell_the_whole_story(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 5}\n")
    done = kapso("run", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [each["event"] for each in events]
    assert kinds[0] == "run.started" and kinds[-1] == "run.finished"
    assert kinds.count("attempt.evaluated") == 6 and "best.improved" in kinds
    assert all({"time", "event", "run"} <= each.keys() for each in events)
    run = events[0]["run"]
    journal = (kapso.root / ".git/kapso/runs" / run / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in journal] == events
    assert events[-1]["exit_code"] == done.returncode


@pytest.mark.slow
def test_the_same_seed_gives_the_same_trees(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 25}\nsearch: {parallel: 1, seed: 7}\nmemory: {recall: false}\n")
    kapso("run", fresh=True)
    kapso("run", fresh=True)
    runs = [each["run"] for each in kapso.json("ls")]
    trees = [
        [kapso.git("rev-parse", f"{each['commit']}^{{tree}}") for each in kapso.json("ls", run)]
        for run in runs
    ]
    assert trees[0] == trees[1]
    kapso("run", "--seed", "8")
    other = kapso.json("ls")[0]["run"]
    assert [kapso.git("rev-parse", f"{e['commit']}^{{tree}}") for e in kapso.json("ls", other)] != trees[0]


@pytest.mark.slow
def test_no_tree_is_evaluated_twice(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 40}\n")
    kapso("run", "--parallel", "2")
    attempts = kapso.json("ls", kapso.json("ls")[0]["run"])
    trees = [kapso.git("rev-parse", f"{each['commit']}^{{tree}}") for each in attempts]
    assert len(set(trees)) == len(trees)


@pytest.mark.slow
def test_reindex_shows_the_same_as_before(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 12}\n")
    kapso("run")
    run = kapso.json("ls")[0]["run"]
    before = kapso.json("ls"), kapso.json("ls", run)
    kapso("reindex", check=0)
    assert (kapso.json("ls"), kapso.json("ls", run)) == before
    for path in (kapso.root / ".git/kapso").glob("kapso.duckdb*"):
        path.write_bytes(b"not a database")
    assert (kapso.json("ls"), kapso.json("ls", run)) == before


def test_target_ends_the_run_once_it_is_confirmed(demo: Demo) -> None:
    kapso = demo("stop: {target: 8.0}\nbudget: {attempts: 200}\n")
    done = kapso("run", check=0)
    assert "the target is met" in done.stdout
    assert kapso.json("ls")[0]["attempts"] < 200


def test_patience_and_no_improvement_give_exit_code_3(demo: Demo) -> None:
    kapso = demo("stop: {patience: 4}\nsearch: {parallel: 1}\n", extra={"score.sh": ONE})
    done = kapso("run", check=3)
    assert "no improvement" in done.stdout
    [run] = kapso.json("ls")
    assert run["attempts"] == 4 and run["best_attempt"] == 0


def test_a_program_with_nothing_left_to_try_is_exhausted(demo: Demo) -> None:
    goal = "budget: {attempts: 50}\n"
    config = "# kapso: [true, false]\nflag: true  # kapso: [true, false]\n"
    base = """\
objective: Find the better of two values.
edit: [flag.yaml]
run: cp flag.yaml $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/flag.yaml
"""
    score = 'if grep -q "^flag: false" "$1"; then echo \'{"score": 2}\'; else echo \'{"score": 1}\'; fi\n'
    kapso = demo(goal, base_goal=base, extra={"flag.yaml": config.splitlines()[1] + "\n", "score.sh": score})
    done = kapso("run", check=0)
    assert "anything left to try" in done.stdout
    assert kapso.json("ls")[0]["attempts"] == 1


def test_a_program_with_nothing_to_tune_is_told_so(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 5}\n", extra={"params.json": '{"x": "three"}\n', "score.sh": ONE})
    done = kapso("run", check=3)
    assert "tune: no number, boolean, build flag or marked choice to tune in the files" in done.stderr
    assert "kapso doctor" in done.stdout and "kapso show" not in done.stdout, "there is nothing to show"
    assert kapso.json("ls")[0]["attempts"] == 0


def test_apply_brings_home_one_clean_commit(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 20}\n")
    kapso("run", check=0)
    [best] = kapso.json("best")
    done = kapso("apply", check=0)
    branch = next(word for word in done.stdout.replace("`", " ").split() if word.startswith("kapso-apply/"))
    assert kapso.git("rev-list", "--count", f"main..{branch}").strip() == "1"
    assert kapso.git("diff", branch, best["branch"]) == ""


def test_holdout_stays_in_its_own_ref(demo: Demo) -> None:
    kapso = demo(
        "holdout: sh hold.sh $KAPSO_OUT/params.json\nbudget: {attempts: 15}\n",
        extra={"hold.sh": "echo '{\"score\": 777.5}'\n"},
    )
    kapso("run", check=0)
    run = kapso.json("ls")[0]["run"]
    best = kapso.json("best")[0]
    held = json.loads(kapso.git("show", f"refs/kapso/{run}/holdout:{best['attempt']:04d}.json"))
    assert held["metrics"] == {"score": 777.5}
    everywhere = kapso.git("log", "--all", "--format=%B") + json.dumps(kapso.json("ls", run))
    everywhere += (kapso.root / ".git/kapso/runs" / run / "events.jsonl").read_text()
    assert "777.5" not in everywhere
    assert "777.5" in kapso("show", run, "best").stdout


def test_a_holdout_that_fails_is_said_at_once(demo: Demo) -> None:
    done = demo("holdout: exit 3\nbudget: {attempts: 1}\n")("run")
    assert "warning: the hold-out cannot score the unchanged program: " in done.stderr
    assert "777.5" not in done.stderr


def test_a_failing_baseline_ends_its_events_too(demo: Demo) -> None:
    done = demo(extra={"score.sh": "exit 3\n"})("run", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 4
    assert (last["event"], last["reason"], last["exit_code"]) == ("run.finished", "baseline", 4)


def test_a_goal_that_sets_no_time_limit_hears_what_an_endless_loop_costs(demo: Demo) -> None:
    said = demo("budget: {attempts: 1}\n")("run").stderr
    assert "`timeout: 5s` in the goal (or `--timeout 5s`" in said


def test_a_goal_that_sets_one_does_not(demo: Demo, tmp_path: Path) -> None:
    assert "an endless loop" not in demo("budget: {attempts: 1}\ntimeout: 20s\n")("run").stderr


def test_the_baseline_is_measured_twice_and_shown_like_any_attempt(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n", extra={"score.sh": "echo '{\"score\": 1}'\n"})
    kapso("run", check=3)
    [shown] = kapso.json("show", "baseline")
    assert [stage["name"] for stage in shown["stages"]] == ["run", "evaluate"]
    log = kapso.root / ".git/kapso/runs" / kapso.json("ls")[0]["run"] / "attempts/0000/log.txt"
    assert log.read_text().count("$ sh score.sh") == 2, "nothing to confirm, so nothing is measured again"


@pytest.mark.slow
def test_dirty_takes_uncommitted_changes_into_the_base(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 2}\n")
    (kapso.root / "params.json").write_text('{"x": 2.0, "y": 5.0}\n')
    before = fingerprint(kapso.root)
    clean = kapso("run")
    assert "--dirty" in clean.stderr
    without = kapso.json("ls")[0]["baseline"]
    kapso("run", "--dirty")
    assert kapso.json("ls")[0]["baseline"] > without
    assert fingerprint(kapso.root) == before


def test_setup_sees_the_variables_of_every_command(demo: Demo) -> None:
    check = 'test "$KAPSO_RUN $KAPSO_ATTEMPT" != " " && test -n "$KAPSO_SEED" && touch $KAPSO_OUT/x'
    kapso = demo(
        f'setup: {check} && echo $KAPSO_ATTEMPT > made\ncheck: test "$(cat made)" = 0\n'
        "budget: {attempts: 1}\n",
        extra={".gitignore": "made\n"},
    )
    assert kapso("run").returncode in (0, 3)
