"""Which proposer gets the next attempt: by what it brought, by cost where there is one, and none starves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.goal import Metric
from kapso.goal.model import Budget
from kapso.search import Allocation
from kapso.search.allocation import FLOOR

MOMENT = now()
Score = Callable[[str, int], float | None]
"""What the n-th attempt of a proposer scores; None: it crashes."""


def attempt(number: int, proposer: str, score: float | None, best: float, seconds: float = 0.0) -> Attempt:
    verdict = None if score is None else Verdict.BETTER if score > best else Verdict.WORSE
    outcome = Outcome.CRASHED if score is None else Outcome.SCORED
    ended = MOMENT + timedelta(seconds=seconds)
    parents = (0,) if number else ()
    told = ("r-0000", number, "", "", "", parents, proposer, "", "", outcome, MOMENT, ended, verdict, score)
    return Attempt(*told, duration_s=seconds)


class Search:
    """Attempts one by one, each by the first proposer in order that has an idea."""

    def __init__(
        self,
        names: Sequence[str],
        score: Score,
        seconds: Callable[[str], float] = lambda _: 0.0,
        budget: Budget | None = None,
    ) -> None:
        self.allocation = Allocation(names, Metric("score"), budget=budget)
        self.score = score
        self.seconds = seconds
        self.landed = [attempt(0, "baseline", 0.0, 0.0)]
        self.allocation.observe(self.landed[0])
        self.asked: list[list[str]] = []

    @property
    def best(self) -> float:
        return max(each.score or 0.0 for each in self.landed)

    @property
    def turns(self) -> list[str]:
        return [each.proposer for each in self.landed[1:]]

    def run(self, attempts: int, has_idea: Callable[[str, int], bool] = lambda name, number: True) -> Search:
        for number in range(len(self.landed), len(self.landed) + attempts):
            order = self.allocation.order(number)
            self.asked.append(order)
            name = next(each for each in order if has_idea(each, number))
            self.allocation.take_turn(name, number)
            score = self.score(name, self.turns.count(name))
            ended = attempt(number, name, score, self.best, self.seconds(name))
            if name == "llm":
                ended = replace(ended, cost=0.05)
            self.landed.append(ended)
            self.allocation.observe(ended)
        return self


def climbing(**steps: float) -> Score:
    """Each attempt of a proposer adds its step to the best, where it has one."""
    total = 0.0

    def score(name: str, turn: int) -> float:
        nonlocal total
        total += steps.get(name, 0.0)
        return total if name in steps else -1.0

    return score


def test_who_brings_more_gets_more_and_nobody_starves() -> None:
    turns = Search(["tune", "mutate"], climbing(tune=1.0)).run(100).turns
    shares = Counter(turns)
    assert shares["tune"] > 75
    for start in range(len(turns) - FLOOR):
        assert set(turns[start : start + FLOOR + 1]) == {"tune", "mutate"}, turns[start:]


def test_of_many_proposers_half_the_attempts_still_go_by_merit() -> None:
    names = [f"p{number}" for number in range(9)]
    turns = Search(names, climbing(p3=1.0)).run(180).turns[36:]
    assert Counter(turns)["p3"] > 50 and set(turns[:30]) == set(names), Counter(turns)


def test_large_gains_count_more_than_small_ones() -> None:
    shares = Counter(Search(["tune", "mutate"], climbing(tune=0.001, mutate=1.0)).run(100).turns)
    assert shares["mutate"] > 65


def test_a_proposer_that_comes_into_its_own_late_is_found() -> None:
    total = 0.0

    def score(name: str, turn: int) -> float:
        nonlocal total
        if name == ("tune" if total < 20 else "mutate"):
            total += 1
            return total
        return -1.0

    turns = Search(["tune", "mutate"], score).run(160).turns
    assert Counter(turns[:20])["tune"] > 10 and Counter(turns[-40:])["mutate"] > 25, turns


def test_who_brought_much_and_is_through_shares_the_turns() -> None:
    total = 0.0

    def score(name: str, turn: int) -> float:
        nonlocal total
        if name != "tune" or turn > 15:
            return -1.0
        total += 1
        return total

    turns = Search(["tune", "mutate"], score).run(60).turns
    assert Counter(turns[:15])["tune"] > 10 and Counter(turns[-30:])["mutate"] > 7, turns


def test_a_gain_that_is_next_to_nothing_does_not_hide_that_nobody_gets_on() -> None:
    def late(crumb: float) -> int:
        total = 0.0

        def score(name: str, turn: int) -> float:
            nonlocal total
            if name != "tune":
                return -1.0
            total += 1.0 if turn <= 15 else crumb
            return total

        return Counter(Search(["tune", "mutate"], score).run(60).turns[-30:])["mutate"]

    assert late(1e-6) > 2 * late(1.0)


def test_who_has_little_to_do_by_the_look_of_the_program_begins_with_fewer_turns() -> None:
    def early(promised: dict[str, float]) -> int:
        search = Search(["tune", "mutate"], climbing())
        search.allocation = Allocation(["tune", "mutate"], Metric("score"), promised)
        search.allocation.observe(search.landed[0])
        return Counter(search.run(12).turns)["tune"]

    assert early({"tune": 0.4}) < early({}) - 2


def test_whoever_has_no_idea_pays_nothing_and_is_asked_again() -> None:
    search = Search(["tune", "combine"], climbing(tune=1.0, combine=1.0))
    search.run(40, lambda name, number: name != "combine")
    assert all(set(order) == {"tune", "combine"} for order in search.asked)
    search.run(30, lambda name, number: name != "combine" or number > 50)
    assert "combine" in search.turns[50:53]


def test_a_resumed_run_asks_in_the_same_order() -> None:
    names = ["tune", "mutate", "combine"]
    steps = {"tune": 0.5, "combine": 2.0}
    whole = Search(names, climbing(**steps)).run(60)
    for cut in (1, 7, 30, 60):
        again = Allocation(names, Metric("score"))
        for each in whole.landed[:cut]:
            again.observe(each)
        for number, each in enumerate(whole.landed[cut:], cut):
            assert again.order(number) == whole.asked[number - 1]
            again.take_turn(each.proposer, number)
            again.observe(each)


def test_what_is_in_flight_counts_as_a_turn() -> None:
    allocation = Search(["tune", "mutate"], climbing(tune=1.0, mutate=1.0)).run(6).allocation
    before = allocation.parts()["tune"]
    turns = []
    for number in range(7, 13):
        turns.append(allocation.order(number)[0])
        allocation.take_turn(turns[-1], number)
        allocation.take_turn(turns[-1], number)  # said twice, as after a kill
    assert set(turns) == {"tune", "mutate"}
    for number in range(13, 18):
        allocation.take_turn("tune", number)
    assert allocation.parts()["tune"] < before - 0.05 and allocation.order(18)[0] == "mutate"


def test_seconds_and_dollars_count_where_they_are_limited_and_a_model_takes_part() -> None:
    def turns(seconds: Callable[[str], float], **limits: float) -> Counter[str]:
        budget = Budget(**{"attempts": 80, **limits})  # type: ignore[arg-type]
        steps = climbing(tune=1.0, llm=1.0)
        return Counter(Search(["tune", "llm"], steps, seconds, budget).run(80).turns)

    def slow(name: str) -> float:
        return 5.0 if name in ("llm", "mutate") else 0.1

    assert abs(turns(lambda _: 1.0)["tune"] - 40) < 8
    assert abs(turns(slow)["tune"] - 40) < 8
    for dear in (turns(slow, time_s=100.0), turns(slow, cost=2.0)):
        assert dear["tune"] > dear["llm"] * 1.5
    offline = Search(["tune", "mutate"], climbing(tune=1.0, mutate=1.0), slow, Budget(time_s=9.0))
    quick = Search(["tune", "mutate"], climbing(tune=1.0, mutate=1.0))
    assert offline.run(60).turns == quick.run(60).turns


def part(*more: Attempt) -> float:
    """What part of the attempts mutate gets after ten attempts and these."""
    search = Search(["tune", "mutate"], climbing(tune=1.0, mutate=1.0)).run(10)
    for each in more:
        search.allocation.observe(each)
    return search.allocation.parts()["mutate"]


def test_the_machines_faults_are_nobodys() -> None:
    crashed = [attempt(number, "mutate", None, 0.0) for number in range(11, 16)]
    lost = [replace(each, outcome=Outcome.ABANDONED) for each in crashed]
    rejected = [replace(each, outcome=Outcome.REJECTED) for each in crashed]
    assert part() == part(*lost) == part(*rejected) > part(*crashed) + 0.03


def test_what_a_human_found_raises_the_bar() -> None:
    better = [attempt(number, "mutate", 10.0 + number, 0.0) for number in range(12, 14)]
    assert part(attempt(11, "human", 1e9, 0.0), *better) < part(*better) - 0.03


def test_a_lower_score_is_a_gain_where_the_goal_says_so() -> None:
    def tuned(goal: Literal["maximize", "minimize"]) -> float:
        allocation = Allocation(["tune", "mutate"], Metric("score", goal))
        allocation.observe(attempt(0, "baseline", 100.0, 0.0))
        for number in range(1, 7):
            name, score = ("tune", 100.0 - number) if number % 2 else ("mutate", 100.0 + number)
            verdict = Verdict.BETTER if (name == "tune") == (goal == "minimize") else Verdict.WORSE
            allocation.observe(replace(attempt(number, name, score, 0.0), verdict=verdict))
        return allocation.parts()["tune"]

    assert tuned("minimize") > tuned("maximize") + 0.1


def test_an_order_costs_the_same_after_thousands_of_attempts() -> None:
    search = Search(["tune", "mutate"], climbing(tune=1.0, mutate=0.5)).run(300)
    for number in range(301, 5000):
        search.allocation.observe(attempt(number, "tune", None, 0.0))
    assert search.allocation.order(5000)[0] == "mutate"
    assert search.allocation.shares["tune"].turns < 40
