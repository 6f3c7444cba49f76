"""Which files of a folder or a repository are documents; what is made, binary or data is passed over."""

from __future__ import annotations

from pathlib import PurePosixPath

from kapso_knowledge.reading.formats import format_by_name

_FOLDERS = frozenset(
    ".git .hg .svn .tox .nox .venv venv .env node_modules __pycache__ .mypy_cache .pytest_cache .ruff_cache"
    " .idea .vscode site-packages bower_components .eggs .ipynb_checkpoints _static"
    " _vendor vendor third_party thirdparty".split()
)
_MADE = (".min.js", ".min.css", ".lock", "-lock.json", ".map", ".egg-info", "_pb2.py", ".pb.go", ".g.dart")


def skips_folder(name: str) -> bool:
    """Whether nothing in a folder of this name is worth reading."""
    return name in _FOLDERS or name.endswith((".egg-info", ".dist-info"))


def is_document(path: str) -> bool:
    """Whether a file of this name, relative to its source, is read."""
    pure = PurePosixPath(path)
    if any(skips_folder(part) for part in pure.parts[:-1]) or path.lower().endswith(_MADE):
        return False
    return format_by_name(path) is not None


def as_text(path: str) -> str:
    """A path as the library can hold it: bytes in it that are no UTF-8 become `�`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
