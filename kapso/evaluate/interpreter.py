"""The Python behind the name on PATH, where that leads to a version manager's script.

Such a script looks at every call for the version that is wanted, which takes longer than most evaluations
(pyenv: 70 ms). It is asked once, in the base, where no candidate has a say.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping

from kapso.evaluate.sandbox import Base, Job, Limits

_ASK = "import sys; print(sys.executable)"
_LIMITS = Limits(timeout_s=20, memory_bytes=1 << 30, processes=512, disk_bytes=1 << 20)


def find_interpreter(
    name: str, base: Base, folder: str, environment: Mapping[str, str], cancel: threading.Event
) -> str:
    """What `name` starts in `folder` of the base: a path where a stand-in is on PATH, else `name` itself."""
    found = shutil.which(name)
    if found is None or not is_stand_in(found):
        return name
    result = base.run(Job(f'exec {name} -c "{_ASK}"', folder, environment, _LIMITS), cancel)
    said = result.stdout.decode("utf-8", "replace").strip()
    is_path = result.succeeded and os.path.isabs(said) and said.isprintable()
    return said if is_path and not is_stand_in(said) else name


def is_stand_in(program: str) -> bool:
    """Whether this is a script, or a link to a program that is no Python."""
    if not os.path.basename(os.path.realpath(program)).lower().startswith(("python", "pypy")):
        return True
    try:
        with open(program, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True
