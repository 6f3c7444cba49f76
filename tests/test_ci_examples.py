"""The pipelines that people copy: they parse, and every command of Kapso in them exists as it is called."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from kapso.cli.catalogue import COMMANDS

FOLDER = Path(__file__).parents[1] / "experiments/ci"
PIPELINES = ["github.yml", "gitlab.yml"]


def load(name: str) -> Any:
    return YAML(typ="safe").load((FOLDER / name).read_text())


def scripts(pipeline: Any) -> list[str]:
    """Every piece of shell in it, in order."""
    if "jobs" in pipeline:
        return [step["run"] for job in pipeline["jobs"].values() for step in job["steps"] if "run" in step]
    return [*pipeline["kapso"]["before_script"], *pipeline["kapso"]["script"]]


def calls(pipeline: Any) -> list[list[str]]:
    """The calls of Kapso as lists of words."""
    lines = [line.strip() for script in scripts(pipeline) for line in script.splitlines()]
    return [shlex.split(re.split(r" (?:\|\||#) ?", line)[0]) for line in lines if line.startswith("kapso ")]


@pytest.mark.parametrize("name", PIPELINES)
def test_every_call_of_kapso_is_one_that_it_takes(name: str) -> None:
    found = calls(load(name))
    assert [words[1] for words in found] == ["doctor", "run"]
    for _, verb, *arguments in found:
        target = COMMANDS[verb].target
        assert target is not None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        command.make_context(verb, arguments)


@pytest.mark.parametrize("name", PIPELINES)
def test_each_shell_script_parses(name: str) -> None:
    for script in scripts(load(name)):
        subprocess.run(["sh", "-n", "-c", script], check=True)
        assert "${{" not in script, "an expression in a script is code that whoever starts the job writes"


@pytest.mark.parametrize("name", PIPELINES)
def test_the_run_is_pushed_and_its_report_kept(name: str) -> None:
    pipeline = load(name)
    (run,) = [words for words in calls(pipeline) if words[1] == "run"]
    assert run[run.index("--push") + 1] == "origin"
    report = run[run.index("--report") + 1]
    kept = str(pipeline.get("jobs") or pipeline["kapso"]["artifacts"])
    assert f"'{report}'" in kept and "always" in kept


def test_no_improvement_is_no_failure(tmp_path: Path) -> None:
    """The step's own shell, with a Kapso that ends as told."""
    (step,) = [script for script in scripts(load("github.yml")) if "kapso run" in script]
    for code, expected in ((0, 0), (3, 0), (4, 4), (1, 1)):
        fake = f"kapso() {{ return {code}; }}\n"
        done = subprocess.run(["sh", "-e", "-c", fake + step], capture_output=True, cwd=tmp_path)
        assert done.returncode == expected
    assert load("gitlab.yml")["kapso"]["allow_failure"] == {"exit_codes": [3]}
