"""The proposer: draws one edit of the parent that was not tried yet, the promising ones first.

Everything it knows is a function of what was observed, in order; every draw comes from `Context.seed`. The
idea holds the replacements themselves, so carrying it out needs no parser and gives the same tree again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from random import Random

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.goal import Goal
from kapso.propose.mutate.edit import Edit, apply, carry_out, is_sound
from kapso.propose.mutate.growth import STEP, resized
from kapso.propose.mutate.languages import language_of
from kapso.propose.mutate.leaps import Leap, Leaps
from kapso.propose.mutate.operators import edits_of
from kapso.propose.mutate.record import Candidate, Record
from kapso.propose.mutate.tree import Node, Region, Source, digest, read_source
from kapso.propose.protocol import Context, Files, Idea, Snapshot, Workspace

_REMEMBERED = 1_500_000
"""Characters of source that are kept parsed."""
_REMEMBERED_EDITS = 60_000
"""Edits that are kept, at about 600 bytes each."""
_MANY_FILES = 60
_SAMPLED_FILES = 20
_SMALL = 8_000
"""Characters of a program all of whose edits are weighed against each other; in a larger one, a region is
drawn by its size first."""
_SHARPNESS = 1.5
_APART = 0.5
"""How often an edit is made on what its parent was made from instead, and so on back to the base."""
_PLAIN_SHARE = 2 / 3
"""How often a plain slip is looked for first, wherever it stands and whatever was learnt."""
_PATIENCE = 12
"""Such edits without a gain that halve it: in a program that works there is no slip to be found."""
_LOOKED_AT = 12
"""Regions of a large program that are asked for such an edit at a time."""
_LEAP_SHARE = 0.8
"""How often a longer step along a new term is made, where one is open."""
_LINE = 5
"""Generations above the chosen parent from which such a step may be made."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A candidate with the edit that makes it."""

    candidate: Candidate
    edit: Edit
    source: Source


@dataclass(frozen=True)
class _Proposal:
    """An edit under way: the tree that it starts from, and what program it makes."""

    tree: str
    key: str
    identity: str


