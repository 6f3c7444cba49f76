"""What a prompt may say, as templates see it: plain values with names; `Material` lists them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kapso.attempt import BASELINE
from kapso.propose.prompts.code import FileView, Unseen
from kapso.propose.prompts.goal_view import GoalView
from kapso.propose.recalled import Excerpt
from kapso.wording import number, signed


@dataclass(frozen=True)
class Told:
    """An attempt as a prompt tells of it; `gain` is against its first parent, more is better."""

    number: int
    title: str
    proposer: str
    outcome: str
    score: float | None = None
    gain: float | None = None
    verdict: str | None = None
    reason: str | None = None
    feedback: str | None = None
    diff: str | None = None

    @property
    def name(self) -> str:
        return "the baseline" if self.number == BASELINE else f"attempt {self.number}"

    @property
    def result(self) -> str:
        """`score 2.53 (+0.03, better)`, or how it ended."""
        if self.score is None:
            return self.outcome
        beside = [signed(self.gain)] if self.gain is not None else []
        beside += [self.verdict] if self.verdict else []
        return f"score {number(self.score)}" + (f" ({', '.join(beside)})" if beside else "")


@dataclass(frozen=True)
class Row:
    """A line of the table of metrics."""

    metric: str
    cells: list[str]


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Material:
    """All that templates can use. Empty lists and None are what there is not, or what did not fit."""

    goal: GoalView
    start: Told
    table: Table
    files: list[FileView] = field(default_factory=list)
    left_out: list[Unseen] = field(default_factory=list)
    more_left_out: int = 0
    is_cut: bool = False
    noise: float | None = None
    run_time: str | None = None
    lineage: list[Told] = field(default_factory=list)
    best: Told | None = None
    others: list[Told] = field(default_factory=list)
    worked: list[Told] = field(default_factory=list)
    failed: list[Told] = field(default_factory=list)
    tried: list[Told] = field(default_factory=list)
    known: list[Told] = field(default_factory=list)
    lessons: list[str] = field(default_factory=list)
    knowledge: list[Excerpt] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    example: str = "path/of/the/file"
    seed: int = 0
    number: int = 0
    since_best: int = 0

    def values(self) -> dict[str, Any]:
        """The variables of a template."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
