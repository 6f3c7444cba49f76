"""Environments of the peers, made once: one a peer in the cache folder, installed from the package index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MADE = "made"
"""The file that says that an environment is complete."""


def python_of(*requirements: str, has_dependencies: bool = True) -> Path:
    """The interpreter of an environment that holds exactly these, made if it is not there yet.

    With `has_dependencies` False, what they depend on is left out.
    """
    folder = _folder(requirements)
    if not is_made(*requirements):
        print(f"installing {' '.join(requirements)} into {folder}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *requirements]
        if subprocess.run([*install, *([] if has_dependencies else ["--no-deps"])]).returncode:
            raise SystemExit(f"{' '.join(requirements)} could not be installed")
        (folder / MADE).touch()
    return folder / "bin/python"


def is_made(*requirements: str) -> bool:
    return (_folder(requirements) / MADE).exists()


def _folder(requirements: tuple[str, ...]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = re.sub(r"\[.*?\]|=(?==)", "", "+".join(requirements)).replace("=", "-")
    return cache / "kapso-bench" / name
