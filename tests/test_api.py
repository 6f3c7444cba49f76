"""The Python API: its public names, what importing it loads, and runs started and read through it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kapso

GOAL = """\
name: demo
objective: Bring x to 3.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
budget: {attempts: 4}
"""
FILES = {
    "flat.sh": "echo '{\"score\": 1}'\n",
    "goal.yaml": GOAL,
    "params.json": '{"x": 1.0, "y": 5.0}\n',
    "score.sh": """awk -F'[:,}]' '{ printf "{\\"score\\": %.12g}\\n", 10 - ($2 - 3)^2 }' "$1"\n""",
}


@pytest.fixture
def program(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a goal, which is the current folder."""
    root = make_repository(FILES)
    monkeypatch.chdir(root)
    return root


def test_the_public_names() -> None:
    assert sorted(kapso.__all__) == kapso.__all__
    assert kapso.__all__ == [
        "Attempt", "BaselineError", "GoalError", "Interrupted", "KapsoError", "MachineError",
        "NotAvailableYet", "Outcome", "Repo", "RepositoryError", "Run", "UsageError", "Verdict", "open",
        "run",
    ]  # fmt: skip
    assert all(getattr(kapso, name).__doc__ for name in kapso.__all__)


def test_importing_loads_nothing_heavy() -> None:
    heavy = "langgraph duckdb pygit2 optuna textual chromadb ruamel numpy click rich".split()
    code = f"import sys, kapso; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_is_started_and_read(program: Path) -> None:
    events: list[dict[str, Any]] = []
    run = kapso.run("goal.yaml", attempts=4, seed=1, on_event=events.append)
    assert (run.goal, run.status, run.objective) == ("demo", "finished", "Bring x to 3.")
    attempts = run.attempts()
    assert list(attempts) == list(range(5))
    assert attempts.get(5) is None
    with pytest.raises(KeyError):
        attempts[5]
    assert run.is_improved
    assert run.baseline is not None and run.best is not None
    assert run.baseline == attempts[0] and run.best == attempts[run.best.number]
    assert run.best.score is not None and run.best.score > 6
    assert run.best.outcome is kapso.Outcome.SCORED and run.best.verdict is kapso.Verdict.BETTER
    assert [events[0]["event"], events[-1]["event"]] == ["run.started", "run.finished"]
    again = kapso.open(program / "params.json").runs()
    assert [each.id for each in again] == [run.id]
    assert again[0].best == run.best and again[0].is_improved
    assert kapso.open().path == program


def test_a_run_in_a_thread_that_improves_nothing_returns_as_well(program: Path) -> None:
    found: list[kapso.Run] = []
    flat = GOAL.replace("score.sh", "flat.sh")
    thread = threading.Thread(target=lambda: found.append(kapso.run(flat)))
    thread.start()
    thread.join(60)
    [run] = found
    assert run.status == "finished" and not run.is_improved
    assert run.best == run.baseline == run.attempts()[0]


def test_a_mapping_is_a_goal(program: Path) -> None:
    goal = {
        "objective": 'Bring x to 3: "é"\n#no comment',
        "edit": ["params.json"],
        "run": "cp params.json $KAPSO_OUT/",
        "evaluate": {"command": "sh score.sh $KAPSO_OUT/params.json", "timeout": "10s"},
        "metrics": {"score": {"goal": "maximize", "bounds": [float("-inf"), 10.5]}},
        "search": {"seed": 3},
    }
    run = kapso.run(goal, attempts=1, time=60.0, propose="tune")
    assert run.objective == goal["objective"] and len(run.attempts()) == 2


@pytest.mark.parametrize(
    ("goal", "options", "error", "words"),
    [
        ("nowhere.yaml", {}, kapso.GoalError, "no goal file `nowhere.yaml`"),
        ({"objective": "x", "edti": "a"}, {}, kapso.GoalError, "unknown key `edti`"),
        ("objective: x\nedit: no.py\nevaluate: x\n", {}, kapso.GoalError, "matches no file"),
        (GOAL.replace("sh score.sh", "exit 3; sh"), {}, kapso.BaselineError, "exit code 3"),
        (GOAL, {"attempts": 0}, kapso.UsageError, "`--attempts` must be between"),
        (GOAL, {"time": "5"}, kapso.UsageError, "`5` is not a duration"),
        (17, {}, kapso.UsageError, "found `int`"),
    ],
)
def test_what_goes_wrong_is_a_kapso_error(
    program: Path, goal: Any, options: dict[str, Any], error: type[kapso.KapsoError], words: str
) -> None:
    with pytest.raises(error, match=words):
        kapso.run(goal, **options)
    assert kapso.open().runs() == []


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(kapso.RepositoryError, match="not in a git repository"):
        kapso.open(tmp_path)


@pytest.mark.slow
def test_ctrl_c_raises_interrupted_and_loses_nothing(program: Path) -> None:
    code = (
        "import kapso, os, signal\n"
        "def hear(event):\n"
        "    if event['event'] == 'attempt.evaluated' and event['attempt'] == 1:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n"
        "    kapso.run('goal.yaml', attempts=500, on_event=hear)\n"
        "except kapso.Interrupted as error:\n"
        "    print(error.exit_code, 'kapso resume demo-' in error.help)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(kapso.__file__).parents[1])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=program, capture_output=True, text=True, env=environment, timeout=120)
    assert done.stdout == "130 True\n", done.stderr
    [run] = kapso.open(program).runs()
    assert run.status == "interrupted" and 1 in run.attempts()
