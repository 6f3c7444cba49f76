"""Verdicts from the noise of one evaluation."""

from __future__ import annotations

from kapso.attempt import Verdict
from kapso.evaluate.noise import Noise
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


def test_a_time_varies_in_proportion_to_itself() -> None:
    noise, time, score = Noise(0.1, freedom=4), Metric("run.seconds", "minimize"), Metric("score")
    assert noise.at(time, 0.25, 1.0) == Noise(0.025, freedom=4)
    assert noise.at(time, 2.0, 1.0) == noise.at(score, 0.25, 1.0) == noise


def test_what_the_records_of_a_run_say_reads_back() -> None:
    noise = Noise.of([1.0, 1.5], is_seeded=True)
    assert Noise.from_json({"status": "running", **noise.to_json()}) == noise
    assert Noise.from_json({"noise": 0.25}) == Noise(0.25), "as earlier versions wrote it"
    assert Noise.from_json({}) == Noise()
