"""The schema for editors holds to the loader: the same keys, and the same verdict on goals and mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kapso.goal import dump_goal, keys, load_goal, sections
from kapso.goal.document import read_document
from kapso.goal.item import Item
from kapso.goal.schema import goal_schema
from tests.goal.test_goal_errors import ADDED, REQUIRED

ROOT = Path(__file__).parents[2]
SCHEMA = goal_schema()
SLUGS = ("unknown key", "has no `", "must be", "found nothing", "is not known for", "is not a duration")


def plain(item: Item) -> Any:
    """A goal's document as plain values."""
    if isinstance(item.value, dict):
        return {key: plain(each) for key, each in item.value.items()}
    if isinstance(item.value, list):
        return [plain(each) for each in item.value]
    return item.value


def faults(value: Any, schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What the schema has against a value: as much of draft 7 as it uses."""
    if "$ref" in schema:
        yield from faults(value, SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]], at)
        return
    known = {"description", "default", "examples", "$schema", "title", "definitions"}
    for word, wanted in schema.items():
        if word not in known:
            yield from RULES[word](value, wanted, at, schema)


def _type(value: Any, wanted: Any, at: str, _: Any) -> Iterator[str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    holds = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "number": is_number,
        "integer": is_number and isinstance(value, int),
    }
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(holds[name] for name in names):
        yield f"{at}: no {wanted}"


def _properties(value: Any, wanted: Any, at: str, _: Any) -> Iterator[str]:
    for key in wanted if isinstance(value, dict) else ():
        if key in value:
            yield from faults(value[key], wanted[key], f"{at}.{key}")


def _additional(value: Any, wanted: Any, at: str, schema: Any) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key not in schema.get("properties", {}):
            yield from [f"{at}: unknown {key}"] if wanted is False else faults(value[key], wanted, at)


def _any_of(value: Any, wanted: Any, at: str, _: Any) -> Iterator[str]:
    if all(list(faults(value, each, at)) for each in wanted):
        yield f"{at}: fits none"


def _items(value: Any, wanted: Any, at: str, _: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else ():
        yield from faults(each, wanted, at)


def _rule(refuses: Any) -> Any:
    def rule(value: Any, wanted: Any, at: str, _: Any) -> Iterator[str]:
        if refuses(value, wanted):
            yield f"{at}: {value!r} against {wanted!r}"

    return rule


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


RULES = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "items": _items,
    "required": _rule(lambda value, names: isinstance(value, dict) and set(names) - set(value)),
    "enum": _rule(lambda value, names: value not in names),
    "const": _rule(lambda value, name: value != name),
    "pattern": _rule(lambda value, regex: isinstance(value, str) and not re.search(regex, value)),
    "minimum": _rule(lambda value, least: _number(value) and value < least),
    "maximum": _rule(lambda value, most: _number(value) and value > most),
    "exclusiveMinimum": _rule(lambda value, least: _number(value) and value <= least),
    "minItems": _rule(lambda value, least: isinstance(value, list) and len(value) < least),
    "maxItems": _rule(lambda value, most: isinstance(value, list) and len(value) > most),
    "minProperties": _rule(lambda value, least: isinstance(value, dict) and len(value) < least),
    "maxProperties": _rule(lambda value, most: isinstance(value, dict) and len(value) > most),
}


def faults_of(text: str) -> list[str]:
    return list(faults(plain(read_document(text, "goal.yaml")), SCHEMA))


def test_schema_and_loader_know_the_same_keys() -> None:
    properties = SCHEMA["properties"]
    assert tuple(properties) == keys.TOP
    assert tuple(SCHEMA["required"]) == keys.REQUIRED
    for section, names in keys.SECTIONS.items():
        assert tuple(properties[section]["properties"]) == names
    [_, by_command] = SCHEMA["definitions"]["command"]["anyOf"]
    assert tuple(by_command["properties"]) == keys.COMMAND
    [_, by_command, by_function, by_stages] = properties["evaluate"]["anyOf"]
    kinds = (by_command, by_function, by_stages)
    assert set().union(*(each["properties"] for each in kinds)) == set(keys.EVALUATE)
    [by_command, by_function] = by_stages["properties"]["stages"]["items"]["anyOf"]
    assert {*by_command["properties"], *by_function["properties"]} == set(keys.STAGE)
    [_, metric] = properties["metrics"]["additionalProperties"]["anyOf"]
    assert tuple(metric["properties"]) == keys.METRIC
    assert properties["sandbox"]["properties"]["level"]["enum"] == list(sections.LEVELS)


def test_every_key_is_described() -> None:
    properties = SCHEMA["properties"]
    inner = [each for section in keys.SECTIONS for each in properties[section]["properties"].values()]
    assert all(each["description"] for each in [*properties.values(), *inner])


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("experiments/*/goal.yaml")), ids=lambda file: file.parent.name
)
def test_the_goals_of_the_experiments_fit(file: Path) -> None:
    assert faults_of(file.read_text()) == []
    assert faults_of(dump_goal(load_goal(file))) == []


@pytest.mark.parametrize(
    "added",
    [
        "evaluate: {python: 'evaluator.py:evaluate', program: initial_program.py}",
        "evaluate: {command: x, result: $KAPSO_OUT/metrics.json, timeout: 5s}",
        "propose: [tune, {llm: {model: 'openai:gpt-5-mini'}}, {recipe: {from: [../playbooks]}}]",
        "check: [make, {command: x, timeout: 1h30m}]\nsandbox: {memory: 2GB, gpu: auto, env: [A]}",
        "metrics: {score: maximize, size: {goal: minimize, regex: 'b: (\\d+)', bounds: [0, .inf]}}",
        "metrics: {run.seconds: {goal: minimize, take: minimum}}\nrepeats: 5",
        "search: {parallel: auto}\nrepeats: auto\nbase: 1234567\nconstraints: score >= 1",
    ],
)
def test_what_the_contract_allows_fits(added: str) -> None:
    required = REQUIRED.splitlines() if "evaluate:" not in added else REQUIRED.splitlines()[:2]
    assert faults_of("\n".join([*required, added])) == []


KEYS = [case for case in ADDED if any(words in case[2] for words in SLUGS)]
BEYOND = (
    "unknown key `marked` in `tune`",
    "a key must be a word",
    "finite number",
    "longer than 0",
    "bounds[2]",
)
"""Mistakes of the table that take more than a schema to see."""


@pytest.mark.parametrize("case", KEYS, ids=[case[0][:40] for case in KEYS])
def test_mistakes_in_keys_are_refused_by_both(case: tuple[str, int, str, str]) -> None:
    if not any(words in case[2] for words in BEYOND):
        assert faults_of(REQUIRED + case[0])


@pytest.mark.parametrize("key", keys.REQUIRED)
def test_a_missing_key_is_refused(key: str) -> None:
    kept = [line for line in REQUIRED.splitlines() if not line.startswith(key)]
    assert faults_of("\n".join(kept))


def test_init_prints_it() -> None:
    command = [sys.executable, "-m", "kapso", "init", "--schema"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout) == SCHEMA
