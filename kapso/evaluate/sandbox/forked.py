"""The trusted part of a warm start: forks commands from an interpreter that has loaded already.

Kapso passes this text to `python -c` in a bubblewrap of its own, in which no candidate ever runs. For each
command it makes what bwrap makes, in the same order: new namespaces, then the mounts, then the end of all
privileges; only after that does anything of the command run. Needs Python 3.8 on Linux and nothing else.
"""

from __future__ import annotations

import sys

# `-c` puts the working folder first: what is imported here must not come from the program.
if __name__ == "__main__":
    sys.path[:] = [folder for folder in sys.path if folder]
_found = set(sys.modules)

import _signal  # type: ignore[import-not-found]  # noqa: E402
import _socket  # noqa: E402
import ctypes  # noqa: E402
import gc  # noqa: E402
import marshal  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Asked = dict[str, Any]
    Run = Callable[[], None]

_NEW_USER = 0x10000000
_NEW_ALL = _NEW_USER | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000
"""Users, mounts, processes, network, IPC, host name and control groups."""
_READ_ONLY, _NO_SUID, _NO_DEV, _NO_EXEC, _REMOUNT, _BIND, _ALL_BELOW = 1, 2, 4, 8, 32, 4096, 16384
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITY_VERSION = 0x20080522
_PIDFD_OPEN, _SIGCHLD = 434, 17
_CLONE = {"x86_64": 56, "aarch64": 220, "riscv64": 220}[os.uname().machine]
_SET_INTERFACE_FLAGS, _IS_UP = 0x8914, 0x41
_LONGEST, _RIGHTS, _PIECE = 1 << 20, 16, 1 << 15
_FOR_ONE = 0o700

_libc = ctypes.CDLL(None, use_errno=True)
_here = ctypes.PyDLL(None, use_errno=True)
_user, _group = os.getuid(), os.getgid()
_own = [name for name in sys.modules if name not in _found]
"""Modules that a new interpreter would look for: a program may call one of its files `select`."""


def main() -> Run:
    """Arguments: the socket that commands come from, and the text that each of them runs.

    Returns in the process of a command, with what is to be run there.
    """
    control, text = _socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    code = compile(text, "<string>", "exec", dont_inherit=True)
    under_way: dict[int, tuple[int, int]] = {}
    waiting = select.poll()
    waiting.register(control.fileno(), select.POLLIN)
    loaded = _texts_of_loaded()
    gc.collect()
    gc.freeze()
    while True:
        for file, _ in waiting.poll():
            if file != control.fileno():
                waiting.unregister(file)
                _account(file, *under_way.pop(file))
                continue
            asked, ancillary, _, _ = control.recvmsg(_LONGEST, _socket.CMSG_SPACE(_RIGHTS))
            if not asked:
                os._exit(0)
            data = b"".join(each for _, _, each in ancillary)
            files = [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, _RIGHTS, 4)]
            tied, tie = os.pipe()
            root = _clone()
            if root == 0:
                for each in (tie, control.fileno(), *under_way):
                    os.close(each)
                return _first({**marshal.loads(asked), "loaded": loaded}, files, tied, code)
            if (pidfd := _tell(root, files[-1])) >= 0:
                under_way[pidfd] = root, files[2]
                waiting.register(pidfd, select.POLLIN)
            for each in (tie, tied, *files[:2], files[3], *([] if pidfd >= 0 else [files[2]])):
                os.close(each)


