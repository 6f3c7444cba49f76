"""The race: all harnesses get the same stream of edits, in turns, and each one's own time is taken."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harnesses.processes import cpu_s, descendants, end_all
from harnesses.server import ModelServer, Turns
from harnesses.sides import SIDES, Side

STARTS_WITHIN_S, ENDS_WITHIN_S = 300, 7200


@dataclass
class Lane:
    """One harness in the race: its process, and its CPU seconds when it asked for the n-th reply."""

    side: Side
    folder: Path
    process: subprocess.Popen[bytes]
    asked: threading.Event = field(default_factory=threading.Event)
    start_s: float = 0.0
    ended: float = 0.0
    cpu: dict[int, float] = field(default_factory=dict)

    def cpu_ms(self, since: int, until: int) -> float:
        """CPU milliseconds a reply, from one to another."""
        return 1000 * (self.cpu[until] - self.cpu[since]) / (until - since)


@dataclass(frozen=True)
class Figures:
    """What one harness did and took, by its own clock, which stands still in the turns of others.

    `iterations_ms` is from each reply to the next; `end_s` from the last one to the end of the process.
    `scores` are (seconds since the first reply, score), in order.
    """

    start_s: float
    end_s: float
    replies: int
    evaluations: int
    stored: int
    iterations_ms: list[float]
    cpu_ms: float
    cpu_first_ms: float
    cpu_last_ms: float
    disk_mb: float
    scores: list[tuple[float, float]]

    @property
    def seconds(self) -> float:
        return self.start_s + sum(self.iterations_ms) / 1000 + self.end_s

    @property
    def first_ms(self) -> float:
        """Mean of the first tenth."""
        return statistics.mean(self.iterations_ms[: self._tenth])

    @property
    def last_ms(self) -> float:
        return statistics.mean(self.iterations_ms[-self._tenth :])

    @property
    def _tenth(self) -> int:
        return max(1, len(self.iterations_ms) // 10)

    def reach(self, score: float) -> tuple[int, float] | None:
        """After how many evaluations and seconds it had this score."""
        for number, (moment, found) in enumerate(self.scores):
            if found >= score:
                return number, moment
        return None


def race(names: Sequence[str], iterations: int, parallel: int, turn: int, folder: Path) -> dict[str, Figures]:
    """Let them all run in turns of so many replies; the figures of each."""
    turns = Turns(list(names), turn)
    lanes: dict[str, Lane] = {}
    tenth = max(1, iterations // 10)

    def asked(name: str) -> None:
        lane, number = lanes[name], len(turns.sent[name])
        if number == 0 or number % tenth == 0:
            lane.cpu.setdefault(number, cpu_s(lane.process.pid))
        lane.asked.set()

    server = ModelServer(turns, asked)
    try:
        for name in names:
            SIDES[name].prepare(folder / name, server.url(name), iterations, parallel)
        for name in names:
            lanes[name] = start(name, folder / name, iterations)
            turns.enter(name)
            wait_for_the_first_request(lanes[name])
        turns.begin()
        watchers = [threading.Thread(target=watch, args=(name, lanes[name], turns)) for name in names]
        for thread in watchers:
            thread.start()
        for thread in watchers:
            thread.join()
    finally:
        end_all(list(descendants(os.getpid())))
        server.close()
    return {name: figures(name, lanes[name], turns, tenth) for name in names}


def start(name: str, folder: Path, iterations: int, resume: bool = False) -> Lane:
    side = SIDES[name]
    with (folder / "said").open("ab") as output:
        process = subprocess.Popen(
            side.command(folder, iterations, resume),
            cwd=folder,
            env=side.environment(folder),
            stdout=output,
            stderr=output,
        )
    return Lane(side, folder, process)


def wait_for_the_first_request(lane: Lane) -> None:
    since = time.time()
    while not lane.asked.wait(0.05):
        if lane.process.poll() is not None or time.time() - since > STARTS_WITHIN_S:
            raise RuntimeError(f"{lane.side.label} asked for nothing; it said:\n{said(lane)}")
    lane.start_s = time.time() - since


def said(lane: Lane) -> str:
    return (lane.folder / "said").read_text(errors="replace")[-3000:]


def watch(name: str, lane: Lane, turns: Turns) -> None:
    """Wait for its end, which belongs to its last turn."""
    try:
        lane.process.wait(ENDS_WITHIN_S)
    finally:
        lane.ended = time.time()
        turns.leave(name)


def figures(name: str, lane: Lane, turns: Turns, tenth: int) -> Figures:
    sent = [turns.clock(name, moment) for moment in turns.sent[name]]
    gaps = [1000 * (b - a) for a, b in zip(sent, sent[1:], strict=False)]
    scores = [(turns.clock(name, moment), score) for moment, score in lane.side.scores(lane.folder)]
    counted = sorted(lane.cpu)
    return Figures(
        start_s=lane.start_s,
        end_s=turns.clock(name, lane.ended) - sent[-1],
        replies=len(sent),
        evaluations=len(scores),
        stored=len(lane.side.stored(lane.folder)),
        iterations_ms=gaps,
        cpu_ms=lane.cpu_ms(counted[0], counted[-1]),
        cpu_first_ms=lane.cpu_ms(*counted[:2]),
        cpu_last_ms=lane.cpu_ms(*counted[-2:]),
        disk_mb=megabytes(lane.folder),
        scores=scores,
    )


def megabytes(folder: Path) -> float:
    sizes = (os.lstat(Path(top) / name).st_blocks for top, _, names in os.walk(folder) for name in names)
    return 512 * sum(sizes) / 2**20


def reached_by_all(found: Mapping[str, Figures]) -> float:
    """The best score that every one of them had at some time."""
    return min(max((score for _, score in each.scores), default=0.0) for each in found.values())
