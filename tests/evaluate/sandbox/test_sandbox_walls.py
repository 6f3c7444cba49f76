"""What no command may see, touch or reach at the levels that have walls; each test is an attack."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

NEVER = threading.Event()
IS_ROOT = os.geteuid() == 0


def python(world: Any, code: str) -> str:
    world.write("attack.py", code)
    return f"{sys.executable} attack.py"


def test_nothing_outside_can_be_written(fenced: Any) -> None:
    (fenced.workspace / "user.txt").write_text("user")
    name = f"kapso-was-here-{os.getpid()}"
    targets = [
        *map(Path, ("/etc", "/usr", "/var", "/", "/dev", "/run", "/home", "/opt", "/sys", "/tmp", "/var/tmp"))
    ]
    targets += [fenced.root, fenced.workspace, fenced.cache, fenced.folder, Path.home()]
    done = fenced.run(
        "; ".join(f"touch {folder}/{name}; rm -f {folder}/user.txt" for folder in targets),
    )
    assert done.stopped_by is None
    assert [folder for folder in targets if (folder / name).exists()] == []
    assert (fenced.workspace / "user.txt").read_text() == "user"
    assert (
        fenced.run(f"touch /etc/{name} || touch /{name} || touch /dev/{name} || touch /home/x").exit_code != 0
    )


def test_the_users_files_are_not_there(fenced: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "user"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id_rsa").write_text("key")
    monkeypatch.setenv("HOME", str(home))
    (fenced.workspace / "untracked.txt").write_text("user")
    private = fenced.root / "state"
    private.mkdir()
    (private / "holdout.json").write_text("{}")
    fenced.private = [private]
    fenced.write("program.py")
    fenced.write("evaluate.py")
    fenced.hidden = ["evaluate.py"]
    secrets = [home / ".ssh/id_rsa", private / "holdout.json", fenced.workspace / "untracked.txt", fenced.log]
    secrets += [fenced.workspace / "evaluate.py", fenced.folder / "evaluate.py"]
    fenced.log.touch()
    done = fenced.run("cat " + " ".join(map(str, secrets)) + '; ls -A "$HOME"; ls')
    assert done.stdout == b"program.py\n"


def test_a_private_path_outside_what_is_covered_anyway(fenced: Any) -> None:
    place = Path("/opt") if os.access("/opt", os.W_OK) else None
    if place is None:
        pytest.skip("needs a folder outside home and /tmp")
    private = place / f"kapso-private-{os.getpid()}"
    private.mkdir()
    try:
        (private / "secret").write_text("secret")
        fenced.private = [private, private / "gone"]
        assert fenced.run(f"cat {private}/secret").exit_code == 1
    finally:
        (private / "secret").unlink()
        private.rmdir()


@pytest.mark.skipif(not IS_ROOT, reason="only root can read them at all")
def test_what_only_root_may_read(fenced: Any) -> None:
    done = fenced.run("cat /etc/shadow /etc/gshadow /etc/ssl/private/* /root/.bashrc; true")
    assert done.stdout == b""


def test_what_sandbox_read_names_is_seen(fenced: Any, tmp_path: Path) -> None:
    data = tmp_path / "datasets"
    (data / "private").mkdir(parents=True)
    (data / "a.csv").write_text("1,2\n")
    (data / "private/b.csv").write_text("secret\n")
    fenced.settings = {"read": (str(data),)}
    fenced.private = [data / "private"]
    done = fenced.run(f"cat {data}/a.csv {data}/private/b.csv; echo 3 > {data}/a.csv")
    assert done.stdout == b"1,2\n" and done.exit_code != 0
    assert (data / "a.csv").read_text() == "1,2\n"


@pytest.mark.parametrize("place", ["home", "home/repo", "home/repo/data"])
def test_sandbox_read_does_not_lead_into_the_users_checkout(fenced: Any, place: str) -> None:
    (fenced.workspace / "data").mkdir()
    (fenced.workspace / "data/answers.txt").write_text("secret\n")
    fenced.settings = {"read": (str(fenced.root / place),)}
    fenced.hidden = ["data/answers.txt"]
    fenced.write("data/answers.txt", "secret\n")
    assert fenced.run(f"cat {fenced.workspace}/data/answers.txt data/answers.txt").stdout == b""


def test_the_engines_environment_and_processes_are_not_there(
    walled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    done = walled.run(
        f"cat /proc/*/environ; env; ls -d /proc/{os.getpid()}; kill -0 {os.getpid()} && echo seen"
    )
    assert b"sk-secret" not in done.stdout + done.stderr
    assert b"seen" not in done.stdout and f"/proc/{os.getpid()}\n".encode() not in done.stdout
    pids = walled.run("ls -d /proc/[0-9]* | wc -l")
    assert int(pids.stdout) <= 5


def test_no_open_file_of_the_engine_is_inherited(fenced: Any) -> None:
    leaked = os.open(fenced.root, os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        assert (
            fenced.run("for f in /proc/self/fd/*; do readlink $f; done")
            .stdout.decode()
            .count(str(fenced.root))
            == 0
        )
    finally:
        os.close(leaked)


def test_no_path_of_the_cache_can_be_used(fenced: Any) -> None:
    fenced.write("evaluate.py", "secret")
    fenced.hidden = ["evaluate.py"]
    assert str(fenced.cache) not in fenced.run("cat /proc/1/cmdline").stdout.decode()
    assert fenced.run(f"ls {fenced.cache} {fenced.folder}").stdout == b""


CONNECT = """
import socket, sys
local = socket.AF_UNIX
for kind, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (local, "\\0ABSTRACT"), (local, "PATH")):
    try:
        s = socket.socket(kind); s.settimeout(2); s.connect(address); print("reached", kind)
    except OSError as error: print(type(error).__name__, file=sys.stderr)
