"""How far one evaluation's score can be trusted, measured on the unchanged program, and what that tells."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kapso.attempt import Verdict
from kapso.goal import Metric
from kapso.goal.model import TIME_METRICS

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Noise:
    """The standard deviation of one evaluation's score, in units of the score; 0 when it repeats exactly.

    `freedom` is the number of degrees of freedom that it was measured with. `is_seeded`: the score repeats
    exactly with the same KAPSO_SEED, and not with another.
    """

    sigma: float = 0.0
    freedom: int = 0
    is_seeded: bool = False

    @classmethod
    def of(cls, scores: Sequence[float], *, is_seeded: bool = False) -> Noise:
        """From repeated evaluations of one and the same program."""
        sigma = statistics.stdev(scores) if len(scores) > 1 else 0.0
        return cls(sigma, max(len(scores) - 1, 0), is_seeded)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Noise:
        """From what the records of a run say; those of earlier versions say less."""
        freedom, is_seeded = told.get("noise_freedom"), told.get("noise_seeded")
        return cls(float(told.get("noise") or 0.0), int(freedom or 0), bool(is_seeded))

    def at(self, metric: Metric, score: float, baseline: float) -> Noise:
        """The noise around `score`: a time varies in proportion to itself, so less in a fast program."""
        if metric.name not in TIME_METRICS or not 0 < score < baseline:
            return self
        return replace(self, sigma=self.sigma * score / baseline)

    def to_json(self) -> dict[str, Any]:
        return {"noise": self.sigma, "noise_freedom": self.freedom, "noise_seeded": self.is_seeded}

    def verdict(self, metric: Metric, score: float, parent: float) -> Verdict:
        """`same` unless the two differ by more than two standard deviations of such a difference."""
        margin = max(2 * math.sqrt(2) * self.sigma, _ROUNDING * max(abs(score), abs(parent)))
        if abs(score - parent) <= margin:
            return Verdict.SAME
        return Verdict.BETTER if metric.is_better(score, parent) else Verdict.WORSE
