"""What each level keeps out: one attack a row, tried at each level, also where it must succeed.

The rows are those of the table in the README. What all levels bound alike (time, memory, processes, disk,
what is left behind) stands in `test_sandbox_limits.py`.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

LEVELS = {"bubblewrap": "overlay", "landlock": "landlock", "limits": "limits"}

KEEPS_OUT = {
    "network TCP": {"bubblewrap", "landlock"},
    "network UDP": {"bubblewrap", "landlock"},
    "network MPTCP": {"bubblewrap", "landlock"},
    "Unix sockets": {"bubblewrap", "landlock"},
    "the user's home": {"bubblewrap", "landlock"},
    "the repository": {"bubblewrap", "landlock"},
    "writes outside": {"bubblewrap", "landlock"},
    "environments of other processes": {"bubblewrap", "landlock"},
    "open files of other processes": {"bubblewrap", "landlock"},
    "signals to other processes": {"bubblewrap", "landlock"},
    "which processes run": {"bubblewrap"},
    "which files exist": {"bubblewrap"},
    "modes of files": {"bubblewrap"},
    "shared memory": {"bubblewrap"},
}

SEND = "import socket; s = socket.socket({kind}); s.connect({address}); s.send(b'x'); print('reached')"


@dataclass
class Target:
    """What is attacked: servers, a file of the user's, one in the repository, a process that runs."""

    world: Any
    home: Path
    tcp: int
    udp: socket.socket
    unix: Path
    neighbour: subprocess.Popen[bytes]

    @property
    def in_memory(self) -> Path:
        return Path("/dev/shm") / self.unix.stem

    def python(self, code: str) -> str:
        return f'{sys.executable} -S -c "{code}"'

    def send(self, kind: str, address: object) -> str:
        return self.python(SEND.format(kind=kind, address=address))


@pytest.fixture(scope="module", params=LEVELS)
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A target for all attacks at one level; each finds what the one before has spoilt made good."""
    path = Path(f"/tmp/kapso-{os.getpid()}-{request.param}.sock")
    home = tmp_path_factory.mktemp("user")
    with contextlib.ExitStack() as made:
        made.enter_context(pytest.MonkeyPatch.context()).setenv("HOME", str(home))
        tcp = made.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = made.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = made.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(path))
        unix.listen()
        made.callback(path.unlink)
        world = request.getfixturevalue("world_class")(home / "world", LEVELS[request.param])
        made.callback(world.close)
        world.write("program.txt")
        assert world.sandbox.level == request.param
        neighbour = _start_neighbour(tcp.fileno())
        target = Target(world, home, tcp.getsockname()[1], udp, path, neighbour)
        yield target
        target.in_memory.unlink(missing_ok=True)
        target.neighbour.kill()
        target.neighbour.wait()


def _start_neighbour(open_file: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], env={"SECRET": "secret-environment"}, stdin=open_file)


@pytest.fixture
def target(attacked: Target) -> Target:
    (attacked.home / "key").write_text("secret-key\n")
    (attacked.home / "key").chmod(0o644)
    (attacked.world.workspace / "judge.txt").write_text("secret-answer\n")
    if attacked.neighbour.poll() is not None:
        attacked.neighbour = _start_neighbour(subprocess.DEVNULL)
    return attacked


ATTACKS: dict[str, Callable[[Target], str]] = {
    "network TCP": lambda t: t.send("2, 1", ("127.0.0.1", t.tcp)),
    "network UDP": lambda t: t.send("2, 2", t.udp.getsockname()),
    "network MPTCP": lambda t: t.send("2, 1, 262", ("127.0.0.1", t.tcp)),
    "Unix sockets": lambda t: t.send("1", f"'{t.unix}'"),
    "the user's home": lambda t: f"grep -q secret-key {t.home}/key && echo reached",
    "the repository": lambda t: f"grep -q secret-answer {t.world.workspace}/judge.txt && echo reached",
    "writes outside": lambda t: f"echo reached > {t.home}/key; rm -f {t.world.workspace}/judge.txt",
    "environments of other processes": lambda t: (
        f"grep -qa secret-environment /proc/{t.neighbour.pid}/environ && echo reached"
    ),
    "open files of other processes": lambda t: (
        f"readlink /proc/{t.neighbour.pid}/fd/0 && echo reached; ls /proc/{t.neighbour.pid}/cwd/"
    ),
    "signals to other processes": lambda t: f"kill {t.neighbour.pid} && echo reached",
    "which processes run": lambda t: f"grep -q sleep /proc/{t.neighbour.pid}/cmdline && echo reached",
    "which files exist": lambda t: f"stat {t.home}/key && echo reached",
    "modes of files": lambda t: f"chmod 640 {t.home}/key && echo reached",
    "shared memory": lambda t: f"echo x > {t.in_memory} && echo reached",
}

TRACES: dict[str, Callable[[Target], bool]] = {
    "network UDP": lambda t: bool(select.select([t.udp], [], [], 0)[0]),
    "writes outside": lambda t: (
        (t.home / "key").read_text() != "secret-key\n" or not (t.world.workspace / "judge.txt").exists()
    ),
    "signals to other processes": lambda t: t.neighbour.poll() is not None,
    "modes of files": lambda t: (t.home / "key").stat().st_mode & 0o777 == 0o640,
    "shared memory": lambda t: t.in_memory.exists(),
}
"""What is seen outside of an attack that succeeded. Where a word is enough, the attack says it."""


@pytest.mark.parametrize("what", KEEPS_OUT)
def test_what_a_level_keeps_out(target: Target, what: str) -> None:
    done = target.world.run(ATTACKS[what](target))
    level = target.world.sandbox.level
    reached = TRACES[what](target) if what in TRACES else b"reached" in done.stdout
    assert reached == (level not in KEEPS_OUT[what])


SAID = {
    "landlock": {"which processes run", "which files exist", "modes of files", "shared memory"},
    "limits": {"network", "files that are hidden", "write and delete", "end, the other processes"},
}


def test_what_is_lost_is_said(attacked: Target) -> None:
    level, lost = attacked.world.sandbox.level, attacked.world.sandbox.lost
    assert bool(lost) == any(level not in levels for levels in KEEPS_OUT.values())
    said = {"which processes run": "processes run", "which files exist": "of your files exist"}
    said |= {"modes of files": "change their modes", "shared memory": "/dev/shm"}
    assert all(said.get(what, what) in " ".join(lost) for what in SAID.get(level, ()))
