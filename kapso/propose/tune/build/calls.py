"""Compilers that are called by name, in recipes and in scripts: all calls of one kind share their flags."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kapso.propose.tune.build.flags import RUSTC, C, FlagList, switches
from kapso.propose.tune.slots import Slot

_CALL = re.compile(
    r"""(?:^|[;&|(]|\b(?:time|ccache|do|then|else|exec)\b)[ \t]*[@+-]*[ \t]*(?:\w+=\S*[ \t]+)*
    (?P<compiler>(?:[\w./-]*/)?(?:[\w-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|rustc)(?:-[\d.]+)?
               | "?\$(?:[({](?:CC|CXX|FC|RUSTC)(?::-[\w+-]+)?[)}]|(?:CC|CXX|FC|RUSTC)\b)"?)
    (?=[ \t])(?P<words>(?:[^;&|\n\\]|\\\r?\n|\\.)*)""",
    re.VERBOSE | re.MULTILINE,
)
_MAKES_SOMETHING = re.compile(r"(?<!\S)-[co]\b|\.(c|cc|cpp|cxx|f90|rs)\b|\$[<^]")
_VARIABLE = re.compile(r""""?\$[({]?\w*(?:(?<!LD)FLAGS|OPT)[\w\[\]@]*[)}]?"?(?=\s)""")
_TAKES_FLAGS = re.compile(r"\$[({]?\w*(FLAGS|OPT)")


def find_flags(text: str, stretches: Iterable[tuple[int, int]], has_variables: bool) -> list[Slot]:
    """The switches of the calls in these stretches; calls that take a variable's flags are left to it."""
    lists: dict[str, list[FlagList]] = {"cc": [], "rustc": []}
    for start, end in stretches:
        for match in _CALL.finditer(text[start:end]):
            words = match["words"]
            if "kapso:" in words:
                continue
            if _MAKES_SOMETHING.search(words) and not (has_variables and _TAKES_FLAGS.search(words)):
                kind = "rustc" if "rustc" in match["compiler"].lower() else "cc"
                first, last = start + match.start("words"), start + match.end("words")
                # Behind a variable that another file sets, as the later of two levels wins.
                variables = list(_VARIABLE.finditer(text, first, last))
                anchor = variables[-1].end() if variables else first
                lists[kind].append(FlagList(first, last, anchor))
    return [
        *(switches(text, "cc", lists["cc"], C) if lists["cc"] else []),
        *(switches(text, "rustc", lists["rustc"], RUSTC) if lists["rustc"] else []),
    ]
