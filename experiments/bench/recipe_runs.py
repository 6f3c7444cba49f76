"""Runs the example of a recipe, before and after: what each answers, and how long each takes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapso.propose.recipe import Recipe

_MAIN = "\nint main(void) {\n%s\n    return 0;\n}\n"
_INCLUDES = {"c": "#include <stdio.h>\n", "cpp": "#include <iostream>\n#include <cstdio>\n"}
_PYTHON = """
import json, sys, time
told = json.load(open(sys.argv[1]))
names = {"__name__": "example"}
exec(compile(told["program"], "example", "exec"), names)
code = compile(told["run"], "run", "eval")
start = time.process_time()
value = eval(code, names)
took = time.process_time() - start
sys.stderr.write("\\n" + json.dumps({"value": repr(value), "seconds": took}))
"""
_NODE = """
const told = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const answer = new Function(told.program + "\\nreturn () => (" + told.run + ");")();
const start = process.cpuUsage();
const value = answer();
const used = process.cpuUsage(start);
const seconds = (used.user + used.system) / 1e6;
process.stderr.write("\\n" + JSON.stringify({value: JSON.stringify(value) ?? "undefined", seconds}));
"""


_ALONE = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
"""Threads would be counted as time."""


@dataclass(frozen=True)
class Answer:
    """What an example printed and gave back, and the seconds of processor time that this took."""

    printed: str
    value: str
    seconds: float


class Program:
    """One side of an example, ready to run; `python` is the interpreter that has what the example needs."""

    def __init__(
        self, recipe: Recipe, text: str, run: str, folder: Path, python: str = sys.executable
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._given = str(eval(recipe.example.input)) if recipe.example.input else ""
        self._is_compiled = recipe.language in _INCLUDES
        told = folder / "told.json"
        if self._is_compiled:
            self._command = [str(_compiled(recipe.language, text, run, folder))]
        else:
            told.write_text(json.dumps({"program": text, "run": run}))
            script = folder / ("main.py" if recipe.language == "python" else "main.js")
            script.write_text(_PYTHON if recipe.language == "python" else _NODE)
            self._command = [python if recipe.language == "python" else "node", str(script), str(told)]

    def answer(self) -> Answer:
        """Run it. CalledProcessError, with what it said, where it fails."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(self._command, input=self._given, capture_output=True, text=True, env=_ALONE)
        if done.returncode:
            raise RuntimeError(f"{self._command}: {done.stderr[-2000:]}")
        if self._is_compiled:
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return Answer(done.stdout, "", cpu)
        said = json.loads(done.stderr.splitlines()[-1])  # warnings come first
        return Answer(done.stdout, said["value"], said["seconds"])


def _compiled(language: str, text: str, run: str, folder: Path) -> Path:
    source, binary = folder / f"main.{language}", folder / "main"
    source.write_text(_INCLUDES[language] + text + _MAIN % run if "int main" not in text else text)
    compiler = ["gcc", "-std=gnu11"] if language == "c" else ["g++", "-std=gnu++17"]
    command = [*compiler, "-O2", "-w", str(source), "-o", str(binary), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[:2000])
    return binary


def both(
    recipe: Recipe, folder: Path, *, big: bool = False, python: str = sys.executable
) -> tuple[Program, Program]:
    """The example before and after; `big` at the size at which the gain is measured."""
    example = recipe.example
    run = example.measure if big and example.measure else example.run
    return (
        Program(recipe, example.before, run, folder / "before", python),
        Program(recipe, example.after, run, folder / "after", python),
    )
