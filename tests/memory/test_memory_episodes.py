"""What goes into the episodic log comes out the same, in one transaction, whatever replaces what."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kapso.memory import Episode, Episodes
from kapso.memory.episode import summarise

MakeEpisode = Callable[..., Episode]

ROOT = Path(__file__).parents[2]


def test_an_episode_comes_back_as_it_went_in(log: Episodes, make_episode: MakeEpisode) -> None:
    episodes = [make_episode(0), make_episode(1, score=None), make_episode(2, score=1e-300)]
    log.record(episodes)
    assert [log.episode("pack-3f9a", n) for n in range(3)] == episodes
    assert log.attempts("pack-3f9a") == [episode.attempt for episode in episodes]
    assert log.episode("pack-3f9a", 3) is None
    assert log.attempts("other-0000") == []


def test_metrics_are_listed_by_name_whatever_their_order(log: Episodes, make_episode: MakeEpisode) -> None:
    attempt = replace(make_episode(1).attempt, metrics={"z": 1.0, "a": 2.0})
    log.record([Episode(attempt)])
    assert list(log.attempts("pack-3f9a")[0].metrics) == ["a", "z"]


def test_recording_again_replaces_but_keeps_stages_and_diff_not_given(
    log: Episodes, make_episode: MakeEpisode
) -> None:
    first = make_episode(1)
    log.record([first, make_episode(2)])
    log.record([Episode(replace(first.attempt, title="renamed", metrics={"other": 1.0}))])
    found = log.episode("pack-3f9a", 1)
    assert found is not None
    assert found.attempt.title == "renamed"
    assert found.attempt.metrics == {"other": 1.0}
    assert (found.stages, found.diff) == (first.stages, first.diff)
    assert len(log.attempts("pack-3f9a")) == 2


def test_the_last_of_equal_keys_in_a_batch_wins(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(1, score=1.0), make_episode(1, score=2.0)])
    assert [attempt.score for attempt in log.attempts("pack-3f9a")] == [2.0]


def test_what_vanished_is_dropped_from_every_table(log: Episodes, make_episode: MakeEpisode) -> None:
    run, other = "pack-3f9a", "pack-0b0b"
    episodes = [make_episode(0), make_episode(1)]
    summary = summarise(run, episodes, goal={}, end={})
    log.update([*episodes, make_episode(0, run=other)], runs={run: (summary, "s")})
    assert log.runs() == [summary]
    log.update(vanished=[(run, 1)], vanished_runs=[other])
    assert list(log.known()) == [(run, 0)]
    log.update(vanished_runs=[run])
    assert log.known() == {} and log.runs() == [] and log.episode(run, 0) is None


def test_a_run_with_rows_straight_from_the_engine_counts_as_unknown(
    log: Episodes, make_episode: MakeEpisode
) -> None:
    episode = make_episode(0)
    log.update([episode], runs={"pack-3f9a": (summarise("pack-3f9a", [episode], goal={}, end={}), "s")})
    assert log.overview()[1] == {"pack-3f9a": "s"}
    log.record([replace(make_episode(1), source=None)])
    assert log.overview()[1] == {"pack-3f9a": None}


def test_a_change_that_fails_leaves_nothing_behind(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(0)])
    with pytest.raises(ZeroDivisionError):
        log.database.write(lambda connection: connection.execute("DELETE FROM attempts") and 1 // 0)
    assert len(log.attempts("pack-3f9a")) == 1


def test_a_kill_in_the_middle_of_a_write_leaves_the_log_whole(
    log: Episodes, make_episode: MakeEpisode
) -> None:
    log.record([make_episode(0)])
    program = (
        "import os, sys; from kapso.memory import Episodes\n"
        "def die(connection): connection.execute('DELETE FROM attempts'); os.kill(os.getpid(), 9)\n"
        "from pathlib import Path; Episodes(Path(sys.argv[1])).database.write(die)"
    )
    subprocess.run([sys.executable, "-c", program, str(log.database.path)], check=False, cwd=ROOT)
    assert len(log.attempts("pack-3f9a")) == 1


def test_without_a_file_the_log_is_kept_in_memory(make_episode: MakeEpisode, tmp_path: Path) -> None:
    log = Episodes(None)
    log.record([make_episode(0)])
    log.record([make_episode(1)])
    assert [attempt.number for attempt in log.attempts("pack-3f9a")] == [0, 1]
    assert list(tmp_path.iterdir()) == []


def test_reading_creates_no_file(log: Episodes, tmp_path: Path) -> None:
    assert log.runs() == [] and log.known() == {} and log.overview() == ([], {})
    assert list(tmp_path.iterdir()) == []


def test_many_rows_in_one_batch(log: Episodes, make_episode: MakeEpisode) -> None:
    log.record([make_episode(number) for number in range(500)])
    assert [attempt.number for attempt in log.attempts("pack-3f9a")] == list(range(500))
