"""Revisions, files, differences, snapshots and commits of the user's repository."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError, RepositoryError
from kapso.git.repository import NOBODY, DiffStat, Repository
from kapso.git.trees import EXECUTABLE, FILE, LINK, SUBMODULE, Entry

STARTED, FINISHED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC), datetime(2026, 11, 24, 9, 31, tzinfo=UTC)


def test_resolve(project: Any, repository: Repository) -> None:
    head = project.git("rev-parse", "HEAD")
    project.git("tag", "-a", "-m", "annotated", "v1")
    for revision in ("HEAD", "main", "v1", head, head[:10], "HEAD^{/start}"):
        assert repository.resolve(revision) == head


@pytest.mark.parametrize(
    "revision", ["nowhere", "--all", "", "HEAD~1", "1" * 40, "HEAD:README", "HEAD^{tree}"]
)
def test_what_names_no_commit_is_refused(repository: Repository, revision: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        repository.resolve(revision)
    assert caught.value.slug == "no-such-revision"
    assert f"`{revision}`" in caught.value.message


def test_a_shallow_clone_says_how_to_deepen(project: Any, tmp_path: Path) -> None:
    project.commit({"a": "1"}, "second")
    project.git("clone", "--quiet", "--depth=1", f"file://{project.root}", str(tmp_path / "shallow"))
    repository = Repository.open(tmp_path / "shallow")
    assert repository.read(repository.resolve("HEAD"), "a") == b"1"
    with pytest.raises(RepositoryError) as caught:
        repository.resolve("HEAD~1")
    assert "git fetch --unshallow" in (caught.value.help or "")


def test_read_and_entries(project: Any, repository: Repository) -> None:
    (project.root / "link").symlink_to("src/main.py")
    project.write({"run me.sh": "#!/bin/sh\n", "naïve/ö.txt": "1"})
    (project.root / "run me.sh").chmod(0o755)
    head = project.commit()
    entries = repository.entries(head)
    assert {path: entry.mode for path, entry in entries.items()} == {
        "README": FILE,
        "src/main.py": FILE,
        "src/deep/er/data.txt": FILE,
        "naïve/ö.txt": FILE,
        "link": LINK,
        "run me.sh": EXECUTABLE,
    }
    assert repository.entries(repository.tree_of(head)) == entries
    assert repository.read(head, "naïve/ö.txt") == b"1"
    assert repository.read(head, "link") == b"src/main.py"
    for path in ("nowhere", "src", "README/x", "src/nowhere"):
        with pytest.raises(FileNotFoundError):
            repository.read(head, path)


def test_changed_paths_and_diff_stat(project: Any, repository: Repository) -> None:
    before = repository.resolve("HEAD")
    old = repository.entries(before)
    project.git("rm", "--quiet", "src/main.py")
    (project.root / "src").mkdir(exist_ok=True)
    project.write({"src/main.py/is now/a folder": "1\n", "src/deep/er/data.txt": "1\n2\nthree\nfour\n"})
    after = project.commit()
    new = repository.entries(after)
    inner = "src/main.py/is now/a folder"
    assert repository.changed_paths(before, after) == {
        "src/main.py": (old["src/main.py"], None),
        inner: (None, new[inner]),
        "src/deep/er/data.txt": (old["src/deep/er/data.txt"], new["src/deep/er/data.txt"]),
    }
    assert repository.changed_paths(before, before) == {}
    assert repository.diff_stat(before, after) == DiffStat(files=3, added=3, removed=2)


def test_diff_is_deaf_to_the_users_settings(project: Any, repository: Repository) -> None:
    before = repository.resolve("HEAD")
    after = project.commit({"README": "hello\nwörld\n"})
    for key, value in {"color.ui": "always", "diff.noprefix": "true", "diff.external": "false"}.items():
        project.git("config", key, value)
    assert "--- a/README\n+++ b/README\n@@ -1 +1,2 @@\n hello\n+wörld\n" in repository.diff(before, after)


def test_a_patch_is_exact(project: Any, repository: Repository, tmp_path: Path) -> None:
    before = repository.resolve("HEAD")
    (project.root / "link").symlink_to("README")
    project.write({"bytes": bytes(range(256)) * 4, "latin": b"caf\xe9\n", "no newline": b"x"})
    (project.root / "README").chmod(0o755)
    after = project.commit()
    project.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "there"), before)
    project.git("apply", "--index", "-", stdin=repository.patch(before, after), cwd=tmp_path / "there")
    assert project.git("write-tree", cwd=tmp_path / "there") == repository.tree_of(after)


def test_commit_names_proposer_and_user(project: Any, repository: Repository) -> None:
    project.git("config", "commit.gpgSign", "true")
    head = repository.resolve("HEAD")
    tree = repository.write_tree(head, {"new": Entry(FILE, repository.write_blob(b"1"))})
    oid = repository.commit(
        tree, [head], "tune: größer\n", ("Kapso tune", "kapso@localhost"), STARTED, FINISHED
    )
    told = project.git("log", "-1", "--format=%an|%ae|%ad|%cn|%ce|%cd|%s|%P|%G?", "--date=iso-strict", oid)
    assert told.split("|") == [
        *("Kapso tune", "kapso@localhost", "2026-11-24T09:30:00+00:00"),
        *("Ada Lovelace", "ada@example.org", "2026-11-24T09:31:00+00:00"),
        *("tune: größer", head, "N"),
    ]
    assert project.git("branch", "--list", "--all", "--contains", oid) == ""


def test_the_committer_is_the_user_where_git_knows_one(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Repository.open(project.root).committer() == ("Ada Lovelace", "ada@example.org")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Grace Hopper")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "grace@example.org")
    assert Repository.open(project.root).committer() == ("Grace Hopper", "grace@example.org")
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    project.git("config", "--unset", "user.name")
    project.git("config", "--unset", "user.email")
    assert Repository.open(project.root).committer() == NOBODY


def test_uncommitted_changes(project: Any, repository: Repository) -> None:
    project.commit({".gitignore": "*.log\n", "gone": "1", "moved": "2"})
    project.git("config", "status.showUntrackedFiles", "no")
    assert not repository.has_uncommitted_changes()
    project.write({"x.log": "ignored"})
    os.utime(project.root / "README", (1, 1))
    assert not repository.has_uncommitted_changes()
    project.write({"new file": "1"})
    assert repository.has_uncommitted_changes()
    (project.root / "new file").unlink()
    (project.root / "gone").unlink()
    assert repository.has_uncommitted_changes()


def test_snapshot_holds_the_working_tree(project: Any, repository: Repository) -> None:
    head = project.commit({".gitignore": "*.log\n", "gone": "1", "staged": "1", "tracked.txt": "1"})
    assert repository.snapshot(head) == head
    project.write({"x.log": "ignored", "new ö": "1", "staged": "2", "tracked.txt": "2"})
    project.git("add", "staged")
    project.write({"staged": "3"})
    (project.root / "gone").unlink()
    (project.root / "README").chmod(0o755)
    (project.root / "link").symlink_to("README")
    taken = repository.snapshot(head)
    changes = {path: change[1] for path, change in repository.changed_paths(head, taken).items()}
    assert changes.keys() == {"gone", "new ö", "staged", "tracked.txt", "README", "link"}
    assert changes["gone"] is None
    assert changes["link"] and changes["link"].mode == LINK
    assert changes["README"] and changes["README"].mode == EXECUTABLE
    assert repository.read(taken, "staged") == b"3"
    assert project.git("log", "-1", "--format=%P %cn", taken) == f"{head} Ada Lovelace"


def test_a_change_within_the_clocks_grain_is_seen(project: Any, repository: Repository) -> None:
    head = project.commit({"a": "1\n"})
    status = (project.root / "a").stat()
    index = project.root / ".git/index"
    project.write({"a": "2\n"})
    for path in (project.root / "a", index):
        os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert repository.read(repository.snapshot(head), "a") == b"2\n"


def test_snapshot_with_submodule_sparse_and_split_index(
    project: Any, repository: Repository, new_project: Callable[..., Any]
) -> None:
    other = new_project("other")
    pinned = other.commit({"inner": "1"})
    allowed = ("-c", "protocol.file.allow=always")
    project.git(*allowed, "submodule", "--quiet", "add", str(other.root), "lib")
    head = project.commit()
    project.git("sparse-checkout", "set", "--no-cone", "/README", "/lib", "/.gitmodules")
    project.git("update-index", "--split-index")
    shared = sorted((project.root / ".git").glob("sharedindex.*"))
    project.write({"new": "1", "lib/inner": "changed inside the submodule"})
    taken = repository.snapshot(head)
    assert repository.changed_paths(head, taken).keys() == {"new"}
    assert repository.entry(taken, "lib") == Entry(SUBMODULE, pinned)
    assert sorted((project.root / ".git").glob("sharedindex.*")) == shared


def test_snapshot_of_a_repository_without_index(project: Any, repository: Repository) -> None:
    head = project.commit({".gitignore": "kept\n"})
    project.write({"kept": "tracked although ignored"})
    project.git("add", "--force", "kept")
    head = project.commit()
    (project.root / ".git/index").unlink()
    project.write({"new": "1"})
    assert repository.changed_paths(head, repository.snapshot(head)).keys() == {"new"}
    assert not (project.root / ".git/index").exists()


def test_what_a_partial_clone_lacks_is_fetched_or_named(project: Any, tmp_path: Path) -> None:
    before = project.git("rev-parse", "HEAD")
    after = project.commit({"src/main.py": "x = 1\n"})
    project.git("config", "uploadpack.allowFilter", "true")
    project.git("config", "uploadpack.allowAnySHA1InWant", "true")
    source = f"file://{project.root}"
    for name, filter in (("blobless", "blob:none"), ("treeless", "tree:0")):
        clone = tmp_path / name
        project.git("clone", "--quiet", f"--filter={filter}", "--no-checkout", source, str(clone))
        with Repository.open(clone) as repository:
            assert repository.read(after, "src/main.py") == b"x = 1\n"
            assert repository.diff_stat(before, after) == DiffStat(1, 1, 1)
    gone = tmp_path / "offline"
    project.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", source, str(gone))
    project.git("config", "remote.origin.url", f"{source} is gone", cwd=gone)
    with Repository.open(gone) as repository, pytest.raises(MachineError) as caught:
        repository.read(after, "src/main.py")
    assert "`src/main.py` (object `" in caught.value.message
    assert "git fetch --refetch" in (caught.value.help or "")


def test_a_damaged_object_is_named(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    entry = repository.entries(head)["README"]
    path = repository.common_dir / "objects" / entry.oid[:2] / entry.oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"not zlib")
    with pytest.raises(MachineError) as caught:
        repository.read(head, "README")
    assert caught.value.slug == "object-damaged"
    assert "`README`" in caught.value.message


def test_alternates_and_objects_packed_meanwhile(project: Any, tmp_path: Path) -> None:
    project.git("clone", "--quiet", "--shared", str(project.root), str(tmp_path / "borrower"))
    with Repository.open(tmp_path / "borrower") as repository:
        head = repository.resolve("HEAD")
        assert repository.read(head, "README") == b"hello\n"
        blob = repository.write_blob(b"new")
        tree = repository.write_tree(head, {"new": Entry(FILE, blob)})
        commit = repository.commit(tree, [head], "x\n", NOBODY, STARTED, FINISHED)
        with repository.refs.transaction() as moves:
            moves.create("refs/kapso/toy-1/a", commit)
        project.git("repack", "-adq", cwd=tmp_path / "borrower")
        repository.sync()
        assert repository.read(commit, "new") == b"new"


def test_threads_share_a_repository(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    trees: dict[int, str] = {}

    def work(thread: int) -> None:
        tree = head
        for number in range(20):
            blob = repository.write_blob(f"{thread} {number}".encode())
            tree = repository.write_tree(tree, {f"{thread}/{number}": Entry(FILE, blob)})
            repository.sync()
        trees[thread] = tree

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {thread: len(repository.entries(tree)) for thread, tree in trees.items()} == dict.fromkeys(
        range(4), 23
    )


def test_descriptors_do_not_leak(project: Any) -> None:
    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    Repository.open(project.root).resolve("HEAD")
    before = count()
    for number in range(5):
        with Repository.open(project.root) as repository:
            with repository.refs.transaction() as moves:
                moves.create(f"refs/kapso/toy-1/{number}", repository.resolve("HEAD"))
            repository.write_blob(b"%d" % number)
            repository.sync()
    del repository
    assert count() <= before
