"""Where content that comes with Kapso stands: beside the package in a wheel, at the top of a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path


def playbooks() -> Path:
    """The folder of the playbooks that come with Kapso."""
    inside = Path(__file__).with_name("playbooks")
    return inside if inside.is_dir() else Path(__file__).parents[1] / "playbooks"


@cache
def languages_of_playbooks() -> Mapping[str, frozenset[str]]:
    """By a shipped playbook's file name, the languages that it is about; none: about all."""
    from ruamel.yaml import YAML

    fronts = {path.name: path.read_text().split("---\n")[1:2] for path in playbooks().glob("*.md")}
    given = {name: YAML(typ="safe").load(front[0]) for name, front in fronts.items() if front}
    return {
        name: frozenset(front.get("applies_to", {}).get("languages", ())) for name, front in given.items()
    }


def skill() -> Path:
    """The folder of the skill that tells a coding agent how to use Kapso."""
    return Path(__file__).with_name("skill")
