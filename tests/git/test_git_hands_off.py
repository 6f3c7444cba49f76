"""Working tree, index, HEAD, config, hooks, stash, reflogs and other refs stay as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, now
from kapso.git import landing, ledger
from kapso.git.attempts import Pending, commit_attempt, commit_pending, read_run, runs
from kapso.git.refs import RefConflict
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry

RUN = "toy-3f9a"


def _dirty(project: Any) -> None:
    project.commit({".gitignore": "*.log\n", ".gitattributes": "*.txt text eol=crlf\n", "a.txt": "1\n"})
    project.write({"src/main.py": "stashed\n"})
    project.git("stash", "--quiet")
    project.write({"README": "staged\n"})
    project.git("add", "README")
    project.write({"README": "not staged\n", "untracked ö": "1", "ignored.log": "1"})


def _plain(project: Any) -> None:
    del project


def _detached(project: Any) -> None:
    project.commit({"second": "1"})
    project.git("checkout", "--quiet", "--detach", "HEAD~1")


def _settings(project: Any) -> None:
    """Everything that makes git write more than it was asked to."""
    for key, value in {
        "core.logAllRefUpdates": "always",
        "core.untrackedCache": "true",
        "core.splitIndex": "true",
        "core.fsmonitor": "true",
        "gc.auto": "1",
        "feature.manyFiles": "true",
        "fetch.writeCommitGraph": "true",
        "core.sparseCheckout": "false",
        "status.submoduleSummary": "true",
        "rerere.enabled": "true",
    }.items():
        project.git("config", key, value)
    with suppress(AssertionError):
        project.git("-c", "core.fsmonitor=false", "update-index", "--split-index", "--untracked-cache")


def _merging(project: Any) -> None:
    project.git("checkout", "--quiet", "-b", "other")
    project.commit({"README": "theirs\n"})
    project.git("checkout", "--quiet", "main")
    project.commit({"README": "ours\n"})
    subprocess.run(["git", "merge", "--quiet", "other"], cwd=project.root, capture_output=True, check=False)


def _packed(project: Any) -> None:
    project.commit({"second": "1"})
    project.git("tag", "v1")
    project.git("gc", "--quiet")


KINDS = {kind.__name__[1:]: kind for kind in (_plain, _dirty, _detached, _settings, _merging, _packed)}


def _operations(repository: Repository, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that the engine offers, in the order of a run, by name."""
    base = repository.resolve("HEAD")
    yield "open", lambda: Repository.open(repository.root)
    yield "state", lambda: repository.state_dir
    yield "check_writable", repository.check_writable
    yield "has_uncommitted_changes", repository.has_uncommitted_changes
    yield "snapshot", lambda: repository.snapshot(base)
    yield "committer", repository.committer
    yield "entries", lambda: repository.entries(base)
    yield "start_run", lambda: landing.start_run(repository, RUN, {"goal.yaml": b"x"}, base)
    yield "check_out", lambda: repository.check_out(base, folder / "out", skip=["README"])
    tree = repository.write_tree(base, {"src/new.py": Entry(FILE, repository.write_blob(b"new"))})
    yield "diff", lambda: (repository.diff(base, tree), repository.patch(base, tree))
    yield "diff_stat", lambda: repository.diff_stat(base, tree)
    for path in ("README", "src/main.py", "a.txt"):
        if repository.entry(base, path):
            yield f"working_bytes {path}", partial(repository.working_bytes, base, path)
            yield f"stored_blob {path}", partial(repository.stored_blob, base, path, b"a\r\nb\r\n")
    for number in (1, 2):
        title = f"try {number}"
        candidate = Pending(RUN, number, "", tree, (base,), "tune", title, "", (), now())
        candidate = commit_pending(repository, candidate)
        yield "set_pending", partial(landing.set_pending, repository, RUN, number, candidate.commit)
        final = commit_attempt(repository, _attempt(candidate), [base])
        step = partial(landing.land, repository, RUN, number)
        yield "land", partial(step, candidate.commit, final, final.commit, lambda: None)
        yield "land again", partial(step, None, replace(final, title="again"), final.commit, lambda: None)
    yield "write_records", lambda: ledger.write_records(repository, RUN, {"0001.json": b"{}"})
    yield "write_holdout", lambda: ledger.write_holdout(repository, RUN, {"0001.json": b"{}"})
    yield "read_run", lambda: (read_run(repository, RUN), runs(repository))
    yield "conflict", lambda: _conflict(repository, base)
    yield "remove_stale_locks", lambda: landing.remove_stale_locks(repository, RUN)
    yield "pack_refs", lambda: landing.pack_refs(repository, RUN)
    yield "close", repository.close


