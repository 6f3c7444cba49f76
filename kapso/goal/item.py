"""One value of the goal with its key and its place, and the readings that it allows.

A reading either gives the typed value or raises a GoalError that says where it stands, what was
found and what is allowed. Knows nothing about YAML: the same readings serve the command line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from kapso.errors import GoalError, UsageError
from kapso.goal.keys import SECRETS, elsewhere
from kapso.goal.names import quoted, suggestion
from kapso.goal.units import DURATIONS, SIZES, parse_duration, parse_size

_Number = TypeVar("_Number", int, float)
Value: TypeAlias = "str | int | float | bool | list[Item] | dict[str, Item] | None"
_LONGEST_SHOWN = 60
_YES_AND_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


@dataclass(frozen=True)
class Item:
    """A value at `key` (`sandbox.level`, `check[2]`), which stands at `where` (`goal.yaml:6`).

    `written` is a scalar as it stands in the file, before it was taken for a number or a boolean.
    """

    key: str
    value: Value
    where: str
    line: int = 0
    written: str = ""

    def error(self, message: str, *, help: str | None = None, slug: str = "bad-value") -> GoalError:
        """The error to raise about this value."""
        return GoalError(message, where=self.where, help=help, slug=slug)

    def expected(self, what: str, *, help: str | None = None) -> GoalError:
        """The error for a value of the wrong type: what must stand here and what was found."""
        return self.error(f"`{self.key}` must be {what}, found {self.found}", help=help, slug="wrong-type")

    @property
    def found(self) -> str:
        """The value in words: the number `5`, a list, nothing."""
        match self.value:
            case None:
                return "nothing"
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case bool():
                return f"the boolean `{self.written}`"
            case int() | float():
                return f"the number `{self.written}`"
        text = " ".join(self.value.split())
        return f"the text `{text[:_LONGEST_SHOWN]}{'…' if len(text) > _LONGEST_SHOWN else ''}`"

    def text(self, what: str = "text") -> str:
        """Text that is not blank, without the space around it."""
        if not isinstance(self.value, str):
            help = f"put it in quotes: `'{self.written}'`" if self.written else None
            raise self.expected(what, help=help or self._help_for_nothing())
        if not self.value.strip():
            raise self.error(
                f"`{self.key}` is empty", help="write a value, or remove the key", slug="empty-value"
            )
        return self.value.strip()

    def word(self, what: str) -> str:
        """Text as it was written, also where YAML takes it for a number: a revision may be all digits."""
        return self.written if isinstance(self.value, int | float) else self.text(what)

    def boolean(self) -> bool:
        if isinstance(self.value, bool):
            return self.value
        help = self._help_for_nothing()
        if isinstance(self.value, str) and self.value.lower() in {*_YES_AND_NO, "true", "false"}:
            help = f"write `{_YES_AND_NO.get(self.value.lower(), self.value.lower())}`, without quotes"
        raise self.expected("`true` or `false`", help=help)

    def integer(self, *, at_least: int, at_most: int = 2**53) -> int:
        """A whole number within bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.expected("a whole number", help=self._help_for_number())
        if not at_least <= self.value <= at_most:
            bound = f"at least {at_least}" if self.value < at_least else f"at most {at_most}"
            raise self.error(f"`{self.key}` must be {bound}, found `{self.written}`", slug="out-of-range")
        return self.value

    def number(self, *, may_be_infinite: bool = False) -> float:
        """A number; never NaN, infinite only where that has a meaning."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.expected("a number", help=self._help_for_number())
        value = float(self.value)
        if math.isnan(value) or (math.isinf(value) and not may_be_infinite):
            raise self.error(
                f"`{self.key}` must be a finite number, found `{self.written}`", slug="out-of-range"
            )
        return value

    def duration(self) -> float:
        """Seconds of `90s`, `10m`, `2h`."""
        return self._unit(parse_duration, "a duration", DURATIONS)

    def size(self) -> int:
        """Bytes of `512MB`, `4GB`."""
        return self._unit(parse_size, "a size", SIZES)

    def choice(self, names: Collection[str]) -> str:
        """One of a few names."""
        if not isinstance(self.value, str):
            raise self.expected(f"one of {quoted(names)}", help=self._help_for_nothing())
        if self.value not in names:
            raise self.error(
                f"`{self.value}` is not known for `{self.key}`",
                help=suggestion(self.value, names),
                slug="unknown-name",
            )
        return self.value

    def items(self, what: str) -> list[Item]:
        """The elements of a list; a value alone stands for a list of one."""
        if self.value is None:
            raise self.expected(what, help=self._help_for_nothing())
        return self.value if isinstance(self.value, list) else [self]

    def mapping(self, allowed: Collection[str], *, example: str) -> dict[str, Item]:
        """The values of a mapping by key, each key one of `allowed`; `example` shows what it looks like."""
        pairs = self.pairs(example)
        for name, item in pairs.items():
            if name not in allowed:
                raise self._unknown(name, item, allowed)
        return pairs

    def pairs(self, example: str) -> dict[str, Item]:
        """The values of a mapping whose keys are free."""
        if not isinstance(self.value, dict):
            raise self.expected("a mapping", help=self._help_for_nothing() or f"write it like `{example}`")
        return self.value

    def _unknown(self, name: str, item: Item, allowed: Collection[str]) -> GoalError:
        if name.lower().replace("-", "_") in SECRETS:
            return self._no_secret(name, item, allowed)
        if other := elsewhere(name, self.key):
            section, _, rest = other.rpartition(".")
            shape = f"{section}: {{{rest}: …}}" if section else f"{rest}: …"
            help = f"did you mean `{other}`? It is written as `{shape}`, at the top level"
        else:
            help = suggestion(name, allowed, allowed=f"`{self.key}` takes" if self.key else "allowed are")
        inside = f" in `{self.key}`" if self.key else ""
        return item.error(f"unknown key `{name}`{inside}", help=help, slug="unknown-key")

    def _no_secret(self, name: str, item: Item, allowed: Collection[str]) -> GoalError:
        """A key of a provider, which is never repeated: git keeps the goal with every run."""
        by_env = "env" in allowed and "api_key_env" not in allowed
        remedy = "`env: [MY_KEY]`" if by_env else "`api_key_env: MY_KEY` in the entry of the model"
        return item.error(
            f"`{name}` has no place in a goal, which git keeps with every run",
            help=f"take it out, `export MY_KEY=…`, and name the variable: {remedy}",
            slug="key-in-goal",
        )

    def _unit(self, parse: Callable[[str], _Number], kind: str, allowed: str) -> _Number:
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self.expected(kind, help=self._help_for_nothing() or f"write it as {allowed}")
        try:
            return parse(self.value if isinstance(self.value, str) else self.written)
        except UsageError as error:
            raise self.error(f"`{self.key}`: {error.message}", help=error.help, slug=error.slug) from error

    def _help_for_nothing(self) -> str | None:
        return "write a value, or remove the key" if self.value is None else None

    def _help_for_number(self) -> str | None:
        if isinstance(self.value, str) and self.value.strip().replace(".", "", 1).lstrip("+-").isdigit():
            return "write it without quotes"
        return self._help_for_nothing()
