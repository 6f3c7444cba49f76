"""Completion by the protocol that a shell speaks: in a process of its own, and through bash itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MAIN = "from kapso.cli import main; main()"
SLOW = {"duckdb", "pygit2", "langgraph", "ruamel", "numpy", "rich"}


def ask(words: list[str], shell: str = "bash", *options: str) -> subprocess.CompletedProcess[str]:
    """What `kapso` answers when the last of `words` is to be completed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_KAPSO_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["kapso", *words]),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    command = [sys.executable, *options, "-c", MAIN]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True)


def completed(*words: str) -> list[str]:
    return [line.partition(",")[2] for line in ask(list(words)).stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["res"], ["resume"]),
        (["show", "pack"], ["packing-3f9a"]),
        (["show", "b"], ["best", "baseline"]),
        (["show", "packing-3f9a", ""], ["best", "baseline", "1", "2", "3", "4", "5"]),
        (["diff", "packing", "2", "4"], ["4"]),
        (["diff", "3", "b"], ["best", "baseline"]),
        (["ls", ""], ["packing-3f9a"]),
        (["ls", "x"], []),
        (["ls", "--sort", "sc"], ["score"]),
        (["run", "--propose", "tune,c"], ["tune,combine"]),
        (["gc", "p"], ["packing-3f9a"]),
    ],
)
def test_what_is_completed(packing: Any, words: list[str], found: list[str]) -> None:
    assert completed(*words) == found


def test_what_has_not_landed_is_offered_to_a_decision(packing: Any) -> None:
    for number in ("0006", "0012"):
        ref = f"refs/kapso/packing-3f9a/pending/{number}"
        subprocess.run(["git", "update-ref", ref, "kapso/packing-3f9a/best"], check=True)
    assert completed("approve", "packing-3f9a", "") == ["6", "12"]
    assert completed("reject", "packing-3f9a", "6", "") == ["12"]


def test_another_folder_is_asked_where_one_is_named(
    packing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("ls", "") == []
    assert completed("-C", str(packing.repository.root), "ls", "") == ["packing-3f9a"]


def test_zsh_and_fish_get_the_title_of_an_attempt_as_well(packing: Any) -> None:
    assert ask(["show", "2"], "fish").stdout == "plain,2\tradius 1 2\n"
    assert ask(["show", "2"], "zsh").stdout.splitlines() == ["plain", "2", "radius 1 2"]


def test_completing_asks_git_alone(packing: Any) -> None:
    done = ask(["show", ""], "bash", "-X", "importtime")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported and not imported & SLOW
    before = os.times()
    ask(["show", ""])
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert used < 0.45  # 0.11 on a quiet machine, of which Python and click are 0.09


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes(packing: Any, tmp_path: Path) -> None:
    script = tmp_path / "kapso"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{MAIN}" "$@"\n')
    script.chmod(0o755)
    asked = (
        'eval "$(_KAPSO_COMPLETE=bash_source kapso)"; COMP_WORDS=(kapso show pack); COMP_CWORD=2; '
        '_kapso_completion kapso pack show; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, env=environment)
    assert done.stdout == "packing-3f9a\n", done.stderr


def test_the_help_says_how_to_switch_it_on(kapso: Callable[..., Any]) -> None:
    said = kapso("--help").out
    assert all(f"_KAPSO_COMPLETE={shell}_source kapso" in said for shell in ("bash", "zsh", "fish"))
