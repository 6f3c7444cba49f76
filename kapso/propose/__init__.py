"""The catalogue of proposers: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kapso.goal import Goal
from kapso.propose.protocol import Proposer, Snapshot

Read = Callable[[str], Snapshot]
"""The editable files of a commit."""

Factory = Callable[[Goal, int, Read], Proposer]


def _tune(goal: Goal, seed: int, read: Read) -> Proposer:
    from kapso.propose.tune import Tune  # numpy: 80 ms

    return Tune(goal, read)


def _mutate(goal: Goal, seed: int, read: Read) -> Proposer:
    from kapso.propose.mutate import Mutate

    return Mutate(goal, read)


def _combine(goal: Goal, seed: int, read: Read) -> Proposer:
    from kapso.propose.combine import Combine

    return Combine(goal, read)


def _ablate(goal: Goal, seed: int, read: Read) -> Proposer:
    from kapso.propose.ablate import Ablate

    return Ablate(goal, read)


CATALOGUE: Mapping[str, Factory] = {
    "tune": _tune,
    "mutate": _mutate,
    "combine": _combine,
    "ablate": _ablate,
}

FINISHERS = frozenset({"ablate"})
"""They say themselves when it is time, late in a run: asked first, and left out when turns are shared out."""


def make_proposers(goal: Goal, seed: int, read: Read) -> list[Proposer]:
    """The proposers that the goal names, in its order."""
    return [CATALOGUE[spec.name](goal, seed, read) for spec in goal.propose]
