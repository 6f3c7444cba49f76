"""How far a score can be trusted: the noise of one evaluation, verdicts, and the confirmation of a best.

Noise is estimated from repeated evaluations of the unchanged program. A lead is confirmed by fresh
pairs of evaluations (baseline, best) and a one-sided t-test with a few planned looks.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from kapso.attempt import Verdict
from kapso.goal import Metric

LOOKS = {3: 6.96, 5: 3.75, 8: 3.00}
"""Pairs after which to look → one-sided 99 % quantile of Student's t with one degree of freedom less.

Three looks at 1 % each keep a lead that is not there from being confirmed in 97 of 100 cases or more.
"""
MOST_PAIRS = max(LOOKS)
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Noise:
    """The standard deviation of one evaluation's score, in units of the score; 0 when it repeats exactly."""

    sigma: float = 0.0

    @classmethod
    def of(cls, scores: Sequence[float]) -> Noise:
        """From repeated evaluations of one and the same program."""
        return cls(statistics.stdev(scores) if len(scores) > 1 else 0.0)

    def verdict(self, metric: Metric, score: float, parent: float) -> Verdict:
        """`same` unless the two differ by more than two standard deviations of such a difference."""
        margin = max(2 * math.sqrt(2) * self.sigma, _ROUNDING * max(abs(score), abs(parent)))
        if abs(score - parent) <= margin:
            return Verdict.SAME
        return Verdict.BETTER if metric.is_better(score, parent) else Verdict.WORSE


@dataclass(frozen=True)
class Lead:
    """By how much the best beat the baseline in fresh pairs (positive is better), with a 95 % interval."""

    mean: float
    low: float
    high: float
    pairs: int


_T95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36}


def lead(gains: Sequence[float]) -> Lead:
    """The mean gain with its two-sided 95 % interval (Student's t)."""
    mean = statistics.fmean(gains)
    if len(gains) < 2:
        return Lead(mean, -math.inf, math.inf, len(gains))
    half = _T95[min(len(gains) - 1, 7)] * statistics.stdev(gains) / math.sqrt(len(gains))
    return Lead(mean, mean - half, mean + half, len(gains))


def is_confirmed(gains: Sequence[float]) -> bool | None:
    """Whether these gains confirm a lead: True, False, or None while more pairs are needed."""
    quantile = LOOKS.get(len(gains))
    if quantile is None:
        return None
    mean, error = statistics.fmean(gains), statistics.stdev(gains) / math.sqrt(len(gains))
    if mean > 0 and mean > quantile * error:
        return True
    if len(gains) >= MOST_PAIRS or mean <= -error:
        return False
    return None
