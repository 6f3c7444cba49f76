"""The libraries that are searched as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso.recall.shelves import shipped


@pytest.fixture
def playbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "queues.md").write_text("# Queues\n\nA deque takes from both of its ends in no time.\n")
    monkeypatch.setattr("kapso.shipped.playbooks", lambda: folder)
    return folder


def test_shipped_playbooks_are_read_anew_by_another_reader(
    playbooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = []
    for reading in ("1", "2"):
        monkeypatch.setattr("kapso_knowledge.learning.READING", reading)
        shipped.cache_clear()
        (library,) = shipped()
        marks += [revision.split(":")[0] for revision in library.documents("playbooks").values()]
    shipped.cache_clear()
    assert marks == ["1", "2"]
