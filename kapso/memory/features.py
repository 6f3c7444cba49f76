"""What an attempt changed, in the words that lessons are about."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

from kapso.memory.signatures import signature_of

if TYPE_CHECKING:
    from kapso.attempt import Attempt
    from kapso.memory.hunks import Diffs, Hunk
    from kapso.propose.tune.program import Reader

MOST_PLACES = 40
_MODULE_LEVEL = re.compile(r"top\d*")


@dataclass(frozen=True)
class Features:
    """Of one attempt against its first parent; known once its candidate is made, but for `signature`.

    `places` are pairs of path and region (the enclosing function, "" outside of any); `moved` maps each
    parameter that differs from the parent's to old and new value; `tokens` are names that the change
    brought in or took out (`+name`, `-name`); `kinds` syntactic kinds of what changed (`call`, `loop`,
    `import`); `signature` is the normalised error that ended it.
    """

    proposer: str
    operator: str | None = None
    places: tuple[tuple[str, str], ...] = ()
    moved: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    signature: str | None = None


class Made(Protocol):
    """A candidate, landed or not; an `Attempt` is one."""

    @property
    def proposer(self) -> str: ...
    @property
    def commit(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Candidate:
    """What has been made and is not evaluated yet."""

    proposer: str
    commit: str
    parameters: Mapping[str, Any]


class Looker:
    """Looks at what attempts changed; keeps what it has parsed."""

    def __init__(self, diffs: Diffs) -> None:
        self.diffs = diffs
        self._reader: Reader | None = None

    def features(self, made: Made, parent: Made) -> Features:
        """The features of a candidate; whatever ended it is not among them, see `ended`."""
        if made.proposer == "tune":
            moved = self._moved(made, parent)
            places = sorted({(name.rsplit(":", 1)[0], "") for name in moved})
            return Features(made.proposer, None, tuple(places[:MOST_PLACES]), moved)
        told = made.parameters
        operator = told.get("operator") or told.get("recipe")
        hunks = self.diffs.hunks(parent.commit, made.commit)
        return Features(
            proposer=made.proposer,
            operator=operator if isinstance(operator, str) else None,
            places=_places(told, hunks),
            tokens=_tokens(hunks),
            kinds=frozenset(kind for each in hunks for kind in each.kinds),
        )

    def _moved(self, made: Made, parent: Made) -> dict[str, tuple[Any, Any]]:
        """The parameters that differ; a parent of another proposer does not tell its own, its files do."""
        new = made.parameters
        old = parent.parameters
        if parent.proposer != "tune":
            old = self._values(made, parent)
        return {name: (old[name], value) for name, value in new.items() if name in old and old[name] != value}

    def _values(self, made: Made, parent: Made) -> dict[str, Any]:
        """The parent's values that stand on lines that changed."""
        from kapso.git.hunks import changed_lines
        from kapso.propose.tune.program import Reader  # numpy: 80 ms

        self._reader = self._reader or Reader()
        values: dict[str, Any] = {}
        for path, (before, after) in self.diffs.files(parent.commit, made.commit).items():
            changed = {
                line
                for each in changed_lines(before, after)
                for line in range(each.old_at, each.old_at + each.old)
            }
            ends = list(accumulate(len(line) + 1 for line in before.decode("utf-8", "replace").split("\n")))
            for slot in self._reader.file(path, before).slots if before else ():
                if bisect(ends, slot.start) in changed:
                    values[slot.name] = slot.value
        return values


def ended(features: Features, attempt: Attempt) -> Features:
    """With the error that ended the attempt."""
    return replace(features, signature=signature_of(attempt))


def features_of(attempt: Attempt, parent: Made, looker: Looker) -> Features:
    """The features of an attempt that has landed."""
    return ended(looker.features(attempt, parent), attempt)


def region_of(region: str) -> str:
    """A proposer's name of a region as `Features.places` has it: module level is outside of any."""
    return "" if _MODULE_LEVEL.fullmatch(region) else region


def _places(told: Mapping[str, Any], hunks: Iterable[Hunk]) -> tuple[tuple[str, str], ...]:
    """Where the proposer says that it edited, or where the hunks lie."""
    path, region = told.get("path"), told.get("region")
    if isinstance(path, str) and isinstance(region, str):
        return ((path, region_of(region)),)
    found = {(each.path, region): None for each in hunks for region in each.regions}
    return tuple(found)[:MOST_PLACES]


def _tokens(hunks: Iterable[Hunk]) -> frozenset[str]:
    """The names that came and went; what merely moved did neither."""
    names = {name for each in hunks for name in each.names}
    moved = {name[1:] for name in names if name[0] == "+"} & {name[1:] for name in names if name[0] == "-"}
    return frozenset(sorted(name for name in names if name[1:] not in moved)[:MOST_PLACES])
