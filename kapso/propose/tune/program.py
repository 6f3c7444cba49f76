"""What can be tuned in a set of files, and the edit that gives its parameters other values."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from kapso.errors import GoalError
from kapso.propose.tune.conditions import controller_of
from kapso.propose.tune.reading import FileSlots, read_file
from kapso.propose.tune.slots import Slot, Value, rewrite

_REMEMBERED_FILES = 256
_MANY_FILES = 50


@dataclass(frozen=True)
class Program:
    """The slots of a set of files by name, in order of path and place."""

    slots: Mapping[str, Slot]

    def values(self, names: Mapping[str, str] = {}) -> dict[str, Value]:  # noqa: B006 - only read
        """The present values; `names` maps a slot's name to that of its parameter, where they differ."""
        return {names.get(name, name): slot.value for name, slot in self.slots.items()}


class Reader:
    """Reads programs and remembers files, as most of them are the same from one parent to the next."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, bytes], FileSlots] = {}
        self._barren: set[str] = set()

    def read(self, files: Mapping[str, bytes], strict: bool = False) -> Program:
        """The program; with `strict`, a marker that cannot be obeyed is a GoalError.

        Among many files, those that held nothing when first read are not read again: reading
        thousands for every attempt would cost more than all the rest.
        """
        barren = self._barren if len(files) > _MANY_FILES else frozenset()
        found = {path: self.file(path, files[path]) for path in sorted(files) if path not in barren}
        if strict:
            _check_markers(found)
        is_marked = any(file.is_marked for file in found.values())
        slots = (slot for file in found.values() for slot in file.slots)
        kept = {slot.name: slot for slot in slots if slot.domain is not None or not is_marked}
        if strict:
            _check_conditions(kept)
        return Program(kept)

    def file(self, path: str, content: bytes) -> FileSlots:
        """The slots of one file."""
        key = (path, content)
        found = self._files.pop(key, None) or read_file(path, content)
        if not found.slots and not found.problems:
            self._barren.add(path)
            return found
        self._files[key] = found
        if len(self._files) > _REMEMBERED_FILES:
            self._files.pop(next(iter(self._files)), None)
        return found


def path_of(name: str) -> str:
    """The file that a parameter's name speaks of."""
    return name.rsplit(":", 1)[0]


def write_values(reader: Reader, values: Mapping[str, Value], files: MutableMapping[str, bytes]) -> None:
    """Set the parameters named in `values`, writing those files alone in which one changes."""
    for path in sorted({path_of(name) for name in values} & set(files)):
        content = files[path]
        slots = reader.read({path: content}).slots.values()
        changed = rewrite(content, slots, values)
        if changed != content:
            files[path] = changed


def _check_markers(found: Mapping[str, FileSlots]) -> None:
    for path, file in found.items():
        for problem in file.problems:
            raise GoalError(
                problem.message,
                where=f"{path}:{problem.line}",
                slug="bad-marker",
                help="write `kapso: 0.1..10 log`, `kapso: 1..64 int`, `kapso: a|b`, `kapso: order` "
                "or `kapso: fixed`",
            )


def _check_conditions(slots: Mapping[str, Slot]) -> None:
    named = {name: slot.label for name, slot in slots.items() if not slot.is_number}
    for name, slot in slots.items():
        condition = slot.domain.when if slot.domain is not None else None
        if condition is not None and controller_of(name, condition, named) is None:
            raise GoalError(
                f"the marker of `{slot.label}` depends on `{condition.name}`, which is nothing that is tuned",
                where=path_of(name),
                slug="bad-marker",
                help=f"mark a boolean or a choice of that name, as in `{condition.name} = True  "
                "# kapso: true|false`, or leave out the condition",
            )
