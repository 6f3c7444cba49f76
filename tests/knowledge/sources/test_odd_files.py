"""Files whose names or links are odd stop neither a folder nor a repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from kapso_knowledge.learning import learn
from kapso_knowledge.library.library import Library
from kapso_knowledge.sources.folder import Folder
from kapso_knowledge.sources.repository import Repository

TEXT = "# Caches\n\nA cache keeps what was asked for.\n"
NAME = os.fsdecode(b"caf\xe9.md")  # Latin-1, which is no UTF-8


def test_a_name_that_is_no_text_is_learnt_and_known_again(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / NAME).write_text(TEXT)
    library = Library.open(tmp_path / "library")
    assert learn(Folder(tmp_path / "docs", "docs"), library).change.added == 1
    assert list(library.documents("docs")) == ["caf\ufffd.md"]
    assert learn(Folder(tmp_path / "docs", "docs"), library).same == 1


def test_so_it_is_in_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / NAME).write_text(TEXT)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    walked = learn(Repository(folder, "demo"), Library.open(tmp_path / "library"))
    assert (walked.read, walked.unread) == (1, ())


def test_links_in_circles_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text(TEXT)
    (folder / "itself.md").symlink_to("itself.md")
    (folder / "up").symlink_to("..", target_is_directory=True)
    (folder / "out.md").symlink_to(tmp_path / "out.md")
    (tmp_path / "out.md").write_text("# Out\n\nThis lies outside.\n")
    assert [document.path for document in Folder(folder, "docs").documents({})] == ["a.md"]
