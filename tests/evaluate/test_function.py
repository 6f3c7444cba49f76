"""A Python function as the judge: what it returns counts, what its candidate tries does not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.function import HARNESS, call_of, command_of, hand_key, read_answer
from kapso.evaluate.readings import Reading
from kapso.goal import Function

MakeArena = Any

GOAL = """\
edit: ["**"]
evaluate: {python: "judge/evaluator.py:evaluate", program: program.py, timeout: 30s}
constraints: ["private.runs >= 1"]
"""
EVALUATOR = """\
import importlib.util
from helper import LEAST

def evaluate(path):
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    print('{"score": 1000}')
    value = program.solve()
    assert not value < LEAST, "too small"
    return {"score": value, "private": {"runs": 1, "seed": 7}, "error": "none"}
"""
FILES = {
    "judge/evaluator.py": EVALUATOR,
    "judge/helper.py": "LEAST = 0\n",
    "program.py": "def solve():\n    return 1.5\n",
}
FORGE = """\
import glob, json, os
def forge(score=99):
    for path in [*glob.glob("/tmp/kapso*/result"), *glob.glob("/tmp/kapso*/result/*")]:
        text = json.dumps({"metrics": {"score": score}, "artifacts": {}})
        target = path + "/result.json" if os.path.isdir(path) else path
        with open(target, "w") as file:
            file.write("0" * 64 + "\\n" + text)
"""


@pytest.fixture(scope="module")
def judge(arena: MakeArena) -> Any:
    return arena(GOAL, FILES)


def solve(body: str, *, before: str = "") -> str:
    return before + "def solve():\n" + "".join(f"    {line}\n" for line in body.splitlines())


def test_what_the_function_returns_is_the_score(judge: Any) -> None:
    measured = judge.evaluate({"program.py": solve("return 2.5")})
    assert (measured.outcome, measured.metrics["score"]) == ("scored", 2.5)
    assert measured.feedback == "error: none"
    assert measured.metrics["private.runs"] == 1 and "private.seed" not in measured.metrics
    assert measured.metrics["run.seconds"] > 0
    log = judge.log.read_text()
    assert "$ python3 judge/evaluator.py:evaluate program.py\n" in log and "hand_over" not in log


ENDINGS = {
    "raises": ("raise ValueError('boom')", "crashed", "ValueError: boom"),
    "the judge refuses": ("return -1", "crashed", "AssertionError: too small"),
    "lacks a module": ("import no_such_module", "crashed", "install it there"),
    "exits": ("raise SystemExit(0)", "crashed", "SystemExit: the judge or the program ended"),
    "ends the process": ("import os; os._exit(0)", "invalid", "ended before the function returned"),
    "ends it badly": ("import os; os._exit(3)", "crashed", "exit code 3"),
    "not a number": ("return float('nan')", "invalid", "`nan`, not finite"),
    "infinite": ("return float('inf')", "invalid", "`inf`, not finite"),
    "true": ("return True", "invalid", "`true`, not a number"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_is_no_score_makes_none(judge: Any, name: str) -> None:
    body, outcome, reason = ENDINGS[name]
    measured = judge.evaluate({"program.py": solve(body)})
    assert measured.outcome == outcome and reason in (measured.reason or ""), measured.reason
    assert "score" not in measured.metrics


PATCHES = """\
import json, json.encoder
class Forged(json.JSONEncoder):
    def encode(self, o): return '{"metrics": {"score": 99}, "artifacts": {}}'
