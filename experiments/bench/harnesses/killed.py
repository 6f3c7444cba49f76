"""kill -9 of a harness amid its work, its own way of going on, and which of the paid replies are lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harnesses.processes import descendants, end_all
from harnesses.race import Lane, said, start, wait_for_the_first_request
from harnesses.server import ModelServer, Turns
from harnesses.sides import SIDES

WITHIN = 2
"""A kill falls within the time of so many iterations after a reply."""
GONE_S, ENDS_WITHIN_S = 1.0, 900
"""How long what was left may take to vanish, and a resumed run to end."""


@dataclass(frozen=True)
class Killed:
    """One kill: replies paid and evaluations ended until then, how many of each left no trace in what the
    harness ended with, processes that lived on, and replies paid in all."""

    paid: int
    evaluated: int
    lost: int
    forgotten: int
    processes_left: int
    paid_in_all: int


def kill_once(name: str, iterations: int, seed: int, folder: Path) -> Killed:
    """Start it, kill it after a random reply, resume it and let it end."""
    side, turns = SIDES[name], Turns([name], None)
    asked: list[Lane] = []
    server = ModelServer(turns, lambda name: asked[-1].asked.set())
    try:
        side.prepare(folder, server.url(name), iterations, 1)
        asked.append(start(name, folder, iterations))
        wait_for_the_first_request(asked[-1])
        kill(asked[-1], turns.sent[name], random.Random(seed), iterations)
        left = survivors()
        end_all(left)
        paid, evaluated, kept = len(turns.sent[name]), len(side.scores(folder)) - 1, side.kept(folder)
        asked.append(start(name, folder, iterations, resume=True))
        if asked[-1].process.wait(ENDS_WITHIN_S) not in (0, 3):
            raise RuntimeError(f"{side.label} could not be resumed; it said:\n{said(asked[-1])}")
        known = len((kept | side.stored(folder)) & set(range(1, paid + 1)))
        forgotten = max(0, evaluated - known)
        return Killed(paid, evaluated, paid - known, forgotten, len(left), len(turns.sent[name]))
    finally:
        end_all(list(descendants(os.getpid())))
        server.close()


def kill(lane: Lane, sent: Sequence[float], draw: random.Random, iterations: int) -> None:
    """SIGKILL at a random moment of its middle four fifths."""
    count = draw.randint(iterations // 10, 9 * iterations // 10)
    while len(sent) < count:
        if lane.process.poll() is not None:
            raise RuntimeError(f"{lane.side.label} ended after {len(sent)} replies; it said:\n{said(lane)}")
        time.sleep(0.001)
    iteration_s = (sent[-1] - sent[0]) / len(sent)
    time.sleep(draw.uniform(0, WITHIN * iteration_s))
    lane.process.kill()
    if lane.process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"{lane.side.label} had ended before it was killed")


def survivors() -> list[int]:
    """What the killed process left running, after a moment: it is ours now."""
    deadline = time.monotonic() + GONE_S
    while (left := list(descendants(os.getpid()))) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left