def _texts_of_loaded() -> dict[str, bytes]:
    """What site-packages have loaded that may be a candidate's to change, such as a `sitecustomize`."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {file: _read(file) for file in files if file and not file.startswith(sys.base_prefix + "/")}


def _read(path: str) -> bytes:
    with open(path, "rb", 0) as file:
        return file.read()


def _clone() -> int:
    """Like `fork`, with all namespaces new: their process 1, a child of this process; -1 where it failed."""
    child: int = _here.syscall(_CLONE, *map(ctypes.c_ulong, (_NEW_ALL | _SIGCHLD, 0, 0, 0, 0)))
    return child


def _tell(root: int, begun: int) -> int:
    """Hands on a file that stands for process 1, which nobody outside could name; -1 where there is none."""
    pidfd: int = _libc.syscall(_PIDFD_OPEN, root, 0) if root > 0 else -1
    why = b"E" + os.strerror(ctypes.get_errno()).encode()
    right = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, pidfd.to_bytes(4, sys.byteorder, signed=True))
    told = _socket.socket(fileno=begun)
    try:
        told.sendmsg([b"p"] if pidfd >= 0 else [why], [right] if pidfd >= 0 else [])
    except OSError:  # the engine has given it up
        pass
    told.detach()
    return pidfd


def _account(pidfd: int, root: int, status: int) -> None:
    """Says what a command has used, all of it having ended."""
    used = os.wait4(root, 0)[2]
    spent = used.ru_utime + used.ru_stime
    try:
        os.write(status, b'{"cpu": %f, "rss": %d}\n' % (spent, used.ru_maxrss * 1024))
    except OSError:
        pass
    os.close(status)
    os.close(pidfd)


def _first(asked: Asked, files: Sequence[int], tied: int, code: Any) -> Run:
    """Process 1: makes the mounts and the command's process, and says how that ended."""
    outputs, status, told = files[:2], files[2], _socket.socket(fileno=files[3])
    fault = b""
    try:
        os.setsid()
        os.chdir(asked["top"])  # what mounts are made of is found from here, also when it is covered
        _become(asked["proc"] + "/self", 0, 0, _user, _group)
        _hold_back(asked["limits"])
        _wall_in(asked)
    except BaseException as error:
        fault = b"E" + str(error).encode()
    child = -1 if fault else os.fork()
    if child == 0:
        return _command(asked, outputs, told, code)
    os.read(tied, 1)  # until the other end is closed: it has been told who this process is
    told.send(fault or b"r\n")
    if fault:
        os._exit(1)
    for file in (outputs[0], tied):
        os.close(file)
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    pid, how = os.wait()
    while pid != child:
        pid, how = os.wait()
    try:
        if os.WIFSIGNALED(how) and os.WTERMSIG(how) not in (_signal.SIGINT, _signal.SIGPIPE):
            os.write(outputs[1], f"{_signal.strsignal(os.WTERMSIG(how))}\n".encode())  # as a shell says it
        _tell_left(told)
    finally:
        os.write(status, b'{"exit-code": %d}\n' % _code_of(how))
        os._exit(0)


def _hold_back(limits: Sequence[tuple[int, int]]) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, max(0, os.getpriority(os.PRIO_PROCESS, 0)))
    for resource, most in limits:
        _libc.setrlimit(resource, (ctypes.c_ulong * 2)(most, most))


def _wall_in(asked: Asked) -> None:
    itself = os.open(asked["proc"] + "/self", os.O_RDONLY | os.O_DIRECTORY)
    _write("oom_score_adj", asked["oom"], itself)
    _bring_network_up()
    below = ""
    for name, *arguments in asked["mounts"]:
        _check_way(_target_of(name, arguments), below)
        _MAKES[name](*arguments)
        if name == "overlay":
            below = below or arguments[0].rstrip("/") + "/"
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("1")  # the next one is the last
    for name, *arguments in asked["seals"]:
        _MAKES[name](*arguments)
    _check(_libc.unshare(_NEW_USER), "new namespace of users")
    _become(itself, _user, _group, 0, 0)
    os.close(itself)
    _drop_privileges()
    os.chdir("/")  # the candidate may have put a link in the folder's place: nothing covered is open any more
    os.chdir(asked["folder"])
    for path, text in asked["loaded"].items():
        if _read(path) != text:
            raise OSError(f"{path} has been loaded and is another one now")
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # the command shall not look into this process


def _drop_privileges() -> None:
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0))):
            break
    header = ctypes.create_string_buffer(_CAPABILITY_VERSION.to_bytes(4, sys.byteorder) + bytes(4), 8)
    _check(_libc.capset(header, ctypes.create_string_buffer(24)), "no privileges")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))), "no new privileges")


def _tell_left(told: Any) -> None:
    """What is still there is about to be killed, and the kernel forgets what it had used."""
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            try:
                with open("/proc/" + name + "/stat", "rb", 0) as file:
                    told.sendall(file.read(_PIECE) + b"\0")
            except OSError:
                pass


