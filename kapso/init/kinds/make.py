"""C and C++ (or anything) with a Makefile: its targets say how it is built, run, tested and scored."""

from __future__ import annotations

import re

from kapso.init.folder import Folder, is_test, stem
from kapso.init.kinds.cmake import SOURCES
from kapso.init.program import Program

_TARGET = re.compile(r"^([A-Za-z0-9][\w./-]*(?: +[A-Za-z0-9][\w./-]*)*)\s*:(?![=:])", re.MULTILINE)
_SCORING = ("score", "evaluate", "eval", "bench", "benchmark")
_TESTING = ("check", "test", "tests")


def look(folder: Folder) -> list[Program]:
    makefile = next((name for name in ("GNUmakefile", "makefile", "Makefile") if folder.has(name)), None)
    sources = [name for name in folder.ending(*SOURCES) if not is_test(name) and not _is_bench(name)]
    if makefile is None or not sources:
        return []
    named = [name for line in _TARGET.findall(folder.text(makefile)) for name in line.split()]
    targets = [f"make -s {each}" for each in _SCORING if each in named]
    suite = next((f"make -s {each}" for each in _TESTING if each in named), "")
    is_free = not suite and not targets  # else a judge goes by it
    return [
        Program(
            kind="C or C++ program with make",
            main="{binary}",
            edit=(*folder.patterns(sources), *((makefile,) if is_free else ())),
            build_files=() if is_free else folder.patterns([makefile]),
            run="make -s run" if "run" in named else "{binary}",
            build="make -s",
            suite=suite,
            targets=tuple(targets),
            tools=("make", "cc"),
        )
    ]


def _is_bench(name: str) -> bool:
    return stem(name).lower() in {"bench", "benchmark"}
