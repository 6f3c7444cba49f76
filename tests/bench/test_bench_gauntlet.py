"""The gauntlet judges as it says, and what needs no package from the index goes through it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "experiments/bench"


@pytest.fixture(scope="module")
def gauntlet() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        yield importlib.import_module("gauntlet")


def test_what_becomes_otherwise_than_it_should_is_told(gauntlet: Any) -> None:
    result = gauntlet.Result("part", unread={"b": "encrypted: it needs a password", "c": "empty"})
    expected = {"a": "read", "b": "encrypted", "c": "read", "d": "absent", "e": "any"}
    gauntlet.judge(result, expected, {"a": "1"})
    assert result.wrong == ["`'c'` should be `read`, is `empty`"]


def test_what_was_made_to_harm_is_as_it_is_called(gauntlet: Any, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    expected = gauntlet.hostile.harmful(folder, tmp_path / "outside.md")
    assert len(expected) > 70
    assert all((folder / path).is_symlink() or (folder / path).exists() for path in expected)
    assert (folder / "huge.md").stat().st_size == 100_000_000


def test_no_private_address_is_asked() -> None:
    command = [sys.executable, str(BENCH / "gauntlet.py"), "--only", "private"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| private | 17 | 0 | 17 |" in done.stdout


@pytest.mark.slow
def test_hostile_documents_and_sites_stop_nothing() -> None:
    command = [sys.executable, str(BENCH / "gauntlet.py"), "--only", "hostile", "faults"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
