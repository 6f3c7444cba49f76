"""How likely a vector is to be sound: to run at all, and to keep to the goal's constraints.

A second Gaussian process, over how much room each trial left to its limits (Schonlau 1997; Gardner et al.
2014): what it promises is weighted with the chance that it may. A program that broke counts as far beyond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kapso.goal import Constraint
from kapso.propose.tune.arrays import Array, np
from kapso.propose.tune.family import Trial

_FAR = 1.5
"""Rooms are told apart up to so many times the usual one."""


def room_of(
    constraints: Sequence[Constraint], metrics: Mapping[str, float], baseline: Mapping[str, float]
) -> float | None:
    """How far the metrics are on the right side of the tightest constraint, as a part of its limit.

    Below 0: it is violated. None where that was not measured.
    """
    rooms: list[float] = []
    for constraint in constraints:
        value, limit = metrics.get(constraint.metric), constraint.limit(baseline)
        if value is None or limit is None:
            return None
        room = limit - value if constraint.op.startswith("<") else value - limit
        rooms.append(room / (abs(limit) or 1.0))
    return min(rooms, default=None)


def soundness(trials: Sequence[Trial]) -> Array | None:
    """A number for each trial, above 0 where it is sound; None where all are, or none is."""
    is_sound = np.array([not trial.is_broken for trial in trials])
    if is_sound.all() or not is_sound.any():
        return None
    rooms = np.array([np.nan if trial.room is None else trial.room for trial in trials], dtype=float)
    measured = np.abs(rooms[np.isfinite(rooms)])
    scale = float(np.median(measured)) if measured.size else 0.0
    known = np.tanh(rooms / (_FAR * scale or 1.0)) if scale else np.full(len(trials), np.nan)
    return np.where(np.isfinite(known), known, np.where(is_sound, 1.0, -1.0))
