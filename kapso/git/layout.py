"""Where a run stands in git: the names of its refs, and from a name back to run and number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

HEADS = "refs/heads/"
BRANCHES = f"{HEADS}kapso/"
HIDDEN = "refs/kapso/"
GOALS = f"{HIDDEN}*/goal"
MEMORY = f"{HIDDEN}memory"
"""Lessons, of all runs."""

_SLUG_LENGTH = 40
_RUN = re.compile(r"[a-z0-9-]+")
_BRANCH = re.compile(rf"{BRANCHES}([a-z0-9-]+)/(\d{{4,}})-[^/]+")


@dataclass(frozen=True)
class RunRefs:
    """The full names of one run's refs."""

    run: str

    def __post_init__(self) -> None:
        if not _RUN.fullmatch(self.run):
            raise ValueError(f"`{self.run}` is not a run's id")

    @property
    def attempts_prefix(self) -> str:
        return f"{BRANCHES}{self.run}/"

    @property
    def hidden_prefix(self) -> str:
        return f"{HIDDEN}{self.run}/"

    @property
    def best(self) -> str:
        return f"{self.attempts_prefix}best"

    @property
    def baseline(self) -> str:
        return self.branch(0, "baseline")

    @property
    def goal(self) -> str:
        return f"{self.hidden_prefix}goal"

    @property
    def records(self) -> str:
        return f"{self.hidden_prefix}records"

    @property
    def holdout(self) -> str:
        return f"{self.hidden_prefix}holdout"

    @property
    def pending_prefix(self) -> str:
        return f"{self.hidden_prefix}pending/"

    def pending(self, number: int) -> str:
        return f"{self.pending_prefix}{number:04d}"

    def branch(self, number: int, slug: str) -> str:
        return f"{self.attempts_prefix}{number:04d}-{slug}"


def slug(title: str) -> str:
    """`title` as the end of a branch's name: lower-case ASCII words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:_SLUG_LENGTH].rstrip("-") or "attempt"


def parse_branch(ref: str) -> tuple[str, int] | None:
    """Run and number of an attempt's branch, None for any other ref (`best` too)."""
    match = _BRANCH.fullmatch(ref)
    return (match[1], int(match[2])) if match else None


def short_name(ref: str) -> str:
    """The branch's name as `git branch` prints it."""
    return ref.removeprefix(HEADS)
