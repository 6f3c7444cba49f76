"""Magpie (Blot and Petke 2022): its local search, first improvement, on statements, signs and numbers.

Python goes through Magpie's own conversion to XML, with the tags of signs and numbers renamed to what its
standard edits look for; other languages go line by line, as they would without srcML. Evaluations that Magpie
answers from its cache cost nothing. Nothing of Magpie is part of Kapso: `--magpie` says where it lies.
"""

from __future__ import annotations

import ast
import configparser
import os
import random
import re
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contest.evaluation import Evaluator
from contest.task import Task
from contest.trace import Exhausted, Ledger, Trace
from kapso.propose.mutate.languages import language_of

PLACE = "KAPSO_BENCH_MAGPIE"
"""The variable by which the processes of the bench know where Magpie lies."""
_SIGNS = re.compile(r"<(/?)(?:add|sub|mult|div|mod)>")
_NUMBER = re.compile(r"<Constant>([0-9][0-9._eE+-]*)</Constant>")
_PYTHON = "SrcmlComparisonOperatorSetting SrcmlArithmeticOperatorSetting SrcmlNumericSetting"
_STATEMENTS = "SrcmlStmtReplacement SrcmlStmtInsertion SrcmlStmtDeletion"
_LINES = "LineReplacement LineInsertion LineDeletion"
_MOST_STEPS = 10
"""Steps for every evaluation of the budget: where all that it makes is in its cache, it would never end."""


def unpack(place: Path, into: Path) -> Path:
    """The folder that holds the package `magpie`, unpacked from an archive where `place` is one."""
    if place.is_file():
        with tarfile.open(place) as archive:
            archive.extractall(into, filter="data")
        place = into
    found = sorted(path.parent.parent for path in place.resolve().glob("**/magpie/__main__.py"))
    if not found:
        raise SystemExit(f"{place}: no Magpie there; give its archive or its folder")
    return found[0]


def why_no_magpie() -> str | None:
    """Why Magpie cannot take part, None where it can."""
    return None if os.environ.get(PLACE) else "give its archive or folder by --magpie"


def run_magpie(task: Task, seed: int, budget: int, folder: Path) -> Trace | None:
    """What `magpie local_search` does, the scorer called in our way."""
    paths = [path for path in task.editable if language_of(path)]
    if not paths:
        return None
    if find_spec("magpie") is None:
        sys.path.append(os.environ[PLACE])
    ledger = Ledger(Evaluator(task, folder / "scoring"), budget)
    targets = _prepare(task, paths, folder / task.name)
    _search(_config(targets, seed, budget, folder / task.name), ledger)
    return ledger.trace("magpie", seed)


def _prepare(task: Task, paths: list[str], place: Path) -> list[str]:
    """The files that Magpie is to work on, Python as XML; made in a folder of their own."""
    from magpie.scripts.python_to_xml import unparse_xml  # type: ignore[import-not-found]

    targets = []
    for path in paths:
        text = task.editable[path].decode()
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".py"):
            target = target.with_name(f"{target.name}.xml")
            xml = unparse_xml(ast.parse(text), path).replace("cmpop>", "operator_comp>")
            xml = _SIGNS.sub(r"<\1operator_arith>", xml)
            text = _NUMBER.sub(r"<number>\1</number>", xml)
        target.write_text(text)
        targets.append(target.relative_to(place).as_posix())
    return targets


def _config(targets: list[str], seed: int, budget: int, place: Path) -> configparser.ConfigParser:
    """Magpie's defaults; of its standard edits those that the files allow."""
    import magpie

    edits = []
    if any(target.endswith(".xml") for target in targets):
        edits += [_STATEMENTS, _PYTHON, "SrcmlRelativeNumericSetting"]
    if any(not target.endswith(".xml") for target in targets):
        edits.append(_LINES)
    config = configparser.ConfigParser()
    config.read_dict(magpie.core.default_scenario)
    config["magpie"].update(
        seed=str(seed),
        log_dir=str(place.parent / "magpie-logs"),
        work_dir=str(place.parent / "magpie-work"),
        output_encoding="utf-8",
    )
    config["software"].update(path=str(place), target_files="\n".join(targets), fitness="output")
    config["srcml"].update(process_pseudo_blocks="False", process_literals="False", process_operators="False")
    config["srcml"]["rename"] = ""
    steps = _MOST_STEPS * budget
    config["search"].update(
        possible_edits="\n".join(" ".join(edits).split()), max_steps=str(steps), warmup="1"
    )
    return config


def _search(config: configparser.ConfigParser, ledger: Ledger) -> None:
    import magpie

    class Software(magpie.core.BasicSoftware):  # type: ignore[misc]
        """Scores by the bench; what Magpie has in its cache is not scored again."""

        def evaluate_variant(self, variant: Any, cached_run: Any = None) -> Any:
            if cached_run is not None:
                return cached_run
            result = magpie.core.RunResult(variant, "RUN_CODE_ERROR")
            result.updated = True
            models = variant.models.values()
            files = {model.renamed_filename: model.dump().encode() for model in models}
            if not variant.patch.edits:
                result.fitness = [ledger.evaluator.start]
            else:
                try:
                    score = ledger.score({**ledger.evaluator.task.editable, **files})
                except Exhausted:
                    raise KeyboardInterrupt from None  # which Magpie's search ends well on
                result.fitness = None if score is None else [score]
            if result.fitness is not None:
                result.status = "SUCCESS"
            return result

    magpie.core.pre_setup(config)
    magpie.core.setup(config)
    search = magpie.algos.FirstImprovement()
    search.setup(config)
    search.software = Software(config)
    search.software.logger.handlers.clear()
    search.software.fitness[0].maximize = ledger.evaluator.task.sign > 0
    base, classes = search.software.noop_variant, search.config["possible_edits"]
    usable = [each for each in classes if any(each.auto_create(base) is not None for _ in range(20))]
    search.config["possible_edits"] = usable
    state = random.getstate()
    try:
        if usable:
            search.run()
    finally:
        random.setstate(state)
