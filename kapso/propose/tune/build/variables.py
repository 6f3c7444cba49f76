"""Variables that hold flags, by their names and by what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kapso.propose.tune.build.flags import LINKER, RUSTFLAGS, C, FlagList, has_level, switches
from kapso.propose.tune.slots import Slot

_C_NAME = re.compile(r"(\w+_)?(C|CC|CXX|F|FC)_?FLAGS(_\w+)?")
_OTHER_TOOLS = re.compile(r"NVCC|CUDA|HIP|JAVA|CPPFLAGS|^GO|^SW|LATEX", re.IGNORECASE)
_NOT_FOR_SPEED = re.compile(r"debug|dbg|[atmu]san|sanit|cov|test|prof|warn", re.IGNORECASE)
_REFERENCE = re.compile(r"\$[({]?(\w*(?:FLAGS|OPT)\w*)")


@dataclass(frozen=True)
class Variable:
    """One assignment; `target` is what it is limited to, as in `debug: CFLAGS += -g`."""

    name: str
    target: str
    flags: FlagList

    @property
    def is_for_speed(self) -> bool:
        return not (_NOT_FOR_SPEED.search(self.name) or _NOT_FOR_SPEED.search(self.target))


def flags_of_variables(text: str, variables: Mapping[str, list[Variable]]) -> list[Slot]:
    """Switches of the variables that hold an optimisation level, or are named for flags and take none.

    What is chosen must not change with what tune itself writes, or trials could not be compared.
    """
    useful = {
        name: kept
        for name, all_of_it in variables.items()
        if (kept := [variable for variable in all_of_it if variable.is_for_speed])
        and not _OTHER_TOOLS.search(name)
    }
    linked = {name for name in useful if name.endswith("LDFLAGS")}
    rusted = {name for name in useful if name.endswith("RUSTFLAGS")}
    rest = [name for name in useful if name not in linked | rusted]
    slots: list[Slot] = []
    for name in rest:
        lists = [variable.flags for variable in useful[name]]
        levelled = [flags for flags in lists if has_level(text, flags)]
        if levelled or (_C_NAME.fullmatch(name) and not _refers(text, name, lists[0])):
            slots += switches(text, name, levelled or lists[:1], C)
    for name in sorted(rusted):
        slots += switches(text, name, [useful[name][0].flags], RUSTFLAGS)
    for name in sorted(linked):
        slots += switches(text, name, [useful[name][0].flags], LINKER)
    return slots


def _refers(text: str, name: str, flags: FlagList) -> bool:
    """Whether it takes its flags from another variable."""
    return any(match[1] != name for match in _REFERENCE.finditer(text, flags.start, flags.end))