def _attempt(candidate: Pending) -> Attempt:
    return Attempt(
        run=candidate.run,
        number=candidate.number,
        branch="",
        commit="",
        tree=candidate.tree,
        parents=(),
        proposer=candidate.proposer,
        title=candidate.title,
        hypothesis="",
        outcome=Outcome.SCORED,
        started=candidate.started,
        finished=now(),
    )


def _conflict(repository: Repository, base: str) -> None:
    with pytest.raises(RefConflict), repository.refs.transaction() as moves:
        moves.create(f"refs/heads/kapso/{RUN}/best", base)


def _check_hands_off(project: Any, repository: Repository, folder: Path) -> None:
    before = project.fingerprint()
    for name, operation in _operations(repository, folder):
        operation()
        after = project.fingerprint()
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert changed == set(), f"`{name}` changed what is the user's"
    project.fsck()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_users_changes(project: Any, tmp_path: Path, kind: str) -> None:
    KINDS[kind](project)
    project.arm_hooks()
    with Repository.open(project.root) as repository:
        _check_hands_off(project, repository, tmp_path)


def test_nothing_changes_in_a_linked_worktree_nor_in_the_main_one(project: Any, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side tree"))
    linked = type(project)(tmp_path / "side tree")
    linked.write({"README": "changed\n", "untracked": "1"})
    for tree in (project, linked):
        tree.arm_hooks()
    main = project.fingerprint()
    with Repository.open(linked.root) as repository:
        _check_hands_off(linked, repository, tmp_path)
    assert project.fingerprint() == main


def test_nothing_changes_in_a_shallow_clone(project: Any, tmp_path: Path) -> None:
    project.commit({"second": "1"})
    project.git("clone", "--quiet", "--depth=1", f"file://{project.root}", str(tmp_path / "shallow"))
    shallow = type(project)(tmp_path / "shallow")
    shallow.arm_hooks()
    with Repository.open(shallow.root) as repository:
        _check_hands_off(shallow, repository, tmp_path)


def test_nothing_changes_with_a_submodule(
    project: Any, new_project: Callable[..., Any], tmp_path: Path
) -> None:
    other = new_project("other")
    other.commit({"inner": "1"})
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "lib")
    project.commit()
    project.git("config", "submodule.recurse", "true")
    project.arm_hooks()
    project.write({"lib/inner": "changed"})
    with Repository.open(project.root) as repository:
        _check_hands_off(project, repository, tmp_path)


def test_the_hooks_and_the_fingerprint_do_see_a_change(project: Any) -> None:
    project.arm_hooks()
    before = project.fingerprint()
    assert project.fingerprint() == before
    project.git("update-ref", "refs/tags/new", "HEAD")
    assert project.hook_mark.exists()
    after = project.fingerprint()
    assert after["hook"] != before["hook"]
    assert after.keys() - before.keys() == {str(project.root / ".git/refs/tags/new")}


def test_no_reflog_is_written_even_where_the_user_wants_all(project: Any, repository: Repository) -> None:
    project.git("config", "core.logAllRefUpdates", "always")
    with repository.refs.transaction() as moves:
        moves.create(f"refs/heads/kapso/{RUN}/best", repository.resolve("HEAD"))
    assert not (project.root / ".git/logs/refs/heads/kapso").exists()
