"""What prompts look for among earlier attempts is the same, kept up as they land or looked for anew."""

from __future__ import annotations

import random
from dataclasses import replace

from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.goal import Metric
from kapso.propose.prompts.past import AUTHORED, FAILED, MOST_LATEST, Past

METRIC = Metric("score", "maximize")
SAID = now()


def attempt(number: int, parent: int | None, rng: random.Random) -> Attempt:
    score = None if rng.random() < 0.3 else rng.random()
    failed = rng.choice([*FAILED, Outcome.ABANDONED])
    return Attempt(
        run="demo-0000",
        number=number,
        branch="",
        commit=f"c{number}",
        tree=f"t{rng.choice([number, number, number, parent])}",
        parents=() if parent is None else (parent,),
        proposer=rng.choice(["llm", "llm", "tune"]),
        title=f"try {number}",
        hypothesis="",
        outcome=failed if score is None else Outcome.SCORED,
        verdict=rng.choice([Verdict.BETTER, Verdict.SAME]) if score is not None and number else None,
        score=score,
        started=SAID,
        finished=SAID,
    )


def history(count: int, seed: int) -> list[Attempt]:
    rng = random.Random(seed)
    return [attempt(each, rng.randrange(each) if each else None, rng) for each in range(count)]


def failed_of(attempts: list[Attempt], start: int) -> list[int]:
    """All failures that are edits, by a look at all attempts."""
    trees = {each.number: each.tree for each in attempts}
    edits = [each for each in attempts if not each.parents or trees[each.parents[0]] != each.tree]

    def nearness(each: Attempt) -> tuple[int, int]:
        return 2 * (each.proposer in AUTHORED) + (start in each.parents[:1]), each.number

    found = [each for each in edits if each.outcome in FAILED]
    return [each.number for each in sorted(found, key=nearness, reverse=True)]


def better_of(attempts: list[Attempt], line: set[int], barred: set[int]) -> list[int]:
    scores = {each.number: each.score for each in attempts}

    def gain(each: Attempt) -> float:
        before = scores[each.parents[0]]
        return 0.0 if before is None or each.score is None else each.score - before

    found = [each for each in attempts if each.verdict is Verdict.BETTER and each.number not in barred]
    found.sort(key=lambda each: (each.number not in line, gain(each)), reverse=True)
    return [each.number for each in found[:12]]


def test_it_is_kept_up_as_attempts_land() -> None:
    for seed in range(20):
        attempts, past, rng = history(120, seed), Past(METRIC), random.Random(seed)
        for count in sorted(rng.sample(range(1, 121), 12)):
            past.take(attempts[:count], set())
            start, line = rng.randrange(count), set(rng.sample(range(count), min(count, 5)))
            assert [each.number for each in past.failed(start)] == failed_of(attempts[:count], start)
            assert [each.number for each in past.better(line, 12)] == better_of(attempts[:count], line, set())


def test_what_landed_before_is_not_looked_at_again() -> None:
    attempts, past = history(50, 3), Past(METRIC)
    past.take(attempts[:40], ())
    known = past.by_number
    past.take(attempts, ())
    assert past.by_number is known and len(known) == 50


def test_what_is_demoted_is_better_no_more() -> None:
    attempts, past = history(60, 1), Past(METRIC)
    past.take(attempts, set())
    lucky = past.better(set(), 1)[0].number
    attempts[lucky] = replace(attempts[lucky], verdict=Verdict.SAME)
    past.take(attempts, {lucky})
    assert lucky not in [each.number for each in past.better(set(), 60)]
    assert [each.number for each in past.better(set(), 12)] == better_of(attempts, set(), {lucky})


def test_of_very_many_only_the_latest_are_looked_at() -> None:
    attempts, past = history(4 * MOST_LATEST, 2), Past(METRIC)
    past.take(attempts, set())
    found = [each.number for each in past.edits(0)]
    assert len(found) <= 2 * MOST_LATEST and max(found) > 4 * MOST_LATEST - 10
    near = [each for each in attempts if each.parents[:1] == (0,) and each.tree != attempts[0].tree]
    assert {each.number for each in near if each.outcome is not Outcome.ABANDONED} <= set(found)
