"""What a run knows of one lesson by itself: its evidence, and how the predictions of it fared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kapso.memory.lessons.lesson import Record
from kapso.memory.lessons.outcomes import Counts
from kapso.memory.lessons.rules.base import Found

SURE = 0.02
"""No prediction is surer than so much from 0 and 1."""


@dataclass
class Own:
    """What this run knows of one lesson."""

    found: Found
    expects: str | None = None
    graded: int = 0
    hits: int = 0
    brier: float = 0.0
    usual: float = 0.0
    weight: float = 0.0
    seen: int = 0
    time: str = ""

    def __post_init__(self) -> None:
        self.told, self.withheld = Counts(), Counts()

    def grade(self, expects: str, predicted: float, usual: float, *, came: bool) -> None:
        """Score a prediction; those of something else count no more."""
        if expects != self.expects:
            self.forget()
            self.expects = expects
        predicted, usual = (min(1 - SURE, max(SURE, each)) for each in (max(predicted, usual), usual))
        self.graded += 1
        self.hits += came
        self.brier += (predicted - came) ** 2
        self.usual += (usual - came) ** 2
        self.weight += math.log(predicted / usual) if came else math.log((1 - predicted) / (1 - usual))

    def forget(self) -> None:
        """What was predicted before is no longer what the lesson says."""
        self.expects, self.graded, self.hits = None, 0, 0
        self.brier = self.usual = self.weight = 0.0

    def record(self) -> Record:
        brier, usual, weight = (round(each, 6) for each in (self.brier, self.usual, self.weight))
        told, withheld = self.told.tally(), self.withheld.tally()
        return Record(self.graded, self.hits, brier, usual, weight, told, withheld)
