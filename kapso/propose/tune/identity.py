"""Identities: which parameter of a child is which of its parent's, whatever was edited around it.

A slot's name rests on scope and name, and on an ordinal where several share them; a statement that is
deleted, copied or moved shifts the ordinals. So the slots of a child are aligned with its parents', by
lines that stayed, then by lines that merely moved. An identity follows from the attempt's ancestry
alone, never from the order in which attempts landed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import blake2b

from kapso.attempt import Attempt
from kapso.propose.protocol import Files, Snapshot
from kapso.propose.tune.program import Reader
from kapso.propose.tune.slots import Slot, Value, rewrite

_ORDINAL = re.compile(r"#\d+(?='?$)")
_VALUES = re.compile(r"(?<![\w.])-?\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\b(?:true|false|True|False)\b")
_MOST_LINES = 1500
"""Where more lines than this lie between the first and the last change, only names are compared."""

Names = Mapping[str, str]
"""From a slot's name in the text to the parameter that it is, where the two differ."""


@dataclass(frozen=True)
class _Spot:
    """A slot among those of the same scope and name; `order` counts those of its line."""

    name: str
    base: str
    text: str
    line: int
    order: int
    written: str
    after: str

    @property
    def like(self) -> str:
        """Its line without the values in it."""
        return _VALUES.sub("0", self.written)


class Identities:
    """The names of every attempt's parameters. `read` gives the editable files of a commit."""

    def __init__(self, reader: Reader, read: Callable[[str], Files]) -> None:
        self._reader = reader
        self._read = read
        self._commits: dict[int, str] = {}
        self._names: dict[int, Names] = {}

    def names(self, number: int) -> Names:
        """Those of an attempt that was met."""
        return self._names.get(number, {})

    def inherit(self, attempt: Attempt) -> None:
        """The attempt has its first parent's statements, with other values."""
        self._commits[attempt.number] = attempt.commit
        if attempt.parents and (names := self.names(attempt.parents[0])):
            self._names[attempt.number] = names

    def meet(self, attempt: Attempt, files: Files) -> None:
        """Tell the parameters of an attempt that anything may have happened to."""
        if attempt.number in self._commits:
            return
        self._commits[attempt.number] = attempt.commit
        parents = [number for number in attempt.parents if number in self._commits]
        if not parents:
            return
        first, *others = [(number, self._read(self._commits[number])) for number in parents]
        changed = _changed(files, first[1])
        names = {new: old for new, old in self.names(first[0]).items() if _path(new) not in changed}
        for path in sorted(changed & set(files)):
            names.update(self._in_file(path, files[path], [first, *others]))
        if names:
            self._names[attempt.number] = names

    def is_retuned(self, number: int, files: Files, values: Mapping[str, Value], parent: int) -> bool:
        """Whether an attempt that was met has the text of another one, but for the `values` of parameters."""
        if parent not in self._commits:
            return False
        before = self._read(self._commits[parent])
        names = self.names(parent)
        for path in _changed(files, before):
            if path not in files or path not in before:
                return False
            old = self._reader.file(path, before[path]).slots
            local = {slot.name: values.get(names.get(slot.name, slot.name), slot.value) for slot in old}
            if rewrite(before[path], old, local) != files[path]:
                return False
        return True

    def _in_file(self, path: str, content: bytes, parents: list[tuple[int, Files]]) -> dict[str, str]:
        left = {slot.name: slot for slot in self._reader.file(path, content).slots}
        found: dict[str, str] = {}
        taken: set[str] = set()
        for number, files in parents:
            if path not in files or not left:
                continue
            old = self._reader.file(path, files[path]).slots
            known = self.names(number)
            for new, name in align(files[path], old, content, left.values()).items():
                identity = known.get(name, name)
                if identity not in taken:
                    taken.add(identity)
                    found[new] = identity
                    del left[new]
        if found and left:
            self._baptise(content, left.values(), found, taken)
        return {new: identity for new, identity in found.items() if new != identity}

    @staticmethod
    def _baptise(content: bytes, fresh: Iterable[Slot], found: dict[str, str], taken: set[str]) -> None:
        """Give what is new a name of its own: where the plain one may be another's, one after its line."""
        bases = {_base(name) for name in (*taken, *found)}
        for spot in _spots(content, fresh):
            identity = spot.name
            if spot.base in bases:
                context = f"{_VALUES.sub('0', spot.after)}\n{spot.like}"
                digest = blake2b(context.encode(), digest_size=3).hexdigest()
                identity = f"{spot.base}~{digest}"
            while identity in taken:
                identity += "+"
            taken.add(identity)
            found[spot.name] = identity


