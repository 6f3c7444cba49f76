"""A version manager's stand-in for Python is asked once, not at every evaluation."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.interpreter import is_stand_in

MakeArena = Any

GOAL = """\
edit: [program.py]
evaluate: {python: "judge.py:evaluate", program: program.py, timeout: 30s}
"""
JUDGE = """\
import os, shutil, sys

def evaluate(path):
    return {
        "score": 1.0,
        "through": 1.0 if "STOOD_IN" in os.environ else 0.0,
        "same": 1.0 if shutil.which("python3") == sys.executable else 0.0,
    }
"""
REAL = Path(os.path.realpath(sys.executable))
ASKED_ALONE = 'case "$2" in "import sys; print("*) exit 1;; esac\n'


def stand_in(folder: Path) -> Path:
    """A script that goes on as the `python3` beside the interpreter of these tests."""
    folder.mkdir()
    script = folder / "python3"
    python = shlex.quote(str(REAL.with_name("python3")))
    script.write_text(f'#!/bin/sh\nexport STOOD_IN=1\nexec {python} "$@"\n')
    script.chmod(0o755)
    return script


def evaluate(arena: MakeArena, *, note: str) -> dict[str, float]:
    judged = arena(GOAL, {"judge.py": JUDGE, "program.py": f"# {note}\n"})
    measured = judged.evaluate({"program.py": "x = 1\n"})
    assert measured.outcome == "scored", measured.reason
    assert "$ python3 judge.py:evaluate program.py\n" in judged.log.read_text()
    return dict(measured.metrics)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not REAL.with_name("python3").exists():
        pytest.skip("the interpreter has no `python3` beside it")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/usr/bin:/bin")
    return stand_in(tmp_path / "shims")


def test_evaluations_start_what_stands_behind_it(arena: MakeArena, script: Path) -> None:
    metrics = evaluate(arena, note="behind")
    assert (metrics["through"], metrics["same"]) == (0.0, 1.0)


def test_one_that_does_not_tell_is_used_as_it_is(arena: MakeArena, script: Path) -> None:
    text = script.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n{ASKED_ALONE}")
    script.write_text(text)
    assert evaluate(arena, note="silent")["through"] == 1.0


def test_what_is_a_stand_in(tmp_path: Path) -> None:
    link = tmp_path / "python3"
    link.symlink_to("/bin/sh")  # as mise does it, whose programs are links to itself
    assert is_stand_in(str(link)) and is_stand_in(str(stand_in(tmp_path / "shims")))
    assert not is_stand_in(sys.executable)
