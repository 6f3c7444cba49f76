"""Facts of an evaluation, as a whole run measured them: its noise, how long it takes, and its memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from kapso.attempt import Attempt
from kapso.memory.lessons.lesson import About, Subject, Tally
from kapso.memory.lessons.rules.base import Found

_FEWEST = 3


def facts(goal: str, attempts: Sequence[Attempt], noise: float | None) -> Iterable[Found]:
    """What is known of evaluations of `goal`; `noise` is the standard deviation of one score."""
    scored = [each for each in attempts if each.is_scored]
    if noise is not None and scored:
        yield _fact(goal, "noise", len(scored), {"sigma": noise})
    seconds = [each.duration_s for each in scored if each.duration_s]
    if len(seconds) >= _FEWEST:
        yield _fact(goal, "time", len(seconds), _spread(seconds))
    memory = [each.metrics["run.max_rss_bytes"] for each in scored if "run.max_rss_bytes" in each.metrics]
    if len(memory) >= _FEWEST:
        yield _fact(goal, "memory", len(memory), _spread(memory))


def _fact(goal: str, what: str, count: int, figures: dict[str, float]) -> Found:
    subject = Subject(About.EVALUATION, {"goal": goal, "what": what})
    return Found(subject, Tally(total=count, scored=count), Tally(), detail=figures)


def _spread(figures: Sequence[float]) -> dict[str, float]:
    return {"low": min(figures), "median": statistics.median(figures), "high": max(figures)}