def _command(asked: Asked, outputs: Sequence[int], told: Any, code: Any) -> Run:
    """Makes this process what a new interpreter would be in, and waits for the word to go."""
    run = _as_new(asked, code)
    if not told.recv(8):  # the engine is dead
        os._exit(1)
    for number, file in enumerate(outputs, 1):
        os.dup2(file, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:  # that of the list itself
                pass
    _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    return run


def _as_new(asked: Asked, code: Any) -> Run:
    os.environ.update(asked["env"])
    text = sys.argv[2]
    sys.argv[:] = ["-c", *asked["arguments"]]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[1:] = ["-c", text, *asked["arguments"]]
    sys.path.insert(0, "")
    sys.path_importer_cache.clear()  # it knows the base's folders
    for name in _own:
        sys.modules.pop(name, None)
    own = sys.modules["__main__"].__dict__
    module = type(sys)("__main__")
    module.__dict__.update(__loader__=own["__loader__"], __builtins__=own["__builtins__"], __annotations__={})
    sys.modules["__main__"] = module
    return lambda: exec(code, module.__dict__)


# Namespaces and mounts


def _become(itself: str | int, user: int, group: int, outside_user: int, outside_group: int) -> None:
    """Says who the one user of the new namespace is; `itself` is this process's folder in /proc."""
    folder = os.open(itself, os.O_RDONLY | os.O_DIRECTORY) if isinstance(itself, str) else itself
    lines = ("setgroups", "deny"), ("uid_map", f"{user} {outside_user} 1")
    for name, line in (*lines, ("gid_map", f"{group} {outside_group} 1")):
        try:
            _write(name, line.encode(), folder)
        except PermissionError:  # `deny` stands there already, and is for good
            if name != "setgroups":
                raise
    if folder != itself:
        os.close(folder)


def _write(name: str, text: bytes, folder: int) -> None:
    file = os.open(name, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(file, text)
    finally:
        os.close(file)


def _bring_network_up() -> None:
    with_flags = b"lo".ljust(16, b"\0") + _IS_UP.to_bytes(2, sys.byteorder)
    request = ctypes.create_string_buffer(with_flags, 40)
    file = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    _check(_libc.ioctl(file.fileno(), _SET_INTERFACE_FLAGS, request), "network")
    file.close()


def _target_of(name: str, arguments: Sequence[Any]) -> str:
    target: str = arguments[1] if name in ("bind", "link") else arguments[0] if arguments else ""
    return target


def _check_way(path: str, below: str) -> None:
    """Links of a candidate's would lead to what is covered, which is open while mounts are made of it."""
    if below and path.startswith(below):
        top = os.path.realpath(below)
        if os.path.realpath(path) != os.path.join(top, path[len(below) :]):
            raise OSError(f"a link leads away from {path}")


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    failed = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), os.fsencode(options)
    )
    _check(failed, f"{kind or 'mount'} at {target}")


def _make_tmpfs(target: str, size: str, mode: str) -> None:
    _mount("tmpfs", target, "tmpfs", _NO_SUID | _NO_DEV, f"mode={mode},size={size}")


def _make_overlay(target: str, lower: Sequence[str], upper: str, work: str) -> None:
    layers = ":".join(map(_escaped, reversed(lower)))
    options = f"lowerdir={layers},upperdir={_escaped(upper)},workdir={_escaped(work)},userxattr"
    _mount("overlay", target, "overlay", 0, options)


def _escaped(path: str) -> str:
    for each in "\\:,":
        path = path.replace(each, "\\" + each)
    return path


def _make_bind(source: str, target: str) -> None:
    if not os.path.lexists(target):
        if os.path.isdir(source):
            _make_folder(target, _FOR_ONE)
        else:
            _make_folder(os.path.dirname(target), _FOR_ONE)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    _mount(source, target, "", _BIND | _ALL_BELOW, "")


def _make_read_only(target: str) -> None:
    kept = os.statvfs(target).f_flag & (_NO_SUID | _NO_DEV | _NO_EXEC)
    _mount("", target, "", _REMOUNT | _BIND | _READ_ONLY | kept, "")


def _make_folder(path: str, mode: int) -> None:
    """The folder, with what is missing above it."""
    above = os.path.dirname(path)
    if not os.path.isdir(above):
        _make_folder(above, mode)
    if not os.path.isdir(path):
        os.mkdir(path, mode)


def _make_link(text: str, path: str) -> None:
    _make_folder(os.path.dirname(path), _FOR_ONE)
    os.symlink(text, path)


def _make_proc() -> None:
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEV | _NO_EXEC, "")


def _make_terminals() -> None:
    _mount("devpts", "/dev/pts", "devpts", _NO_SUID | _NO_EXEC, "newinstance,ptmxmode=0666,mode=620")


_MAKES: dict[str, Any] = {
    "tmpfs": _make_tmpfs,
    "overlay": _make_overlay,
    "bind": _make_bind,
    "read-only": _make_read_only,
    "folder": _make_folder,
    "link": _make_link,
    "proc": _make_proc,
    "terminals": _make_terminals,
}


def _check(failed: int, what: str) -> None:
    if failed:
        raise OSError(f"{what}: {os.strerror(ctypes.get_errno())}")


def _code_of(how: int) -> int:
    return os.WEXITSTATUS(how) if os.WIFEXITED(how) else 128 + os.WTERMSIG(how)


if __name__ == "__main__":
    main()()
