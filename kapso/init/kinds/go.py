"""Go: one binary of the main package; modules are fetched once by `setup`."""

from __future__ import annotations

import re

from kapso.init.folder import Folder, is_test
from kapso.init.program import Program

_MAIN = re.compile(r"^package main\b", re.MULTILINE)


def look(folder: Folder) -> list[Program]:
    if not folder.has("go.mod"):
        return []
    files = folder.ending(".go")
    mains = sorted({name.rpartition("/")[0] for name in files if _MAIN.search(folder.text(name))})
    sources = [name for name in files if not is_test(name)]
    home = "GOCACHE=$TMPDIR/go-build GOFLAGS=-mod=mod"
    needs_modules = "require" in folder.text("go.mod")
    modules = "GOMODCACHE=$PWD/.go-modules " if needs_modules else ""
    return [
        Program(
            kind="Go program",
            main=package or ".",
            edit=folder.patterns(sources),
            run="./kapso-program",
            setup=f"{modules}go mod download" if needs_modules else "",
            build=f"{home} {modules}go build -o kapso-program ./{package}",
            suite=f"{home} {modules}go test ./..." if any(is_test(name) for name in files) else "",
            tools=("go",),
        )
        for package in mains
    ]
