"""Finds the programs that PATH leads to, wherever they live, and the least that they need beside them.

Version managers and virtual environments keep programs under the home folder, which commands do not see.
What is found here is shown to them read-only: installations, never the folders around them, which hold
credentials and everything else that is the user's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class _Manager:
    """A version manager: the variable that names its folder, the default, and what programs need of it.

    The fewer mounts the better (0.1 ms each, for every command), so a folder that holds nothing but
    installations is shown whole.
    """

    variable: str
    folder: str
    needed: tuple[str, ...] = (".",)
    program: str = ""


_MANAGERS = (
    _Manager("ASDF_DATA_DIR", ".asdf", ("asdf.sh", "bin", "installs", "lib", "libexec", "plugins", "shims")),
    _Manager("MISE_DATA_DIR", ".local/share/mise", ("installs", "shims")),
    _Manager("NODENV_ROOT", ".nodenv"),
    _Manager("NVM_DIR", ".nvm", ("alias", "versions")),
    _Manager("PYENV_ROOT", ".pyenv"),
    _Manager("RBENV_ROOT", ".rbenv"),
    _Manager("RUSTUP_HOME", ".rustup", ("settings.toml", "toolchains", "update-hashes"), program="rustup"),
    _Manager("SDKMAN_DIR", ".sdkman", ("candidates",)),
    _Manager("VOLTA_HOME", ".volta", ("bin", "tools")),
)

_FOLDER_VARIABLES = (
    "CONDA_PREFIX",
    "CUDA_HOME",
    "CUDA_PATH",
    "DOTNET_ROOT",
    "GOROOT",
    "JAVA_HOME",
    "JULIA_BINDIR",
    "NVM_BIN",
    "VIRTUAL_ENV",
)
_PLAIN_VARIABLES = (
    "CONDA_DEFAULT_ENV",
    "NODENV_VERSION",
    "PYENV_VERSION",
    "RBENV_VERSION",
    "RUSTUP_TOOLCHAIN",
)

_INSTALLATION_SIGNS = ("conda-meta", "include", "lib", "lib64", "pyvenv.cfg", "share")
_NEVER_WHOLE = (".cache", ".cargo", ".config", ".local", ".local/lib", ".local/share", ".local/state")
_ENGINE = Path(sys.executable).parent
"""Whoever names the interpreter that runs Kapso by its path, may; it is not added to PATH."""

_MANY_ENTRIES = 5_000
_SHEBANG_BYTES = 256


@dataclass
class Toolchains:
    """What was found: `paths` to show read-only (links as written, not followed) and variables."""

    paths: set[Path] = field(default_factory=set)
    env: dict[str, str] = field(default_factory=dict)


def find_toolchains(
    environ: Mapping[str, str],
    home: Path,
    is_covered: Callable[[Path], bool],
    too_wide: tuple[Path, ...],
) -> Toolchains:
    """The toolchains that `environ` leads to.

    `is_covered` says whether a path would be out of sight; `too_wide` are folders that are never shown
    whole, nor any folder above them.
    """
    return _Search(environ, home, is_covered, too_wide).run()


def find_environment(folder: Path, is_covered: Callable[[Path], bool], home: Path) -> set[Path]:
    """What a virtual environment in `folder` needs from elsewhere: its interpreter's installation."""
    search = _Search({}, home, is_covered, ())
    search.follow_environment(folder)
    return search.found.paths


