"""Limits bind everything that a command starts, and nothing of it outlives the command."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.sandbox import Limits, supervise
from kapso.evaluate.sandbox.capture import LOG_HEAD_BYTES, LOG_TAIL_BYTES, STDERR_BYTES, STDOUT_BYTES

LIMITS = Limits(timeout_s=20, memory_bytes=1 << 30, processes=200, disk_bytes=64 << 20)
NEVER = threading.Event()
MEGABYTE = 1 << 20

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        sys.stdin.close(); os.close(1); os.close(2)
        while True:
            with open(os.environ["KAPSO_OUT"] + "/tick", "a") as f: f.write("x")
            time.sleep(0.002)
    os._exit(0)
while not os.path.exists(os.environ["KAPSO_OUT"] + "/tick"): time.sleep(0.01)
"""


def limits(**changes: Any) -> Limits:
    return dataclasses.replace(LIMITS, **changes)


def processes_with(mark: str) -> list[int]:
    """Processes whose command line holds `mark`, this one's and zombies left out."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes() and int(name) != os.getpid():
                found.append(int(name))
        except OSError:
            continue
    return found


def wait_until_gone(mark: str, patience_s: float = 2.0) -> list[int]:
    end = time.monotonic() + patience_s
    while (left := processes_with(mark)) and time.monotonic() < end:
        time.sleep(0.01)
    return left


@pytest.fixture
def mark() -> Iterator[str]:
    """A number of seconds to sleep that no other process sleeps."""
    name = f"98{os.getpid()}{time.monotonic_ns() % 10**9}"
    yield name
    assert processes_with(name) == []


def python(world: Any, code: str, name: str = "program.py") -> str:
    world.write(name, code)
    return f"{sys.executable} {name}"


def test_a_timeout_ends_the_whole_tree(bounded: Any, mark: str) -> None:
    assert bounded.sandbox  # opened before the clock runs
    began = time.monotonic()
    done = bounded.run(
        f"setsid sleep {mark} & (sleep {mark} &) ; trap '' TERM INT; echo here; sleep {mark}",
        limits=limits(timeout_s=0.3),
    )
    assert (done.stopped_by, done.exit_code, done.stdout) == ("timeout", None, b"here\n")
    assert 0.3 <= done.seconds < 0.8
    assert time.monotonic() - began < 2.0
    assert wait_until_gone(mark) == []


def test_cancel_from_another_thread(bounded: Any, mark: str) -> None:
    assert bounded.sandbox
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    began = time.monotonic()
    done = bounded.run(f"sleep {mark} & sleep {mark}", cancel)
    assert done.stopped_by == "cancel" and time.monotonic() - began < 1.5
    assert wait_until_gone(mark) == []
    assert bounded.run("echo no", cancel).stopped_by == "cancel"


def test_a_daemon_neither_outlives_nor_writes_later(bounded: Any) -> None:
    done = bounded.run(python(bounded, DAEMON))
    assert done.exit_code == 0
    tick = bounded.out / "tick"
    written = tick.stat().st_size
    assert written > 0
    time.sleep(0.1)
    assert tick.stat().st_size == written


def test_processor_time_counts_children_and_daemons(bounded: Any) -> None:
    """Also of a daemon that is still there at the end: nobody has waited for it when it is killed."""
    code = """
import os, time
def spin():
    while time.process_time() < 0.2: pass
if os.fork() == 0:
    os.setsid()
    spin()
    open(os.environ["KAPSO_OUT"] + "/done", "w").close()
    time.sleep(5)
    os._exit(0)
if (child := os.fork()) == 0:
    spin()
    os._exit(0)
os.waitpid(child, 0)
spin()
while not os.path.exists(os.environ["KAPSO_OUT"] + "/done"): time.sleep(0.02)
"""
    result = bounded.run(python(bounded, code))
    assert result.succeeded and 0.55 < result.cpu_seconds < 1.5
    assert result.seconds < 4


def test_processor_time_cannot_be_talked_away(walled: Any) -> None:
    """The name of a process is its own choice, and stands between the figures."""
    code = """
import ctypes, os, time
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, b"x) S 1\\n2 (y", 0, 0, 0)
    while time.process_time() < 0.3: pass
    open(os.environ["KAPSO_OUT"] + "/done", "w").close()
    time.sleep(5)
