"""What a killed engine left is ended by whoever takes the run over, and nothing else is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.evaluate.sandbox import bubblewrap
from kapso.evaluate.sandbox.bubblewrap import find_bubblewrap
from kapso.evaluate.sandbox.processes import descendants
from kapso.evaluate.sandbox.strays import end_strays


def test_strays_of_the_run_alone_are_ended(tmp_path: Path) -> None:
    found, why = find_bubblewrap(tmp_path)
    if found is None:
        pytest.skip(why)
    bwrap = [found.program, "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc"]
    shell = ["/bin/sh", "-c", "echo; exec sleep 60"]
    started = [
        subprocess.Popen([*bwrap, *shell], env={"KAPSO_RUN": "demo-1111"}, stdout=subprocess.PIPE),
        subprocess.Popen([*bwrap, *shell], env={"KAPSO_RUN": "demo-2222"}, stdout=subprocess.PIPE),
        subprocess.Popen(shell, env={"KAPSO_RUN": "demo-1111"}, stdout=subprocess.PIPE),
    ]
    try:
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        assert end_strays("demo-1111")
        assert started[0].wait(5) != 0
        assert started[1].poll() is None, "another run's"
        assert started[2].poll() is None, "in this namespace: somebody's shell"
    finally:
        end_strays("demo-2222")
        for process in started:
            process.kill()
            process.communicate()
    assert end_strays("demo-3333") == []


def test_nothing_runs_until_the_engine_lets_go(tmp_path: Path) -> None:
    """An engine that is killed before that leaves nothing that ran, however late bwrap gets to start it."""
    found, why = find_bubblewrap(tmp_path)
    if found is None:
        pytest.skip(why)
    mark = tmp_path / "ran"
    mounts = bubblewrap.pack([*found.flags, "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc"])
    for lets_go in (False, True):
        started = bubblewrap.start(found.program, mounts, {"PATH": "/usr/bin:/bin"}, f"touch '{mark}'", 99)
        attached = b""
        while not attached.endswith(b"\n"):
            attached += os.read(started.status, 4096)
        started.attach(json.loads(attached))
        assert os.read(started.begun, 9) == b"\n"
        if lets_go:
            started.on_begun()
        else:
            socket.socket(fileno=os.dup(started.begun)).shutdown(socket.SHUT_RDWR)
        started.reap()
        started.close()
        assert mark.exists() is lets_go


def test_a_sandbox_in_the_making_is_a_stray_too(tmp_path: Path) -> None:
    found, why = find_bubblewrap(tmp_path)
    if found is None:
        pytest.skip(why)
    mounts = bubblewrap.pack([*found.flags, "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc"])
    started = bubblewrap.start(found.program, mounts, {"KAPSO_RUN": "demo-4444"}, "true", 99)
    status = b""
    while not status.endswith(b"\n"):
        status += os.read(started.status, 4096)
    assert json.loads(status)["child-pid"] in end_strays("demo-4444")
    started.attach(json.loads(status))
    started.reap()
    started.close()


def test_a_command_that_is_ended_before_it_may_start_is_no_fault_of_the_machine(
    make_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was told lies unread then, and reading from its socket says so."""
    world = make_world()
    if world.sandbox.level != "bubblewrap":
        pytest.skip("there is no bubblewrap")
    let_go = bubblewrap.Inside.on_begun

    def end_at_once(inside: bubblewrap.Inside) -> None:
        assert inside._root is not None
        for process in descendants(inside._root):
            os.kill(process.pid, signal.SIGSTOP)
        let_go(inside)
        inside.kill()

    monkeypatch.setattr(bubblewrap.Inside, "on_begun", end_at_once)
    done = world.run("sleep 5")
    assert not done.succeeded and done.seconds < 4


def test_a_sandbox_that_did_not_start_is_tried_again(
    make_world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, why = find_bubblewrap(tmp_path)
    if found is None:
        pytest.skip(why)
    fails = tmp_path / "fails"
    faulty = tmp_path / "bin" / "bwrap"
    faulty.parent.mkdir()
    faulty.write_text(
        f"#!/bin/sh\nif [ -s '{fails}' ]; then sed -i 1d '{fails}'; echo 'no mount' >&2; exit 1; fi\n"
        f"exec '{found.program}' \"$@\"\n"
    )
    faulty.chmod(0o755)
    monkeypatch.setenv("PATH", f"{faulty.parent}:{os.environ['PATH']}")
    world = make_world()
    assert world.run("true").succeeded
    fails.write_text("once\ntwice\n")
    assert world.run("echo x > $KAPSO_OUT/x").succeeded
    assert fails.read_text() == "" and (world.out / "x").exists()
    fails.write_text("once\ntwice\nand again\n")
    with pytest.raises(MachineError, match="could not start the command: no mount"):
        world.run("true")
