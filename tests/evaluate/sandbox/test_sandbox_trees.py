"""Whiteouts, folding and removal: the file operations under the two ways of giving a candidate its files."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from kapso.errors import MachineError
from kapso.evaluate.sandbox.layers import fold, make_whiteouts, vanishing
from kapso.evaluate.sandbox.trees import Bin, copy_tree, lay_over, remove_tree, size_of


def plant(top: Path, *paths: str) -> Path:
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    return top


def test_a_folder_of_which_nothing_is_left_vanishes(tmp_path: Path) -> None:
    base = plant(tmp_path, "a/b/one", "a/b/two", "a/c/three", "d/four", "d/five", "top")
    assert vanishing(base, ["a/b/one", "a/b/two/"]) == ["a/b"]
    assert vanishing(base, ["a/b/one", "a/b/two", "a/c"]) == ["a"]
    assert vanishing(base, ["d/four", "d", "missing", "", ".", "../x", "/top"]) == ["d", "top"]


def test_a_hidden_path_through_a_link_is_hidden_where_it_is(tmp_path: Path) -> None:
    base = plant(tmp_path / "base", "real/secret", "real/kept")
    plant(tmp_path / "outside", "secret")
    (base / "link").symlink_to("real")
    (base / "out").symlink_to(tmp_path / "outside")
    assert vanishing(base, ["link/secret", "out/secret"]) == ["real/secret"]


def test_whiteouts_keep_the_modes_of_folders(tmp_path: Path) -> None:
    base = plant(tmp_path / "base", "a/b/one", "a/b/two")
    (base / "a").chmod(0o750)
    make_whiteouts(["a/b/one"], base, tmp_path / "layer")
    assert stat.S_ISCHR((tmp_path / "layer/a/b/one").lstat().st_mode)
    assert stat.S_IMODE((tmp_path / "layer/a").stat().st_mode) == 0o750


def test_folding_an_upper_layer(tmp_path: Path) -> None:
    target = plant(
        tmp_path / "target", "kept", "changed", "gone", "dir/kept", "dir/changed", "was_dir/x", "was_file"
    )
    upper = plant(tmp_path / "upper", "changed", "dir/changed", "new/deep", "was_dir", "was_file/x", "own")
    os.mknod(upper / "gone", stat.S_IFCHR, 0)
    (upper / "changed").write_text("new")
    (upper / "new").chmod(0o500)
    fold(upper, target, frozenset({"own"}))
    assert (target / "changed").read_text() == "new"
    assert stat.S_ISCHR((target / "gone").lstat().st_mode)
    assert sorted(os.listdir(target / "dir")) == ["changed", "kept"]
    assert (target / "was_dir").is_file() and (target / "was_file/x").is_file()
    assert (target / "new/deep").is_file() and not (target / "own").exists()
    assert (target / "kept").is_file()


def test_laying_over_never_follows_a_link(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", "x")
    target = plant(tmp_path / "target", "a")
    (target / "dir").symlink_to(outside)
    (target / "file").symlink_to(outside / "x")
    source = plant(tmp_path / "source", "dir/x", "file", "a/b")
    lay_over(source, target)
    assert (outside / "x").read_text() == "x"
    assert (target / "dir/x").read_text() == "dir/x" and (target / "a/b").is_file()


@pytest.mark.parametrize("depth", [1, 600])
def test_removing_what_is_deep_closed_and_linked(tmp_path: Path, depth: int) -> None:
    outside = plant(tmp_path / "outside", "kept")
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for number in range(depth):
        os.mkdir("deep", dir_fd=here)
        os.symlink(outside, "link", dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.chmod("deep", 0 if number % 2 else 0o500, dir_fd=here)
        os.close(here)
        here = below
        os.fchmod(here, 0o700)
    os.close(here)
    (top / "deep").chmod(0)
    remove_tree(top)
    assert not top.exists() and (outside / "kept").exists()
    remove_tree(top)


def test_copying_keeps_what_is_closed(tmp_path: Path) -> None:
    source = plant(tmp_path / "source", "dir/file", "plain")
    (source / "link").symlink_to("nowhere")
    os.utime(source / "plain", (1, 1))
    (source / "dir/file").chmod(0)
    (source / "dir").chmod(0)
    try:
        copy_tree(source, tmp_path / "target")
        assert stat.S_IMODE((tmp_path / "target/dir").stat().st_mode) == 0
        assert (tmp_path / "target/plain").stat().st_mtime == 1
        assert os.readlink(tmp_path / "target/link") == "nowhere"
    finally:
        (source / "dir").chmod(0o700)
        (tmp_path / "target/dir").chmod(0o700)
    assert (tmp_path / "target/dir/file").stat().st_mode & 0o777 == 0


def test_what_cannot_be_copied_is_said(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot copy"):
        copy_tree(tmp_path / "missing", tmp_path / "target")


def test_measuring_stops_when_it_is_enough(tmp_path: Path) -> None:
    plant(tmp_path, *(f"{number}/file" for number in range(10)))
    assert size_of(tmp_path) == 20 * 4096
    assert size_of(tmp_path, enough=8192) == 3 * 4096
    assert size_of(tmp_path / "missing") == 0


def test_a_bin_takes_away_at_once_and_empties_itself(tmp_path: Path) -> None:
    waste = Bin(tmp_path / "bin")
    for number in range(40):  # more than it has places for
        folder = tmp_path / "work"
        (folder / "deep" / str(number)).mkdir(parents=True)
        (folder / "deep" / "file").write_text("x")
        (folder / "deep").chmod(0)
        folder.chmod(0)
        waste.throw(folder)
        assert not folder.exists()
    waste.throw(tmp_path / "missing")
    waste.close()
    assert list((tmp_path / "bin").iterdir()) == []


def test_a_bin_tells_what_it_could_not_remove(tmp_path: Path) -> None:
    (tmp_path / "stuck").mkdir()
    waste = Bin(tmp_path / "bin")
    if subprocess.run(["mount", "-t", "tmpfs", "none", tmp_path / "stuck"], capture_output=True).returncode:
        pytest.skip("a folder can be mounted by root only")
    try:
        with pytest.raises(MachineError, match="cannot remove"):
            waste.throw(tmp_path / "stuck")
    finally:
        subprocess.run(["umount", tmp_path / "stuck"], check=True)
        waste.close()
