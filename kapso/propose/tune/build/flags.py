"""Lists of flags: where they stand in a text, and the switches that they are worth.

Lists of one name change together, as the branches of an `ifdef` do. Flags are added behind the
optimisation level, so that what users put after it still wins, or else at the end of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL, STRUCTURAL, Place, Slot, Value, make_switch

_WORD = r"""(?<![^\s"'(;=])%s(?=[\s"');]|\\\r?\n|$)"""


@dataclass(frozen=True)
class FlagList:
    """Flags between `start` and `end`; `anchor` is where to add to a list without a level.

    `can_grow`: whether a second word may stand there at all. `added`: how a flag is added.
    """

    start: int
    end: int
    anchor: int
    can_grow: bool = True
    added: str = " {}"


@dataclass(frozen=True)
class Compiler:
    """What one kind of compiler understands: `level` matches the optimisation level in a list.

    `switches` by tier; those that change what a program computes come last. `burdens` are flags that
    cost speed: they can be taken away where they stand. `rivals` make a switch pointless: with one of
    them in the list it is not offered.
    """

    level: str
    levels: tuple[str, ...]
    no_level: str
    switches: Mapping[str, int]
    burdens: tuple[str, ...] = ()
    rivals: Mapping[str, str] | None = None


_C_SWITCHES = {
    "-march=native": CONFIGURED, "-flto": CONFIGURED, "-funroll-loops": CONFIGURED,
    "-fomit-frame-pointer": CONFIGURED, "-fno-plt": LOCAL, "-fno-math-errno": LOCAL, "-DNDEBUG": LOCAL,
    "-ffast-math": STRUCTURAL,
}  # fmt: skip
_C_BURDENS = (
    "-pg", "--coverage", "-fsanitize=address", "-fsanitize=undefined", "-fsanitize=address,undefined",
    "-fsanitize=thread", "-fno-inline", "-fno-omit-frame-pointer", "-fno-builtin", "-fstack-protector",
    "-fstack-protector-strong", "-fstack-protector-all", "-D_FORTIFY_SOURCE=2", "-D_FORTIFY_SOURCE=3",
    "-D_GLIBCXX_DEBUG", "-D_GLIBCXX_ASSERTIONS",
)  # fmt: skip

C = Compiler(
    level=r"-O(?:[0-3gsz]|fast)?",
    levels=("-O3", "-O2", "-O1", "-Os", "-O0", "-Ofast"),
    no_level="-O0",
    switches=_C_SWITCHES,
    burdens=_C_BURDENS,
    rivals={
        "-march=native": r"-m(?:arch|cpu)=[\w.+-]+",
        "-flto": r"-f(?:no-lto|lto=\S+)",
        "-DNDEBUG": r"-[DU]NDEBUG\S*",
    },
)
LINKER = Compiler("(?!)", (), "", {"-flto": LOCAL, "-static": LOCAL}, (), {"-flto": r"-f(?:no-lto|lto=\S+)"})
RUSTC = Compiler(
    level=r"-O|-C\s*opt-level=\w+",
    levels=tuple(f"-C opt-level={level}" for level in ("3", "2", "s", "1", "0")),
    no_level="-C opt-level=0",
    switches={
        "-C target-cpu=native": CONFIGURED,
        "-C lto": CONFIGURED,
        "-C codegen-units=1": CONFIGURED,
        "-C panic=abort": LOCAL,
    },
    burdens=("-C overflow-checks=on", "-C overflow-checks", "-C debug-assertions=on", "-C debug-assertions"),
    rivals={
        "-C target-cpu=native": r"-C\s*target-cpu=\S+",
        "-C lto": r"-C\s*lto=\S+",
        "-C codegen-units=1": r"-C\s*codegen-units=\S+",
        "-C panic=abort": r"-C\s*panic=\S+",
    },
)
# Cargo has its own say on everything else.
RUSTFLAGS = Compiler("(?!)", (), "", {"-C target-cpu=native": CONFIGURED}, (), RUSTC.rivals)


def has_level(text: str, flags: FlagList, compiler: Compiler = C) -> bool:
    """Whether a list names an optimisation level."""
    return bool(_matches(text, flags, compiler.level))


def switches(text: str, name: str, lists: Iterable[FlagList], compiler: Compiler) -> list[Slot]:
    """The switches of all lists of one name, the likeliest to help first."""
    kept = list(lists)
    slots = _level(text, name, kept, compiler)
    for flag, tier in compiler.switches.items():
        slots += _switch(text, f"{name}.{flag}", kept, flag, tier, compiler)
    for flag in compiler.burdens:
        # Absent from the start they are nothing to try; taken away by an attempt they are still known.
        for slot in _switch(text, f"{name}.{flag}", kept, flag, LOCAL, compiler):
            slots.append(slot if slot.value else replace(slot, tier=ASLEEP))
    return slots


def _level(text: str, name: str, lists: list[FlagList], compiler: Compiler) -> list[Slot]:
    if not compiler.levels:
        return []
    places: list[Place] = []
    value: str = compiler.no_level
    for flags in lists:
        matches = _matches(text, flags, compiler.level)
        if matches:
            value = matches[-1][0]
            places.append(Place(*matches[-1].span(), {}))
        elif flags.can_grow:
            texts: dict[Value, str] = {level: flags.added.format(level) for level in compiler.levels}
            places.append(Place(flags.anchor, flags.anchor, texts))
    return [make_switch(name, value, compiler.levels, places, CONFIGURED)] if places else []


def _switch(
    text: str, name: str, lists: list[FlagList], flag: str, tier: int, compiler: Compiler
) -> list[Slot]:
    pattern = re.escape(flag).replace(r"\ ", r"\s*")
    found = [(flags, match) for flags in lists for match in _matches(text, flags, pattern)]
    if found:
        places = [_standing(text, flags, match) for flags, match in found]
        return [make_switch(name, True, (True, False), places, tier)]
    rival = (compiler.rivals or {}).get(flag, "(?!)")
    if any(not flags.can_grow or _matches(text, flags, rival) for flags in lists):
        return []
    places = [_absent(text, flags, flag, compiler) for flags in lists]
    return [make_switch(name, False, (True, False), places, tier)]


def _standing(text: str, flags: FlagList, match: re.Match[str]) -> Place:
    """A flag that can be taken away, with the blanks before it."""
    start = flags.start + len(text[flags.start : match.start()].rstrip(" \t"))
    return Place(start, match.end(), {True: text[start : match.end()], False: ""})


def _absent(text: str, flags: FlagList, flag: str, compiler: Compiler) -> Place:
    """Where a flag would be added: behind the level, where there is one."""
    levels = _matches(text, flags, compiler.level)
    at = levels[-1].end() if levels else flags.anchor
    return Place(at, at, {True: flags.added.format(flag), False: ""})


def _matches(text: str, flags: FlagList, pattern: str) -> list[re.Match[str]]:
    word = re.compile(_WORD % f"(?:{pattern})")
    return list(word.finditer(text, flags.start, flags.end))
