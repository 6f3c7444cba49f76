"""The recorder writes in batches behind the run's back and never hurts it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kapso.errors import MachineError
from kapso.memory import Episode, Episodes, Recorder
from kapso.memory.hunks import Hunk

MakeEpisode = Callable[..., Episode]


class Counting(Episodes):
    """The real log, which remembers its batches and can be told to fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.batches: list[int] = []
        self.failure: Exception | None = None

    def record(self, batch: Sequence[Episode]) -> None:
        self.batches.append(len(batch))
        if self.failure:
            raise self.failure
        super().record(batch)


def test_a_flush_writes_all_that_was_added_in_one_batch(tmp_path: Path, make_episode: MakeEpisode) -> None:
    log = Counting(tmp_path / "kapso.duckdb")
    recorder = Recorder(log, interval_s=60)
    started = time.monotonic()
    for number in range(50):
        recorder.add(make_episode(number))
    assert time.monotonic() - started < 0.5, "adding must not wait for the disk"
    assert recorder.flush()
    assert log.batches == [50]
    assert len(log.attempts("pack-3f9a")) == 50
    recorder.close()


def test_episodes_are_written_without_being_asked(tmp_path: Path, make_episode: MakeEpisode) -> None:
    log = Counting(tmp_path / "kapso.duckdb")
    recorder = Recorder(log, interval_s=0.05)
    recorder.add(make_episode(0))
    deadline = time.monotonic() + 5
    while not log.attempts("pack-3f9a") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(log.attempts("pack-3f9a")) == 1
    recorder.close()


def test_close_writes_what_waits_and_ends_the_thread(tmp_path: Path, make_episode: MakeEpisode) -> None:
    log = Counting(tmp_path / "kapso.duckdb")
    recorder = Recorder(log, interval_s=60)
    recorder.add(make_episode(0))
    recorder.close()
    assert len(log.attempts("pack-3f9a")) == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "kapso-recorder"]


def test_a_log_that_cannot_be_written_is_said_once(tmp_path: Path, make_episode: MakeEpisode) -> None:
    log = Counting(tmp_path / "kapso.duckdb")
    log.failure = MachineError("the disk is full")
    said: list[str] = []
    recorder = Recorder(log, interval_s=60, warn=said.append)
    for number in range(3):
        recorder.add(make_episode(number))
        assert recorder.flush()
    assert log.batches == [1, 1, 1]
    assert len(said) == 1 and "the disk is full" in said[0]
    log.failure = None
    recorder.add(make_episode(7))
    recorder.close()
    assert [attempt.number for attempt in log.attempts("pack-3f9a")] == [7]


def test_what_takes_a_while_is_found_out_in_the_recorders_thread(
    tmp_path: Path, make_episode: MakeEpisode
) -> None:
    log, said, threads = Counting(tmp_path / "kapso.duckdb"), list[str](), set[str]()

    def complete(episode: Episode) -> Episode:
        threads.add(threading.current_thread().name)
        return replace(episode, hunks=(Hunk("pack.py", ("grow",), 1, 1, 1, 1),))

    def fail(episode: Episode) -> Episode:
        raise MachineError("an object is missing")

    recorder = Recorder(log, interval_s=60, warn=said.append)
    recorder.add(make_episode(0))
    recorder.add(make_episode(1), complete)
    recorder.add(make_episode(2), fail)
    assert recorder.flush()
    recorder.close()
    assert threads == {"kapso-recorder"}
    assert len(log.attempts("pack-3f9a")) == 3, "an episode without its hunks is an episode"
    assert list(log.unlooked()) == [("pack-3f9a", 2)]
    assert len(said) == 1 and "an object is missing" in said[0]