class _Search:
    def __init__(
        self,
        environ: Mapping[str, str],
        home: Path,
        is_covered: Callable[[Path], bool],
        too_wide: tuple[Path, ...],
    ) -> None:
        self.environ, self.home, self.is_covered = environ, home, is_covered
        self.kept = (home, *(home / name for name in _NEVER_WHOLE), *too_wide)
        self.found = Toolchains()
        self._known: set[Path] = set()

    def run(self) -> Toolchains:
        folders = list(self._path_folders())
        self.found.env["PATH"] = os.pathsep.join(map(str, folders)) or os.defpath
        for folder in (*folders, _ENGINE):
            self._take_path_folder(folder)
        for manager in _MANAGERS:
            self._take_manager(manager, folders)
        self._take_variables()
        self._take_user_packages()
        return self.found

    def _path_folders(self) -> Iterator[Path]:
        """PATH's folders without relative ones (they mean something else inside) and without repeats."""
        names = self.environ.get("PATH", os.defpath).split(os.pathsep)
        for folder in dict.fromkeys(Path(os.path.normpath(name)) for name in names if name):
            if folder.is_absolute() and folder.is_dir() and not self._is_too_wide(folder):
                yield folder

    def _is_too_wide(self, folder: Path) -> bool:
        return any(kept == folder or folder in kept.parents for kept in self.kept)

    def _take_path_folder(self, folder: Path) -> None:
        covered = self.is_covered(folder)
        if covered:
            self._show(folder)
        self._take_installation(Path(os.path.realpath(folder)))
        for number, entry in enumerate(os.scandir(folder)):
            if number > _MANY_ENTRIES:
                break
            if entry.is_symlink():
                self._follow(Path(entry.path))
            elif covered and entry.is_file():
                self._take_interpreter(Path(entry.path))

    def _show(self, path: Path) -> None:
        if not self._is_too_wide(path):
            self.found.paths.add(path)

    def _follow(self, link: Path) -> None:
        """Shows the program that `link` leads to, with its installation and the links on the way."""
        program = Path(os.path.realpath(link))
        if program in self._known or not self.is_covered(program) or not program.is_file():
            return
        self._known.add(program)
        self._show(link)
        self._show(program)
        self._take_installation(program.parent)
        self._take_interpreter(program)

    def _take_installation(self, programs: Path) -> None:
        """Shows what surrounds a folder of programs, if it is an installation and nothing wider."""
        prefix = programs.parent
        if prefix in self._known or not self.is_covered(prefix) or self._is_too_wide(prefix):
            return
        self._known.add(prefix)
        is_managed = any(prefix.name == Path(manager.folder).name for manager in _MANAGERS)
        is_project = (prefix / ".git").exists()
        if not (is_managed or is_project) and any((prefix / sign).exists() for sign in _INSTALLATION_SIGNS):
            self._show(prefix)
            self.follow_environment(prefix)

    def follow_environment(self, folder: Path) -> None:
        """Follows a Python environment to the interpreter that it was made from."""
        settings = folder / "pyvenv.cfg"
        if not settings.is_file():
            return
        for line in settings.read_text(errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                self._take_installation(Path(os.path.realpath(value.strip())))
                if self.is_covered(Path(value.strip())):
                    self._show(Path(value.strip()))
        for name in ("python", "python3"):
            self._follow(folder / "bin" / name)

    def _take_interpreter(self, script: Path) -> None:
        """Follows a script's first line to its interpreter."""
        try:
            with script.open("rb") as file:
                line = file.readline(_SHEBANG_BYTES)
        except OSError:
            return
        words = line[2:].split(maxsplit=1) if line.startswith(b"#!") else []
        if words:
            interpreter = Path(os.fsdecode(words[0]))
            self._follow(interpreter)
            if (interpreter.parent.parent / "pyvenv.cfg").is_file():
                self._take_installation(interpreter.parent)

    def _take_manager(self, manager: _Manager, folders: list[Path]) -> None:
        root = Path(self.environ.get(manager.variable) or self.home / manager.folder)
        on_path = any(root in folder.parents for folder in folders)
        is_used = on_path or (manager.program and any((f / manager.program).exists() for f in folders))
        if not is_used or not root.is_dir():
            return
        self.found.env[manager.variable] = str(root)
        for name in manager.needed:
            if self.is_covered(root / name) and (root / name).exists():
                self._show(root / name)

    def _take_variables(self) -> None:
        for name in _PLAIN_VARIABLES:
            if name in self.environ:
                self.found.env[name] = self.environ[name]
        for name in _FOLDER_VARIABLES:
            folder = Path(self.environ.get(name) or "-")
            if folder.is_dir() and not self._is_too_wide(folder):
                self.found.env[name] = str(folder)
                if self.is_covered(folder):
                    self._show(folder)

    def _take_user_packages(self) -> None:
        """Packages from `pip install --user`: the system's Python finds them through a variable."""
        base = Path(self.environ.get("PYTHONUSERBASE") or self.home / ".local")
        for packages in base.glob("lib/python*/site-packages"):
            self.found.env["PYTHONUSERBASE"] = str(base)
            if self.is_covered(packages):
                self._show(packages)
