"""The sequential test: how often it errs, how much it finds, and what it costs."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import pytest

from kapso.attempt import Verdict
from kapso.evaluate.noise import Noise
from kapso.evaluate.sequential import LEAST_PAIRS, LOOKS, USUAL_PAIRS, Lead, judge, lead, most_pairs

Draw = Callable[[random.Random], float]
DRAWS: dict[str, Draw] = {
    "normal": lambda draw: draw.gauss(0, 1),
    "heavy tails": lambda draw: draw.gauss(0, 1) / max(draw.random(), 1e-9),
    "rarely slow": lambda draw: -draw.lognormvariate(0, 1),
    "two modes": lambda draw: float(draw.random() < 0.5) + draw.gauss(0, 0.01),
    "pass or fail": lambda draw: float(draw.random() < 0.5),
}


def play(
    noise: Draw, effect: float, draw: random.Random, *, least: int = LEAST_PAIRS, most: int = USUAL_PAIRS
) -> tuple[Verdict, Lead]:
    known = Noise.of([noise(draw) for _ in range(5)])
    gains: list[float] = []
    while (verdict := judge(gains, known, least=least, most=most)) is None:
        gains.append(effect + noise(draw) - noise(draw))
    assert least <= len(gains) <= most
    return verdict, lead(gains, known)


@pytest.mark.parametrize("name", DRAWS)
def test_a_lead_that_is_not_there_is_found_in_less_than_one_case_of_a_hundred(name: str) -> None:
    draw = random.Random(1)
    found = [play(DRAWS[name], 0.0, draw)[0] for _ in range(3000)]
    assert found.count(Verdict.BETTER) < 0.01 * 3000


@pytest.mark.parametrize(("effect", "most", "found"), [(1, 27, 0.6), (2, 12, 0.8), (3, 12, 0.98)])
def test_a_lead_that_is_there_is_found(effect: float, most: int, found: float) -> None:
    draw = random.Random(2)
    verdicts = [play(DRAWS["normal"], effect, draw, most=most)[0] for _ in range(500)]
    assert verdicts.count(Verdict.BETTER) > found * 500


def test_a_bad_candidate_costs_one_evaluation_and_one_that_is_the_same_few() -> None:
    draw = random.Random(3)
    pairs = {
        effect: statistics.fmean(play(DRAWS["normal"], effect, draw, least=1)[1].pairs for _ in range(500))
        for effect in (-5, -2, 0)
    }
    assert pairs[-5] < 1.02 and pairs[-2] < 1.3 and pairs[0] < 3.5


def test_the_interval_holds_the_truth_whichever_look_is_the_last() -> None:
    draw = random.Random(4)
    for effect in (0.0, 1.0, 2.0):
        leads = [play(DRAWS["normal"], effect, draw)[1] for _ in range(1000)]
        assert sum(each.low <= effect <= each.high for each in leads) > 0.95 * 1000


def test_the_same_gain_again_and_again() -> None:
    exact = Noise(0.0, freedom=4)
    assert judge([0.1, 0.1], exact) is None
    assert judge([0.1, 0.1, 0.1], exact) is Verdict.BETTER
    assert judge([0.0, 0.0, 0.0], exact) is Verdict.SAME
    assert judge([-0.1, -0.1, -0.1], exact) is Verdict.WORSE


def test_steps_of_a_coarse_score_are_no_lead_yet() -> None:
    assert judge([1.0] * 3, Noise()) is None, "nothing is known about the noise"
    assert judge([1.0] * 5, Noise()) is Verdict.BETTER
    assert judge([1.0] * 5, Noise(0.2, freedom=4)) is None
    assert judge([1.0] * 8, Noise(0.2, freedom=4)) is Verdict.BETTER


def test_a_verdict_from_the_first_pair_needs_known_noise() -> None:
    assert judge([-9.0], Noise(1.0, freedom=4), least=1) is Verdict.WORSE
    assert judge([-9.0], Noise(is_seeded=True), least=1) is None


def test_the_interval_holds_the_mean() -> None:
    found = lead([1.0, 2.0, 3.0], Noise())
    assert found.low < found.mean == 2.0 < found.high


def test_a_longer_search_may_look_for_a_finer_lead() -> None:
    assert [most_pairs(attempts) for attempts in (1, 50, 72, 108, 5000)] == [12, 12, 18, 27, max(LOOKS)]