os.execvp("sh", ["sh", "-c", "until [ -e $KAPSO_OUT/done ]; do sleep 0.02; done"])
"""
    assert 0.3 < walled.run(python(walled, code)).cpu_seconds < 1.0


def test_time_is_that_of_the_command(walled: Any) -> None:
    times = sorted(walled.run("true").seconds for _ in range(5))
    assert times[2] < 0.02
    assert 0.2 <= walled.run("sleep 0.2").seconds < 0.3


def test_memory_is_that_of_the_command(bounded: Any) -> None:
    ballast = bytearray(os.urandom(1024)) * (60 << 10)
    assert bounded.run("true").max_rss_bytes < 20 * MEGABYTE
    command = python(bounded, "x = bytearray(80 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\n")
    assert 85 * MEGABYTE < bounded.run(command).max_rss_bytes < 140 * MEGABYTE
    assert len(ballast) == 60 * MEGABYTE


def test_too_much_memory_in_several_processes(bounded: Any, mark: str) -> None:
    hog = "import time\nx = b'x' * (60 << 20)\ntime.sleep(20)\n"
    command = python(bounded, hog)
    done = bounded.run(
        f"for i in 1 2 3; do {command} & done; exec sleep {mark}", limits=limits(memory_bytes=150 * MEGABYTE)
    )
    assert done.stopped_by == "memory"
    assert done.max_rss_bytes > 150 * MEGABYTE


def test_memory_that_workers_share_counts_once(bounded: Any) -> None:
    code = "import os, time\nx = b'x' * (80 << 20)\nfor _ in range(3):\n    if os.fork() == 0: break\n"
    done = bounded.run(
        python(bounded, f"{code}time.sleep(0.4)\n"), limits=limits(memory_bytes=160 * MEGABYTE)
    )
    assert done.exit_code == 0


def test_memory_that_belongs_to_no_process(bounded: Any) -> None:
    hold = "import os, time\nf = os.memfd_create('x')\nfor _ in range(64): os.write(f, bytes(1 << 20))\n"
    done = bounded.run(python(bounded, f"{hold}time.sleep(20)\n"), limits=limits(memory_bytes=48 * MEGABYTE))
    assert done.stopped_by == "memory"


def test_temporary_files_are_bounded_by_memory(walled: Any) -> None:
    fill = "for d in /tmp /dev/shm /var/tmp; do head -c 40M /dev/zero > $d/big && echo $d; done; true"
    done = walled.run(fill, limits=limits(memory_bytes=64 * MEGABYTE))
    assert (done.stdout, done.stopped_by) == (b"", None)


def test_too_many_processes(bounded: Any, mark: str) -> None:
    loop = f"i=0; while [ $i -lt 60 ]; do sleep {mark} & i=$((i+1)); done; wait"
    assert bounded.run(loop, limits=limits(processes=30)).stopped_by == "processes"


def test_a_fork_bomb_is_ended(bounded: Any) -> None:
    code = "import os, time\nend = time.time() + 8\nwhile time.time() < end: os.fork()\n"
    began = time.monotonic()
    done = bounded.run(python(bounded, code, "bomb_kapso.py"), limits=limits(processes=100, timeout_s=6))
    assert done.stopped_by == "processes"
    assert time.monotonic() - began < 6
    assert wait_until_gone("bomb_kapso.py") == []


@pytest.mark.parametrize("where", [".", "$KAPSO_OUT"])
def test_too_much_written(bounded: Any, where: str) -> None:
    done = bounded.run(
        f"head -c 2G /dev/zero > {where}/big; sleep 20", limits=limits(disk_bytes=20 * MEGABYTE)
    )
    assert done.stopped_by == "disk"


def test_too_much_written_at_once_and_over(bounded: Any) -> None:
    done = bounded.run("head -c 12M /dev/zero > big", limits=limits(disk_bytes=5 * MEGABYTE))
    assert done.stopped_by == "disk"


def test_too_much_written_to_a_file_without_a_name(bounded: Any) -> None:
    hold = "import os, time\nf = open('x', 'wb', 0)\nos.unlink('x')\nf.write(bytes(30 << 20))\n"
    done = bounded.run(python(bounded, f"{hold}time.sleep(20)\n"), limits=limits(disk_bytes=10 * MEGABYTE))
    assert done.stopped_by == "disk"


def test_too_many_empty_files(bounded: Any) -> None:
    code = "for i in range(3_000): open(str(i), 'w').close()\nimport time\ntime.sleep(20)\n"
    assert bounded.run(python(bounded, code), limits=limits(disk_bytes=4 * MEGABYTE)).stopped_by == "disk"


def test_endless_output_is_bounded(bounded: Any) -> None:
    done = bounded.run("echo first; yes & yes >&2", limits=limits(timeout_s=0.4))
    assert done.stopped_by == "timeout"
    assert len(done.stdout) == STDOUT_BYTES and len(done.stderr) == STDERR_BYTES
    log = bounded.log.read_bytes()
    assert log.startswith(b"$ echo first; yes & yes >&2\nfirst\n") or b"first\n" in log[:LOG_HEAD_BYTES]
    assert b" bytes cut ...]\n" in log and log.endswith(b" s]\n")
    assert len(log) < LOG_HEAD_BYTES + LOG_TAIL_BYTES + 200


def test_the_log_holds_every_command(bounded: Any) -> None:
    bounded.run("echo one\necho two >&2")
    bounded.run("printf three; exit 4")
    first, second = bounded.log.read_text().split("$ ")[1:]
    assert first.startswith("echo one\\necho two >&2\n") and set(first.splitlines()[1:3]) == {"one", "two"}
    assert second.startswith("printf three; exit 4\nthree\n[exit 4 after 0.")


def test_exit_codes(bounded: Any) -> None:
    assert bounded.run("exit 7").exit_code == 7
    assert bounded.run("kill -9 $$").exit_code == 128 + signal.SIGKILL
    assert bounded.run("no-such-program-here").exit_code == 127
    assert bounded.run("echo 'unclosed").exit_code == 2


def test_no_core_is_dumped(bounded: Any) -> None:
    done = bounded.run("ulimit -c unlimited 2>/dev/null; kill -SEGV $$")
    assert done.exit_code == 128 + signal.SIGSEGV
    assert bounded.run("kill -SEGV $$; ls").stdout == b""


def test_four_at_once(bounded: Any) -> None:
    bounded.write("a.txt", "0")
    assert bounded.score("true").succeeded

    def one(slot: int) -> list[bytes]:
        found = []
        for turn in range(3):
            out = bounded.root / f"out-{slot}"
            out.mkdir(exist_ok=True)
            with bounded.candidate(slot) as files:
                job = bounded.job(
                    f"cat a.txt; echo {slot}{turn} > a.txt; cat a.txt; echo x > $KAPSO_OUT/x", out=out
                )
                found.append(files.run(job, NEVER).stdout)
        return found

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, range(4)))
    assert results == [[f"0{slot}{turn}\n".encode() for turn in range(3)] for slot in range(4)]


ENGINE = """
import sys, threading
from pathlib import Path
from kapso.goal import SandboxSettings
from kapso.evaluate.sandbox import Job, Layer, Limits, Sandbox
root, level, mark = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for name in ("repo", "cache", "cache/base", "cache/changes", "out"): (root / name).mkdir()
settings = SandboxSettings(level=level)
sandbox = Sandbox.open(settings, workspace=root / "repo", private=[], cache=root / "cache")
base = sandbox.base(root / "cache/base", {})
with base.candidate(Layer(root / "cache/changes"), [], 0) as files:
    command = f"setsid sh -c '(sleep {mark} &)'; (setsid sleep {mark} &); touch $KAPSO_OUT/up; sleep {mark}"
    files.run(Job(command, "", {}, Limits(60, 1 << 30, 99, 1 << 30), out=root / "out"), threading.Event())
