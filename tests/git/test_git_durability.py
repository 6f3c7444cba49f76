"""What a ref rests on is on disk before the ref moves: seen from the system calls that are made."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.git.durability import Unsynced
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that fsync has been called for."""
    names: list[str] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return names


def test_each_new_object_is_synced_once(repository: Repository, synced: list[str]) -> None:
    head = repository.resolve("HEAD")
    tree = repository.write_tree(head, {"src/new": Entry(FILE, repository.write_blob(b"new"))})
    repository.sync()
    assert len(synced) == 3  # blob, folder, tree
    assert any(name.endswith(f"{tree[:2]}/{tree[2:]}") for name in synced)
    repository.sync()
    assert len(synced) == 3


def test_objects_in_packs_are_left(project: Any, repository: Repository, synced: list[str]) -> None:
    project.git("repack", "-adq")
    repository.write_blob(b"hello\n")
    repository.sync()
    assert synced == []


def test_a_failure_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    oid = "ab" + "0" * 38
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / oid[2:]).touch()
    unsynced = Unsynced(tmp_path)
    unsynced.add(oid)
    calls: list[int] = []
    with monkeypatch.context() as patch, pytest.raises(MachineError) as caught:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        unsynced.sync()
    assert caught.value.help == "free some disk space, then try again"
    monkeypatch.setattr(os, "fsync", calls.append)
    unsynced.sync()
    assert len(calls) == 1


def test_a_thread_waits_for_what_another_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / ("0" * 38)).touch()
    unsynced = Unsynced(tmp_path)
    unsynced.add("ab" + "0" * 38)
    reached, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow(_: int) -> None:
        reached.set()
        go.wait(5)

    monkeypatch.setattr(os, "fsync", slow)
    first = threading.Thread(target=unsynced.sync)
    first.start()
    assert reached.wait(5)

    def wait_for_it() -> None:
        unsynced.sync()
        done.set()

    second = threading.Thread(target=wait_for_it)
    second.start()
    assert not done.wait(0.1)
    go.set()
    assert done.wait(5)
    first.join()
    second.join()
