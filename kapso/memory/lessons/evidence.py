"""The statistics behind lessons: Bayes factors of two shares, and intervals.

A Bayes factor may be looked at after every attempt: where nothing is true of a subject, it ever reaches x
with a probability of at most 1/x, however often one looks. So lessons may be judged as attempts come.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from kapso.memory.lessons.lesson import Tally

USUAL: Mapping[str, float] = {"better": 0.15, "failed": 0.15, "worse": 0.35, "same": 0.35}
"""How attempts end where nothing is known yet."""
_STRENGTH = 2.0
"""How many attempts that counts for."""
_APART = 0.5
"""Jeffreys' prior for a share that is not the usual one: what has an effect often has a strong one."""


def log_factor(event: str, hits: float, total: float, other_hits: float, other_total: float) -> float:
    """By how much (a logarithm) two shares explain what was seen better than one; 0 without either side.

    Both with a beta prior around what is usual (Kass and Raftery 1995, section 3).
    """
    if total <= 0 or other_total <= 0:
        return 0.0
    a, b = _STRENGTH * USUAL[event], _STRENGTH * (1 - USUAL[event])
    apart = _log_beta(_APART + hits, _APART + total - hits) - _log_beta(_APART, _APART)
    others = _log_beta(a + other_hits, b + other_total - other_hits)
    together = _log_beta(a + hits + other_hits, b + total + other_total - hits - other_hits)
    return apart + others - together


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def wilson(hits: float, total: float, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share (Wilson 1927)."""
    if total <= 0:
        return 0.0, 1.0
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def welch(one: Tally, other: Tally, z: float = 1.96) -> tuple[float, float] | None:
    """The interval of the difference of mean gains (Welch 1947); None where too few have a score."""
    if one.scored < 3 or other.scored < 3:
        return None
    means = [each.gain / each.scored for each in (one, other)]
    variances = [
        max(0.0, each.square - each.gain**2 / each.scored) / (each.scored - 1) / each.scored
        for each in (one, other)
    ]
    half = z * math.sqrt(sum(variances))
    difference = means[0] - means[1]
    return difference - half, difference + half
