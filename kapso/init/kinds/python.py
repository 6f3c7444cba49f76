"""Python: scripts and packages. The program is the script, with the modules of the folder that it imports."""

from __future__ import annotations

import ast
import shlex
import tomllib
from dataclasses import replace

from kapso.init.folder import Folder, is_test, stem
from kapso.init.imports import local_imports
from kapso.init.program import Program
from kapso.init.scorers import is_scorer

_SETUP = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt"
_USUAL = ("main", "solve", "solver", "program", "app", "run", "train", "simulate", "pipeline", "cli")
_ASIDE = {"setup", "conftest", "noxfile", "fabfile", "tasks", "versioneer", "manage", "__init__", "conf"}


def look(folder: Folder) -> list[Program]:
    python, share = _interpreter(folder)
    found = _look(folder, python, share)
    if share or not folder.text("requirements.txt").strip():
        return found
    installed = _look(folder, ".venv/bin/python", ())
    return [
        replace(each, fallback=replace(other, setup=_SETUP))
        for each, other in zip(found, installed, strict=True)
    ]


def _look(folder: Folder, python: str, share: tuple[str, ...]) -> list[Program]:
    files = [name for name in folder.ending(".py") if not is_test(name) and stem(name) not in _ASIDE]
    files = [name for name in files if not is_scorer(folder, name) and "/examples/" not in f"/{name}"]
    common = Program(
        kind="",
        main="",
        edit=(),
        share=share,
        suite=_suite(folder, python),
        tools=("python3",),
        idle=f"{python} -c pass",
        python=python,
    )
    found = [
        replace(
            common,
            kind=f"Python {'package' if ' -m ' in run else 'script'} `{main}`",
            main=main,
            edit=_edited(folder, main),
            run=run,
            about=_about(folder, main),
        )
        for main, run in [*_packages(folder, python), *_scripts(folder, files, python)]
    ]
    return found or _library(folder, files, common)


def _edited(folder: Folder, main: str) -> tuple[str, ...]:
    """The script and what it imports from here; of a package, all of its modules."""
    if folder.below(main):
        names = [name for name in folder.below(main) if name.endswith(".py")]
    else:
        names = [main, *local_imports(folder, main)]
    kept = [name for name in names if not is_test(name) and not is_scorer(folder, name)]
    return folder.patterns(name for name in kept if folder.text(name).strip())


def _packages(folder: Folder, python: str) -> list[tuple[str, str]]:
    mains = [name for name in folder.ending("/__main__.py") if not is_test(name)]
    found = []
    for name in mains:
        package = name.removesuffix("/__main__.py")
        module = package.removeprefix("src/").replace("/", ".")
        path = "PYTHONPATH=src " if package.startswith("src/") else ""
        found.append((package, f"{path}{python} -m {module}"))
    return found


def _scripts(folder: Folder, files: list[str], python: str) -> list[tuple[str, str]]:
    """Scripts that do something when they are started, the likeliest first."""
    imported = set().union(*(local_imports(folder, name) for name in files)) if len(files) < 200 else set()
    starts = [name for name in files if _does_something(folder.text(name)) and name not in imported]

    def rank(name: str) -> tuple[int, int, str]:
        word = stem(name).lower()
        usual = _USUAL.index(word) if word in _USUAL else len(_USUAL)
        return name.count("/"), usual, name

    return [(name, f"{python} {shlex.quote(name)}") for name in sorted(starts, key=rank)]


def _does_something(text: str) -> bool:
    """Whether there is more in it than definitions, imports and constants."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    quiet = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    quiet = (*quiet, ast.Assign, ast.AnnAssign, ast.Try)  # type: ignore[assignment]
    return any(
        not isinstance(node, quiet)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in tree.body
    )


def _library(folder: Folder, files: list[str], common: Program) -> list[Program]:
    """Modules that nobody starts: what a scorer or tests may still work on."""
    packages = [name.rpartition("/")[0] for name in folder.ending("/__init__.py") if not is_test(name)]
    if not files and not packages:
        return []
    main = min(packages, key=len) if packages else files[0]
    edit = _edited(folder, main) if packages else folder.patterns(files)
    kind = f"Python library `{main}`"
    return [replace(common, kind=kind, main=main, edit=edit, about=_about(folder, main))]


def _interpreter(folder: Folder) -> tuple[str, tuple[str, ...]]:
    """`python3`, or that of a virtual environment that stands here and git ignores."""
    for name in (".venv", "venv"):
        if (folder.path / name / "bin" / "python").exists() and not folder.below(name):
            return f"{name}/bin/python", (name,)
    return "python3", ()


def _suite(folder: Folder, python: str) -> str:
    tests = [name for name in folder.ending(".py") if is_test(name)]
    if not tests:
        return ""
    places = sorted({name.split("/")[0] if "/" in name else name for name in tests})
    named = " ".join(each for each in places if each != "src" and stem(each) != "conftest")
    path = "PYTHONPATH=src " if any(name.startswith("src/") for name in folder.files) else ""
    texts = [folder.text(name) for name in tests]
    if any("pytest" in text for text in texts) or not any("unittest" in text for text in texts):
        return f"{path}{python} -m pytest -q {named}".rstrip()
    start = places[0] if "." not in places[0] else "."
    return f"{path}{python} -m unittest discover -s {start} -t ."


def _about(folder: Folder, main: str) -> str:
    try:
        project = tomllib.loads(folder.text("pyproject.toml")).get("project", {})
        if project.get("description"):
            return str(project["description"])
    except tomllib.TOMLDecodeError:
        pass
    name = main if folder.has(main) else f"{main}/__init__.py"
    try:
        docstring = ast.get_docstring(ast.parse(folder.text(name))) or ""
    except (SyntaxError, ValueError, RecursionError):
        docstring = ""
    return docstring.strip().split("\n\n")[0]
