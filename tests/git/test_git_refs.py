"""Refs move together or not at all, from any thread, and survive the death of the process that moves them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError, RepositoryError
from kapso.git import refs as refs_module
from kapso.git.refs import RefConflict
from kapso.git.repository import Repository

A, B, C = (f"refs/kapso/toy-1/{name}" for name in "abc")


def _commits(project: Any, count: int) -> list[str]:
    return [project.commit(message=f"commit {number}") for number in range(count)]


def _resident(repository: Repository) -> int:
    process = repository.refs._process
    assert process is not None
    return process.pid


def test_a_transaction_moves_all_its_refs(project: Any, repository: Repository) -> None:
    one, two = _commits(project, 2)
    with repository.refs.transaction() as moves:
        moves.create(A, one)
        moves.update(B, one)
    with repository.refs.transaction() as moves:
        moves.update(A, two, one)
        moves.delete(B, one)
        moves.create(C, two)
    assert repository.refs.list("refs/kapso/") == {A: two, C: two}
    assert (repository.refs.get(A), repository.refs.get(B)) == (two, None)
    assert project.git("rev-parse", A, C) == f"{two}\n{two}"


def test_one_process_serves_many_transactions(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    pids = set()
    for number in range(5):
        with repository.refs.transaction() as moves:
            moves.create(f"{A}{number}", head)
        pids.add(_resident(repository))
    assert len(pids) == 1


@pytest.mark.parametrize(
    "case", ["create existing", "update moved", "update missing", "delete moved", "delete missing"]
)
def test_a_conflict_moves_nothing_and_the_next_transaction_works(
    project: Any, repository: Repository, case: str
) -> None:
    one, two = _commits(project, 2)
    with repository.refs.transaction() as moves:
        moves.create(A, one)
    with pytest.raises(RefConflict), repository.refs.transaction() as moves:
        moves.create(C, one)
        match case:
            case "create existing":
                moves.create(A, two)
            case "update moved":
                moves.update(A, two, two)
            case "update missing":
                moves.update(B, two, one)
            case "delete moved":
                moves.delete(A, two)
            case "delete missing":
                moves.delete(B, one)
    assert repository.refs.list("refs/kapso/") == {A: one}
    with repository.refs.transaction() as moves:
        moves.update(A, two, one)
    assert repository.refs.get(A) == two


def test_nothing_moves_when_the_block_fails(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    with pytest.raises(ZeroDivisionError), repository.refs.transaction() as moves:
        moves.create(A, head)
        raise ZeroDivisionError
    assert repository.refs.list("refs/kapso/") == {}


def test_the_process_is_started_anew_when_it_was_killed(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    with repository.refs.transaction() as moves:
        moves.create(A, head)
    first = _resident(repository)
    os.kill(first, signal.SIGKILL)
    with repository.refs.transaction() as moves:
        moves.create(B, head)
    assert repository.refs.get(B) == head
    assert _resident(repository) != first


def test_ctrl_c_in_the_terminal_does_not_reach_the_process(repository: Repository) -> None:
    with repository.refs.transaction() as moves:
        moves.create(A, repository.resolve("HEAD"))
    assert os.getsid(_resident(repository)) != os.getsid(0)


def test_the_process_ends_with_the_engine(project: Any) -> None:
    script = (
        "import os, sys; from pathlib import Path; from kapso.git.repository import Repository\n"
        "r = Repository.open(Path(sys.argv[1]))\n"
        "with r.refs.transaction() as moves: moves.create('refs/kapso/toy-1/a', r.resolve('HEAD'))\n"
        "print(r.refs._process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, project.root], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    assert _ends(int(done.stdout))


def _ends(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_close_ends_the_process_and_the_next_transaction_starts_another(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    with repository.refs.transaction() as moves:
        moves.create(A, head)
    pid = _resident(repository)
    repository.close()
    assert _ends(pid)
    with repository.refs.transaction() as moves:
        moves.create(B, head)
    assert repository.refs.get(B) == head


def test_threads_move_refs_at_the_same_time(repository: Repository) -> None:
    head = repository.resolve("HEAD")

    def move(thread: int) -> None:
        for number in range(20):
            with repository.refs.transaction() as moves:
                moves.create(f"refs/kapso/toy-{thread}/{number}", head)

    _in_threads([lambda thread=thread: move(thread) for thread in range(6)])  # type: ignore[misc]
    assert len(repository.refs.list("refs/kapso/")) == 120


def test_of_two_who_move_one_ref_one_wins_each_time(project: Any) -> None:
    commits = _commits(project, 4)
    won: list[int] = []
    with Repository.open(project.root) as one, Repository.open(project.root) as two:
        with one.refs.transaction() as moves:
            moves.create(A, commits[0])

        def race(repository: Repository, to: str, me: int) -> None:
            try:
                with repository.refs.transaction() as moves:
                    moves.update(A, to, commits[0])
                won.append(me)
            except RefConflict:
                pass

        for number in range(10):
            _in_threads([lambda: race(one, commits[1], 1), lambda: race(two, commits[2], 2)])
            assert len(won) == number + 1
            with one.refs.transaction() as moves:
                moves.update(A, commits[0])


def _in_threads(work: list[Callable[[], None]]) -> None:
    errors: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_lock_that_stays_is_named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refs_module, "_PATIENCE", ())
    lock = repository.common_dir / f"{A}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with (
        pytest.raises(MachineError, match=r"a\.lock` exists") as caught,
        repository.refs.transaction() as moves,
    ):
        moves.create(A, repository.resolve("HEAD"))
    assert caught.value.slug == "ref-locked"


def test_a_ref_in_the_way_is_named_with_the_remedy(project: Any, repository: Repository) -> None:
    project.git("branch", "kapso")
    with pytest.raises(RepositoryError) as caught, repository.refs.transaction() as moves:
        moves.create("refs/heads/kapso/toy-1/best", repository.resolve("HEAD"))
    assert caught.value.help == "rename it: `git branch -m kapso NEW`"


def test_a_ref_to_a_missing_object_is_refused(repository: Repository) -> None:
    with pytest.raises(MachineError, match="nonexistent object"), repository.refs.transaction() as moves:
        moves.create(A, "1" * 40)
    assert repository.refs.get(A) is None


def test_packed_refs_are_read_and_moved(project: Any, repository: Repository) -> None:
    one, two = _commits(project, 2)
    with repository.refs.transaction() as moves:
        moves.create(A, one)
        moves.create(B, one)
    project.git("pack-refs", "--all")
    with repository.refs.transaction() as moves:
        moves.update(A, two, one)
        moves.delete(B, one)
    assert repository.refs.list("refs/kapso/") == {A: two}
    assert (repository.refs.get(A), repository.refs.get(B)) == (two, None)


def test_checked_out_names_branches_and_where(project: Any, repository: Repository, tmp_path: Path) -> None:
    assert repository.refs.checked_out() == {"refs/heads/main": project.root}
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side tree"))
    project.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "detached"))
    both = {"refs/heads/main": project.root, "refs/heads/side": tmp_path / "side tree"}
    assert repository.refs.checked_out() == both
    with Repository.open(tmp_path / "side tree") as from_within:
        assert from_within.refs.checked_out() == both
    project.git("checkout", "--quiet", "--detach")
    assert repository.refs.checked_out() == {"refs/heads/side": tmp_path / "side tree"}
