"""Changes that earned in earlier runs, as lessons tell of them, tried where the lines they replace stand.

Those lines must stand once in a file, whole, or the change says nothing about this program. All hunks that
fit are made at once first, of the best so far; function by function, or one by one, only after that did not
pay, each with the imports that all of it needs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kapso.attempt import Attempt
from kapso.propose.mutate.edit import Replacement, apply
from kapso.propose.mutate.record import Result, result_of
from kapso.propose.protocol import Files, Idea, Snapshot
from kapso.propose.recalled import Change

MOST_TRIES = 2
"""Of a change that did not pay here."""
PATIENCE = 3
"""After so many more that did not pay than did, changes wait for the turn that recipes have anyway."""
_SHORTEST = 12
"""Characters, blanks left out: what is shorter stands in any other file by chance."""
_LONGEST = 60
_MOST_APART = 6
"""Parts that a change is taken apart into."""
_REMEMBERED = 64


@dataclass(frozen=True)
class Fit:
    """A hunk at its place: the path, where the lines stand, and what they become."""

    hunk: int
    path: str
    span: Replacement


@dataclass(frozen=True)
class Start:
    """A program to make changes of: the attempt that has it, its tree and its editable files."""

    number: int
    tree: str
    files: Snapshot


@dataclass(frozen=True)
class Variant:
    """Hunks of a change to be made together; `key` names it wherever it fits."""

    change: Change
    start: Start
    fits: tuple[Fit, ...]
    key: str

    def contents(self) -> dict[str, bytes]:
        """The files that it changes, as they are then."""
        made, files = {}, self.start.files
        for path in dict.fromkeys(fit.path for fit in self.fits):
            spans = sorted(fit.span for fit in self.fits if fit.path == path)
            made[path] = apply(files[path].decode("utf-8"), spans).encode("utf-8")
        return made

    def idea(self) -> Idea:
        """Make these replacements."""
        files = self.start.files
        lesson, is_whole = self.change.lesson, len(self.fits) == len(self.change.hunks)
        paths = list(dict.fromkeys(fit.path for fit in self.fits))
        texts = {path: files[path].decode("utf-8") for path in paths}
        hunks = len(self.fits)
        what = f"{hunks} hunks" if hunks > 1 else _made(texts[paths[0]], self.fits[0].span)
        where = ", ".join(PurePosixPath(path).name for path in paths[:3])
        return Idea(
            title=f"known change {lesson}: {what} in {where}",
            hypothesis=f"change: what lesson {lesson} tells of earned its keep before.",
            parameters={
                "recipe": lesson if is_whole else self.key,
                "hunks": sorted(fit.hunk for fit in self.fits),
                "key": self.key,
                "path": paths[0],
            },
            details={
                "files": [
                    {
                        "path": path,
                        "replace": [
                            [fit.span[0], texts[path][fit.span[0] : fit.span[1]], fit.span[2]]
                            for fit in sorted(self.fits, key=lambda each: each.span)
                            if fit.path == path
                        ],
                    }
                    for path in paths
                ]
            },
            rests_on=(lesson,),
            parents=(self.start.number,),
        )


def _made(text: str, span: Replacement) -> str:
    """The lines that a replacement brings in, or takes out where it brings none, without its context."""
    low, high, made = span
    old, new = ([" ".join(row.split()) for row in each.splitlines()] for each in (text[low:high], made))
    come, gone = ([each for each in one if each not in other] for one, other in ((new, old), (old, new)))
    told = " ".join(come or gone)
    told = f"`{told[:_LONGEST]}…`" if len(told) > _LONGEST else f"`{told}`"
    return told if come else f"without {told}"


class Known:
    """What came of the changes here; a function of what was observed."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()
        self._paid: Counter[str] = Counter()
        self._tried: set[tuple[str, str]] = set()
        self._fits: dict[tuple[str, str], tuple[Fit, ...]] = {}

    def learn(self, told: Mapping[str, Any], attempt: Attempt, parent: Attempt) -> None:
        """Take in what became of a change."""
        key, result = told.get("key"), result_of(attempt)
        if isinstance(key, str) and result is not None:
            self._tried.add((parent.tree, key))
            self._tries[key] += 1
            self._paid[key] += result is Result.BETTER

    @property
    def is_trusted(self) -> bool:
        """Whether changes go before all else: for as long as they pay."""
        tries, paid = sum(self._tries.values()), sum(self._paid.values())
        return tries - paid < PATIENCE + 2 * paid

    @property
    def has_paid(self) -> bool:
        """Whether any change did. What no longer fits the best then stands in it already, or has given way to
        something better."""
        return any(self._paid.values())

    def is_fresh(self, variant: Variant) -> bool:
        """Whether it was never tried here."""
        return not self._tries[variant.key]

    def open(self, changes: Sequence[Change], starts: Sequence[Start], busy: set[str]) -> Iterator[Variant]:
        """What may be tried: what was tried least, then as the changes come, from where most of each fits."""
        waiting: list[tuple[int, int, int, Variant]] = []
        for place, change in enumerate(changes):
            for variant in self._variants(change, starts, busy):
                tries = self._tries[variant.key]
                if (variant.start.tree, variant.key) in self._tried or variant.key in busy:
                    continue
                if tries < MOST_TRIES or self._paid[variant.key]:
                    waiting.append((tries, place, -len(variant.fits), variant))
        yield from (variant for *_, variant in sorted(waiting, key=lambda each: each[:3]))

    def _variants(self, change: Change, starts: Sequence[Start], busy: set[str]) -> Iterator[Variant]:
        start = max(starts, key=lambda each: len(self._fitting(change, each)))  # the first of equals
        fits = self._fitting(change, start)
        if not fits:
            return
        whole = f"{change.lesson}:all"
        yield Variant(change, start, fits, whole)
        if self._tries[whole] and not self._paid[whole] and whole not in busy:
            for part in _apart(fits, start.files):
                numbers = "+".join(str(fit.hunk) for fit in part)
                yield Variant(change, start, part, f"{change.lesson}:{numbers}")

    def _fitting(self, change: Change, start: Start) -> tuple[Fit, ...]:
        """The hunks that have a place in the program, none of which overlap."""
        key, files = (start.tree, change.lesson), start.files
        if key not in self._fits:
            if len(self._fits) > _REMEMBERED:
                self._fits.pop(next(iter(self._fits)))
            found: list[Fit] = []
            for number, hunk in enumerate(change.hunks):
                fit = _place(number, hunk, files)
                if fit is not None and not any(_overlap(fit, other) for other in found):
                    found.append(fit)
            self._fits[key] = tuple(found)
        return self._fits[key]


