"""Level landlock: what commands can do all the same, older kernels, and what their walls leave open."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.evaluate.sandbox import fence, landlock, syscalls
from kapso.evaluate.sandbox.host import largest_without

NEVER = threading.Event()


def python(world: Any, code: str) -> str:
    world.write("program.py", code)
    return f"{sys.executable} program.py"


POOL = """
import multiprocessing as m, socket
if __name__ == "__main__":
    for method in METHODS:
        with m.get_context(method).Pool(2) as pool: print(pool.map(abs, [-1, -2]))
    pair = socket.socketpair(); pair[0].send(b"x"); print(pair[1].recv(1))
"""


def test_programs_in_several_processes_run(make_world: Any) -> None:
    """Python's locks lie in /dev/shm, so that nothing parallel would run without it."""
    world = make_world("landlock")
    done = world.run(python(world, POOL.replace("METHODS", "('fork', 'spawn')")))
    assert done.stdout == b"[1, 2]\n[1, 2]\nb'x'\n", done.stderr
    assert [name for name in os.listdir("/dev/shm") if name.startswith("sem.mp-")] == []


def test_what_lies_in_shared_memory_is_not_told(make_world: Any) -> None:
    world = make_world("landlock")
    assert world.run("ls /dev/shm").exit_code != 0
    assert world.run("mkdir /dev/shm/kapso || ln -s /etc /dev/shm/kapso || mkfifo /dev/shm/x").exit_code != 0


@pytest.mark.parametrize("listening", [True, False])
def test_unix_sockets_only_where_nobody_else_listens(
    make_world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listening: bool
) -> None:
    monkeypatch.setattr(fence, "_SOCKET_FOLDERS", (f"{tmp_path}/*",))
    monkeypatch.setattr(fence, "listening_sockets", set)
    world = make_world("landlock")
    own = "import socket\ns = socket.socket(1); s.bind('s'); s.listen(); socket.socket(1).connect('s')"
    with socket.socket(socket.AF_UNIX) as server:
        if listening:
            server.bind(f"{tmp_path}/s")
        done = world.run(python(world, own))
    assert done.succeeded == (not listening), done.stderr
    assert any("cannot use Unix sockets" in lost for lost in world.sandbox.lost) == listening


def test_with_the_network_sockets_of_the_machine_stay_shut(make_world: Any, tmp_path: Path) -> None:
    world = make_world("landlock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/s")
        server.listen()
        ask = python(world, f"import socket; socket.socket(2, 2); socket.socket(1).connect('{tmp_path}/s')")
        done = world.run(ask, network=True)
    assert b"line 1" in done.stderr and b"PermissionError" in done.stderr
    assert world.run(python(world, "import socket; socket.socket(2, 2)"), network=True).succeeded


RING = """
import ctypes
print(ctypes.CDLL(None, use_errno=True).syscall(425, 1, bytes(120)), ctypes.get_errno())
"""


def test_a_ring_that_makes_sockets_unseen_cannot_be_made(make_world: Any) -> None:
    world = make_world("landlock")
    assert world.run(python(world, RING)).stdout == b"-1 13\n"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="other machines have one way to call the kernel")
def test_calls_under_other_numbers_end_the_program(make_world: Any) -> None:
    world = make_world("landlock")
    x32 = "import ctypes; ctypes.CDLL(None).syscall(0x40000000 + 41, 2, 1, 0); print('alive')"
    assert world.run(python(world, x32)).exit_code == 128 + 31


@pytest.mark.parametrize("abi", [2, 5])
def test_older_kernels(make_world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, abi: int) -> None:
    """What Landlock learnt later is refused in another way, or said to be lost."""
    if abi > landlock.abi():
        pytest.skip("this kernel is older itself")
    monkeypatch.setattr(landlock, "abi", lambda: abi)
    world = make_world("landlock")
    outside = tmp_path / "outside"
    outside.write_text("kept\n")
    world.write("a/file", "1\n")
    done = world.run("mkdir b && mv a/file b/file && cat b/file && : > b/file && echo x > /dev/null")
    assert done.stdout == b"1\n" and done.succeeded
    cut = f"import os; os.truncate('{outside}', 0)"
    assert b"PermissionError" in world.run(python(world, cut)).stderr
    assert outside.read_text() == "kept\n"
    neighbour = subprocess.Popen(["sleep", "60"])
    try:
        ended = world.run(f"kill {neighbour.pid}").succeeded
    finally:
        neighbour.kill()
        neighbour.wait()
    assert ended == (abi < landlock.SCOPES) == any("end the other" in lost for lost in world.sandbox.lost)