"""


@pytest.mark.parametrize("network", [False, True])
def test_the_network(fenced: Any, network: bool) -> None:
    abstract, path = f"kapso-{os.getpid()}-{network}", f"/var/kapso-{os.getpid()}.sock"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as unnamed,
        socket.socket(socket.AF_UNIX) as named,
    ):
        unnamed.bind(f"\0{abstract}")
        unnamed.listen()
        if os.access("/var", os.W_OK):
            named.bind(path)
            named.listen()
        try:
            port = server.getsockname()[1]
            code = CONNECT.replace("PORT", str(port)).replace("ABSTRACT", abstract).replace("PATH", path)
            done = fenced.run(python(fenced, code), network=network)
        finally:
            Path(path).unlink(missing_ok=True)
    assert (b"reached AddressFamily.AF_INET" in done.stdout or b"reached 2" in done.stdout) == network
    if not network:
        assert done.stdout == b""


def test_with_the_network_names_can_be_looked_up(fenced: Any) -> None:
    assert fenced.run("cat /etc/resolv.conf >/dev/null; cat /etc/hosts", network=True).succeeded


def test_no_privileges_inside(fenced: Any) -> None:
    done = fenced.run(
        "grep -E 'Cap(Eff|Prm|Bnd)|NoNewPrivs' /proc/self/status; unshare -Ur true && echo nested"
    )
    values = {line.split()[0]: line.split()[1] for line in done.stdout.decode().splitlines()}
    assert int(values["CapEff:"], 16) == int(values["CapPrm:"], 16) == 0
    # Only root can give up what it might gain; but nobody gains anything with the next line's flag.
    assert int(values["CapBnd:"], 16) == 0 or not IS_ROOT
    assert values["NoNewPrivs:"] == "1"
    assert b"nested" not in done.stdout
    assert fenced.run("mount -t tmpfs none /mnt || chroot / true || mount -o remount,rw /").exit_code != 0


@pytest.mark.skipif(not IS_ROOT, reason="to others the kernel refuses it anyway")
def test_roots_commands_cannot_change_the_kernels_settings(walled: Any) -> None:
    """They own these files, so no privilege is asked for: only a read-only mount keeps them out."""
    before = Path("/proc/sys/vm/swappiness").read_text()
    done = walled.run(
        "for f in /proc/sys/vm/swappiness /proc/self/oom_score_adj; do cat $f > $f && echo $f; done"
    )
    assert done.stdout == b"" and b"Read-only file system" in done.stderr
    assert walled.run("test -w /proc/sysrq-trigger || test -w /sys/power/state").exit_code != 0
    assert Path("/proc/sys/vm/swappiness").read_text() == before


@pytest.mark.skipif(not IS_ROOT, reason="needs devices to try")
def test_no_device_can_be_made_or_opened(fenced: Any) -> None:
    assert fenced.run("mknod disk b 254 0").exit_code != 0
    assert fenced.run("head -qc9 /dev/vda /dev/sda /dev/mem /dev/kmsg").stdout == b""


def test_a_terminal_cannot_be_reached(fenced: Any) -> None:
    assert fenced.run("echo x > /dev/tty").exit_code != 0


def test_the_output_of_a_run_is_read_only_for_the_scorer(fenced: Any) -> None:
    (fenced.out / "answer.txt").write_text("42\n")
    done = fenced.score("cat $KAPSO_OUT/answer.txt; echo 43 > $KAPSO_OUT/answer.txt", out_writable=False)
    assert done.stdout == b"42\n" and done.exit_code != 0
    assert fenced.score("echo x > new.txt").exit_code != 0


def test_a_workspace_has_the_same_path_everywhere(walled: Any) -> None:
    walled.write("a.txt")
    seen = set()
    for slot in (0, 1):
        with walled.candidate(slot) as files:
            job = walled.job('pwd; echo "$HOME $TMPDIR $KAPSO_OUT"; cd "$HOME"; ls -A')
            seen.add(files.run(job, NEVER).stdout)
    assert seen == {f"{walled.workspace}\n/tmp/kapso/home /tmp/kapso/tmp /tmp/kapso/out\n".encode()}


@pytest.mark.parametrize("place", ["", "kapso", "kapso/home/repo"])
def test_a_workspace_may_lie_where_the_sandbox_puts_its_own(
    make_world: Any, tmp_path: Path, place: str
) -> None:
    world = make_world()
    world.workspace = Path("/tmp") / place
    made = [path for path in (world.workspace, *world.workspace.parents) if not path.exists()]
    world.workspace.mkdir(parents=True, exist_ok=True)
    try:
        world.write("a.txt")
        done = world.run('pwd; ls; touch "$HOME/x" "$KAPSO_OUT/y"; ls')
    finally:
        for path in made:
            path.rmdir()
    assert not {"home", "kapso", "x"}.intersection(done.stdout.decode().split())
    assert done.stdout.decode().splitlines()[:2] == [str(world.workspace), "a.txt"]
    assert os.listdir(world.out) == ["y"]


def test_programs_under_the_home_folder_run(fenced: Any) -> None:
    """The interpreter that runs these tests, and those that PATH names, wherever they are."""
    assert fenced.run(f"{sys.executable} -c 'import json, ctypes; print(json)'").exit_code == 0
    for program in filter(shutil.which, ("python3", "cargo")):
        outside = subprocess.run([program, "--version"], capture_output=True, check=False)
        if outside.returncode == 0:
            assert fenced.run(f"{program} --version").stdout == outside.stdout


def test_beside_an_accelerator_threads_have_names_and_the_kernel_its_settings(
    make_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA does not start where it cannot name its threads; any device stands for it here."""
    monkeypatch.setattr("kapso.evaluate.sandbox.host._DEVICES", ("/dev/full",))
    world = make_world()
    assert world.run("echo name > /proc/self/comm && test -c /dev/full").succeeded
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/drop_caches",
        "/proc/sysrq-trigger",
        "/proc/mtrr",
    ):
        assert not world.run(f"test -e {path} && echo 1 > {path}").succeeded, path
    hidden = make_world(settings={"gpu": False})
    assert not hidden.run("echo name > /proc/self/comm").succeeded
