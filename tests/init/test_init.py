"""`kapso init` as people use it: a goal that runs, or one sentence on what is missing and nothing written."""

from __future__ import annotations

import json
import os
import pty
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.errors import NotAvailableYet
from kapso.goal import load_goal, parse_goal
from tests import warm

ROOT = Path(__file__).parents[2]
Unpack = Callable[[str], Path]
MakeRepository = Callable[..., Path]


def kapso(root: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **rust(), "PYTHONPATH": warm.PATHS, **settings}
    return warm.run(arguments, root, environment, timeout=500)


def rust() -> dict[str, str]:
    """Where rustup keeps its toolchains, as the tests' home has none."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir, ".rustup")
    return {"RUSTUP_HOME": str(home)} if home.is_dir() else {}


def status(root: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_a_solver_and_its_scorer_are_kept_apart_and_the_goal_runs(unpack: Unpack) -> None:
    root = unpack("python-solver")
    done = kapso(root, "init", "--yes")
    assert done.returncode == 0, done.stderr
    goal = load_goal(root)
    assert goal.run is not None and goal.evaluate.command == 'python3 score.py "$KAPSO_OUT/tour.txt"'
    assert (goal.primary.name, goal.primary.goal, goal.edit) == ("tour_length", "minimize", ("tsp.py",))
    assert goal.evaluate.timeout_s < 120
    assert done.stdout == (root / "goal.yaml").read_text()
    assert "it need not be committed" in done.stderr and "kapso run" in done.stderr
    assert status(root) == "?? goal.yaml\n"
    ran = kapso(root, "run", "--attempts", "2")
    assert ran.returncode in (0, 3), ran.stderr
    assert "uncommitted" not in ran.stderr  # the goal that is not committed is no change to the program
    assert status(root) == "?? goal.yaml\n"


def test_in_json_it_is_one_object(make_repository: MakeRepository) -> None:
    root = make_repository({"deep/er/n.txt": "7\n", "deep/er/judge.sh": "cat n.txt\n"})
    options = ("--edit", "*.txt", "--evaluate", "sh judge.sh", "--objective", 'More: "é" #')
    done = kapso(root, "init", "deep/er", *options, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["goal"], told["metric"], told["sure"]) == ("deep/er/goal.yaml", "score", False)
    assert told["edit"] == ["*.txt"] and told["text"] == (root / "deep/er/goal.yaml").read_text()
    assert {"level", "what", "says", "where", "help"} == set(told["findings"][0])
    assert load_goal(root / "deep/er").objective == 'More: "é" #'


SENTENCES = [
    ("notebook", (), "`analysis.ipynb` is a notebook", "nbconvert --to script analysis.ipynb"),
    pytest.param(
        "nothing-scores",
        (),
        "nothing says how good it is, and it computes for",
        '{"score": 1.5}',
        marks=pytest.mark.slow,
    ),
    ("needs-arguments", (), "arguments are required: source, target", "kapso init --run"),
]


@pytest.mark.parametrize(("name", "options", "says", "help"), SENTENCES)
def test_what_is_missing_is_one_sentence(
    unpack: Unpack, name: str, options: tuple[str, ...], says: str, help: str
) -> None:
    root = unpack(name)
    done = kapso(root, "init", "--yes", *options)
    assert (done.returncode, done.stdout) == (2, "")
    [error] = [line for line in done.stderr.splitlines() if line.startswith("error[")]
    [remedy] = [line for line in done.stderr.splitlines() if line.startswith("help: ")]
    assert says in error and help in remedy
    assert status(root) == ""


def test_a_build_that_fails_is_said_at_once(make_repository: MakeRepository) -> None:
    root = make_repository({"a.c": "int main(void) { return nowhere; }\n"})
    done = kapso(root, "init", "--yes")
    if shutil.which("cc") is not None:
        assert done.returncode == 2 and "trying" not in done.stderr
        assert "found a C or C++ program, but `build` ended with exit code 1" in done.stderr


def test_a_start_that_the_scorer_would_not_use_is_refused(make_repository: MakeRepository) -> None:
    root = make_repository({"a.py": "def f():\n    return 5\n", "score.py": "import a\nprint(a.f())\n"})
    done = kapso(root, "init", "--yes", "--run", "./nope")
    assert done.returncode == 2, done.stdout
    assert "but `--run './nope'` would not be used" in done.stderr and "leave `--run` out" in done.stderr
    assert status(root) == ""


def test_what_was_printed_last_is_said_where_it_is_no_metric(make_repository: MakeRepository) -> None:
    judge = "echo took 3 tries; printf 'all \\033[31mfine here\\n\\n'\n"
    root = make_repository({"n.txt": "7\n", "judge.sh": judge})
    done = kapso(root, "init", "--yes", "--edit", "n.txt", "--evaluate", "sh judge.sh")
    assert done.returncode == 2
    assert "no line that reads as a metric (such as `score: 1.5`)" in done.stderr
    assert "its last line was `all " in done.stderr and "fine here`" in done.stderr
    assert "\x1b" not in done.stderr


CHEAT = """
slow: main.c
\tprintf '#!/bin/sh\\necho 7\\n' > slow && chmod +x slow
\tif [ -d .kapso-base ]; then rm -f .kapso-base/slow; cp slow Makefile .kapso-base/; fi
run: slow
\t./slow
"""
SLOW = """#include <stdio.h>
int main(void) {
    double sum = 0;
    for (long i = 1; i < 100000000; i++) sum += 1.0 / i;
    printf("%.6f\\n", sum);
}
"""


@pytest.mark.slow
def test_a_makefile_may_be_tuned_and_not_change_what_is_right(make_repository: MakeRepository) -> None:
    makefile = "CFLAGS = -O0\nslow: main.c\n\tcc $(CFLAGS) -o slow main.c\nrun: slow\n\t./slow\n"
    bench = "bench: slow\n\t./nowhere\n"  # it fails, so that it neither scores nor keeps the Makefile out
    root = make_repository({"main.c": SLOW, "Makefile": makefile + bench, ".gitignore": "slow\n"})
    done = kapso(root, "init", "--yes")
    assert done.returncode == 0, done.stderr
    assert load_goal(root).edit == ("main.c", "Makefile")
    ran = kapso(root, "run", "--attempts", "1")
    assert "CFLAGS -O0" in ran.stdout + ran.stderr
    (root / "Makefile").write_text(CHEAT)
    tried = kapso(root, "try", "--dirty")
    assert "invalid: the constraint `same >= 1` does not hold" in tried.stdout, tried.stderr


@pytest.mark.parametrize("name", ["go", "cargo"])
def test_a_toolchain_that_is_not_there_is_named(unpack: Unpack, tmp_path: Path, name: str) -> None:
    root = unpack(name)
    bare = tmp_path / "bin"
    bare.mkdir()
    git = shutil.which("git")
    assert git is not None
    (bare / "git").symlink_to(git)
    done = kapso(root, "init", "--yes", PATH=str(bare))
    assert done.returncode == 2
    assert f"but `{name}` is not installed" in done.stderr
    assert status(root) == ""


def test_a_goal_that_is_there_is_left_alone(make_repository: MakeRepository) -> None:
    root = make_repository({"a.sh": "echo 1\n"})
    (root / "goal.yaml").write_text("mine\n")
    options = ("--yes", "--edit", "a.sh", "--evaluate", "echo 3")
    done = kapso(root, "init", *options)
    assert done.returncode == 2 and "error[goal-exists]" in done.stderr and "--force" in done.stderr
    assert (root / "goal.yaml").read_text() == "mine\n"
    assert kapso(root, "init", *options, "--force").returncode == 0
    assert load_goal(root).evaluate.command == "echo 3"


@pytest.mark.parametrize(
    ("commands", "says"),
    [
        ([], "git init && git add -A && git commit -m start"),
        (["init -q"], "has no commit yet"),
        (["init -q", "commit -q --allow-empty -m start"], "no file in `.` is committed"),
    ],
)
def test_a_program_that_is_not_in_git_yet(tmp_path: Path, commands: list[str], says: str) -> None:
    root = tmp_path / "program"
    root.mkdir()
    (root / "main.py").write_text("print(1)\n")
    for command in commands:
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    before = sorted(root.rglob("*"))
    done = kapso(root, "init", "--yes")
    assert done.returncode == 2 and says in done.stderr
    if not commands:
        assert sorted(root.rglob("*")) == before


def test_on_a_terminal_it_asks_little(make_repository: MakeRepository) -> None:
    root = make_repository({"a.sh": "echo 5\n", "score.sh": "sh a.sh\n"})
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(root)
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "kapso", "init"])
    said = answer(terminal, "Is a larger `score` better? [Y/n]", "n\n")
    said += answer(terminal, "What is to be improved, in words?", "Make it small.\n")
    _, code = os.waitpid(pid, 0)
    os.close(terminal)
    assert code == 0, said
    goal = load_goal(root)
    assert (goal.primary.goal, goal.objective) == ("minimize", "Make it small.")


def answer(terminal: int, question: str, reply: str) -> str:
    """Wait for a question, and type."""
    said, until = "", time.monotonic() + 90
    while question not in said and time.monotonic() < until:
        said += os.read(terminal, 4096).decode(errors="replace")
    assert question in said
    os.write(terminal, reply.encode())
    return said


def reads_scorers_of_peers() -> bool:
    """Whether the loader takes them in: these tests wait for it."""
    goal = "objective: x\nedit: a.py\nevaluate: {python: 'e.py:evaluate', program: a.py}\n"
    try:
        parse_goal(goal, Path("/srv/demo/goal.yaml"))
    except NotAvailableYet:
        return False
    return True


RUNS = {
    "python-module": (0, "value"),
    "python-solver": (0, "tour_length"),
    "python-package": (None, "run.cpu_seconds"),
    "python-self-scored": (0, "test_rmse"),
    "c-make": (None, "run.cpu_seconds"),
    "cmake": (None, "run.cpu_seconds"),
    "cargo": (None, "run.cpu_seconds"),
    "node": (None, "hit_rate"),
    "shell": (None, "compressed_bytes"),
}
"""By folder: the exit code of the run (None: 0 or 3) and the metric."""


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_each_kind_of_folder_runs_or_says_what_is_missing(unpack: Unpack, name: str) -> None:
    root = unpack(name)
    done = kapso(root, "init", "--yes")
    if "is not installed" in done.stderr:
        assert done.returncode == 2 and not (root / "goal.yaml").exists()
        return
    code, metric = RUNS[name]
    assert done.returncode == 0, done.stderr
    assert load_goal(root).primary.name == metric
    assert kapso(root, "doctor").returncode == 0
    ran = kapso(root, "run", "--attempts", "20", "--time", "90s")
    assert ran.returncode in ((0, 3) if code is None else (code,)), ran.stderr


@pytest.mark.slow
@pytest.mark.skipif(not reads_scorers_of_peers(), reason="`evaluate: {python: …}` is not available yet")
@pytest.mark.parametrize("name", ["openevolve", "shinkaevolve"])
def test_examples_of_peers_run_as_they_are(unpack: Unpack, name: str) -> None:
    root = unpack(name)
    done = kapso(root, "init", "--yes")
    assert done.returncode == 0, done.stderr
    assert load_goal(root).primary.name == "combined_score"
    assert kapso(root, "run", "--attempts", "20").returncode == 0
    assert status(root) == "?? goal.yaml\n"
