"""Where an attempt comes from and what came of it: its chain of parents, its siblings, its children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt
from kapso.wording import number, plural, printable
from kapso_tui.glyphs import glyphs
from kapso_tui.watch.flight import Flight
from kapso_tui.widgets.tabs.rows import safe

MOST = 200
"""Siblings, and children, that are listed."""


@dataclass(frozen=True)
class Relative:
    """A line of the lineage: an attempt that one can go to, or a title with `number` None."""

    number: int | None
    text: str


@dataclass(frozen=True)
class Family:
    """All attempts of a run, landed or in flight, and which one is the best."""

    attempts: Mapping[int, Attempt]
    flights: Mapping[int, Flight]
    best: int | None

    def lines(self, picked: int) -> Iterator[Relative]:
        """The chain of `picked` back to the baseline, then its children, then its siblings."""
        parents = self.parents(picked)
        chain = [picked, *self._ancestors(parents)]
        yield Relative(None, f"parents: {plural(len(chain) - 1, 'step')} to the baseline")
        yield from map(self._line, chain)
        everyone = sorted({*self.attempts, *self.flights} - {picked})
        yield from self._group("child", "children", [n for n in everyone if picked in self.parents(n)])
        if parents:
            near = [n for n in everyone if self.parents(n)[:1] == parents[:1]]
            yield from self._group("sibling", "siblings", near)

    def parents(self, each: int) -> tuple[int, ...]:
        """What an attempt was made from."""
        found = self.attempts.get(each) or self.flights.get(each)
        return found.parents if found else ()

    def _group(self, one: str, many: str, numbers: Sequence[int]) -> Iterator[Relative]:
        yield Relative(None, "")
        yield Relative(None, f"{len(numbers) or 'no'} {one if len(numbers) == 1 else many}")
        yield from map(self._line, numbers[:MOST])
        if len(numbers) > MOST:
            yield Relative(None, f"and {len(numbers) - MOST} more")

    def _ancestors(self, parents: tuple[int, ...]) -> Iterator[int]:
        """First parents, one after the other; a pulled run may say anything, so none twice."""
        seen: set[int] = set()
        while parents and parents[0] in self.attempts and parents[0] not in seen:
            seen.add(parents[0])
            yield parents[0]
            parents = self.attempts[parents[0]].parents

    def _line(self, each: int) -> Relative:
        name = "base" if each == BASELINE else str(each)
        others = "".join(f" + {parent}" for parent in self.parents(each)[1:])
        if (landed := self.attempts.get(each)) is not None:
            score = number(landed.score) if landed.is_scored else str(landed.outcome)
            verdict = f" {landed.verdict}" if landed.verdict else ""
            best = f" {glyphs().best}" if each == self.best else ""
            state, title = f"{score:>12}{verdict}{best}", landed.title
        else:
            flight = self.flights[each]
            state = f"{'waiting' if flight.is_waiting else 'in flight':>12}"
            title = flight.title
        return Relative(each, safe(f"{name:>5}{others} {state}  {printable(title)}")[0])
