"""Taking over what a candidate left: data comes through, everything else is named and refused."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.evaluate.sandbox import take_over
from kapso.evaluate.sandbox.trees import remove_tree


def take(out: Path, max_bytes: int = 1 << 20, max_files: int = 100) -> str | None:
    return take_over(out, max_bytes=max_bytes, max_files=max_files)


def test_files_and_folders_become_plain(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/tool").write_text("#!/bin/sh\n")
    (tmp_path / "deep/er/tool").chmod(0o6777)
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "deep/er").chmod(0)
    assert take(tmp_path) is None
    assert stat.S_IMODE((tmp_path / "deep/er/tool").stat().st_mode) == 0o644
    assert (tmp_path / "closed").read_text() == "x"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    def link(path: Path) -> None:
        path.symlink_to("/etc/passwd")

    def hard_link(path: Path) -> None:
        (tmp_path / "original").write_text("x")
        path.hardlink_to(tmp_path / "original")

    def listen(path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))

    def whiteout(path: Path) -> None:
        os.mknod(path, stat.S_IFCHR, 0)

    kinds = {
        "symbolic link": link,
        "hard link": hard_link,
        "pipe": os.mkfifo,
        "socket": listen,
        "device": whiteout,
    }
    for kind, make in kinds.items():
        out = tmp_path / kind.replace(" ", "-")
        (out / "inner").mkdir(parents=True)
        make(out / "inner/x")
        reason = take(out)
        assert reason == f"`inner/x` in the output folder is a {kind}"


def test_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 1 << 40)
    assert take(tmp_path) == "the output folder holds too many bytes"
    (tmp_path / "sparse").unlink()
    for number in range(5):
        (tmp_path / str(number)).mkdir()
    assert take(tmp_path, max_files=4) == "the output folder holds too many files"
    assert take(tmp_path, max_files=5) is None


def test_an_output_folder_that_was_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    assert take(tmp_path / "out") == "the output folder was replaced by something else"


def test_endless_nesting(tmp_path: Path) -> None:
    nest(tmp_path / "out", 500)
    assert "nested deeper than 64 folders" in (take(tmp_path / "out", max_files=10_000) or "")
    remove_tree(tmp_path / "out")


def nest(top: Path, depth: int) -> None:
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 50, dir_fd=here)
        below = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@pytest.mark.parametrize("name", [b"new\nline", b"\xff\xfe", b"`tick`", b"\x1b[31mred"])
def test_a_reason_is_safe_to_print(tmp_path: Path, name: bytes) -> None:
    os.symlink("/", os.fsencode(tmp_path) + b"/" + name)
    reason = take(tmp_path)
    assert reason and reason.isprintable() and reason.encode()


NAMES = st.binary(min_size=1, max_size=40).filter(lambda b: b not in (b".", b"..") and not set(b) & {0, 47})
TREES = st.recursive(
    st.tuples(st.binary(max_size=30), st.integers(0, 0o7777)),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(tree=st.dictionaries(NAMES, TREES, max_size=4), mode=st.integers(0, 0o777))
def test_any_tree_of_files_comes_through_and_can_be_removed(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[bytes, object], mode: int
) -> None:
    top = tmp_path_factory.mktemp("any")
    contents: dict[bytes, bytes] = {}

    def grow(folder: bytes, branch: dict[bytes, object]) -> None:
        for name, node in branch.items():
            path = folder + b"/" + name
            if isinstance(node, dict):
                os.mkdir(path)
                grow(path, node)
                os.chmod(path, mode)
            else:
                assert isinstance(node, tuple)
                Path(os.fsdecode(path)).write_bytes(node[0])
                os.chmod(path, node[1])
                contents[path] = node[0]

    grow(os.fsencode(top), tree)
    assert take(top) is None
    for path, content in contents.items():
        assert Path(os.fsdecode(path)).read_bytes() == content
        assert os.stat(path).st_mode & 0o7111 == 0
    os.chmod(top, mode)
    remove_tree(top)
    assert not top.exists()
