"""Examples written for OpenEvolve and ShinkaEvolve: a program with EVOLVE-BLOCK markers and its evaluator."""

from __future__ import annotations

import re
from dataclasses import replace

from kapso.init.folder import Folder
from kapso.init.printed import direction
from kapso.init.program import Draft, Metric, Program

_START = "EVOLVE-BLOCK-START"
_FUNCTION = re.compile(r"^def evaluate\s*\(\s*\w+", re.MULTILINE)
_KEYS = re.compile(r"['\"](\w+)['\"]\s*:")
_STAGE = re.compile(r"^def evaluate_stage(\d)\s*\(((?:.|\n)*?)(?=^\S|\Z)", re.MULTILINE)
_NO_CASCADE = re.compile(r"^\s*cascade_evaluation:\s*(?:false|no|off)\b", re.MULTILINE | re.IGNORECASE)
_THRESHOLDS = re.compile(r"^\s*cascade_thresholds:\s*\[([\d., ]+)\]", re.MULTILINE)
_AT_LEAST = {"maximize": ">=", "minimize": "<="}
_RESULTS = re.compile(r"results_dir")


def look(folder: Folder) -> list[Draft]:
    """The goals for such a folder, the best first; none where it is no such folder."""
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
            return _functions(folder, program, name)
    return []


def _functions(folder: Folder, program: str, evaluator: str) -> list[Draft]:
    """OpenEvolve: `evaluate(program_path)` returns a dict of metrics; by its cascade first, if it has one."""
    metric = _metric(folder.text(evaluator))
    plain = Draft(
        _program(folder, program, "OpenEvolve example"),
        how=f"`{evaluator}` has a function `evaluate` that takes the program's path",
        evaluate={"python": f"{evaluator}:evaluate", "program": program},
        metrics=(metric,),
        notes={"edit": "only what lies between its EVOLVE-BLOCK markers may change"},
    )
    cheap = _cascade(folder, evaluator, metric)
    if not cheap:
        return [plain]
    stages = [*cheap, {"name": "full", "python": f"{evaluator}:evaluate"}]
    note = "cheap stages first; `promote` says who goes on: a share of the best so far, or a rule"
    staged = replace(
        plain,
        how=f"`{evaluator}` has cheap stages, `evaluate_stage1` and so on, before its function `evaluate`",
        evaluate={"program": program, "stages": stages},
        notes={**plain.notes, "evaluate": note},
    )
    return [staged, plain]


def _cascade(folder: Folder, evaluator: str, metric: Metric) -> list[dict[str, str]]:
    """Its `evaluate_stageN` but the last, which is `evaluate` under another name; none where one of them
    does not give the metric, or where the configuration switches them off."""
    text, config = folder.text(evaluator), folder.text("config.yaml")
    bodies = dict(_STAGE.findall(text))
    numbers = [str(number) for number in range(1, len(bodies) + 1)]
    cheap = numbers[:-1] or numbers
    if not all(metric.name in _KEYS.findall(bodies.get(number, "")) for number in cheap):
        return []
    if _NO_CASCADE.search(config):
        return []
    written = _THRESHOLDS.search(config)
    bars = [bar.strip() for bar in written[1].split(",")] if written else []
    return [
        {
            "name": f"stage{number}",
            "python": f"{evaluator}:evaluate_stage{number}",
            "promote": f"{metric.name} {_AT_LEAST[metric.goal]} {bar}" if bar else "1/3",
        }
        for number, bar in zip(cheap, [*bars, *[""] * len(cheap)], strict=False)
    ]


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
