"""C and C++ with CMake: built for release, out of the sources."""

from __future__ import annotations

import re

from kapso.init.folder import Folder, is_test
from kapso.init.program import Program

SOURCES = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".cu", ".inl")
_EXECUTABLE = re.compile(r"^\s*add_executable\s*\(\s*([\w.${}-]+)", re.IGNORECASE | re.MULTILINE)
_PROJECT = re.compile(r"^\s*project\s*\(\s*([\w.-]+)", re.IGNORECASE | re.MULTILINE)
_MOST_LISTS = 8
_TESTS = re.compile(r"^\s*add_test\s*\(", re.IGNORECASE | re.MULTILINE)


def look(folder: Folder) -> list[Program]:
    if not folder.has("CMakeLists.txt"):
        return []
    lists = [name for name in folder.files if name.endswith("CMakeLists.txt")]
    text = "\n".join(folder.text(name) for name in lists)
    project = match[1] if (match := _PROJECT.search(folder.text("CMakeLists.txt"))) else "program"
    targets = [re.sub(r"\$\{PROJECT_NAME\}", project, each) for each in _EXECUTABLE.findall(text)]
    sources = [name for name in folder.ending(*SOURCES) if not is_test(name)]
    if not sources:
        return []
    return [
        Program(
            kind="C or C++ program with CMake",
            main=target,
            edit=folder.patterns(sources),
            build_files=folder.patterns([name for name in lists if not is_test(name)][:_MOST_LISTS]),
            run="{binary}",
            build="cmake -S . -B build -DCMAKE_BUILD_TYPE=Release > /dev/null && cmake --build build",
            keep=("build/",),
            suite="ctest --test-dir build --output-on-failure" if _TESTS.search(text) else "",
            tools=("cmake", _compiler(sources)),
        )
        for target in targets
        if not is_test(target) and "$" not in target and "bench" not in target.lower()
    ]


def _compiler(sources: list[str]) -> str:
    return "cc" if any(name.endswith(".c") for name in sources) else "c++"
