"""Runs that travel: two clones and a bare remote between them, as users have them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]
RUN = "run: cp params.json $KAPSO_OUT/"


@pytest.fixture
def hub(demo: Demo, tmp_path: Path) -> Callable[..., tuple[Any, Callable[[str], Any]]]:
    """`hub(goal)` → the demo, whose remote `origin` is a bare repository, and what makes another clone."""

    def make(goal: str = "", slower: str = "") -> tuple[Any, Callable[[str], Any]]:
        kapso = demo(goal)
        if slower:
            kapso.edit(RUN, f"run: {slower}; cp params.json $KAPSO_OUT/")
        bare = tmp_path / "hub.git"
        kapso.git("init", "-q", "--bare", "-b", "main", str(bare))
        kapso.git("remote", "add", "origin", f"file://{bare}")
        kapso.git("push", "-q", "origin", "main")

        def clone(name: str) -> Any:
            kapso.git("clone", "-q", f"file://{bare}", str(tmp_path / name))
            return type(kapso)(tmp_path / name)

        return kapso, clone

    return make


def refs(kapso: Any, *patterns: str) -> str:
    """What stands in git of runs; lessons are joined, so that memories differ by what was pulled."""
    found = str(kapso.git("for-each-ref", *(patterns or ("refs/heads/kapso", "refs/kapso"))))
    return "".join(line for line in found.splitlines(keepends=True) if "refs/kapso/memory" not in line)


def users(kapso: Any) -> dict[str, Any]:
    """What is the user's: files, index, HEAD, config, hooks, reflogs and every ref that is not Kapso's."""
    folder = kapso.root / ".git"
    kept = {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in kapso.root.rglob("*")
        if path.is_file()
        and not any(
            path.is_relative_to(folder / own)
            for own in ("objects", "kapso", "refs/kapso", "refs/heads/kapso")
        )
        and path != folder / "packed-refs"
    }
    others = [line for line in refs(kapso, "refs").splitlines() if "kapso/" not in line]
    return {**kept, "refs": others}


@pytest.mark.slow
def test_stopped_in_one_clone_resumed_in_the_other(hub: Any) -> None:
    here, clone = hub("budget: {attempts: 4}\nsearch: {parallel: 1}\n", "sleep 1")
    there = clone("there")
    process = here.start("run", "--push", "origin")
    run = here.wait_for(process, 1)
    while not (pending := refs(here, f"refs/kapso/{run}/pending")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    since = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143 and time.monotonic() - since < 5
    if "NOT pushed" in err:  # a machine with much to do
        here("push", check=0)
    assert refs(here, f"refs/kapso/{run}/pending") == pending, "a candidate waits to be evaluated"
    before = users(there)
    pulled, *_ = there.json("pull")
    assert (pulled["run"], pulled["status"]) == (run, "pulled")
    assert users(there) == before
    assert refs(there) == refs(here)
    assert there.json("ls") == here.json("ls") and there.json("ls", run) == here.json("ls", run)
    there("resume", run, "--push", "origin", check=0)
    there.check_whole(run, 4)
    before = users(here)
    assert here.json("pull", "origin", "demo")[0]["status"] == "pulled"
    assert users(here) == before
    assert refs(here) == refs(there)
    assert here.json("ls") == there.json("ls") and here.json("ls", run) == there.json("ls", run)
    assert not refs(here, f"refs/kapso/{run}/pending")
    assert here.json("ls")[0]["status"] == "finished"
    assert not here.git("fsck", "--strict", "--no-dangling").strip()


@pytest.mark.slow
def test_what_went_on_apart_is_refused_and_stays(hub: Any) -> None:
    here, clone = hub("budget: {attempts: 2}\n")
    here("run")
    assert here.json("push")[0]["status"] == "pushed"
    assert here.json("push")[0]["status"] == "up-to-date"
    there = clone("there")
    there("pull", check=0)
    run = here.json("ls")[0]["run"]
    there("resume", "--attempts", "3")
    there("push", check=0)
    before = refs(here), here.git("ls-remote", "origin")
    behind = here.json("push")[0]
    assert behind["status"] == "behind" and f"kapso pull origin {run}" in behind["reason"]
    here("resume", "--attempts", "4")
    for command, other in (("push", "origin"), ("pull", "origin")):
        state = refs(here), here.git("ls-remote", "origin")
        done = here(command, other, run, check=2)
        assert f"run `{run}` went on here and in `origin`" in done.stderr and "--from" in done.stderr
        assert state == (refs(here), here.git("ls-remote", "origin"))
    assert before[1] == here.git("ls-remote", "origin")


@pytest.mark.slow
def test_a_run_that_is_live_is_pushed_without_candidates_and_never_pulled_over(hub: Any) -> None:
    here, clone = hub("budget: {attempts: 40}\nsearch: {parallel: 1}\n", "sleep 0.2")
    process = here.start("run")
    run = here.wait_for(process, 2)
    pushed = here.json("push")[0]
    assert pushed["status"] == "pushed" and "push again" in pushed["reason"]
    listed = here.git("ls-remote", "origin")
    assert f"refs/kapso/{run}/goal" in listed and "/pending/" not in listed
    done = here("pull", check=2)
    assert "running already" in done.stderr
    process.kill()
    process.communicate()
    there = clone("there")
    there("pull", check=0)
    numbers = [each["attempt"] for each in there.json("ls", run)]
    assert numbers == list(range(len(numbers))) and len(numbers) >= 3


@pytest.mark.parametrize("command", ["push", "pull"])
@pytest.mark.slow
def test_killed_in_the_middle_it_is_done_by_the_next_one(hub: Any, command: str) -> None:
    here, clone = hub("budget: {attempts: 30}\nsearch: {parallel: 1}\n")
    here("run")
    run = here.json("ls")[0]["run"]
    there = clone("there")
    if command == "pull":
        here("push", check=0)
    kapso = here if command == "push" else there
    for wait in (0.4, 0.7, 1.0, 1.2, 1.4):
        process = kapso.start(command)
        time.sleep(wait)
        process.kill()
        process.communicate()
    time.sleep(1)
    listed = here.git("ls-remote", "origin")
    assert ("goal" in listed) is (f"refs/heads/kapso/{run}/0030-" in listed), "whole or not at all"
    here("push", check=0)
    there("pull", check=0)
    assert refs(there) == refs(here)
    assert not there.git("fsck", "--strict", "--no-dangling").strip()
    assert there.json("ls", run) == here.json("ls", run)


@pytest.mark.slow
def test_neither_hooks_nor_settings_of_the_user_take_part(hub: Any) -> None:
    here, clone = hub("budget: {attempts: 1}\n")
    here("run")
    there = clone("there")
    for kapso in (here, there):
        for name in ("pre-push", "reference-transaction", "post-merge"):
            hook = kapso.root / ".git/hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch '{kapso.root}/../hook-ran'\nexit 1\n")
            hook.chmod(0o755)
        settings = {
            "push.followTags": "true",
            "fetch.prune": "true",
            "core.logAllRefUpdates": "always",
            "remote.origin.tagOpt": "--tags",
            "remote.origin.push": "refs/heads/main:refs/heads/elsewhere",
        }
        for name, value in settings.items():
            kapso.git("config", name, value)
    here.git("-c", "core.hooksPath=/dev/null", "tag", "-am", "a tag", "v1")
    before = users(here), users(there)
    here("push", check=0)
    there("pull", check=0)
    assert (users(here), users(there)) == before
    assert not (here.root.parent / "hook-ran").exists()
    assert not any(word in here.git("ls-remote", "origin") for word in ("refs/tags", "elsewhere"))


def test_what_cannot_be_shared_says_why(hub: Any, tmp_path: Path) -> None:
    here, _ = hub("budget: {attempts: 1}\n")
    assert "is no run" in here("pull", check=0).stderr
    here("run", "--push", str(tmp_path / "nowhere.git"))
    done = here("push", str(tmp_path / "nowhere.git"), check=1)
    assert "does not appear to be a git repository" in done.stderr and "git remote -v" in done.stderr
    assert "`elsewhere` is no remote" in here("push", "elsewhere", "demo", check=2).stderr
    assert "no run is called `elsewhere`" in here("push", "elsewhere", check=2).stderr
    assert "`origin` has no run called `demo`" in here("pull", "origin", "demo", check=2).stderr


def test_a_failed_push_is_told_and_the_exit_code_stays(hub: Any, tmp_path: Path) -> None:
    here, _ = hub("budget: {attempts: 3}\n")
    done = here("run", "--push", str(tmp_path / "nowhere.git"), check=0)
    assert "was NOT pushed" in done.stderr and "push it later: " in done.stderr


@pytest.mark.slow
def test_times_are_compared_on_one_machine_only(hub: Any) -> None:
    here, _ = hub("budget: {attempts: 1}\nmetrics: {score: maximize, run.seconds: minimize}\n")
    here("run")
    run = here.json("ls")[0]["run"]
    files = {name: here.git("show", f"refs/kapso/{run}/goal:{name}") for name in ("goal.yaml", "run.json")}
    facts = json.loads(files["run.json"])
    assert "cores" in facts["machine"]
    facts["machine"] = "z80, Zilog, 1 cores"
    blobs = {**files, "run.json": json.dumps(facts)}
    oids = {name: write_blob(here, text) for name, text in blobs.items()}
    listing = "".join(f"100644 blob {oid}\t{name}\n" for name, oid in oids.items())
    tree = feed(here, listing, "mktree")
    commit = here.git("commit-tree", tree, "-p", facts["base"], "-m", "elsewhere").strip()
    here.git("update-ref", f"refs/kapso/{run}/goal", commit)
    done = here("resume", "--attempts", "3", check=2)
    assert "another machine: z80" in done.stderr and f"--from {run}" in done.stderr


def write_blob(kapso: Any, text: str) -> str:
    return feed(kapso, text, "hash-object", "-w", "--stdin")


def feed(kapso: Any, text: str, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=kapso.root, input=text, text=True, capture_output=True, check=True
    ).stdout.strip()
