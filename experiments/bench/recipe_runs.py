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
program, run = compile(told["program"], "example", "exec"), compile(told["run"], "run", "eval")
seconds = []
for _ in range(told["rounds"]):
    names = {"__name__": "example"}
    exec(program, names)
    start = time.process_time()
    value = eval(run, names)
    seconds.append(time.process_time() - start)
sys.stderr.write("\\n" + json.dumps({"value": repr(value), "seconds": seconds}))
"""
_NODE = """
const told = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const seconds = [];
let value;
for (let round = 0; round < told.rounds; round++) {
  const answer = new Function(told.program + "\\nreturn () => (" + told.run + ");")();
  const start = process.cpuUsage();
  value = answer();
  const used = process.cpuUsage(start);
  seconds.push((used.user + used.system) / 1e6);
}
process.stderr.write("\\n" + JSON.stringify({value: JSON.stringify(value) ?? "undefined", seconds}));
"""
_ALONE = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
"""Threads would be counted as time."""


@dataclass(frozen=True)
class Answer:
    """What an example printed and gave back, and the seconds of processor time of each round."""

    printed: str
    value: str
    seconds: list[float]


class Program:
    """One side of an example, ready to run; `python` is the interpreter that has what the example needs."""

    def __init__(self, recipe: Recipe, text: str, run: str, folder: Path, rounds: int, python: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._given = str(eval(recipe.example.input)) if recipe.example.input else ""
        self._is_compiled = recipe.language in _INCLUDES
        # What reads stdin can do so once in a process.
        self._processes = rounds if self._is_compiled or self._given else 1
        told = folder / "told.json"
        if self._is_compiled:
            self._command = [str(_compiled(recipe.language, text, run, folder))]
        else:
            inside = rounds // self._processes
            told.write_text(json.dumps({"program": text, "run": run, "rounds": inside}))
            script = folder / ("main.py" if recipe.language == "python" else "main.js")
            script.write_text(_PYTHON if recipe.language == "python" else _NODE)
            self._command = [python if recipe.language == "python" else "node", str(script), str(told)]

    def answer(self) -> Answer:
        """Run all rounds. RuntimeError, with what it said, where it fails."""
        answers = [self._once() for _ in range(self._processes)]
        seconds = [each for answer in answers for each in answer.seconds]
        return Answer(answers[0].printed, answers[0].value, seconds)

    def _once(self) -> Answer:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(self._command, input=self._given, capture_output=True, text=True, env=_ALONE)
        if done.returncode:
            raise RuntimeError(f"{self._command}: {done.stderr[-2000:]}")
        if self._is_compiled:
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return Answer(done.stdout, "", [cpu])
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
    recipe: Recipe, folder: Path, *, big: bool = False, rounds: int = 1, python: str = sys.executable
) -> tuple[Program, Program]:
    """The example before and after; `big` at the size at which the gain is measured."""
    example = recipe.example
    run = example.measure if big and example.measure else example.run
    return (
        Program(recipe, example.before, run, folder / "before", rounds, python),
        Program(recipe, example.after, run, folder / "after", rounds, python),
    )
