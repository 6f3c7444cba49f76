"""Which programs stay visible, and that nothing beside them does. Homes are made up; links are real."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.sandbox.environment import index_variables, locale_variables, paths_in
from kapso.evaluate.sandbox.host import Covers, uncover
from kapso.evaluate.sandbox.toolchains import Toolchains, find_environment, find_toolchains


class Home:
    """A made-up home folder with installations in it."""

    def __init__(self, top: Path) -> None:
        self.path = top / "home"
        self.workspace = self.path / "project"
        self.workspace.mkdir(parents=True)
        self.environ: dict[str, str] = {}

    def program(self, path: str, text: str = "\x7fELF") -> Path:
        made = self.path / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        made.chmod(0o755)
        return made

    def link(self, path: str, target: str) -> None:
        made = self.path / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.symlink_to(target if target.startswith("..") else self.path / target)

    @property
    def covers(self) -> Covers:
        return Covers(self.path, self.workspace, [])

    def find(self, *path: str) -> Toolchains:
        environ = {"PATH": ":".join(str(self.path / folder) for folder in path), **self.environ}
        return find_toolchains(environ, self.path, self.covers.covers, (self.workspace,))

    def shown(self, *path: str) -> set[str]:
        """What is seen of the home folder, relative to it; the interpreter of these tests left out."""
        seen = uncover(self.find(*path).paths, self.covers)
        return {str(found.relative_to(self.path)) for found in seen if found.is_relative_to(self.path)}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_uv_pythons_and_tools(home: Home) -> None:
    home.program(".local/share/uv/python/cpython-3.12.3/bin/python3.12")
    (home.path / ".local/share/uv/python/cpython-3.12.3/lib").mkdir()
    home.link(".local/share/uv/python/cpython-3.12", "../python/cpython-3.12.3")
    home.link(".local/bin/python3.12", ".local/share/uv/python/cpython-3.12/bin/python3.12")
    home.program(".local/share/keyrings/secret")
    assert home.shown(".local/bin") == {
        ".local/bin",
        ".local/share/uv/python/cpython-3.12",
        ".local/share/uv/python/cpython-3.12.3",
    }


def test_scripts_lead_to_their_environments(home: Home) -> None:
    home.program("pythons/3.11/bin/python3.11")
    (home.path / "pythons/3.11/include").mkdir()
    home.link("venvs/tool/bin/python", "pythons/3.11/bin/python3.11")
    home.program("venvs/tool/pyvenv.cfg", f"home = {home.path}/pythons/3.11/bin\n")
    home.program(".local/bin/tool", f"#!{home.path}/venvs/tool/bin/python\n")
    assert home.shown(".local/bin") == {".local/bin", "venvs/tool", "pythons/3.11"}


def test_rust(home: Home) -> None:
    home.program(".cargo/bin/rustup")
    home.link(".cargo/bin/cargo", "../bin/rustup")
    home.program(".cargo/credentials.toml")
    home.program(".rustup/toolchains/stable/bin/cargo")
    home.program(".rustup/settings.toml")
    home.program(".rustup/downloads/x")
    assert home.shown(".cargo/bin") == {".cargo/bin", ".rustup/settings.toml", ".rustup/toolchains"}
    assert home.find(".cargo/bin").env["RUSTUP_HOME"] == str(home.path / ".rustup")


@pytest.mark.parametrize(
    ("on_path", "variable"),
    [(".pyenv/shims", "PYENV_ROOT"), (".rbenv/shims", "RBENV_ROOT")],
)
def test_shims_show_their_manager(home: Home, on_path: str, variable: str) -> None:
    home.program(f"{on_path}/python3", "#!/usr/bin/env bash\n")
    home.environ["PYENV_VERSION"] = "3.11.7"
    manager = on_path.split("/")[0]
    assert home.shown(on_path) == {manager}
    env = home.find(on_path).env
    assert env[variable] == str(home.path / manager) and env["PYENV_VERSION"] == "3.11.7"


def test_node_java_and_conda(home: Home) -> None:
    home.program(".nvm/versions/node/v22/bin/node")
    (home.path / ".nvm/versions/node/v22/lib").mkdir()
    home.program(".sdkman/candidates/java/21/bin/java")
    (home.path / ".sdkman/candidates/java/21/lib").mkdir()
    home.link(".sdkman/candidates/java/current", "../java/21")
    home.program("miniconda3/envs/x/bin/python")
    (home.path / "miniconda3/envs/x/conda-meta").mkdir()
    home.environ = {
        "NVM_DIR": str(home.path / ".nvm"),
        "JAVA_HOME": str(home.path / ".sdkman/candidates/java/current"),
        "CONDA_PREFIX": str(home.path / "miniconda3/envs/x"),
    }
    path = (".nvm/versions/node/v22/bin", ".sdkman/candidates/java/current/bin", "miniconda3/envs/x/bin")
    shown = home.shown(*path)
    assert {".nvm/versions", ".sdkman/candidates", "miniconda3/envs/x"} <= shown
    assert not shown & {".nvm", ".sdkman", "miniconda3"}
    assert set(home.environ) <= set(home.find(*path).env)


def test_nothing_wide_is_ever_shown(home: Home) -> None:
    for path in (
        "bin/tool",
        "lib/x",
        ".local/lib/x",
        "project/bin/run",
        "project/lib/x",
        "other/bin/t",
        "other/lib/x",
    ):
        home.program(path)
    home.program("other/.git/config")
    home.environ = {"JAVA_HOME": str(home.path), "VIRTUAL_ENV": str(home.workspace)}
    found = home.find("", "bin", "project", "project/bin", "other/bin", ".local/lib/../../bin")
    seen = {str(p.relative_to(home.path)) for p in found.paths if p.is_relative_to(home.path)}
    assert seen == {"bin", "project/bin", "other/bin"}
    folders = ("bin", "project/bin", "other/bin")
    assert found.env["PATH"] == ":".join(str(home.path / folder) for folder in folders)
    assert not {"JAVA_HOME", "VIRTUAL_ENV"} & set(found.env)


def test_relative_folders_of_path_are_dropped(home: Home) -> None:
    home.environ["PATH"] = ".::bin:/usr/bin:/usr/bin:/no/such/folder"
    assert home.find().env["PATH"] == "/usr/bin"


def test_packages_of_the_user(home: Home) -> None:
    home.program(".local/lib/python3.11/site-packages/numpy.py")
    assert ".local/lib/python3.11/site-packages" in home.shown("bin")
    assert home.find("bin").env["PYTHONUSERBASE"] == str(home.path / ".local")


def test_an_environment_shows_its_interpreter(home: Home) -> None:
    home.program("pythons/3.13/bin/python3.13")
    (home.path / "pythons/3.13/lib").mkdir()
    home.program("shared/.venv/pyvenv.cfg", f"home = {home.path}/pythons/3.13/bin\nversion = 3.13\n")
    home.link("shared/.venv/bin/python", "pythons/3.13/bin/python3.13")
    found = find_environment(home.path / "shared/.venv", home.covers.covers, home.path)
    assert set(uncover(found, home.covers)) >= {home.path / "pythons/3.13"}
    assert find_environment(home.path / "pythons", home.covers.covers, home.path) == set()


def test_links_that_lead_nowhere_or_round(home: Home) -> None:
    home.link("bin/gone", "../nowhere")
    (home.path / "bin/round").symlink_to("round")
    assert home.shown("bin") == {"bin"}
    assert uncover([home.path / "bin/round"], Covers(home.path, home.workspace, [])) is not None


def test_a_venv_in_the_repository_that_is_on_path(make_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("overlay", "copy"):
        world = make_world(mode)
        venv = world.workspace / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
        (venv / "bin/python9").symlink_to(Path(sys.executable).resolve())
        (world.workspace / "bin").mkdir()
        (world.workspace / "bin/tool").write_text("#!/bin/sh\necho working copy\n")
        (world.workspace / "bin/tool").chmod(0o755)
        world.write("bin/tool", "#!/bin/sh\necho base\n").chmod(0o755)
        monkeypatch.setenv("PATH", f"{venv}/bin:{world.workspace}/bin:/usr/bin:/bin")
        done = world.run("python9 -c 'import sys; print(sys.prefix)'; tool; ls -A; touch .venv/x")
        assert done.stdout.decode().splitlines() == [str(venv), "base", ".venv", "bin"]
        assert done.exit_code != 0
        assert world.score("python9 -c 'import sys; print(sys.prefix)'").stdout.decode().strip() == str(venv)


def test_the_language_and_the_indexes(tmp_path: Path) -> None:
    assert locale_variables({"LANG": "de_DE.UTF-8", "LC_ALL": "C", "TZ": "UTC", "LANGX": "x"}) == {
        **{"LANG": "de_DE.UTF-8", "LC_ALL": "C"},
        "TZ": "UTC",
    }
    assert locale_variables({"HOME": "/x"}) == {"LANG": "C.UTF-8"}
    (tmp_path / ".npmrc").write_text("registry=http://localhost\n")
    (tmp_path / "ca.pem").touch()
    environ = {
        "https_proxy": "http://p:1",
        "NO_PROXY": "localhost",
        "UV_INDEX_URL": "http://i",
        "UV_CACHE_DIR": "/c",
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "CARGO_HOME": "/c",
        "GITHUB_TOKEN": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    found = index_variables(environ, tmp_path)
    assert set(found) == {"https_proxy", "NO_PROXY", "UV_INDEX_URL", "SSL_CERT_FILE", "NPM_CONFIG_USERCONFIG"}
    assert paths_in(found) == {tmp_path / "ca.pem", tmp_path / ".npmrc"}
