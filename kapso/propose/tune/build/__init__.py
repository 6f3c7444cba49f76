"""Build flags: what Makefiles, shell scripts, CMakeLists.txt and Cargo.toml tell the compilers.

Each flag is a parameter with named values, so it is scanned before anything clever. Only the files of
`edit` are read and written; flags in other files and in the commands of the goal stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from kapso.propose.tune.build import cargo, cmake, makefile, shell
from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import Slot

Reader = Callable[[str, list[Marker]], list[Slot]]

_BY_NAME: list[tuple[re.Pattern[str], Reader]] = [
    (re.compile(r"(GNU)?[Mm]akefile(\.\w+)?|.*\.(mk|mak)"), makefile.find_flags),
    (re.compile(r".*\.(sh|bash)"), shell.find_flags),
    (re.compile(r"CMakeLists\.txt|.*\.cmake"), cmake.find_flags),
    (re.compile(r"Cargo\.toml"), cargo.find_flags),
]


def reader_of(path: str) -> Reader | None:
    """What reads the flags of a file of this name: its slots, named without the path."""
    name = PurePosixPath(path).name
    return next((reader for pattern, reader in _BY_NAME if pattern.fullmatch(name)), None)
