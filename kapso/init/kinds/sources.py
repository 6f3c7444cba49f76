"""C and C++ without a build system: all sources of the folder that holds `main`, compiled at once."""

from __future__ import annotations

import re
import shlex

from kapso.init.folder import Folder, is_test
from kapso.init.kinds.cmake import SOURCES
from kapso.init.program import Program

_MAIN = re.compile(r"^\s*(?:int|void|auto)\s+main\s*\(", re.MULTILINE)
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".inl", ".cu")


def look(folder: Folder) -> list[Program]:
    built = ("Makefile", "makefile", "GNUmakefile", "CMakeLists.txt", "meson.build", "configure")
    if any(folder.has(name) for name in built):
        return []
    files = [name for name in folder.ending(*SOURCES) if not is_test(name)]
    mains = [name for name in files if _MAIN.search(folder.text(name)) and not name.endswith(_HEADERS)]
    found = []
    for main in mains[:2]:
        beside = main.rpartition("/")[0]
        others = [name for name in files if name not in mains and name.rpartition("/")[0] == beside]
        units = [main, *(name for name in others if not name.endswith(_HEADERS))]
        compiler = "cc" if all(name.endswith(".c") for name in units) else "c++"
        named = " ".join(shlex.quote(name) for name in units)
        found.append(
            Program(
                kind="C or C++ program",
                main=main,
                edit=folder.patterns([main, *others]),
                run="./kapso-program",
                build=f"{compiler} -O2 -o kapso-program {named} -lm",
                tools=(compiler,),
            )
        )
    return found
