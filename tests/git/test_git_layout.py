"""Names of refs: fixed by the contract, readable by people, valid for git whatever the title."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.git.layout import RunRefs, parse_branch, short_name, slug

REFS = RunRefs("packing-3f9a")


def test_names_are_those_of_the_contract() -> None:
    assert REFS.baseline == "refs/heads/kapso/packing-3f9a/0000-baseline"
    assert REFS.branch(7, "shrink-step") == "refs/heads/kapso/packing-3f9a/0007-shrink-step"
    assert REFS.branch(12345, "x") == "refs/heads/kapso/packing-3f9a/12345-x"
    assert REFS.best == "refs/heads/kapso/packing-3f9a/best"
    assert REFS.pending(7) == "refs/kapso/packing-3f9a/pending/0007"
    assert REFS.goal == "refs/kapso/packing-3f9a/goal"
    assert REFS.records == "refs/kapso/packing-3f9a/records"
    assert REFS.holdout == "refs/kapso/packing-3f9a/holdout"
    assert short_name(REFS.best) == "kapso/packing-3f9a/best"


@pytest.mark.parametrize("run", ["", "../x", "a/b", "Run", "a.lock", "a b"])
def test_what_is_no_run_id_is_refused(run: str) -> None:
    with pytest.raises(ValueError, match="not a run's id"):
        RunRefs(run)


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("refs/heads/kapso/a-1/0007-x", ("a-1", 7)),
        ("refs/heads/kapso/a-1/10007-x-y", ("a-1", 10007)),
        ("refs/heads/kapso/a-1/best", None),
        ("refs/heads/kapso/a-1/0007", None),
        ("refs/heads/kapso/a-1/0007-x/y", None),
        ("refs/heads/main", None),
        ("refs/kapso/a-1/pending/0007", None),
    ],
)
def test_parse_branch(ref: str, found: tuple[str, int] | None) -> None:
    assert parse_branch(ref) == found


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Shrink the step (0.5 → 0.25)", "shrink-the-step-0-5-0-25"),
        ("Größe prüfen", "groe-prufen"),
        ("半径を大きくする", "attempt"),
        ("", "attempt"),
        ("a.lock", "a-lock"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_slug(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.lists(st.text(), min_size=1, max_size=20))
def test_every_title_gives_a_branch_that_is_read_back(titles: list[str]) -> None:
    for number, title in enumerate(titles):
        ref = REFS.branch(number, slug(title))
        assert parse_branch(ref) == ("packing-3f9a", number)
        assert len(ref) < 120


def test_git_accepts_the_names() -> None:
    for ref in (REFS.branch(1, slug("-- a @{b} ~^:?*[\\ .lock.")), RunRefs("-a-1").best):
        subprocess.run(["git", "check-ref-format", ref], check=True)


def test_names_and_messages_are_had_without_pygit2() -> None:
    light = ("layout", "trailers", "refs", "ledger", "landing", "attempts", "discovery", "trees")
    script = "import sys\n" + "".join(f"import kapso.git.{name}\n" for name in light)
    subprocess.run([sys.executable, "-c", script + "assert 'pygit2' not in sys.modules"], check=True)
