"""Which files of a folder a Python file imports, told from its text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

from kapso.init.folder import Folder


def local_imports(folder: Folder, name: str) -> set[str]:
    """The files of the folder that a file imports, directly or not, without itself."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        for module in _imports(folder.text(current)):
            for path in _paths(folder, current, module):
                if path not in found and path != name:
                    found.add(path)
                    waiting.append(path)
    return found


@cache
def _imports(text: str) -> tuple[str, ...]:
    """The modules that a text imports, `from a import b` as `a` and as `a.b`: `b` may be a module too."""
    return tuple(_found_imports(text))


def _found_imports(text: str) -> Iterable[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            dot = "" if base.endswith(".") or not base else "."
            yield from (f"{base}{dot}{alias.name}" for alias in node.names)


def _paths(folder: Folder, importer: str, module: str) -> Iterable[str]:
    level = len(module) - len(module.lstrip("."))
    parts = [part for part in module.lstrip(".").split(".") if part]
    here = importer.split("/")[:-1]
    starts = [here[: len(here) - level + 1]] if level else [here, [], ["src"]]
    for start in starts:
        path = "/".join([*start, *parts])
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            if folder.has(candidate):
                yield candidate