def test_before_signals_are_kept_in_abstract_sockets_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0kapso-{os.getpid()}")
        server.listen()
        assert f"@kapso-{os.getpid()}" in fence._reachable_sockets(landlock.SCOPES - 1)
        assert f"@kapso-{os.getpid()}" not in fence._reachable_sockets(landlock.SCOPES)


def test_an_environment_that_setup_made_works_in_a_candidate(make_world: Any) -> None:
    """Its programs name the folder of the base, which a candidate does not see otherwise."""
    world = make_world("landlock", hidden=["secret.txt"])
    world.write("secret.txt", "secret\n")
    tool = (
        "echo '#!'$PWD/.venv/bin/python > .venv/bin/t; echo 'print(1)' >> .venv/bin/t; chmod +x .venv/bin/t"
    )
    made = world.base.set_up(world.job(f"{sys.executable} -m venv --without-pip .venv; {tool}"), NEVER)
    assert made.succeeded, made.stderr
    assert world.run(".venv/bin/t").stdout == b"1\n"
    assert world.run(f"cat {world.folder}/secret.txt || echo x > {world.folder}/.venv/x").exit_code != 0
    assert world.score("cat secret.txt && .venv/bin/t").stdout == b"secret\n1\n"


def test_what_a_build_names_by_its_path_is_there_when_it_runs(make_world: Any) -> None:
    world = make_world("landlock")
    world.write("a.txt", "a\n")
    with world.candidate() as files:
        assert files.build(world.job("ln -s $PWD/a.txt link; pwd > where"), NEVER).succeeded
        done = files.run(world.job('cat link; echo x > "$(cat where)/a.txt"'), NEVER)
        assert done.stdout == b"a\n" and done.exit_code != 0


def test_the_scorer_reads_the_base_itself(make_world: Any) -> None:
    """No copy is made of it, and it cannot be changed."""
    world = make_world("landlock")
    world.write("judge.txt", "1\n")
    done = world.score("pwd; cat judge.txt; rm -f judge.txt; echo x > judge.txt; mkdir new; mv judge.txt j")
    assert done.stdout.decode().splitlines() == [str(world.folder), "1"]
    assert os.listdir(world.folder) == ["judge.txt"] and (world.folder / "judge.txt").read_text() == "1\n"


def test_the_supervisor_cannot_be_forged_or_ended(make_world: Any) -> None:
    world = make_world("landlock")
    forge = "for f in /proc/$PPID/fd/*; do echo '{\"exit-code\": 0}' > $f && echo forged; done"
    done = world.run(f"{forge}; kill -9 $PPID && echo ended; kill -STOP $PPID && echo stopped; exit 3")
    assert (done.stdout, done.exit_code) == (b"", 3)


def test_walls_that_cannot_be_built_are_not_the_commands_fault(
    make_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world("landlock")
    assert world.run("true").succeeded
    monkeypatch.setattr(syscalls, "make_filter", lambda **kinds: bytes(8))
    with pytest.raises(MachineError, match="cannot build the walls"):
        world.run("true")


def test_the_fewest_paths_without_what_is_excluded(tmp_path: Path) -> None:
    for name in ("a/1", "a/2", "b/c/3", "b/c/4", "b/5", "d/6"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("b")
    excluded = {tmp_path / "b/c/3", tmp_path / "d", Path("/elsewhere")}
    found = {str(path.relative_to(tmp_path)) for path in largest_without(tmp_path, excluded)}
    assert found == {"a", "b/c/4", "b/5"}
    assert list(largest_without(tmp_path / "d/6", excluded)) == []
    assert list(largest_without(tmp_path / "a", excluded)) == [tmp_path / "a"]
