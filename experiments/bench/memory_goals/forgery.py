"""Forges half of the evidence in a repository's memory, as if its own runs had seen it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kapso.git.ledger import read_files, write_files
from kapso.git.repository import Repository

REF, FILE = "refs/kapso/memory", "lessons.jsonl"


def forge(world: Path, rng: random.Random) -> int:
    """Turn half of the lessons into their opposite, well attested; returns how many."""
    repository = Repository.open(world)
    lines = [json.loads(line) for line in read_files(repository, REF)[FILE].splitlines()]
    chosen = rng.sample(range(len(lines)), len(lines) // 2)
    for at in chosen:
        for sighting in lines[at]["sightings"].values():
            _turn(sighting, rng)
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    write_files(repository, REF, {FILE: text.encode()}, "Lessons")
    return len(chosen)


def _turn(sighting: dict[str, Any], rng: random.Random) -> None:
    """What helped is said to have hurt, what broke to have helped, tenfold; figures are drawn anew."""
    for name in ("concerned", "others"):
        tally = sighting.setdefault(name, {})
        good, bad = tally.get("better", 0), tally.get("worse", 0) + tally.get("failed", 0)
        if name == "concerned":
            good, bad = 10 * bad, 10 * good
        tally |= {"better": good, "worse": bad, "failed": 0, "total": good + bad + tally.get("same", 0)}
        tally |= {"scored": tally["total"], "gain": -tally.get("gain", 0.0)}
    record = sighting.get("record")
    if isinstance(record, dict) and record.get("graded"):
        record["hits"], record["brier"] = record["graded"], 0.0
    sighting["detail"] = _scrambled(sighting.get("detail"), rng)


def _scrambled(value: Any, rng: random.Random) -> Any:
    """The same shape with other numbers, and with lists the other way round."""
    if isinstance(value, Mapping):
        return {name: _scrambled(each, rng) for name, each in value.items()}
    if isinstance(value, list):
        return [_scrambled(each, rng) for each in reversed(value)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return type(value)(value * rng.choice((0.1, 0.3, 3, 10)))
