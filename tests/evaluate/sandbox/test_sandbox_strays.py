"""What a killed engine left is ended by whoever takes the run over, and nothing else is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kapso.evaluate.sandbox.bubblewrap import find_bubblewrap
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
