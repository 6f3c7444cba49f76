"""A command that is forked from an interpreter which has loaded already: all as if bwrap had started it.

The other tests of the sandbox run in this mode too (`warm`); here is what they do not ask.
"""

from __future__ import annotations

import difflib
import os
import signal
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.evaluate.function import command_of
from kapso.evaluate.sandbox import Call, CommandResult, Lost
from kapso.evaluate.sandbox.enclosure import Enclosure
from kapso.evaluate.sandbox.warm import Warm

NEVER = threading.Event()


@pytest.fixture
def warm(make_world: Any) -> Any:
    world = make_world("warm")
    if world.sandbox.level != "bubblewrap" or not world.sandbox.overlays:
        pytest.skip("no bubblewrap that mounts overlays")
    return world


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each call, whether it was started warm."""
    seen: list[bool] = []
    really = Enclosure._start_warm

    def start(enclosure: Enclosure, job: Any, *rest: Any) -> Any:
        forked = really(enclosure, job, *rest)
        if job.call is not None:
            seen.append(forked is not None)
        return forked

    monkeypatch.setattr(Enclosure, "_start_warm", start)
    return seen


def python(world: Any, text: str, **settings: Any) -> CommandResult:
    """Run Python code as a candidate's command, warm where that can be."""
    call = Call(sys.executable, text, settings.pop("arguments", ()))
    with world.candidate() as files:
        done: CommandResult = files.run(world.job("false", **settings, call=call), NEVER)
        return done


LOOK = r"""
id; cat /proc/self/status | egrep '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Umask)'; ulimit -a; umask; pwd
env | egrep -v '^(_|SHLVL|OLDPWD|PATH)=' | sort; ls /tmp/kapso
ls -la . /tmp /var/tmp /dev/shm "$HOME" "$TMPDIR" "$KAPSO_OUT" | awk '{print $1, $3, $4, $9, $10, $11}'
ls -l /dev /dev/pts | awk '{print $1, $3, $4, $9, $10, $11}'
awk '{at[$2] = $2 " " $3 " " $4} END {for (each in at) print at[each]}' /proc/self/mounts |
    sed -E 's/(lower|upper|work)dir=[^, ]*//g; s/size=[0-9]*k?//; s/,(inode64|mode=[0-9]+|uuid=on)//g' | sort
ls /proc/self/ns; cat /proc/net/dev | cut -d: -f1; hostname; nice; cat /proc/self/oom_score_adj
cat /proc/sys/user/max_user_namespaces; unshare -U true 2>&1; cut -d' ' -f 5-7 /proc/self/stat
touch /etc/x /proc/sys/kernel/hostname /dev/x 2>&1 | sed 's/.*: //'
cat b.txt a.txt secret.txt; echo new > a.txt; rm b.txt; ls
for each in /proc/self/fd/*; do readlink $each | sed 's/[0-9]\+//'; done
"""


