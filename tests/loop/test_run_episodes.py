"""What a real run leaves in the episodic log: all that queries ask for, and the same again from git alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.memory import Episodes
from kapso.memory.lessons.table import show_lessons
from kapso.memory.query import ask
from kapso.memory.schema import COLUMNS, LESSONS

Demo = Callable[..., Any]


def tables(episodes: Episodes) -> dict[str, list[Any]]:
    """The rows of every table but `stages`, which git does not have, and of where rows were read from."""
    found = {}
    for name, columns in {**COLUMNS, **LESSONS}.items():
        if name != "stages":
            wanted = ", ".join(f'"{column}"' for column in columns if column != "source")
            sql = f"SELECT {wanted} FROM {name} ORDER BY ALL"
            found[name] = list(ask(episodes, sql, 60).rows)
    return found


@pytest.mark.slow
def test_a_run_is_in_the_log_and_comes_back_from_git(demo: Demo) -> None:
    kapso = demo()
    done = kapso("run", "--attempts", "8", check=0)
    episodes = Episodes(Path(kapso.root, ".git/kapso/kapso.duckdb"))
    assert episodes.unlooked() == {}, "the recorder has looked at every attempt"
    kapso.json("sql", "FROM attempts")
    with Repository.open(Path(kapso.root)) as repository:
        show_lessons(repository, episodes)
    before = tables(episodes)
    assert len(before["attempts"]) == 9 and {row[1] for row in before["hunks"]} == set(range(1, 9))
    assert before["lessons"], "evaluation facts at least"
    assert "  learnt  " in done.stdout
    kapso("reindex")
    kapso.json("sql", "FROM lessons")
    assert tables(episodes) == before
