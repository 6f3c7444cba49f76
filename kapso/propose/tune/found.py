"""What the readers of each language share: a literal as found, the names given to it, what is no setting."""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kapso.propose.tune.conditions import Condition, read_condition
from kapso.propose.tune.numerals import read_number
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL, STRUCTURAL, Slot, Value, read_value

if TYPE_CHECKING:
    from ast_grep_py import Config, SgNode

DATA_AT = 24
"""A list of this many literals is data, not settings."""

_NO_SETTINGS = {
    "seed", "random_state", "version", "port", "verbose", "verbosity", "debug", "indent", "encoding",
    "axis", "axes", "dim", "dims", "ndim", "ndmin", "keepdims", "dtype", "shape", "ndigits", "decimals",
    "schema", "schemaversion", "schema_version", "python", "id", "uid", "uuid", "date", "year", "figsize",
    "dpi", "stacklevel", "exit_code", "returncode", "nargs",
}  # fmt: skip
_QUIET_CALLS = {
    "print", "exit", "_exit", "abort", "quit", "assert", "printf", "fprintf", "snprintf", "sprintf", "puts",
    "fputs", "reshape", "seed", "default_rng", "RandomState", "Random", "srand", "mt19937", "isinstance",
    "getattr", "setattr", "debug", "info", "warning", "error", "exception", "log_message", "sleep",
    "perf_counter", "open", "Path", "struct", "unpack", "pack_into",
    # Rust
    "seed_from_u64", "from_seed", "nth", "from_str_radix", "from_radix",
    # Go
    "Print", "Println", "Printf", "Sprint", "Sprintf", "Fprint", "Fprintf", "Fprintln", "Errorf", "Fatal",
    "Fatalf", "Exit", "Seed", "NewSource", "NewPCG", "Sleep", "panic", "ParseInt", "ParseFloat", "FormatInt",
    "FormatFloat",
    # Java
    "println", "exitValue",
    # JavaScript
    "toFixed", "toPrecision", "toString", "padStart", "padEnd", "parseInt", "slice", "substring", "substr",
    "splice", "charAt", "charCodeAt", "codePointAt", "at", "expect", "require", "setTimeout", "setInterval",
}  # fmt: skip
_FORMULA_OPERATORS = {"**", "<<", ">>", ">>>", "&", "|", "^", "&^"}


@dataclass(frozen=True)
class Found:
    """A literal as a reader found it; `names` from the outermost scope inwards."""

    start: int
    end: int
    text: str
    names: tuple[str, ...]
    tier: int
    signed: bool = False
    when: Condition | None = None


def is_setting(name: str) -> bool:
    """Whether something of this name may be tuned (`seed` and `version` may not)."""
    bare = name.lower().strip("_")
    return bare not in _NO_SETTINGS and not bare.endswith(("_seed", "_version", "_port", "_axis"))


def is_quiet_call(name: str) -> bool:
    """Whether a call's positional arguments say nothing about quality: printing, seeding, exiting."""
    return name.rsplit(".", 1)[-1].rsplit("::", 1)[-1] in _QUIET_CALLS or name.startswith("console.")


def tier_of(value: Value, configured: bool, direct: bool, operator: str = "") -> int:
    """How likely `value` is a setting, given where it stands."""
    if configured:
        return CONFIGURED
    if isinstance(value, (bool, str)):
        return ASLEEP
    if value in (0, 1, -1) and isinstance(value, int) or value == 0:
        return ASLEEP
    if operator in _FORMULA_OPERATORS or (
        not direct and (value in (0.5, 1, 2, -1, -2, -0.5) or abs(value) <= 1e-9)
    ):
        return STRUCTURAL
    return LOCAL


def name_slots(path: str, found: Iterable[Found], bare: bool = False) -> list[Slot]:
    """Slots of one file in order, made unique by an ordinal; `bare`: a string may stand without quotes."""
    slots: list[Slot] = []
    seen: Counter[str] = Counter()
    for literal in sorted(found, key=lambda literal: literal.start):
        name = f"{path}:{'.'.join(literal.names) or 'top'}"
        seen[name] += 1
        value = read_value(literal.text)
        if value is None and bare and re.fullmatch(r"(?:[^\W\d]|-[A-Za-z])[\w .,=+-]*", literal.text):
            value = literal.text
        if value is None:
            continue
        numeral = read_number(literal.text)
        tier = max(literal.tier, STRUCTURAL) if numeral and numeral.is_based else literal.tier
        signed = literal.signed and not (numeral and numeral.is_unsigned)
        unique = name if seen[name] == 1 else f"{name}#{seen[name]}"
        slots.append(
            Slot(unique, literal.start, literal.end, literal.text, value, tier, signed, when=literal.when)
        )
    return slots


def span(node: SgNode) -> tuple[int, int]:
    """Where a node stands, as offsets of characters."""
    place = node.range()
    return place.start.index, place.end.index


def is_within(inner: SgNode, outer: SgNode | None) -> bool:
    """Whether `inner` lies inside `outer`, ends included."""
    if outer is None:
        return False
    (a, b), (c, d) = span(inner), span(outer)
    return c <= a and b <= d


def condition_of(statement: SgNode, inner: SgNode) -> Condition | None:
    """What an `if` on a constant asks for the part of it that `inner` is; None where it is no such `if`."""
    asked = statement.field("condition")
    condition = read_condition(asked.text()) if asked is not None else None
    if condition is None or not re.fullmatch(r"[A-Z][A-Z0-9_]*", condition.name):
        return None
    if is_within(inner, statement.field("consequence")):
        return condition
    is_else = inner.kind() in {"else_clause", "block", "compound_statement", "statement_block"}
    if is_else and is_within(inner, statement.field("alternative")):
        return replace(condition, is_negated=not condition.is_negated)
    return None


def settings_among(root: SgNode, kinds: Iterable[str], lists: Iterable[str]) -> Iterator[SgNode]:
    """Nodes of these kinds in order of place, without those inside a list so long that it is data."""
    data = _data(root, lists)
    for node in root.find_all(any_of(kinds)):
        at = span(node)[0]
        place = bisect(data, (at, at)) - 1
        if place < 0 or at >= data[place][1]:
            yield node


def _data(root: SgNode, lists: Iterable[str]) -> list[tuple[int, int]]:
    ranges = [(0, 0)]
    for node in root.find_all(any_of(lists)):
        start, end = span(node)
        if start >= ranges[-1][1] and end - start > 2 * DATA_AT:
            text = node.text()
            if text.count(",") >= DATA_AT and len(re.findall(r"(?<![\w.])[\d.]+", text)) > DATA_AT:
                ranges.append((start, end))
    return ranges


def any_of(kinds: Iterable[str]) -> Config:
    return {"rule": {"any": [{"kind": kind} for kind in kinds]}}


def last_name(text: str) -> str:
    """`rate` of `self.model.rate`, `f` of `a::f`, `weights` of `weights[0]`; a short word in every case."""
    words = re.findall(r"[^\W\d]\w*", text.split("[", 1)[0].split("(", 1)[0])
    return words[-1] if words else ""
