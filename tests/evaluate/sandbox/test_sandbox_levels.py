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
    mark: str

    @property
    def in_memory(self) -> Path:
        return Path("/dev/shm") / self.mark

    def python(self, code: str) -> str:
        return f'{sys.executable} -c "{code}"'

    def send(self, kind: str, address: object) -> str:
        return self.python(SEND.format(kind=kind, address=address))


@pytest.fixture
def target(make_world: Any, monkeypatch: pytest.MonkeyPatch, level: str) -> Iterator[Target]:
    world = make_world(LEVELS[level])
    home = world.root / "user"
    home.mkdir()
    (home / "key").write_text("secret-key\n")
    monkeypatch.setenv("HOME", str(home))
    (world.workspace / "judge.txt").write_text("secret-answer\n")
    world.write("program.txt")
    mark = f"kapso-{os.getpid()}-{level}"
    path = Path(f"/tmp/{mark}.sock")
    with contextlib.ExitStack() as made:
        tcp = made.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = made.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = made.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(path))
        unix.listen()
        made.callback(path.unlink)
        neighbour = subprocess.Popen(
            ["sleep", "600"], env={"SECRET": "secret-environment"}, stdin=tcp.fileno()
        )
        made.callback(neighbour.wait)
        made.callback(neighbour.kill)
        found = Target(world, home, tcp.getsockname()[1], udp, path, neighbour, mark)
        yield found
        found.in_memory.unlink(missing_ok=True)


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


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("what", KEEPS_OUT)
def test_what_a_level_keeps_out(target: Target, what: str, level: str) -> None:
    done = target.world.run(ATTACKS[what](target))
    assert target.world.sandbox.level == level
    reached = TRACES[what](target) if what in TRACES else b"reached" in done.stdout
    assert reached == (level not in KEEPS_OUT[what])


SAID = {
    "landlock": {"which processes run", "which files exist", "modes of files", "shared memory"},
    "limits": {"network", "files that are hidden", "write and delete", "end, the other processes"},
}


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_lost_is_said(make_world: Any, level: str) -> None:
    lost = make_world(LEVELS[level]).sandbox.lost
    assert bool(lost) == any(level not in levels for levels in KEEPS_OUT.values())
    said = {"which processes run": "processes run", "which files exist": "of your files exist"}
    said |= {"modes of files": "change their modes", "shared memory": "/dev/shm"}
    assert all(said.get(what, what) in " ".join(lost) for what in SAID.get(level, ()))
