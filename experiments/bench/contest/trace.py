"""A trace: what one method found on one task with one seed, evaluation by evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from contest.evaluation import Evaluator, Files


@dataclass(frozen=True)
class Trace:
    """`changes` are the evaluations (from 1) after which the choice was another one, with its worth.

    `start` is the worth of the unchanged program. `evaluations` were made of the `budget` (fewer where
    nothing was left to try), `extra` ones beside them: of the baseline, and to confirm the best at the end.
    `final` is the worth of the program that the method ends with.
    """

    task: str
    method: str
    seed: int
    budget: int
    start: float
    changes: Sequence[tuple[int, float]]
    final: float
    evaluations: int
    extra: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    key: str = ""

    def curve(self) -> list[float]:
        """The worth of the choice after each evaluation; after the last, that of the final choice."""
        worth, changes = self.start, dict(self.changes)
        curve = []
        for number in range(1, self.budget + 1):
            worth = changes.get(number, worth)
            curve.append(worth)
        curve[-1] = self.final
        return curve

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Trace:
        return cls(**{**given, "changes": [(int(at), float(worth)) for at, worth in given["changes"]]})


class Exhausted(Exception):
    """The budget is spent."""


class Ledger:
    """Counts a rival's evaluations and remembers its choice: the best score that it was told."""

    def __init__(self, evaluator: Evaluator, budget: int) -> None:
        self.evaluator = evaluator
        self.budget = budget
        self.is_noisy = evaluator.task.truth is not None or evaluator.is_noisy()
        self.start = self._worth(evaluator.task.editable, evaluator.start)
        self.final = self.start
        self.best = evaluator.start
        self.choice: Files = evaluator.task.editable
        self.changes: list[tuple[int, float]] = []
        self.spent = 0

    def score(self, files: Files) -> float | None:
        """The score of a candidate; raises Exhausted where the budget does not allow it."""
        if self.spent >= self.budget:
            raise Exhausted
        self.spent += 1
        score = self.evaluator.score(files)
        sign = self.evaluator.task.sign
        if score is not None and sign * score > sign * self.best:
            self.best, self.choice = score, dict(files)
            self.final = self._worth(files, score)
            self.changes.append((self.spent, self.final))
        return score

    def trace(self, method: str, seed: int) -> Trace:
        return Trace(
            self.evaluator.task.name,
            method,
            seed,
            self.budget,
            self.start,
            self.changes,
            self.final,
            self.spent,
            {"baseline": 1},
        )

    def _worth(self, files: Files, score: float) -> float:
        if not self.is_noisy:
            return score
        worth = self.evaluator.worth(files, True)
        return score if worth is None else worth
