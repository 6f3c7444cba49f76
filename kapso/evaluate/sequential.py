"""Tells two programs apart by paired evaluations, as few as that takes: a group-sequential t-test.

After 3, 5, 8, ... pairs it looks at the gains of one program over the other (positive is better). Each look
may err with a chance of 0.2 %, so that all of them together find a lead of two programs that are alike in
less than one case of a hundred (the significance-level approach of Jennison and Turnbull, Group Sequential
Methods, 2000, chapter 4). It ends early where no lead is left that it could still find. The interval is
theirs as well (repeated confidence intervals, 1989): it holds whichever look is the last.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from kapso.attempt import Verdict
from kapso.evaluate.noise import Noise

LOOKS = (3, 5, 8, 12, 18, 27)
"""After how many pairs to look."""
LEAST_PAIRS = LOOKS[0]
USUAL_PAIRS = 12
"""As many as it takes at most, unless the run is a long one."""
_EARLY = 8
"""With fewer pairs, their own spread may be small by luck: it counts no less than the noise known before."""
_WILDER = 1.5
"""With so many times the usual spread, one of the two is noisier than the unchanged program was."""
_ALIKE = 5
"""Gains that are all one number may be steps of a coarse score: so many of them are hardly luck."""
_HOPE = 1.5
"""Standard errors by which a lead may be larger than it looks; with more to go, it is given up."""
_CLEAR = 2.0
"""Standard errors below zero that make `worse` of what is given up."""

# One-sided quantiles of Student's t for 1, 2, 3, ... degrees of freedom.
_T_LOOK = (
    *(159.15, 15.76, 8.05, 5.95, 5.03, 4.52, 4.21, 3.99, 3.83, 3.72, 3.62, 3.55, 3.49),
    *(3.44, 3.39, 3.36, 3.33, 3.30, 3.27, 3.25, 3.23, 3.21, 3.20, 3.18, 3.17, 3.16),
)
"""0.2 %: the chance that one look errs."""
_T_INTERVAL = (
    *(31.82, 6.96, 4.54, 3.75, 3.36, 3.14, 3.00, 2.90, 2.82, 2.76, 2.72, 2.68, 2.65),
    *(2.62, 2.60, 2.58, 2.57, 2.55, 2.54, 2.53, 2.52, 2.51, 2.50, 2.49, 2.49, 2.48),
)
"""1 % on either side at one look; over all looks the interval held in 96 of 100 simulated cases or more."""


@dataclass(frozen=True)
class Lead:
    """By how much one program beat another in pairs (positive is better), with a 95 % interval."""

    mean: float
    low: float
    high: float
    pairs: int


def judge(
    gains: Sequence[float], noise: Noise, *, least: int = LEAST_PAIRS, most: int = USUAL_PAIRS
) -> Verdict | None:
    """The verdict on the program that has these gains over another; None while more pairs are needed.

    No verdict comes before `least` pairs, and `better` at the looks alone. One has come after `most` pairs,
    which is one of LOOKS.
    """
    pairs = len(gains)
    if pairs < least:
        return None
    deviation, freedom = _deviation(gains, noise)
    if freedom == 0:
        return None
    mean, error = statistics.fmean(gains), deviation / math.sqrt(pairs)
    if pairs in LOOKS and mean > _T_LOOK[freedom - 1] * error and not _may_be_steps(gains, noise):
        return Verdict.BETTER
    needed = _T_LOOK[most - 2] * deviation / math.sqrt(most)
    if pairs < most and mean + _HOPE * error > needed:
        return None
    return Verdict.WORSE if mean < -_CLEAR * error else Verdict.SAME


def lead(gains: Sequence[float], noise: Noise) -> Lead:
    """The mean gain with its 95 % interval."""
    mean = statistics.fmean(gains)
    deviation, freedom = _deviation(gains, noise)
    if freedom == 0:
        return Lead(mean, -math.inf, math.inf, len(gains))
    half = _T_INTERVAL[freedom - 1] * deviation / math.sqrt(len(gains))
    return Lead(mean, mean - half, mean + half, len(gains))


def most_pairs(attempts: int) -> int:
    """How many pairs a confirmation may take: a longer search may look for a finer lead."""
    return max(USUAL_PAIRS, *(look for look in LOOKS if 4 * look <= attempts), 0)


def _deviation(gains: Sequence[float], noise: Noise) -> tuple[float, int]:
    """The standard deviation of one gain, and the degrees of freedom that it is known with."""
    own, freedom = statistics.stdev(gains) if len(gains) > 1 else 0.0, len(gains) - 1
    usual = math.sqrt(2) * noise.sigma
    if len(gains) >= _EARLY or usual == 0.0 or own > _WILDER * usual:
        return own, freedom
    return max(own, usual), freedom + noise.freedom


def _may_be_steps(gains: Sequence[float], noise: Noise) -> bool:
    """Whether gains that are all alike are too few to tell; a score that repeats exactly needs no more."""
    if len(set(gains)) > 1 or (noise.sigma == 0.0 and noise.freedom >= _ALIKE - 1):
        return False
    return len(gains) < (_ALIKE if noise.sigma == 0.0 else _EARLY)