class Mutate:
    """Changes the structure of a program, one edit at a time. `read` gives the editable files of a commit."""

    name = "mutate"

    def __init__(self, goal: Goal, read: Callable[[str], Snapshot]) -> None:
        self._read = read
        self._sign = 1.0 if goal.primary.goal == "maximize" else -1.0
        self._record = Record()
        self._leaps = Leaps()
        self._attempts: dict[int, Attempt] = {}
        self._sources: dict[tuple[str, bytes], Source | None] = {}
        self._edits: dict[Region, list[_Seen]] = {}
        self._kept = 0
        self._in_flight: dict[int, list[_Proposal]] = {}
        self._tried: dict[str, set[str]] = {}
        self._keys: set[str] = set()
        self._made: set[str] = set()

    def why_nothing(self, files: Files) -> str | None:
        """Why there is nothing to change in these files, or None when there is something."""
        for path in sorted(files):
            source = self._source(path, files[path]) if language_of(path) else None
            if source is not None and any(self._seen(region) for region in source.regions):
                return None
        return "no code to change in the files of `edit` that it can read"

    def ideate(self, context: Context) -> Idea | None:
        """The next edit, or None when all that it sees in the parent was tried."""
        random = Random(f"{context.seed}:{len(context.known)}")
        self._record.take_advice(context.recalled.advice)
        if random.random() < _LEAP_SHARE * min(1.0, self._record.trust):
            for parent, seen in self._leaps_from(context.parents[0], random):
                if (idea := self._first([seen], parent, context)) is not None:
                    return idea
        parent = self._parent(context.parents[0], random)
        waiting = self._waiting(context)
        tried = self._tried.get(parent.tree, set()) | {e.key for e in waiting if e.tree == parent.tree}
        known = self._keys | {each.key for each in waiting}
        program = self._program(self._files(parent, context), random)
        return self._first(self._ordered(program, tried, known, random), parent, context, tried)

    def _first(
        self, ordered: Iterable[_Seen], parent: Attempt, context: Context, tried: set[str] | None = None
    ) -> Idea | None:
        """The first of these edits of a parent that makes a new program; those looked at join `tried`."""
        files = self._files(parent, context)
        made = self._made | {each.identity for each in self._waiting(context)}
        for seen in ordered:
            if tried is not None:
                tried.add(seen.candidate.key)
            if not is_sound(seen.source, seen.edit.spans):
                continue
            content = apply(seen.source.text, seen.edit.spans).encode("utf-8")
            if (identity := files.program({seen.source.path: content})) not in made:
                proposal = _Proposal(parent.tree, seen.candidate.key, identity)
                self._in_flight.setdefault(context.number, [])[len(context.known) :] = [proposal]
                return self._idea(seen, parent.number)
        return None

    def _files(self, parent: Attempt, context: Context) -> Snapshot:
        files = context.files if parent is context.parents[0] else self._read(parent.commit)
        assert isinstance(files, Snapshot)
        return files

    def _leaps_from(self, chosen: Attempt, random: Random) -> Iterator[tuple[Attempt, _Seen]]:
        """Longer steps along what an expression grew by, from the chosen parent and what it came from."""
        line = [chosen.number]
        while line[-1] != BASELINE and len(line) < _LINE:
            line.append(self._attempts[line[-1]].parents[0])
        for leap in self._leaps.open(line):
            parent = self._attempts[leap.parent]
            if not self._is_promising(leap, parent, chosen):
                continue
            program = self._program(self._read(parent.commit), random)
            for seen in (e for source in program for region in source.regions for e in self._seen(region)):
                if seen.candidate.theme == leap.theme and (seen.edit.step > 0) == (leap.step > 0):
                    if (longer := resized(seen.edit, leap.step)) is not None:
                        key = digest(f"{seen.candidate.key}:{longer.step:.4g}")
                        yield parent, replace(seen, candidate=replace(seen.candidate, key=key), edit=longer)
                        break
        for number, measured in self._leaps.begun(line):
            parent = self._attempts[number]
            program = self._program(self._read(parent.commit), random)
            every = (e for source in program for region in source.regions for e in self._seen(region))
            steps = [e for e in every if abs(e.edit.step) == STEP and e.candidate.theme not in measured]
            if steps:
                yield parent, random.choices(steps, [self._record.weight(e.candidate) for e in steps])[0]

    def _is_promising(self, leap: Leap, parent: Attempt, chosen: Attempt) -> bool:
        """Whether it may lead beyond the chosen parent, as far as that can be told."""
        if leap.hope is None or parent.score is None or chosen.score is None:
            return True
        return leap.hope > self._sign * (chosen.score - parent.score)

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Make the replacements that the idea holds."""
        carry_out(idea.details, workspace)

    def observe(self, attempt: Attempt) -> None:
        """Learn from an attempt, whoever proposed it."""
        self._attempts[attempt.number] = attempt
        self._made.add(self._read(attempt.commit).program())
        self._in_flight.pop(attempt.number, None)
        if attempt.proposer == self.name:
            parent = self._attempts[attempt.parents[0]]
            self._record.learn(attempt.parameters, attempt, parent.score)
            self._learn_step(attempt, parent)
            tree = parent.tree
            key = str(attempt.parameters.get("edit"))
            self._tried.setdefault(tree, set()).add(key)
            self._keys.add(key)

    def _learn_step(self, attempt: Attempt, parent: Attempt) -> None:
        theme, step = (attempt.parameters.get(name) for name in ("theme", "step"))
        if isinstance(theme, str) and isinstance(step, int | float) and step and attempt.is_scored:
            if attempt.score is not None and parent.score is not None:
                is_same = attempt.verdict is Verdict.SAME
                gain = 0.0 if is_same else self._sign * (attempt.score - parent.score)
                self._leaps.learn(parent.number, theme, step, gain)

    def _waiting(self, context: Context) -> list[_Proposal]:
        """Proposals whose results are not in; of this very attempt, those that were mere repetitions."""
        found: list[_Proposal] = []
        for number, proposals in self._in_flight.items():
            found += proposals[: len(context.known)] if number == context.number else proposals
        return found

    def _parent(self, chosen: Attempt, random: Random) -> Attempt:
        """The chosen parent, or some of the time one that it came from.

        Edits that help apart from each other can be brought together (by `combine`), whereas one that helped
        by chance hides from those made on top of it what would have helped the program itself.
        """
        while chosen.parents and random.random() < _APART:
            chosen = self._attempts[chosen.parents[0]]
        return chosen

    def _idea(self, seen: _Seen, parent: int) -> Idea:
        candidate, source = seen.candidate, seen.source
        path, region = source.path, candidate.region.removeprefix(f"{source.path}:")
        line = source.text.count("\n", 0, seen.edit.start) + 1
        place = path if len(path) <= 30 else PurePosixPath(path).name
        return Idea(
            title=f"{_clipped(seen.edit.what)} in {place}:{line} ({region})",
            hypothesis=f"{candidate.operator}: {self._reason(candidate, region)}.",
            parameters={
                "operator": candidate.operator,
                "path": path,
                "region": region,
                "spot": candidate.spot,
                "edit": candidate.key,
                **({"theme": candidate.theme, "step": seen.edit.step} if candidate.theme else {}),
            },
            details={
                "path": path,
                "replace": [[start, source.text[start:end], new] for start, end, new in seen.edit.spans],
            },
            parents=(parent,),
        )

    def _reason(self, candidate: Candidate, region: str) -> str:
        operator = self._record.operators.get(candidate.operator)
        place = self._record.regions.get(candidate.region)
        parts = ["the first edit of its kind"]
        if operator is not None:
            parts = [f"{operator.better} of {operator.total} edits of its kind helped"]
        if place is not None:
            parts.append(f"{place.changed} of {place.total} in `{region}` moved the score")
        return "; ".join(parts)

    def _ordered(
        self, sources: list[Source], tried: set[str], known: set[str], random: Random
    ) -> Iterator[_Seen]:
        """Slips first that were `known` nowhere, the less often the longer none of them helped."""
        share = _PLAIN_SHARE * (1 - self._record.strictness) * 0.5 ** (self._record.dry / _PATIENCE)
        if random.random() < share:
            yield from self._plain(sources, known, random)
        yield from self._drawn(sources, tried, random)

    def _plain(self, sources: list[Source], known: set[str], random: Random) -> Iterator[_Seen]:
        """Plain slips in a random order, from the function that was asked least."""
        left = [region for source in sources for region in source.regions]
        asked = self._record.plain
        is_small = sum(region.size for region in left) <= _SMALL
        left.sort(key=lambda region: (asked[f"{region.source.path}:{region.name}"], random.random()))
        left = [region for region in left if self._is_advised("", region, random)]
        for region in left if is_small else left[:_LOOKED_AT]:
            found = [
                each
                for each in self._seen(region)
                if each.edit.is_plain
                and each.candidate.key not in known
                and self._is_advised(each.candidate.operator, region, random)
            ]
            yield from sorted(random.sample(found, len(found)), key=lambda e: e.candidate.operator == "both")

    def _is_advised(self, operator: str, region: Region, random: Random) -> bool:
        """By lot, the rarer the less lessons promise of it; without an operator, of the region alone."""
        name = f"{region.source.path}:{region.name}"
        factor = self._record.factor(operator, name) / (self._record.factor("", name) if operator else 1.0)
        return factor >= 1 or random.random() < math.pow(factor, _SHARPNESS)

    def _drawn(self, sources: list[Source], tried: set[str], random: Random) -> Iterator[_Seen]:
        """Untried edits in a random order that prefers the promising ones; work is bound to what is asked."""
        left = [region for source in sources for region in source.regions]
        is_small = sum(region.size for region in left) <= _SMALL
        while left:
            region = None if is_small else random.choices(left, [self._mass(each) for each in left])[0]
            regions = left if region is None else [region]
            waiting = [each for one in regions for each in self._seen(one) if each.candidate.key not in tried]
            if not waiting:
                left = [] if region is None else [each for each in left if each is not region]
                continue
            weights = [math.pow(self._record.weight(each.candidate), _SHARPNESS) for each in waiting]
            yield random.choices(waiting, weights)[0]

    def _mass(self, region: Region) -> float:
        name = f"{region.source.path}:{region.name}"
        weight = self._record.region_weight(name) * self._record.factor("", name)
        return region.size * math.pow(weight, _SHARPNESS)

    def _seen(self, region: Region) -> list[_Seen]:
        """The edits of a region that may be made at all."""
        if region not in self._edits:
            self._edits[region] = list(_see(region))
            region.forget()
            self._kept += len(self._edits[region])
            while self._kept > _REMEMBERED_EDITS and len(self._edits) > 1:
                self._drop(next(iter(self._edits)))
        return self._edits[region]

    def _drop(self, region: Region) -> None:
        self._kept -= len(self._edits.pop(region, ()))

    def _program(self, files: Files, random: Random) -> list[Source]:
        """The sources; among very many, some at random each time."""
        paths = sorted(path for path in files if language_of(path))
        if len(paths) > _MANY_FILES:
            paths = sorted(random.sample(paths, _SAMPLED_FILES))
        found = (self._source(path, files[path]) for path in paths)
        return [source for source in found if source is not None]

    def _source(self, path: str, content: bytes) -> Source | None:
        key = (path, content)
        source = self._sources.pop(key) if key in self._sources else read_source(path, content)
        self._sources[key] = source
        while len(self._sources) > 1 and sum(len(each[1]) for each in self._sources) > _REMEMBERED:
            oldest = self._sources.pop(next(iter(self._sources)))
            for region in oldest.regions if oldest is not None else []:
                self._drop(region)
        return source


def _see(region: Region) -> Iterator[_Seen]:
    source = region.source
    name = f"{source.path}:{region.name}"
    seen_at: Node | None = None
    start, around = region.start, tuple[str, ...]()
    for operator, node, edit in edits_of(region):
        low, high = edit.spans[0][0], edit.spans[-1][1]
        if not source.allows(low, high) or "kapso: fixed" in _lines(source.text, low, high):
            continue
        if node is not seen_at:
            seen_at, statement = node, node.statement
            start = statement.start if statement is not None else region.start
            around = tuple(region.keys[each] for each in (node, *node.above) if each in region.keys)
        spot = around[0] if around else digest(name)
        made = ":".join(f"{low - start}:{high - low}:{new}" for low, high, new in edit.spans)
        key = digest(f"{operator.name}:{spot}:{made}")
        theme = f"{name}:{edit.theme}" if edit.theme else ""
        prior = operator.prior * edit.weight
        candidate = Candidate(operator.name, name, spot, around, key, prior, theme, edit.step)
        yield _Seen(candidate, edit, source)


def _lines(text: str, start: int, end: int) -> str:
    """The lines that a span touches."""
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", end)
    return text[low : high if high >= 0 else len(text)]


def _clipped(what: str) -> str:
    """One line, with long pieces of code cut short."""
    pieces = re.split(r"(`[^`]*`)", " ".join(what.split()))
    return "".join(f"{each[:36]}…`" if each[:1] == "`" and len(each) > 40 else each for each in pieces)
