"""Examples written for OpenEvolve and ShinkaEvolve: a program with EVOLVE-BLOCK markers and its evaluator."""

from __future__ import annotations

import re

from kapso.init.folder import Folder
from kapso.init.printed import direction
from kapso.init.program import Draft, Metric, Program

_START = "EVOLVE-BLOCK-START"
_FUNCTION = re.compile(r"^def evaluate\s*\(\s*\w+", re.MULTILINE)
_KEYS = re.compile(r"['\"](\w+)['\"]\s*:")
_RESULTS = re.compile(r"results_dir")


def look(folder: Folder) -> list[Draft]:
    """The goal for such a folder; none where it is no such folder."""
    marked = [name for name in folder.ending(".py") if _START in folder.text(name)]
    if not marked:
        return []
    usual = [name for name in marked if name.rsplit("/", 1)[-1].startswith("initial")]
    program = (usual or marked)[0]
    for name in ("evaluator.py", "evaluate.py"):
        text = folder.text(name)
        if _RESULTS.search(text) and "argparse" in text:
            return [_result_file(folder, program, name)]
        if _FUNCTION.search(text):
            return [_function(folder, program, name)]
    return []


def _function(folder: Folder, program: str, evaluator: str) -> Draft:
    """OpenEvolve: `evaluate(program_path)` returns a dict of metrics."""
    return Draft(
        _program(folder, program, "OpenEvolve example"),
        how=f"`{evaluator}` has a function `evaluate` that takes the program's path",
        evaluate={"python": f"{evaluator}:evaluate", "program": program},
        metrics=(_metric(folder.text(evaluator)),),
        notes={"edit": "only what lies between its EVOLVE-BLOCK markers may change"},
    )


def _result_file(folder: Folder, program: str, evaluator: str) -> Draft:
    """ShinkaEvolve: the evaluator is given the program and a folder, where it writes metrics.json."""
    text = folder.text(evaluator)
    stem = program.removesuffix(".py")
    # Not named as a whole: a file that a judge names is protected, and this one is what may change.
    command = f'program={stem}; python3 {evaluator} --program_path "$program.py" --results_dir "$KAPSO_OUT"'
    if "run_shinka_eval" in text or "correct.json" in text:
        command += ' && grep -q \'"correct": true\' "$KAPSO_OUT/correct.json"'
    return Draft(
        _program(folder, program, "ShinkaEvolve example"),
        how=f"`{evaluator}` writes metrics.json into the folder that it is given",
        evaluate={"command": command, "result": "$KAPSO_OUT/metrics.json"},
        metrics=(Metric("combined_score", "maximize"),),
        notes={"edit": "only what lies between its EVOLVE-BLOCK markers may change"},
    )


def _program(folder: Folder, program: str, kind: str) -> Program:
    setup = ""
    if folder.text("requirements.txt").strip():
        setup = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt"
    return Program(kind=kind, main=program, edit=(program,), setup=setup, tools=("python3",))


def _metric(text: str) -> Metric:
    """`combined_score` where there is one: it is what such evaluators rank by."""
    keys = list(dict.fromkeys(_KEYS.findall(text)))
    for name in ("combined_score", "score", *keys):
        if name in keys and (name == "combined_score" or direction(name)[1]):
            return Metric(name, direction(name)[0])
    return Metric("combined_score", "maximize")