def test_it_finds_what_a_command_of_bwrap_finds(warm: Any, starts: list[bool]) -> None:
    warm.write("a.txt")
    warm.write("secret.txt", "secret\n")
    warm.change("b.txt")
    warm.hidden = ["secret.txt"]
    env = {"KAPSO_ATTEMPT": "7", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    forked = warm.run(LOOK, env=env).stdout.decode().splitlines()
    cold = warm.run(LOOK, env=env, call=None).stdout.decode().splitlines()
    assert starts == [True]
    assert len(forked) > 100 and "secret" not in forked
    # What candidates are made from is covered by its own /tmp: the list of mounts names it, that is all.
    covered = [line for line in forked if line.startswith(("/tmp/kapso/host ", "/tmp/kapso/proc "))]
    assert len(covered) == 2
    seen = [line for line in forked if line not in covered]
    assert list(difflib.unified_diff(cold, seen, lineterm="", n=0)) == []


def test_nothing_of_one_command_is_left_for_the_next(warm: Any, starts: list[bool]) -> None:
    spoil = "import os, sys; os.trap = sys.trap = 1; open('/tmp/trap', 'w'); open('trap', 'w'); print(1)"
    look = "import os, sys; print(os.path.exists('/tmp/trap'), os.path.exists('trap'), hasattr(os, 'trap'))"
    both = f"import sys; exec(sys.argv[1])\n# {os.getpid()}"
    assert python(warm, both, arguments=(spoil,)).stdout == b"1\n"
    assert python(warm, both, arguments=(look,)).stdout == b"False False False\n"
    assert starts == [True, True]


def test_a_new_interpreter_is_what_it_looks_like(warm: Any, starts: list[bool]) -> None:
    text = (
        "import sys, os; print(__name__, sys.argv, sys.path[0] == '', sys.flags, os.environ['A'])\n"
        "print(sorted(globals()), __spec__, __package__, __loader__.__name__, __builtins__, sys.stdout)\n"
        "if 'z' in sys.argv: no_such_name"
    )
    found = python(warm, text, env={"A": "b"}, arguments=("x", "y"))
    call = f'exec {sys.executable} -c "$TEXT" x y'
    with warm.candidate() as files:
        cold = files.run(warm.job(call, env={"A": "b", "TEXT": text}, call=None), NEVER)
    assert starts == [True]
    assert found.stdout == cold.stdout
    failed = python(warm, text, env={"A": "b"}, arguments=("z",))
    assert failed.exit_code == 1 and b"NameError" in failed.stderr
    assert starts == [True, True]


@pytest.mark.parametrize(("number", "said"), [(11, b"Segmentation fault"), (9, b"Killed"), (2, b"")])
def test_how_a_signal_ended_it_is_said(warm: Any, starts: list[bool], number: int, said: bytes) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what ignores it hands that on
    try:
        done = warm.run(f"kill -{number} $$")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (done.exit_code, done.stderr.strip()) == (128 + number, said)
    assert starts == [True]


PRY = """
import os, signal
for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/cwd", "/proc/1/root", "/proc/1/fd/0"):
    try:
        print("opened", path, os.open(path, os.O_RDONLY))
    except OSError:
        pass
for number in range(1, 65):
    if number not in (signal.SIGSTOP,):
        try: os.kill(1, number)
        except OSError: pass
print([name for name in os.listdir("/proc") if name.isdigit()], flush=True)
"""


def test_process_1_is_closed_and_does_not_heed_signals(warm: Any, starts: list[bool]) -> None:
    done = python(warm, PRY)
    assert (done.exit_code, done.stdout) == (0, b"['1', '2']\n")
    assert starts == [True]


@pytest.mark.parametrize(
    "link", ["/proc/self/cwd/kapso/host", "/proc/self/cwd/kapso/proc", "/proc/self/fd/8/.."]
)
def test_a_link_in_the_place_of_the_working_folder_leads_nowhere(
    warm: Any, starts: list[bool], link: str
) -> None:
    """What candidates are made from is open while mounts are made of it: nobody may step in there."""
    warm.write("sub/a.txt")
    with warm.candidate() as files:
        assert files.build(warm.job(f"rm -r sub; ln -s /proc/self/{link} sub", call=None), NEVER).succeeded
        try:
            shown = files.run(warm.job("ls", folder="sub"), NEVER).stdout
        except MachineError as error:  # of bwrap
            assert "chdir" in str(error)
        else:
            assert b"session" not in shown and b"self" not in shown
    assert starts[0] is False


def test_a_link_above_a_mount_leads_nowhere(warm: Any, starts: list[bool], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    warm.shared = {"d/data": tmp_path / "data"}
    (warm.changes / "d").symlink_to("/proc/self/cwd/kapso/host/out")
    with pytest.raises(MachineError, match="d/data"):
        warm.run("true")
    assert starts[0] is False and os.listdir(warm.out) == []


def test_modules_are_looked_for_as_by_a_new_interpreter(warm: Any, starts: list[bool]) -> None:
    for name in ("select", "struct", "ctypes", "new"):
        warm.change(f"{name}.py", "mine = True\n")
    text = "import select, struct, ctypes, new; print(all(m.mine for m in (select, struct, ctypes, new)))\n"
    text += "def f(x: int): pass\nprint(f.__annotations__)"
    assert python(warm, text).stdout == b"True\n{'x': <class 'int'>}\n"
    assert starts == [True]


def test_what_site_packages_load_of_the_base_is_not_taken_for_the_candidates(
    make_world: Any, starts: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    monkeypatch.setenv("PATH", f"{tmp_path}/venv/bin:{os.environ['PATH']}")
    world = make_world("warm")
    if world.sandbox.level != "bubblewrap" or not world.sandbox.overlays:
        pytest.skip("no bubblewrap that mounts overlays")
    [packages] = tmp_path.glob("venv/lib/python*/site-packages")
    (packages / "early.pth").write_text(f"{world.workspace}/src\nimport early\n")
    world.write("src/early.py", "whose = 'base'")
    call = Call(f"{tmp_path}/venv/bin/python", "import early; print(early.whose)", ())
    assert world.run(command_of(call), call=call).stdout == b"base\n"
    world.change("src/early.py", "whose = 'candidate'")
    assert world.run(command_of(call), call=call).stdout == b"candidate\n"
    assert starts == [True, False]


def test_the_order_of_sets_hangs_on_the_seed(warm: Any, starts: list[bool]) -> None:
    env = {"PYTHONHASHSEED": "5"}
    text = "print(hash('a'), list({'a', 'b', 'c', 'd'}))"
    call = f'exec {sys.executable} -c "$TEXT"'
    forked = python(warm, text, env=env)
    with warm.candidate() as files:
        cold = files.run(warm.job(call, env={"TEXT": text, **env}, call=None), NEVER)
    assert starts == [True] and forked.stdout == cold.stdout


NEIGHBOUR = """
import socket, time
tcp = socket.create_server(("127.0.0.1", 47001))
local = socket.socket(socket.AF_UNIX); local.bind("\\0kapso-neighbour"); local.listen()
queue = open("/dev/shm/kapso-neighbour", "w")
time.sleep(4)
"""
VISIT = """
import os, socket
for family, address in ((socket.AF_INET, ("127.0.0.1", 47001)), (socket.AF_UNIX, "\\0kapso-neighbour")):
    try: socket.socket(family).connect(address); print("reached", address)
    except OSError: print("no")
print(os.listdir("/dev/shm"), len([name for name in os.listdir("/proc") if name.isdigit()]))
"""


def test_neighbours_do_not_meet(warm: Any, starts: list[bool]) -> None:
    text = "import sys; exec(sys.argv[1])"
    stays = threading.Thread(target=python, args=(warm, text), kwargs={"arguments": (NEIGHBOUR,)})
    stays.start()
    time.sleep(1.5)
    done = python(warm, text, arguments=(VISIT,))
    is_there = stays.is_alive()
    stays.join()
    assert is_there and done.stdout == b"no\nno\n[] 2\n"
    assert starts == [True, True]


WORK = """
import os, time
if os.fork() == 0:
    if os.fork() == 0:  # nobody waits for this one
        until = time.process_time() + 0.4
        while time.process_time() < until: pass
        open(os.environ["KAPSO_OUT"] + "/done", "w").close()
        time.sleep(30)
    os._exit(0)
held = bytearray(b"x" * 80_000_000)
while not os.path.exists(os.environ["KAPSO_OUT"] + "/done"): time.sleep(0.01)
os._exit(3)
"""


def test_what_it_used_is_known_as_of_bwrap(warm: Any, starts: list[bool]) -> None:
    found = python(warm, WORK)
    (warm.out / "done").unlink()
    call = f'exec {sys.executable} -c "$TEXT"'
    with warm.candidate() as files:
        cold = files.run(warm.job(call, env={"TEXT": WORK}, call=None), NEVER)
    assert starts == [True] and found.exit_code == cold.exit_code == 3
    assert found.cpu_seconds >= 0.4 and abs(found.cpu_seconds - cold.cpu_seconds) < 0.3
    assert 80e6 < found.max_rss_bytes and abs(found.max_rss_bytes / cold.max_rss_bytes - 1) < 0.2


@pytest.mark.parametrize(
    "settings",
    [{"network": True}, {"env": {"PYTHONSAFEPATH": "1"}}, {"core": 0}],
    ids=lambda settings: next(iter(settings)),
)
def test_what_a_new_interpreter_would_find_otherwise_is_not_started_warm(
    warm: Any, starts: list[bool], settings: dict[str, Any]
) -> None:
    assert warm.run("echo here", **settings).stdout == b"here\n"
    assert starts == [False]


def test_an_interpreter_that_is_not_to_be_had(warm: Any, starts: list[bool]) -> None:
    with warm.candidate() as files:
        job = warm.job("echo here", call=Call("/no/such/python", "pass", ()))
        assert files.run(job, NEVER).stdout == b"here\n"
    assert starts == [False]
    kept = warm.sandbox._level._warm._kept
    assert kept is not None and kept[1]._process.poll() is not None


def test_where_it_dies_bwrap_takes_over(warm: Any, starts: list[bool]) -> None:
    assert warm.run("echo 1").stdout == b"1\n"
    keeper: Warm = warm.sandbox._level._warm
    assert keeper._kept is not None and keeper._kept[1]._process is not None
    keeper._kept[1]._process.kill()
    keeper._kept[1]._process.wait()
    assert [warm.run(f"echo {number}").stdout for number in (2, 3)] == [b"2\n", b"3\n"]
    assert starts == [True, False, False]


def test_a_command_that_dies_with_it_is_lost_and_can_be_run_anew(warm: Any, starts: list[bool]) -> None:
    waits = "touch $KAPSO_OUT/here; sleep 20"
    keeper: Warm = warm.sandbox._level._warm

    def kill() -> None:
        while not (warm.out / "here").exists():
            time.sleep(0.02)
        assert keeper._kept is not None and keeper._kept[1]._process is not None
        [inside] = Path(f"/proc/{keeper._kept[1]._process.pid}/task").glob("*/children")
        [bwrap] = inside.read_text().split()
        [kept] = Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text().split()
        os.kill(int(kept), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Lost):
        warm.run(waits)
    killer.join()
    assert warm.run("echo on").stdout == b"on\n"
    assert starts == [True, False]


ENGINE = """
import json, sys, threading
from pathlib import Path
from kapso.evaluate.sandbox import Call, Job, Layer, Limits, Sandbox
from kapso.goal import SandboxSettings
root, mark = Path(sys.argv[1]), sys.argv[2]
for name in ("home/repo", "cache/base", "cache/changes", "cache/out"): (root / name).mkdir(parents=True)
sandbox = Sandbox.open(SandboxSettings(), workspace=root / "home/repo", private=[], cache=root / "cache")
base = sandbox.base(root / "cache/base", {})
text = f"import os; os.path.exists('{mark}') or open(os.environ['KAPSO_OUT'] + '/here', 'w'); import time; "
text += "os.fork(); os.setsid() if os.fork() == 0 else None; time.sleep(600)"
limits = Limits(timeout_s=600, memory_bytes=1 << 30, processes=200, disk_bytes=64 << 20)
with base.candidate(Layer(root / "cache/changes"), [], 0) as files:
    files.run(Job("false", "", {}, limits, out=root / "cache/out", call=Call(sys.executable, text, ())),
              threading.Event())
"""


def test_a_killed_engine_leaves_nothing(warm: Any, tmp_path: Path) -> None:
    mark = f"kapso-warm-mark-{os.getpid()}"
    root = tmp_path / "engine"
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, str(root), mark])
    until = time.monotonic() + 20
    while not (root / "cache/out/here").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert (root / "cache/out/here").exists() and len(marked(mark)) >= 4
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert marked(mark) == []


def marked(mark: str) -> list[int]:
    """The processes whose command line has the mark, other than the engine."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words and b"Limits(timeout_s" not in words:
            found.append(int(name))
    return found


def test_closing_the_sandbox_ends_the_interpreter(warm: Any) -> None:
    assert warm.run("true").succeeded
    kept = warm.sandbox._level._warm._kept
    assert kept is not None
    process = kept[1]._process
    warm.close()
    assert process is not None and process.poll() is not None