def _apart(fits: Sequence[Fit], files: Files) -> list[tuple[Fit, ...]]:
    """The hunks of each function together, or of one alone each by itself; all with the imports."""
    imports = [fit for fit in fits if _is_import(fit, files)]
    rest = [fit for fit in fits if fit not in imports]
    blocks: dict[tuple[str, int], list[Fit]] = {}
    for fit in rest:
        blocks.setdefault((fit.path, _block(fit, files)), []).append(fit)
    parts = list(blocks.values()) if len(blocks) > 1 else [[fit] for fit in rest]
    found = [tuple(sorted((*imports, *part), key=lambda each: each.hunk)) for part in parts]
    return found if len(found) <= _MOST_APART and any(len(part) < len(fits) for part in found) else []


def _block(fit: Fit, files: Files) -> int:
    """Where the lines begin that hang together with a hunk: the last one before it that is not indented."""
    text = files[fit.path].decode("utf-8")
    starts = [each.start() for each in _OUTERMOST.finditer(text, 0, fit.span[0] + 1)]
    return starts[-1] if starts else 0


def _is_import(fit: Fit, files: Files) -> bool:
    low, high, made = fit.span
    lines = [*files[fit.path].decode("utf-8")[low:high].splitlines(), *made.splitlines()]
    return all(_IMPORT.match(line) for line in lines if line.strip())


_OUTERMOST = re.compile(r"^[^\s)\]}#@]", re.MULTILINE)
_IMPORT = re.compile(r"\s*(?:import|from|use|using|#\s*include)\b")


def _place(number: int, hunk: tuple[str, str, str], files: Files) -> Fit | None:
    """Where a hunk stands: in its file, or else in the one file like it that has its lines."""
    path, before, after = hunk
    if len("".join(before.split())) < _SHORTEST or before == after:
        return None
    if path in files:
        paths = [path]
    else:
        suffix = PurePosixPath(path).suffix
        paths = [each for each in files if PurePosixPath(each).suffix == suffix]
        if len(paths) > _REMEMBERED:
            return None
    found = [(each, at) for each in paths for at in _at(files[each], before)]
    if len(found) != 1:
        return None
    place, start = found[0]
    return Fit(number, place, _core(start, before, after))


def _core(start: int, before: str, after: str) -> Replacement:
    """The lines that differ: what surrounds them says where they stand, and may belong to two hunks."""
    old, new = before.splitlines(True), after.splitlines(True)
    most = min(len(old), len(new))
    lead = next((n for n in range(most) if old[n] != new[n]), most)
    trail = next((n for n in range(most - lead) if old[-1 - n] != new[-1 - n]), most - lead)
    low, high = len("".join(old[:lead])), len(before) - len("".join(old[len(old) - trail :]))
    return start + low, start + high, "".join(new[lead : len(new) - trail])


def _at(content: bytes, before: str) -> list[int]:
    """Where whole lines stand in a text, in characters; two places at most."""
    if before.encode("utf-8", "backslashreplace") not in content:
        return []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return []
    found: list[int] = []
    at = text.find(before)
    while at >= 0 and len(found) < 2:
        end = at + len(before)
        starts = at == 0 or text[at - 1] == "\n"
        if starts and (before.endswith("\n") or end == len(text) or text[end] in "\r\n"):
            found.append(at)
        at = text.find(before, at + 1)
    return found


def _overlap(one: Fit, other: Fit) -> bool:
    return one.path == other.path and one.span[0] < other.span[1] and other.span[0] < one.span[1]
