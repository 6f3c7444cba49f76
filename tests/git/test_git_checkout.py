"""A checked-out folder is what `git checkout` would have made, whatever the user's own tree looks like."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.git.repository import Repository

ATTRIBUTES = """\
* text=auto
*.crlf text eol=crlf
*.bin -text
*.id ident
*.utf16 text working-tree-encoding=UTF-16LE
"""
LINES = "one\ntwo\nthree\n"


def _contents(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file and empty folder below `folder` (not in .git) with its mode and content."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] == ".git" or name.endswith("/.git"):
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[name] = (mode, os.readlink(path))
        elif path.is_file():
            found[name] = (mode, path.read_bytes())
        elif not any(path.iterdir()):
            found[name] = (mode, "an empty folder")
    return found


def _pointer(content: bytes) -> bytes:
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


def _store(project: Any, content: bytes, under: str = ".git/lfs") -> None:
    oid = hashlib.sha256(content).hexdigest()
    project.write({f"{under}/objects/{oid[:2]}/{oid[2:4]}/{oid}": content})


def test_as_git_checks_it_out(
    project: Any, repository: Repository, new_project: Callable[..., Any], tmp_path: Path
) -> None:
    other = new_project("other")
    other.commit({"inner": "1"})
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "lib/sub")
    project.write(
        {".gitattributes": ATTRIBUTES, "deep/.gitattributes": "*.x eol=crlf\n", "deep/er/a.x": LINES}
    )
    project.write(
        {"a.crlf": LINES, "a.bin": "one\r\ntwo\n", "a.id": "$Id$\n", "a.utf16": LINES.encode("utf-16-le")}
    )
    project.write({"naïve ö/日本.txt": LINES, "-dash": "1", "run me": "#!/bin/sh\n", "empty": ""})
    (project.root / "run me").chmod(0o755)
    (project.root / "link").symlink_to("naïve ö/日本.txt")
    (project.root / "dangling").symlink_to("/nowhere")
    head = project.commit()
    project.git("clone", "--quiet", "--no-local", str(project.root), str(tmp_path / "clone"))

    folder = tmp_path / "out of the tree"
    checked_out = repository.check_out(head, folder)
    assert checked_out.missing_lfs == ()
    assert _contents(folder) == _contents(tmp_path / "clone")
    assert (folder / "deep/er/a.x").read_bytes() == b"one\r\ntwo\r\nthree\r\n"
    assert b"$Id: " in (folder / "a.id").read_bytes()
    assert list((folder / "lib/sub").iterdir()) == []
    for path, entry in repository.entries(head).items():
        if entry.mode == 0o100644:
            assert repository.working_bytes(head, path) == (folder / path).read_bytes(), path
            assert repository.stored_blob(head, path, (folder / path).read_bytes()) == entry.oid, path


def test_the_users_own_tree_has_no_say(project: Any, repository: Repository, tmp_path: Path) -> None:
    head = project.commit({"a.txt": LINES, "README": "hello\n"})
    project.write({".gitattributes": "* eol=crlf\n", "README": "changed", "a.txt": "changed"})
    project.git("sparse-checkout", "set", "--no-cone", "/README")
    repository.check_out(head, tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_text() == LINES
    assert (tmp_path / "out/README").read_text() == "hello\n"
    assert repository.working_bytes(head, "a.txt") == LINES.encode()


def test_autocrlf_counts_as_for_git(project: Any, tmp_path: Path) -> None:
    head = project.commit({"a.txt": LINES, "b.bin": b"\0\n"})
    project.git("config", "core.autocrlf", "true")
    repository = Repository.open(project.root)
    repository.check_out(head, tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_bytes() == b"one\r\ntwo\r\nthree\r\n"
    for path, entry in repository.entries(head).items():
        working = repository.working_bytes(head, path)
        assert working == (tmp_path / "out" / path).read_bytes()
        assert repository.stored_blob(head, path, working) == entry.oid


def test_skipped_files_and_folders_are_not_written(
    project: Any, repository: Repository, tmp_path: Path
) -> None:
    head = project.commit(
        {"answers/a": "1", "answers/b/c": "2", "answers.txt": "3", "evaluate.py": "4", "ö x": "5"}
    )
    repository.check_out(head, tmp_path / "out", skip=["answers/", "evaluate.py", "ö x", "not/there"])
    assert _contents(tmp_path / "out").keys() == {
        "README",
        "answers.txt",
        "src/main.py",
        "src/deep/er/data.txt",
    }


def test_only_an_empty_folder_is_written_to(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").touch()
    with pytest.raises(ValueError, match="not empty"):
        repository.check_out(repository.resolve("HEAD"), tmp_path / "full")


def test_a_tree_without_files(repository: Repository, tmp_path: Path) -> None:
    head = repository.resolve("HEAD")
    repository.check_out(head, tmp_path / "out", skip=list(repository.entries(head)))
    assert list((tmp_path / "out").iterdir()) == []


def test_lfs_files_come_from_the_local_store(project: Any, repository: Repository, tmp_path: Path) -> None:
    here, gone, bare = b"weights" * 1000, b"not pulled" * 1000, b"not a pointer"
    project.git("config", "filter.lfs.smudge", "touch smudged; false")
    project.git("config", "filter.lfs.required", "true")
    project.write(
        {"data/.gitattributes": "*.big filter=lfs diff=lfs merge=lfs -text\n", "data/raw.txt": _pointer(here)}
    )
    pointers = {"data/here.big": _pointer(here), "data/gone ö.big": _pointer(gone), "data/bare.big": bare}
    project.git("add", "--all")
    for path, pointer in pointers.items():  # past the filter, as a clone without git-lfs has them
        oid = project.git("hash-object", "-w", "--stdin", stdin=pointer)
        mode = "100755" if path == "data/here.big" else "100644"
        project.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
    project.git("commit", "--quiet", "-m", "large files")
    _store(project, here)
    head = repository.resolve("HEAD")

    checked_out = repository.check_out(head, tmp_path / "out")
    assert checked_out.missing_lfs == ("data/gone ö.big",)
    assert (tmp_path / "out/data/here.big").read_bytes() == here
    assert (tmp_path / "out/data/here.big").stat().st_mode & 0o111
    assert (tmp_path / "out/data/gone ö.big").read_bytes() == _pointer(gone)
    assert (tmp_path / "out/data/raw.txt").read_bytes() == _pointer(here)
    assert not list(tmp_path.rglob("smudged"))
    assert repository.working_bytes(head, "data/here.big") == here
    assert repository.working_bytes(head, "data/gone ö.big") == _pointer(gone)
    assert repository.check_out(head, tmp_path / "less", skip=["data/gone ö.big"]).missing_lfs == ()


def test_an_lfs_file_that_a_candidate_changed_is_stored_as_a_pointer(project: Any) -> None:
    project.git("config", "lfs.storage", "large things")
    head = project.commit({".gitattributes": "*.big filter=lfs -text\n", "a.big": b"old"})
    repository = Repository.open(project.root)
    blob = repository.stored_blob(head, "a.big", b"new content")
    assert repository.objects.read(blob) == _pointer(b"new content")
    oid = hashlib.sha256(b"new content").hexdigest()
    kept = project.root / ".git/large things/objects" / oid[:2] / oid[2:4] / oid
    assert kept.read_bytes() == b"new content"


def test_the_users_own_filters_run(project: Any, repository: Repository, tmp_path: Path) -> None:
    project.git("config", "filter.rot.clean", "tr a-z b-za")
    project.git("config", "filter.rot.smudge", "tr b-za a-z")
    head = project.commit({".gitattributes": "*.rot filter=rot\n", "a.rot": "secret"})
    assert repository.read(head, "a.rot") == b"tfdsfu"
    repository.check_out(head, tmp_path / "out")
    assert (tmp_path / "out/a.rot").read_bytes() == b"secret"
    assert repository.working_bytes(head, "a.rot") == b"secret"
    assert repository.objects.read(repository.stored_blob(head, "a.rot", b"abc")) == b"bcd"
    project.git("config", "filter.rot.smudge", "false")
    project.git("config", "filter.rot.required", "true")
    with pytest.raises(MachineError, match="checking out"):
        repository.check_out(head, tmp_path / "fails")


def test_text_auto_leaves_alone_what_stands_with_crlf(project: Any, repository: Repository) -> None:
    project.commit({"dos.txt": "a\r\nb\r\n"})
    head = project.commit({".gitattributes": "* text=auto\n"})
    project.write({"dos.txt": "a\r\nb\r\nc\r\n", "new.txt": "a\r\n"})
    for path in ("dos.txt", "new.txt"):
        stored = repository.stored_blob(head, path, (project.root / path).read_bytes())
        project.git("add", path)
        assert stored == project.git("ls-files", "--stage", "--", path).split()[1], path
    assert repository.objects.read(repository.stored_blob(head, "new.txt", b"a\r\n")) == b"a\n"


def test_plain_files_start_no_process(
    project: Any, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = project.commit({".gitattributes": "*.py text eol=lf\n", "a.py": LINES, "b.py": LINES})
    assert repository.working_bytes(head, "a.py") == LINES.encode()  # asks for the attributes of a.py
    monkeypatch.setattr("kapso.git.command.subprocess.run", None)
    assert repository.working_bytes(head, "a.py") == LINES.encode()
    repository.stored_blob(head, "a.py", b"x = 1\n")
    with pytest.raises(TypeError):
        repository.working_bytes(head, "b.py")


def test_info_attributes_count(project: Any, repository: Repository) -> None:
    head = project.commit({"a.txt": LINES})
    project.write({".git/info/attributes": "*.txt eol=crlf\n"})
    assert repository.working_bytes(head, "a.txt") == LINES.replace("\n", "\r\n").encode()


def test_a_link_is_never_converted(project: Any, repository: Repository) -> None:
    (project.root / "link.txt").symlink_to("a\nb")
    head = project.commit({".gitattributes": "* text eol=crlf\n"})
    assert repository.working_bytes(head, "link.txt") == b"a\nb"


def test_a_partial_clone_fetches_in_one_go_or_names_the_file(project: Any, tmp_path: Path) -> None:
    head = project.commit({f"many/{number}": str(number) for number in range(50)})
    project.git("config", "uploadpack.allowFilter", "true")
    for name in ("online", "offline"):
        project.git(
            "clone", "--quiet", "--filter=blob:none", "-n", f"file://{project.root}", str(tmp_path / name)
        )
    packs = len(list((tmp_path / "online/.git/objects/pack").glob("*.pack")))
    with Repository.open(tmp_path / "online") as repository:
        repository.check_out(head, tmp_path / "out")
    assert len(_contents(tmp_path / "out")) == 53
    assert len(list((tmp_path / "online/.git/objects/pack").glob("*.pack"))) == packs + 1
    assert not (tmp_path / "online/.git/FETCH_HEAD").exists()
    project.git("config", "remote.origin.url", "/nowhere", cwd=tmp_path / "offline")
    with Repository.open(tmp_path / "offline") as repository, pytest.raises(MachineError) as caught:
        repository.check_out(head, tmp_path / "fails")
    assert "remote" in (caught.value.help or "")
