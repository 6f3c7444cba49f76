"""Installs Kapso with everything it needs into `.venv` and runs it. Needs Python 3.11 or newer, nothing else.

No pip, ensurepip or uv has to be there: where uv is missing or fails, the pip wheel in `bootstrap/` does the
work. Nothing here names a package index: the user's own settings of uv and pip say where packages come from.
Annotations are quoted so that a Python as old as 3.6 can still say that it is too old.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

USAGE = """\
usage: python3 bootstrap.py COMMAND [ARGUMENT...]

  python3 bootstrap.py run experiments/circle-packing/goal.yaml   any command of kapso
  python3 bootstrap.py --help                                     all of them
  python3 bootstrap.py test [PYTEST ARGUMENT...]                  the tests

The first call installs into .venv beside this file; later ones start at once.
"""

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
KAPSO = os.path.join(VENV, "bin", "kapso")
STAMP = os.path.join(VENV, "kapso-installed")
LOCK = os.path.join(ROOT, "requirements.lock")
PIP = os.path.join(ROOT, "bootstrap", "pip-26.3-py3-none-any.whl", "pip")
INPUTS = ("pyproject.toml", "requirements.lock", "bootstrap.py")

OLDEST = (3, 11)
OTHER_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14")
IS_NEW_ENOUGH = f"import sys; sys.exit(sys.version_info < {OLDEST!r})"


class Failure(Exception):
    """Nothing can be installed: what failed, and the remedy."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def main(arguments: "list[str]") -> int:
    """Installs what is missing and replaces this process by the command; returns only when there is none."""
    if not arguments:
        print(USAGE, end="")
        return 0
    try:
        become_new_enough()
        ensure_installed()
    except Failure as failure:
        print(f"error[bootstrap]: {failure}\nhelp: {failure.help}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next call goes on")
        return 130
    command = [KAPSO, *arguments]
    if arguments[0] == "test":
        os.chdir(ROOT)
        command = [PYTHON, "-m", "pytest", *arguments[1:]]
    os.execv(command[0], command)


def say(line: str) -> None:
    print(f"bootstrap: {line}", file=sys.stderr, flush=True)


def become_new_enough() -> None:
    """Goes on in a newer Python when this one is too old."""
    if os.name != "posix":
        raise Failure("Kapso runs on Linux and macOS", help="on Windows, use it inside WSL")
    if sys.version_info[:2] >= OLDEST:
        return
    for name in OTHER_PYTHONS:
        path = shutil.which(name)
        if path and is_new_enough(path):  # a shim of pyenv may be there and lead nowhere
            os.execv(path, [path, os.path.join(ROOT, "bootstrap.py"), *sys.argv[1:]])
    raise Failure(
        f"`{sys.executable}` is Python {sys.version.split()[0]}, and Kapso needs 3.11 or newer",
        help="install a newer Python, or call this file with one: `/path/to/python3.12 bootstrap.py ...`",
    )


def is_new_enough(python: str) -> bool:
    try:
        return subprocess.call([python, "-c", IS_NEW_ENOUGH], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def ensure_installed() -> None:
    """Makes `.venv` hold what the lock file says; does nothing when it does already."""
    if is_installed():
        return
    with one_at_a_time():
        if is_installed():
            return
        try:
            make_venv()
            install()
            with open(STAMP, "w") as stamp:
                stamp.write(fingerprint())
        except OSError as error:
            raise Failure(
                f"`{VENV}` cannot be made: {error.strerror or error}",
                help="this folder must be writable, with about 600 MB free",
            ) from error


def is_installed() -> bool:
    try:
        with open(STAMP) as stamp:
            return stamp.read() == fingerprint() and os.path.exists(PYTHON) and os.path.exists(KAPSO)
    except OSError:
        return False


def fingerprint() -> str:
    """Changes with what is to be installed, and with the folder: a virtual environment cannot be moved."""
    digest = hashlib.sha256(ROOT.encode("utf-8", "surrogateescape"))
    for name in INPUTS:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


@contextlib.contextmanager
def one_at_a_time() -> "Iterator[None]":
    """Keeps a second call waiting until the first has installed."""
    import fcntl  # not there on Windows, which is told so before this line

    folder = os.open(ROOT, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems lock no folders: then without
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def make_venv() -> None:
    if os.path.exists(PYTHON) and is_new_enough(PYTHON):
        return
    try:
        import venv
    except ImportError as error:
        raise Failure(
            f"`{sys.executable}` comes without the standard module `venv`",
            help="install the whole Python of your distribution, not its minimal one",
        ) from error
    say(f"making .venv with Python {sys.version.split()[0]}")
    # Without pip: it would need ensurepip, which Debian and Ubuntu keep in a package of its own.
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)


def install() -> None:
    uv = shutil.which("uv")
    if uv and install_with("uv", [uv, "pip", "install", "--quiet", "--python", PYTHON]):
        return
    if uv:
        say("uv could not do it; trying pip")
    pip = [PYTHON, PIP, "install", "-qq", "--no-input", "--disable-pip-version-check", "--no-user"]
    if not install_with("pip", [*pip, "--no-warn-script-location"]):
        raise Failure(
            "the packages of `requirements.lock` could not be installed",
            help="the reason stands above; for a mirror, set PIP_INDEX_URL or write it into pip.conf",
        )


def install_with(name: str, command: "list[str]") -> bool:
    """Whether `command` installed the locked packages, and then Kapso itself as it stands here."""
    say(f"installing the packages of requirements.lock with {name}: a minute or so, once")
    steps = (["--require-hashes", "-r", LOCK], ["--no-deps", "--no-build-isolation", "--editable", ROOT])
    return all(subprocess.call([*command, *step], stdin=subprocess.DEVNULL, stdout=2) == 0 for step in steps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
