"""bootstrap.py on a small project that needs no index: pip's own settings lead to its one locked wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAKE_WHEEL = """\
import os, zipfile

def make(folder, name, code, version="1.0", entry_points=""):
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": entry_points,
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel
"""

BACKEND = '''\
import make_wheel

PROGRAM = """
import os, sys, locked

def main():
    print(os.getcwd(), locked.VERSION, *sys.argv[1:])
    return 3
"""

def build_editable(folder, config_settings=None, metadata_directory=None):
    return make_wheel.make(folder, "kapso_workbench", PROGRAM, entry_points="[console_scripts]\\n"
        "kapso = kapso_workbench:main\\n")
'''

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "kapso-workbench"
version = "1.0"
"""


OLD = "import sys; sys.version_info = (3, 10, 4); sys.version = '3.10.4 (old)'"
NO_PIP = "import sys; sys.modules.update(pip=None, ensurepip=None, setuptools=None, distutils=None)"


@dataclass
class Checkout:
    """A project with a bootstrap.py; `call` runs it as a user would."""

    folder: Path
    wheels: Path
    environment: dict[str, str]

    def lock(self, version: str) -> None:
        """Publishes `locked` in this version, and pins it."""
        arguments = (str(self.wheels), "locked", f"VERSION = {version}", version)
        code = f"import make_wheel; make_wheel.make(*{arguments})"
        subprocess.run([sys.executable, "-c", code], cwd=self.folder, check=True)
        digest = hashlib.sha256((self.wheels / f"locked-{version}-py3-none-any.whl").read_bytes()).hexdigest()
        (self.folder / "requirements.lock").write_text(f"locked=={version} --hash=sha256:{digest}\n")

    def call(
        self, *arguments: str, prelude: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs it with `arguments`, after the statement `prelude` in the same interpreter."""
        script = str(self.folder / "bootstrap.py")
        code = f"{prelude}\nimport sys, runpy\nrunpy.run_path({script!r}, run_name='__main__')"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, wheels, programs = tmp_path / "my project", tmp_path / "wheels", tmp_path / "programs"
    for each in (folder, wheels, programs):
        each.mkdir()
    shutil.copy(ROOT / "bootstrap.py", folder)
    shutil.copytree(ROOT / "bootstrap", folder / "bootstrap")
    (folder / "make_wheel.py").write_text(MAKE_WHEEL)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PROJECT)
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}
    made = Checkout(folder, wheels, {**settings, "HOME": str(tmp_path), "PATH": str(programs)})
    made.lock("1.0")
    return made


def put_program(checkout: Checkout, name: str, text: str) -> None:
    program = Path(checkout.environment["PATH"]) / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_alone_it_explains_itself_and_installs_nothing(checkout: Checkout) -> None:
    done = checkout.call()
    assert done.returncode == 0
    assert "usage: python3 bootstrap.py COMMAND" in done.stdout
    assert not (checkout.folder / ".venv").exists()


def test_without_pip_or_ensurepip_it_installs_what_is_locked_and_becomes_the_command(
    checkout: Checkout, tmp_path: Path
) -> None:
    first = checkout.call("run", "a goal.yaml", "--json", prelude=NO_PIP, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (3, f"{tmp_path} 1.0 run a goal.yaml --json\n"), first.stderr
    assert "installing the packages of requirements.lock with pip" in first.stderr
    checkout.environment["PIP_FIND_LINKS"] = "/nowhere"
    again = checkout.call("ls", cwd=tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (3, f"{tmp_path} 1.0 ls\n", "")


@pytest.mark.slow
def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.call("ls")
    checkout.lock("2.0")
    assert checkout.call("ls").stdout.split()[-2:] == ["2.0", "ls"]


@pytest.mark.slow
def test_a_moved_checkout_is_installed_anew(checkout: Checkout, tmp_path: Path) -> None:
    checkout.call("ls")
    checkout.folder = checkout.folder.rename(tmp_path / "elsewhere")
    moved = checkout.call("ls")
    assert moved.returncode == 3, moved.stderr
    shutil.rmtree(checkout.folder / ".venv/bin")
    assert checkout.call("ls").returncode == 3


@pytest.mark.slow
def test_a_wheel_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    lock = checkout.folder / "requirements.lock"
    lock.write_text(lock.read_text()[:-8] + "0000000\n")
    done = checkout.call("ls")
    assert done.returncode == 1
    assert "error[bootstrap]: the packages of `requirements.lock` could not be installed" in done.stderr
    assert "Traceback" not in done.stderr
    checkout.lock("1.0")
    assert checkout.call("ls").returncode == 3


@pytest.mark.slow
def test_uv_is_preferred_and_pip_does_what_it_cannot(checkout: Checkout) -> None:
    put_program(checkout, "uv", 'echo "uv got: $*"; exit 2')
    done = checkout.call("ls")
    assert done.returncode == 3, done.stderr
    assert "uv got: pip install" in done.stderr and done.stdout.count("\n") == 1
    assert "uv could not do it; trying pip" in done.stderr


def test_a_python_without_venv_is_told(checkout: Checkout) -> None:
    done = checkout.call("ls", prelude="import sys; sys.modules['venv'] = None")
    assert done.returncode == 1
    assert "comes without the standard module `venv`" in done.stderr


def test_a_folder_that_cannot_be_written_is_told(checkout: Checkout) -> None:
    (checkout.folder / ".venv").write_text("in the way")
    done = checkout.call("ls")
    assert done.returncode == 1
    assert "cannot be made" in done.stderr and "Traceback" not in done.stderr


def test_an_old_python_goes_on_in_a_newer_one(checkout: Checkout) -> None:
    put_program(checkout, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    put_program(checkout, "python3.12", 'echo "$@"')
    done = checkout.call("ls", "a b", prelude=OLD)
    assert done.stdout.splitlines()[-1] == f"{checkout.folder}/bootstrap.py ls a b"
    assert done.stderr == ""


def test_an_old_python_alone_is_told_what_to_do(checkout: Checkout) -> None:
    done = checkout.call("ls", prelude=OLD)
    assert done.returncode == 1
    assert "is Python 3.10.4, and Kapso needs 3.11 or newer" in done.stderr
    assert not (checkout.folder / ".venv").exists()
