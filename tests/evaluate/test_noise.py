"""Verdicts and confirmations: a lead that is not there is not confirmed."""

from __future__ import annotations

import random

from kapso.attempt import Verdict
from kapso.evaluate.noise import MOST_PAIRS, Noise, is_confirmed, lead
from kapso.goal import Metric


def test_verdict_without_noise_is_exact() -> None:
    metric = Metric("score")
    assert Noise().verdict(metric, 1.0, 1.0) is Verdict.SAME
    assert Noise().verdict(metric, 1.0001, 1.0) is Verdict.BETTER
    assert Noise().verdict(Metric("time", "minimize"), 1.0001, 1.0) is Verdict.WORSE


def test_verdict_with_noise_needs_more_than_two_deviations() -> None:
    noise = Noise.of([1.0, 1.1, 0.9, 1.05])
    assert noise.verdict(Metric("score"), 1.15, 1.0) is Verdict.SAME
    assert noise.verdict(Metric("score"), 2.0, 1.0) is Verdict.BETTER


def _confirmed(draw: random.Random, mean: float) -> bool:
    gains: list[float] = []
    while (held := is_confirmed(gains)) is None:
        gains.append(draw.gauss(mean, 1.0))
    assert len(gains) <= MOST_PAIRS
    return held


def test_a_lead_that_is_not_there_is_seldom_confirmed() -> None:
    draw = random.Random(1)
    assert sum(_confirmed(draw, 0.0) for _ in range(2000)) < 0.035 * 2000


def test_a_clear_lead_is_confirmed() -> None:
    draw = random.Random(2)
    assert sum(_confirmed(draw, 3.0) for _ in range(500)) > 0.95 * 500


def test_equal_gains_confirm_at_once_and_equal_losses_do_not() -> None:
    assert is_confirmed([0.1, 0.1, 0.1]) is True
    assert is_confirmed([0.0, 0.0, 0.0]) is False
    assert is_confirmed([0.1, 0.1]) is None


def test_the_interval_holds_the_mean() -> None:
    found = lead([1.0, 2.0, 3.0])
    assert found.low < found.mean == 2.0 < found.high
