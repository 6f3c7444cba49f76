"""Where content that comes with Kapso stands: beside the package in a wheel, at the top of a checkout."""

from __future__ import annotations

from pathlib import Path


def playbooks() -> Path:
    """The folder of the playbooks that come with Kapso."""
    inside = Path(__file__).with_name("playbooks")
    return inside if inside.is_dir() else Path(__file__).parents[1] / "playbooks"


def skill() -> Path:
    """The folder of the skill that tells a coding agent how to use Kapso."""
    return Path(__file__).with_name("skill")