"""


@pytest.mark.parametrize("level", ["auto", "landlock", "limits"])
def test_nothing_is_left_when_the_engine_is_killed(tmp_path: Path, level: str, mark: str) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, tmp_path, level, mark], cwd=Path(__file__).parents[3]
    )
    try:
        end = time.monotonic() + 10
        while not (tmp_path / "out/up").exists() and time.monotonic() < end:
            time.sleep(0.01)
        assert len(processes_with(mark)) >= 3
    finally:
        engine.kill()
        engine.wait()
    assert wait_until_gone(mark) == []


def test_what_a_dead_engine_left_is_removed(make_world: Any) -> None:
    world = make_world()
    stale = world.cache / "session-dead" / "slot-0"
    stale.mkdir(parents=True)
    assert world.run("true").succeeded
    assert not stale.parent.exists()
    (own,) = world.cache.glob("session-*")
    other = make_world()
    other.cache = world.cache
    assert other.sandbox.level == "bubblewrap" and own.exists()
    world.close()
    assert not own.exists()


def test_a_command_that_forges_its_supervisors_words(make_world: Any) -> None:
    world = make_world("limits")
    forged = 'printf \'nonsense\\n[]\\n{"exit-code": "x"}\\n{"child-pid": 1}\\n\' > $f'
    assert world.run(f"for f in /proc/$PPID/fd/*; do {forged}; done 2>/dev/null; exit 3").exit_code == 3


def test_a_command_that_ends_its_supervisor(make_world: Any, mark: str) -> None:
    world = make_world("limits")
    assert world.run(f"sleep {mark} & kill -9 $PPID; sleep {mark}").exit_code == 137
    assert wait_until_gone(mark) == []
    stopped = world.run(f"sleep {mark} & kill -STOP $PPID; sleep {mark}", limits=limits(timeout_s=0.3))
    assert stopped.stopped_by == "timeout"
    assert wait_until_gone(mark) == []


@pytest.mark.parametrize("mode", ["landlock", "limits"])
def test_a_slow_supervisor_is_waited_for(make_world: Any, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used only it knows, and a busy machine may keep it from saying so for long."""
    supervisor = Path(supervise.__file__).read_text()
    slow = supervisor.replace("    _end_all(child)\n", "    _end_all(child)\n    time.sleep(1.2)\n", 1)
    world = make_world(mode)
    assert slow != supervisor and world.sandbox
    (world.root / "supervise.py").write_text(slow)
    monkeypatch.setattr("kapso.evaluate.sandbox.limits._SUPERVISOR", world.root / "supervise.py")
    hundredths = 100 * world.run("i=0; while [ $i -lt 9000 ]; do i=$((i+1)); done").cpu_seconds
    assert abs(hundredths - round(hundredths)) > 1e-6  # what is seen from outside comes in whole ones