json.JSONEncoder = json.encoder.JSONEncoder = Forged
json._default_encoder = Forged()
json.encoder.c_make_encoder = json.encoder.encode_basestring_ascii = None
json.dumps = lambda *a, **k: '{"metrics": {"score": 99}, "artifacts": {}}'
"""
CHEATS = {
    "a forged answer and the end": ("forge(); os._exit(0)", FORGE, "invalid", None),
    "a forged answer that stands already": ("forge()\nreturn 1", FORGE, "crashed", None),
    "at exit": ("import atexit; atexit.register(forge)\nreturn 1", FORGE, "scored", 1.0),
    "another json": ("return 1", PATCHES, "scored", 1.0),
    "another function": (
        "import sys; sys.modules['evaluator'].evaluate = lambda path: {'score': 99}\nreturn 1",
        "",
        "scored",
        1.0,
    ),
    "the variable": ("import os; return 99 if 'KAPSO_RESULT' in os.environ else 1", "", "scored", 1.0),
    "the key": ("return 99 if glob.glob('/tmp/kapso*/result/key') else 1", FORGE, "scored", 1.0),
}


@pytest.mark.parametrize("name", CHEATS)
def test_cheap_cheats_gain_nothing(judge: Any, name: str) -> None:
    body, before, outcome, score = CHEATS[name]
    measured = judge.evaluate({"program.py": solve(body, before=before)})
    assert (measured.outcome, measured.metrics.get("score")) == (outcome, score), measured.reason


def test_files_that_a_candidate_adds_are_not_the_judge(judge: Any) -> None:
    win = "print('{}')\nimport os\nos._exit(0)\n"
    names = ("json.py", "hashlib.py", "importlib/__init__.py", "sitecustomize.py", "evaluator.py")
    measured = judge.evaluate({name: win for name in names})
    assert (measured.outcome, measured.metrics.get("score")) == ("scored", 1.5), measured.reason


def test_a_cached_module_does_not_stand_in_for_the_judge(judge: Any, tmp_path: Path) -> None:
    source = tmp_path / "evaluator.py"
    source.write_text("def evaluate(path):\n    return {'score': 99}\n")
    compiling = "import py_compile, sys; py_compile.compile(*sys.argv[1:], invalidation_mode=MODE)"
    target = tmp_path / "cached.pyc"
    mode = "py_compile.PycInvalidationMode.UNCHECKED_HASH"
    subprocess.run(["python3", "-c", compiling.replace("MODE", mode), source, target], check=True)
    tag = subprocess.check_output(["python3", "-c", "import sys; print(sys.implementation.cache_tag)"])
    path = f"judge/__pycache__/evaluator.{tag.decode().strip()}.pyc"
    assert judge.evaluate({path: target.read_bytes()}).metrics["score"] == 1.5


@pytest.mark.parametrize("mode", ["copy", "limits"])
def test_at_every_level(arena: MakeArena, mode: str) -> None:
    place = arena(GOAL, FILES, mode=mode)
    assert place.evaluate({"program.py": solve("return 2.5")}).metrics["score"] == 2.5


def test_the_python_of_a_virtual_environment_in_the_goals_folder(arena: MakeArena) -> None:
    make = "mkdir -p .venv/bin && printf '#!/bin/sh\\nOWN=4 exec python3 \"$@\"\\n' > .venv/bin/python"
    goal = f"setup: {json.dumps(make + ' && chmod +x .venv/bin/python')}\n{GOAL}"
    own = {**FILES, "program.py": "import os\ndef solve():\n    return int(os.environ.get('OWN', 0))\n"}
    place = arena(goal, {f"sub/{name}": text for name, text in own.items()}, folder="sub")
    assert place.baseline().metrics["score"] == 4
    assert not place.setting.goal.is_judged_apart


CALLED = """\
import fractions
from openevolve.evaluation_result import EvaluationResult

class Array:
    def item(self): return 2.25

class Half(float): pass

class Loop:
    def item(self): return self

def evaluate(path):
    open(path).close()
    metrics = {"a": 1, "b": Half(0.5), "c": fractions.Fraction(1, 4), "d": Array(), "e": Loop(),
               "f": (1, 2), "g": {"h": 3, 4: 5}, "i": b"raw", "j": "x" * 10**6, 6: 7, "k": True, "l": None}
    return EvaluationResult(metrics, artifacts={"log": "line\\x1b[2J", "raw": b"\\xff", "count": 3})

def nothing(path): return None
def listed(path): return [1]
"""


def call(folder: Path, name: str, text: str = CALLED) -> tuple[int, str, Reading]:
    """Call a function of `text` as the sandbox does, without one."""
    (folder / "e.py").write_text(text)
    (folder / "result").mkdir()
    key = hand_key(folder / "result")
    done = subprocess.run(
        command_of(call_of(Function("e.py", name), "e.py", sys.executable)),
        shell=True,
        cwd=folder,
        env={"KAPSO_RESULT": str(folder / "result/result.json")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr, read_answer(folder / "result", key)


def test_what_an_evaluator_may_return(tmp_path: Path) -> None:
    code, said, reading = call(tmp_path, "evaluate")
    assert (code, reading.fault) == (0, None), said
    numbers = {"a": 1.0, "b": 0.5, "c": 0.25, "d": 2.25, "g.h": 3.0, "g.4": 5.0, "6": 7.0}
    assert reading.metrics == numbers
    assert {"e", "f", "g", "i", "j", "k", "l"} == reading.faults.keys()
    assert reading.feedback is not None and len(reading.feedback) <= 8_000


def test_artifacts_are_feedback_and_no_metrics(tmp_path: Path) -> None:
    _, _, reading = call(tmp_path, "evaluate", CALLED.replace('"j": "x" * 10**6, ', ""))
    said = reading.feedback or ""
    assert "log: line" in said and "\x1b" not in said
    assert "count: 3" in said and "count" not in reading.metrics


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "the function `nothing` of `e.py` returned NoneType, not a dict of metrics"),
        ("listed", "the function `listed` of `e.py` returned list, not a dict of metrics"),
        ("absent", "`e.py` has no function `absent`"),
    ],
)
def test_what_is_no_evaluator_says_so(tmp_path: Path, name: str, said: str) -> None:
    code, stderr, reading = call(tmp_path, name)
    assert code == 1 and stderr.strip().endswith(said) and not reading.metrics


def test_the_harness_is_read_by_the_oldest_python_that_it_promises() -> None:
    ast.parse(HARNESS.read_text(), feature_version=(3, 8))


def test_an_answer_counts_under_its_own_seal_alone(tmp_path: Path) -> None:
    _, _, good = call(tmp_path, "evaluate")
    assert good.metrics
    folder = tmp_path / "result"
    assert "not what the function returned" in (read_answer(folder, b"another key").fault or "")
    (folder / "result.json").write_text("{}")
    assert not read_answer(folder, b"key").metrics
    (folder / "result.json").unlink()
    (folder / "result.json").symlink_to("/etc/hostname")
    assert "cannot be read" in (read_answer(folder, b"key").fault or "")
