"""`ablate` on long diffs: hundreds of edits of which few matter, as `tune` makes in large files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from kapso.propose.ablate.findings import Finding, Pieces
from kapso.propose.ablate.pieces import LONGEST, cut
from kapso.propose.ablate.study import Study

Gain = Callable[[Pieces], float | None]
"""What the subject gains without some pieces."""


class Trial:
    """A study of `count` hunks of one edit each, and the attempts that it asks for."""

    def __init__(self, count: int, gain: Gain, sigma: float = 0.0, seed: int = 0) -> None:
        self.gain, self.sigma = gain, sigma
        self.draw = random.Random(seed)
        self.study = self.fresh(count)
        self.asked: list[tuple[Pieces, Finding]] = []
        self.land(self.study.all, is_ours=False)

    def fresh(self, count: int) -> Study:
        hunks = [frozenset({at}) for at in range(count)]
        tie = max(3.5 * self.sigma, 1e-12)
        return Study(hunks, lambda removed: True, self.sigma, tie, is_exact=not self.sigma)

    def land(self, removed: Pieces, is_ours: bool = True) -> None:
        gain = self.gain(removed)
        gain = None if gain is None else gain + self.draw.gauss(0, self.sigma)
        keeps = gain is not None and gain >= -max(3 * self.sigma, 1e-12)
        self.asked.append((removed, Finding(keeps, gain, len(self.asked), is_ours)))
        self.study.note(*self.asked[-1])

    def run(self, most: int = 1000, parallel: int = 1, thrifty: bool = False) -> int:
        """Until all is known, or after so many attempts; how many it took."""
        flying: list[Pieces] = []
        made = 0
        while True:
            left = most - made
            removed = self.study.next(flying, thrifty=thrifty, is_last=left == 1) if left else None
            if removed is None and not flying:
                return made
            if removed is not None:
                assert removed not in self.study.found and removed not in flying
                flying.append(removed)
                made += 1
            if removed is None or len(flying) == parallel:
                self.land(flying.pop(0))

    @property
    def kept(self) -> Pieces:
        return self.study.all - self.study.removed


def adding(earning: Iterable[int], seed: int = 0, least: float = 0.1) -> Gain:
    draw = random.Random(seed)
    worth = {at: draw.uniform(least, 3.0) for at in sorted(earning)}
    return lambda removed: -sum(value for at, value in worth.items() if at in removed)


def floored(earning: Pieces) -> Gain:
    return lambda removed: -float(bool(earning & removed))


def clusters(count: int, places: int, each: int, seed: int) -> Pieces:
    starts = random.Random(seed).sample(range(0, count - each, 2 * each), places)
    return frozenset(start + at for start in starts for at in range(each))


def test_hundreds_of_lines_without_a_gap_are_cut_line_by_line() -> None:
    old, new = ("".join(f"  setting_{n:03}: {n + more}\n" for n in range(300)) for more in (1000, 5000))
    assert len(old) > LONGEST
    diff = cut({"a.yaml": old.encode()}, {"a.yaml": new.encode()}, ["a.yaml"])
    assert (len(diff.hunks), len(diff.pieces)) == (1, 300)


@pytest.mark.parametrize("parallel", [1, 3])
def test_of_hundreds_exactly_what_earns_is_kept(parallel: int) -> None:
    for seed in range(4):
        earning = clusters(300, 4, 1 + seed % 4, seed)
        trial = Trial(300, adding(earning, seed), seed=seed)
        assert trial.run(parallel=parallel) < 90
        assert trial.kept == earning


def test_most_of_what_is_idle_goes_in_nine_attempts() -> None:
    for seed in range(10):
        earning = clusters(240, 3, 4, seed)
        trial = Trial(240, adding(earning, seed))
        assert trial.run(9, thrifty=True) == 9
        assert earning <= trial.kept and len(trial.kept) < 0.4 * 240
        assert trial.asked[-1][1].keeps  # what seemed idle was left out at last, and measured


def test_what_a_loss_hides_is_found_all_the_same() -> None:
    """The score cannot get worse than -1: behind the first loss nothing else shows."""
    for seed in range(4):
        earning = clusters(200, 3, 2, seed)
        trial = Trial(200, floored(earning))
        assert trial.run() < 100
        assert trial.kept == earning


def test_what_earns_only_together_is_kept_together() -> None:
    trial = Trial(240, lambda removed: -2.0 * bool(removed & {10, 200}) - bool(removed & {60, 61}))
    trial.run()
    assert trial.kept == {10, 60, 61, 200}


def test_one_that_harms_goes_with_the_idle() -> None:
    trial = Trial(300, lambda removed: 0.5 * (120 in removed) - 3.0 * (121 in removed) - (5 in removed))
    trial.run()
    assert trial.kept == {5, 121}


def test_where_all_earn_it_costs_little_more_than_one_by_one() -> None:
    trial = Trial(100, adding(range(100)))
    assert trial.run() < 160
    assert trial.kept == trial.study.all


def test_where_most_programs_break_the_idle_are_found_one_way_or_other() -> None:
    """Each second half needs its first half, as a call needs a definition."""

    def gain(removed: Pieces) -> float | None:
        breaks = any(at in removed and at + 1 not in removed for at in range(0, 100, 2))
        return None if breaks else -float(50 in removed or 51 in removed)

    trial = Trial(100, gain)
    trial.run(300)
    assert {50, 51} <= trial.kept and len(trial.kept) <= 10


def test_noise_neither_keeps_hundreds_nor_loses_what_earns() -> None:
    right = 0
    for seed in range(5):
        earning = clusters(150, 3, 1, seed)
        trial = Trial(150, adding(earning, seed, least=1.0), sigma=0.1, seed=seed)
        trial.run(150)
        right += trial.kept == earning
    assert right >= 4


def test_noise_hides_little_of_where_the_idle_stand() -> None:
    left = []
    for seed in range(6):
        earning = clusters(300, 3, 2, seed)
        trial = Trial(300, adding(earning, seed, least=0.5), sigma=0.1, seed=seed)
        assert trial.run(20, thrifty=True) == 20
        assert trial.asked[-1][1].keeps, "what seemed idle was left out at last, and measured"
        assert earning <= trial.kept
        left.append((len(trial.kept) - len(earning)) / 294)
    assert sum(left) / len(left) < 0.15, left


def test_asked_again_after_a_kill_it_asks_for_the_same() -> None:
    trial = Trial(240, adding(clusters(240, 3, 3, 1)))
    trial.run(25)
    for made in range(1, len(trial.asked)):
        again = trial.fresh(240)
        for removed, finding in trial.asked[:made]:
            again.note(removed, finding)
        assert again.next(()) == trial.asked[made][0]
