"""The kinds of programs, one module each: `look(folder)` gives the programs found, the likeliest first.

A new kind is one module and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kapso.init.folder import Folder
from kapso.init.kinds import cargo, cmake, go, make, node, python, shell, sources
from kapso.init.program import Program

KINDS: tuple[Callable[[Folder], list[Program]], ...] = (
    cargo.look,
    go.look,
    cmake.look,
    make.look,
    sources.look,
    node.look,
    python.look,
    shell.look,
)
"""What builds a program says more than what it is written in, so Python and shell scripts come last."""


def programs(folder: Folder) -> Iterator[Program]:
    """Every program that the folder may hold."""
    for look in KINDS:
        yield from look(folder)
