"""Environments of the peers, made once: one a peer in the cache folder, installed from the package index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


def python_of(*requirements: str) -> Path:
    """The interpreter of an environment that holds exactly these, made if it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = re.sub(r"\[.*?\]|=(?==)", "", "+".join(requirements)).replace("=", "-")
    folder = cache / "kapso-bench" / name
    made = folder / "made"
    if not made.exists():
        print(f"installing {' '.join(requirements)} into {folder}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        made.touch()
    return folder / "bin/python"
