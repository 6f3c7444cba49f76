"""Lessons are committed at once when they are new, counts less often, and where that takes long, seldom."""

from __future__ import annotations

from kapso.memory.lessons.pace import EVERY, SHARE, SOON, Pace


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def attempts_until_due(pace: Pace, time: Time, *, has_news: bool, each_s: float = 0.01) -> int:
    for number in range(1, 10_000):
        pace.note(has_news=has_news and number == 1)
        time.now += each_s
        if pace.is_due:
            return number
    raise AssertionError("never due")


def commit(pace: Pace, time: Time, took_s: float) -> None:
    with pace.committing():
        time.now += took_s


def test_news_are_committed_sooner_than_counts() -> None:
    time = Time()
    pace = Pace(time)
    assert attempts_until_due(pace, time, has_news=True) == SOON
    commit(pace, time, 0.0)
    assert attempts_until_due(pace, time, has_news=False) == EVERY


def test_a_commit_that_takes_long_makes_the_next_one_wait() -> None:
    time = Time()
    pace = Pace(time)
    commit(pace, time, 0.5)
    took = attempts_until_due(pace, time, has_news=True, each_s=0.1)
    assert took * 0.1 >= 0.5 * SHARE > (took - 2) * 0.1