def align(before: bytes, old: Iterable[Slot], after: bytes, new: Iterable[Slot]) -> dict[str, str]:
    """The slots of `after` that are settings of `before`: new name → old name."""
    ours, theirs = _groups(_spots(before, old)), _groups(_spots(after, new))
    pairs: dict[str, str] = {}
    lines: dict[int, int] | None = None
    for base, there in theirs.items():
        here = ours.get(base, [])
        if len(here) == len(there) and all(map(_are_alike, here, there)):
            pairs.update((b.name, a.name) for a, b in zip(here, there, strict=True))
        elif len(here) == len(there) == 1:
            pairs[there[0].name] = here[0].name
        elif here:
            if lines is None:
                lines = _lines_that_stayed(before, after)
            pairs.update(_match(here, there, lines))
    return pairs


def _are_alike(a: _Spot, b: _Spot) -> bool:
    return a.written == b.written or a.like == b.like


def _match(here: list[_Spot], there: list[_Spot], lines: Mapping[int, int]) -> dict[str, str]:
    """By line that stayed, by likeness of the line, by text, then in order where as many are left."""
    pairs: dict[str, str] = {}
    rules: tuple[tuple[Callable[[_Spot], object], Callable[[_Spot], object]], ...] = (
        (lambda a: (a.line, a.order), lambda b: (lines.get(b.line), b.order)),
        (lambda a: (a.like, a.order, a.text), lambda b: (b.like, b.order, b.text)),
        (lambda a: (a.like, a.order), lambda b: (b.like, b.order)),
        (lambda a: a.text, lambda b: b.text),
    )
    for key_here, key_there in rules:
        free: dict[object, list[_Spot]] = defaultdict(list)
        for spot in here:
            if spot.name not in pairs.values():
                free[key_here(spot)].append(spot)
        for spot in there:
            if spot.name not in pairs and free.get(key := key_there(spot)):
                pairs[spot.name] = free[key].pop(0).name
    rest_here = [spot for spot in here if spot.name not in pairs.values()]
    rest_there = [spot for spot in there if spot.name not in pairs]
    if len(rest_here) == len(rest_there):
        pairs.update((b.name, a.name) for a, b in zip(rest_here, rest_there, strict=True))
    return pairs


def _lines_that_stayed(before: bytes, after: bytes) -> dict[int, int]:
    """Line of `after` → line of `before`."""
    a, b = before.split(b"\n"), after.split(b"\n")
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    stayed = {i: i for i in range(start)}
    stayed.update({len(b) - 1 - i: len(a) - 1 - i for i in range(end)})
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    if max(len(middle_a), len(middle_b)) <= _MOST_LINES:
        for block in SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks():
            stayed.update({start + block.b + i: start + block.a + i for i in range(block.size)})
    return stayed


def _spots(content: bytes, slots: Iterable[Slot]) -> list[_Spot]:
    text = content.decode("utf-8")
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spots: list[_Spot] = []
    orders: dict[tuple[str, int], int] = defaultdict(int)
    at = 0
    for slot in sorted(slots, key=lambda slot: slot.start):
        while starts[at + 1] <= slot.start:
            at += 1
        base = _base(slot.name)
        spots.append(
            _Spot(
                name=slot.name,
                base=base,
                text=slot.text,
                line=at,
                order=orders[base, at],
                written=lines[at].strip(),
                after=lines[at - 1].strip() if at else "",
            )
        )
        orders[base, at] += 1
    return spots


def _groups(spots: Iterable[_Spot]) -> dict[str, list[_Spot]]:
    groups: dict[str, list[_Spot]] = defaultdict(list)
    for spot in spots:
        groups[spot.base].append(spot)
    return groups


def _base(name: str) -> str:
    return _ORDINAL.sub("", name).split("~", 1)[0]


def _path(name: str) -> str:
    return name.rsplit(":", 1)[0]


def _changed(files: Files, before: Files) -> set[str]:
    if isinstance(files, Snapshot) and isinstance(before, Snapshot):
        return files.changed_from(before)
    return {path for path in {*files, *before} if files.get(path) != before.get(path)}
