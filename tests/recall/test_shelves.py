"""The libraries that are searched as one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kapso.recall.shelves import Shelves, shipped
from kapso_knowledge.learning import learn
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.protocol import Filter
from kapso_knowledge.sources.folder import Folder


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


def test_playbooks_of_other_versions_are_cleared_away_after_a_month(
    playbooks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []
    for reading in ("1", "2", "3"):
        monkeypatch.setattr("kapso_knowledge.learning.READING", reading)
        shipped.cache_clear()
        (library,) = shipped()
        folders.append(library.folder)
        if reading == "1":
            os.utime(library.folder / "lock", (0, 0))
    shipped.cache_clear()
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_library_that_has_little_to_say_stands_behind(tmp_path: Path) -> None:
    texts = {
        "general": "# Streams\n\nA stream is read in order.",
        "docs": "# Downloads\n\nStream a large response.",
    }
    libraries = []
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(text + "\n")
        libraries.append(Library.open(tmp_path / name))
        learn(Folder(tmp_path / f"{name}.md", name), libraries[-1])
    hits = Shelves(libraries).search("stream a large response", 5, Filter())
    assert [hit.node.source for hit in hits] == ["docs", "general"]


def test_a_text_that_stands_twice_is_one_hit(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("# Downloads\n\nStream a large response.\n")
        learn(Folder(tmp_path / name, name), library)
    (hit,) = Shelves([library]).search("stream a large response", 5, Filter())
    assert hit.node.title == "Downloads"


def test_a_home_that_cannot_be_written_costs_the_playbooks_alone(
    playbooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped.cache_clear()
    assert shipped() == ()
    shipped.cache_clear()
    assert "searched without the playbooks" in caplog.text
