"""Lessons through a remote that others push to meanwhile, and addresses that hold a password."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kapso.errors import MachineError
from kapso.git.remote import Move, Remote
from kapso.git.repository import Repository
from kapso.memory.lessons.ledger import Ledger, parse_lines, read_texts
from kapso.memory.lessons.sharing import name_of, pull_lessons, push_lessons
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

KEY = subject_of().key


class Overtaken(Remote):
    """A remote that somebody else pushes to just before we do."""

    others: Callable[[], object]

    def push(self, moves: Sequence[Move]) -> None:
        others, self.others = self.others, lambda: None
        others()
        super().push(moves)


def test_a_push_that_was_overtaken_joins_again_and_nobody_loses(
    make_repository: Callable[..., Path], tmp_path: Path
) -> None:
    bare = tmp_path / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    ours, theirs = (Repository.open(make_repository({"a.py": "x = 1\n"}, name=n)) for n in ("ours", "theirs"))
    for number, repository in enumerate((ours, theirs)):
        Ledger(repository).put({KEY: line_of(sighting_of(f"demo-{number}"))})
    remote = Overtaken(ours.git, f"file://{bare}")
    remote.others = lambda: push_lessons(theirs, Remote(theirs.git, f"file://{bare}"))
    assert push_lessons(ours, remote).status == "pushed"
    assert pull_lessons(theirs, Remote(theirs.git, f"file://{bare}")).changed == 1
    there = remote.refs("refs/kapso/memory")["refs/kapso/memory"]
    [line] = parse_lines(read_texts(ours, there).values()).values()
    assert set(line.sightings) == {"demo-0", "demo-1"} and not line.marks


@pytest.mark.parametrize("kind", ["tree", "blob"])
def test_a_remote_whose_ref_is_no_commit_has_no_lessons(
    make_repository: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    bare = tmp_path / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    made = ["mktree"] if kind == "tree" else ["hash-object", "-w", "--stdin"]
    oid = subprocess.run(["git", *made], cwd=bare, input=b"", capture_output=True, check=True).stdout.decode()
    subprocess.run(["git", "update-ref", "refs/kapso/memory", oid.strip()], cwd=bare, check=True)
    repository = Repository.open(make_repository({"a.py": "x = 1\n"}))
    Ledger(repository).put({KEY: line_of(sighting_of())})
    for share in (pull_lessons, push_lessons):
        with pytest.raises(MachineError, match="is no commit"):
            share(repository, Remote(repository.git, f"file://{bare}"))


def test_an_address_is_kept_without_user_and_password() -> None:
    assert name_of("https://ada:s3cret@example.org/x.git") == "https://example.org/x.git"
    assert name_of("git@example.org:x.git") == "git@example.org:x.git"
