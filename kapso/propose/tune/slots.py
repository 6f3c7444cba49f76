"""A slot: one literal in a file that may take another value, and the text that writes it.

A slot's name (`pack.py:anneal.rate`) rests on scope and name, never on lines, so it stays the same
when the text around it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kapso.propose.tune.conditions import Condition
from kapso.propose.tune.numerals import read_number, write_number

Value = bool | int | float | str

CONFIGURED, LOCAL, STRUCTURAL, ASLEEP, NEVER = range(1, 6)
"""Tiers, by how likely a literal is a setting: named settings; other quantities; numbers that look
like part of a formula; those whose present value says nothing (`0`, `1`) unless it was another before;
and those that only a marker makes tunable (indices, annotations, seeds, versions)."""


@dataclass(frozen=True)
class Domain:
    """What a marker allows: a range with ends included, or choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[Value, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True)
class Edit:
    """Text for `start:end`; of several edits at one place that share a `lead`, the first writes it."""

    start: int
    end: int
    text: str
    lead: str = ""


@dataclass(frozen=True)
class Slot:
    """A literal at `text[start:end]` of a decoded file; `signed`: any sign is good syntax here."""

    name: str
    start: int
    end: int
    text: str
    value: Value
    tier: int
    signed: bool = False
    domain: Domain | None = None
    when: Condition | None = None

    @property
    def condition(self) -> Condition | None:
        """While it does not hold, the literal does not matter: what a marker says, or where it stands."""
        return self.domain.when if self.domain is not None and self.domain.when is not None else self.when

    @property
    def label(self) -> str:
        """The last part of the name, for titles."""
        return label_of(self.name)

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str)

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, (int, float)) and not isinstance(self.value, bool)

    @property
    def choices(self) -> tuple[Value, ...]:
        """The values that it may take, where they can be named."""
        return self.domain.choices if self.domain is not None else ()

    def edits(self, value: Value) -> list[Edit]:
        """What gives it another value."""
        return [Edit(self.start, self.end, write_value(value, self.text))]


@dataclass(frozen=True)
class Place:
    """Where a setting stands, or would stand: what to write there for each of its values."""

    start: int
    end: int
    texts: Mapping[Value, str]
    lead: str = ""


@dataclass(frozen=True)
class Switch(Slot):
    """A setting with named values that need not be spelt in the text, such as a compiler's flag.

    All its places change together; the text of a value that is not among a place's is the value itself.
    """

    options: tuple[Value, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def choices(self) -> tuple[Value, ...]:
        return super().choices or self.options

    def edits(self, value: Value) -> list[Edit]:
        return [Edit(p.start, p.end, p.texts.get(value, str(value)), p.lead) for p in self.places]


def make_switch(
    name: str, value: Value, options: Iterable[Value], places: Iterable[Place], tier: int
) -> Switch:
    """A switch whose present value comes first among its options."""
    ordered = tuple(dict.fromkeys((value, *options)))
    kept = tuple(places)
    start, end = kept[0].start, kept[0].end
    return Switch(name, start, end, "", value, tier, options=ordered, places=kept)


def write_value(value: Value, like: str) -> str:
    """The text of `value` in the spelling of the literal `like`."""
    if isinstance(value, bool):
        return _write_word("true" if value else "false", like)
    if isinstance(value, (int, float)):
        return write_number(value, like)
    quote = like[0] if like[:1] in {'"', "'"} else ""
    return quote + value + quote


def _write_word(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word


def read_value(text: str) -> Value | None:
    """The value of a literal's text: a number, a boolean, or a quoted string without escapes."""
    numeral = read_number(text)
    if numeral is not None:
        return numeral.value
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" and "\\" not in text:
        inner = text[1:-1]
        return None if text[0] in inner else inner
    return None


def rewrite(content: bytes, slots: Iterable[Slot], values: Mapping[str, Value]) -> bytes:
    """`content` with the slots named in `values` set; every byte outside a changed literal is kept."""
    text = content.decode("utf-8")
    changed = [s for s in slots if s.name in values and not is_same(values[s.name], s.value)]
    edits = [edit for slot in changed for edit in slot.edits(values[slot.name])]
    pieces: list[str] = []
    at = 0
    led: set[tuple[int, str]] = set()
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces.append(text[at : edit.start])
        if edit.lead and (edit.start, edit.lead) not in led:
            led.add((edit.start, edit.lead))
            pieces.append(edit.lead)
        pieces.append(edit.text)
        at = edit.end
    return "".join([*pieces, text[at:]]).encode("utf-8")


def label_of(name: str) -> str:
    """The last part of a parameter's name, without what tells it from others that are named like it."""
    return name.rsplit(":", 1)[-1].rsplit(".", 1)[-1].split("~", 1)[0]


def is_same(a: Value, b: Value) -> bool:
    """Equal in value and in kind of literal: `1` and `True` differ, `1` and `1.0` do not."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)
