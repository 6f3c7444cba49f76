"""What has less of the best's diff holds beside it only where the interval says so as well."""

from __future__ import annotations

from kapso.attempt import Verdict
from kapso.evaluate.noise import Noise
from kapso.evaluate.sequential import USUAL_PAIRS, judge
from kapso.loop.lesser import held

SWING = [-1.0, 1.0] * (USUAL_PAIRS // 2)


def test_what_no_lead_is_seen_of_holds() -> None:
    found = held([0.1 + each for each in SWING], Noise(0.7, freedom=4))
    assert found is not None and found.low < 0 < found.mean < found.high
    assert found.pairs == USUAL_PAIRS


def test_a_lead_that_is_no_verdict_yet_but_that_the_interval_sees_is_one() -> None:
    gains = [0.95 + each for each in SWING]
    noise = Noise(0.7, freedom=4)
    assert judge(gains, noise) is Verdict.SAME, "the case in question"
    assert held(gains, noise) is None


def test_a_clear_lead_is_one_and_without_gains_nothing_holds() -> None:
    assert held([3.0 + each for each in SWING], Noise(0.7, freedom=4)) is None
    assert held([], Noise(0.7, freedom=4)) is None
