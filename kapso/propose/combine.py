"""`combine`: brings together what attempts gained apart from each other.

Three-way merges over nearest common ancestors: all that fit together first, on failure half of them, and so
on down to pairs; a pair that changed the same place in different ways is tried with either side's way, the
one that gained more first. When nobody has another idea, each such place of a merge that leads is decided
the other way. All of it is a function of what landed. Merging what gained apart is the crossover
of genetic improvement on trees of edits (Langdon and Harman 2015) with git's notion of an ancestor.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.git.merge import Conflict, Lines, Piece, changes, conflicts, joined, merge
from kapso.goal import Goal
from kapso.propose.protocol import PROBE, Context, Files, Idea, Snapshot, Workspace
from kapso.propose.syntax import faults

KEPT = 60
"""How many attempts that gained over their parent may be partners, the best of them."""
LOOKED_AT = 8
"""How many partners, those with the most to hope for, are merged to see what fits together."""
MOST_FAILURES = 3
"""After so many merges that were not better, an attempt is no partner any more, nor are those of its line."""
LONGEST_BLAME = 8
"""How many attempts are asked which of them wrote the lines in conflict."""
_KEPT_MERGES = 128


@dataclass(frozen=True)
class _Partner:
    """An attempt that gained over what it and ours came from, and how much its gain promises."""

    theirs: Attempt
    ancestor: Attempt
    hope: float


@dataclass(frozen=True)
class _Merge:
    """Ours with what the partners gained: the files that differ from ours (None: deleted).

    `take` decides the conflicts of the only partner, a letter each; `contested` is how many there are.
    """

    partners: tuple[_Partner, ...]
    files: Mapping[str, bytes | None]
    take: str = ""
    contested: list[tuple[str, Conflict]] = field(default_factory=list)


class Combine:
    """Remembers every attempt's parents, who gained, and which merges were made."""

    name = "combine"

    def __init__(self, goal: Goal, read: Callable[[str], Snapshot]) -> None:
        self._metrics = goal.metrics
        self._read = read
        self._attempts: dict[int, Attempt] = {}
        self._above: dict[int, int] = {}  # what an attempt was made from, itself included: a bit each
        self._gainers: list[tuple[float, int]] = []
        self._best = BASELINE
        self._tried: set[tuple[frozenset[int], str]] = set()
        self._failures: Counter[int] = Counter()
        self._merges: dict[tuple[int, ...], _Merge | None] = {}
        self._decided: dict[tuple[int, ...], tuple[_Merge, ...]] = {}

    def why_nothing(self, files: Files) -> str | None:
        """Nothing that shows in the files: there is something as soon as two attempts gained."""
        return None

    def ideate(self, context: Context) -> Idea | None:
        """The next merge into the best; where it has no partner left, into the policy's parent."""
        if context.barred:
            self._gainers = [each for each in self._gainers if each[1] not in context.barred]
            self._best = context.best if self._best in context.barred else self._best
        for number in dict.fromkeys((self._best, context.parents[0].number)):
            for made in self._candidates(number):
                key = frozenset((number, *(each.theirs.number for each in made.partners))), made.take
                if key not in self._tried and (number == self._best or self._may_lead(number, made)):
                    self._tried.add(key)
                    return self._idea(self._attempts[number], made)
        return self._turned(self._attempts[self._best]) if context.is_last else None

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Merge into the first parent, one after the other, what its partners changed."""
        ours: dict[str, bytes | None] = {}
        for step in idea.details["merges"]:
            ancestor, theirs = self._read(step["ancestor"]), self._read(step["theirs"])
            for path, pieces in _merged(ancestor, _over(workspace, ours), theirs).items():
                ours[path] = None if pieces is None else joined(pieces, step["take"].get(path, ""))
        for path, content in ours.items():
            if content is None:
                workspace.pop(path, None)
            elif workspace.get(path) != content:
                workspace[path] = content

    def observe(self, attempt: Attempt) -> None:
        """Take an attempt into the graph."""
        number = attempt.number
        self._attempts[number] = attempt
        self._above[number] = 1 << number
        for parent in attempt.parents:
            self._above[number] |= self._above[parent]
        if attempt.proposer == self.name:
            self._tried.add((frozenset(attempt.parents), str(attempt.parameters.get("take", ""))))
            is_fault = attempt.outcome not in (Outcome.ABANDONED, Outcome.REJECTED)
            if is_fault and attempt.verdict is not Verdict.BETTER:
                self._failures.update(self._kin(attempt.parents[1:]))
        if not attempt.is_scored or attempt.score is None:
            return
        if number == BASELINE or self._gain(attempt, self._attempts[self._best]) > 0:
            self._best = number
        if self._is_gainer(attempt):
            bisect.insort(self._gainers, (-self._gain(attempt, self._attempts[BASELINE]), number))
            del self._gainers[KEPT:]

    def _kin(self, numbers: Iterable[int]) -> set[int]:
        """These and whoever gained in their lines: much of what one of a line gained the others have, too."""
        gainers = [number for _, number in self._gainers]
        return {
            *numbers,
            *(
                other
                for other in gainers
                for number in numbers
                if self._above[number] >> other & 1 or self._above[other] >> number & 1
            ),
        }

    def _may_lead(self, number: int, made: _Merge) -> bool:
        """Whether the merge would beat the best if gains added up, or other metrics count as well."""
        if len(self._metrics) > 1:
            return True
        behind = self._gain(self._attempts[self._best], self._attempts[number])
        gained = sum(self._gain(each.theirs, each.ancestor) for each in made.partners)
        return gained > behind and all(each.theirs.number != self._best for each in made.partners)

    # Partners

    def _partners(self, number: int) -> list[_Partner]:
        """Who gained over the nearest common ancestor, the most promising first."""
        above, ours = self._above[number], self._attempts[number]
        found = []
        for _, other in self._gainers:
            is_related = above >> other & 1 or self._above[other] >> number & 1
            if is_related or self._failures[other] >= MOST_FAILURES:
                continue
            theirs = self._attempts[other]
            ancestor = self._nearest(number, other)
            if (hope := self._hope(ours, theirs, ancestor)) > 0:
                found.append(_Partner(theirs, ancestor, hope))
        return sorted(found, key=lambda each: (-each.hope, -each.theirs.number))[:LOOKED_AT]

    def _nearest(self, one: int, other: int) -> Attempt:
        """The nearest common ancestor of two attempts."""
        return self._attempts[(self._above[one] & self._above[other]).bit_length() - 1]

    def _hope(self, ours: Attempt, theirs: Attempt, ancestor: Attempt) -> float:
        """Its gain as a part of all that was gained, more where it is good at what ours is not."""
        gain = max(0.0, self._gain(theirs, ancestor))
        total = self._gain(self._attempts[self._best], self._attempts[BASELINE])
        part = min(1.0, gain / total) if 0 < total < math.inf and gain < math.inf else float(gain > 0)
        others = sum(self._gain(theirs, ours, rank) > 0 for rank in range(1, len(self._metrics)))
        return (part + 0.25 * others) * 0.5 ** self._failures[theirs.number]

    def _is_gainer(self, attempt: Attempt) -> bool:
        """Whether it beat its parent, or was as good and better in another metric."""
        if attempt.hypothesis.startswith(f"{PROBE}:"):
            return False
        if attempt.verdict is not Verdict.SAME or not attempt.parents:
            return attempt.verdict is Verdict.BETTER
        parent = self._attempts[attempt.parents[0]]
        return any(self._gain(attempt, parent, rank) > 0 for rank in range(1, len(self._metrics)))

    def _gain(self, attempt: Attempt, over: Attempt, rank: int = 0) -> float:
        """By how much `attempt` is better in a metric; a value where there was none is a gain beyond all."""
        metric = self._metrics[rank]
        value, before = (each.metrics.get(metric.name) if rank else each.score for each in (attempt, over))
        if value is None:
            return 0.0
        sign = 1.0 if metric.goal == "maximize" else -1.0
        return math.inf if before is None else sign * (value - before)

    # Merges

    def _candidates(self, number: int) -> Iterator[_Merge]:
        """Merges into `number`: all partners that fit together, half of them, …, then each alone."""
        merges = [self._merge(number, (each,)) for each in self._partners(number)]
        alone = [made for made in merges if made is not None]
        fitting = [made.partners[0] for made in alone if not made.contested]
        size = len(fitting)
        while size > 1:
            together = self._merge(number, tuple(fitting[:size]))
            if together is not None and len(together.partners) > 1:
                yield together
            size //= 2
        for made in sorted(alone, key=lambda each: bool(each.contested)):
            yield from self._ways(number, made) if made.contested else (made,)

    def _merge(self, number: int, partners: tuple[_Partner, ...]) -> _Merge | None:
        """Ours with what these partners gained; of several, with those alone that fit. None: nothing new."""
        key = (number, *(each.theirs.number for each in partners))
        return _remember(self._merges, key, lambda: self._make(number, partners))

    def _make(self, number: int, partners: tuple[_Partner, ...]) -> _Merge | None:
        ours = self._read(self._attempts[number].commit)
        files: dict[str, bytes | None] = {}
        contested: list[tuple[str, Conflict]] = []
        fitting = []
        for partner in partners:
            ancestor, theirs = self._read(partner.ancestor.commit), self._read(partner.theirs.commit)
            merged = _merged(ancestor, _over(ours, files), theirs)
            clashes = [
                (path, each) for path, pieces in merged.items() if pieces for each in conflicts(pieces)
            ]
            if clashes and len(partners) > 1:
                continue
            made = {path: None if pieces is None else joined(pieces) for path, pieces in merged.items()}
            if clashes or (made and _is_sound(ours, made)):
                files |= made
                contested += clashes
                fitting.append(partner)
        return _Merge(tuple(fitting), files, contested=contested) if fitting else None

    def _ways(self, number: int, made: _Merge) -> tuple[_Merge, ...]:
        """The ways to decide the conflicts with the only partner: by gain, the other way round, and so on."""
        (partner,) = made.partners
        key = (number, partner.theirs.number)
        return _remember(self._decided, key, lambda: tuple(self._decide(number, made, partner)))

    def _turned(self, best: Attempt) -> Idea | None:
        """The best, a merge, with one of the places that both changed decided the other way."""
        take = str(best.parameters.get("take", ""))
        if best.proposer != self.name or not take or len(best.parents) != 2:
            return None
        ours, theirs = (self._attempts[number] for number in best.parents)
        partner = _Partner(theirs, self._nearest(ours.number, theirs.number), 0.0)
        merged = self._merge(ours.number, (partner,))
        if merged is None or len(merged.contested) != len(take):
            return None
        turned = (f"{take[:at]}{'o' if take[at] == 't' else 't'}{take[at + 1 :]}" for at in range(len(take)))
        waiting = [each for each in turned if (frozenset(best.parents), each) not in self._tried]
        for made in self._decide(ours.number, merged, partner, waiting):
            self._tried.add((frozenset(best.parents), made.take))
            return self._idea(ours, made)
        return None

    def _decide(
        self, number: int, made: _Merge, partner: _Partner, takes: Iterable[str] = ()
    ) -> Iterator[_Merge]:
        ours, theirs = self._read(self._attempts[number].commit), self._read(partner.theirs.commit)
        merged = _merged(self._read(partner.ancestor.commit), _over(ours, {}), theirs)
        for take in takes or self._takes(number, made, partner):
            letters = iter(take)
            files: dict[str, bytes | None] = {}
            for path, pieces in merged.items():
                part = "" if pieces is None else "".join(next(letters) for _ in conflicts(pieces))
                files[path] = None if pieces is None else joined(pieces, part)
            is_theirs = all(
                files.get(path, ours.get(path)) == theirs.get(path) for path in theirs.changed_from(ours)
            )
            if any(ours.get(path) != content for path, content in files.items()) and not is_theirs:
                if _is_sound(ours, files):
                    yield _Merge(made.partners, files, take, made.contested)

    def _takes(self, number: int, made: _Merge, partner: _Partner) -> list[str]:
        """Letters for the conflicts: whose lines gained more, the opposite, both where both inserted."""
        gains = [
            (
                self._gained_at(number, partner.ancestor, path, each.our_lines),
                self._gained_at(partner.theirs.number, partner.ancestor, path, each.their_lines),
            )
            for path, each in made.contested
        ]
        by_gain = "".join("t" if theirs > ours else "o" for ours, theirs in gains)
        takes = [by_gain, by_gain.translate(str.maketrans("ot", "to"))]
        insertions = [not each.base for _, each in made.contested]
        if any(insertions):
            both = "".join("b" if is_one else each for is_one, each in zip(insertions, by_gain, strict=True))
            takes.insert(0, both)
        return takes

    def _gained_at(self, number: int, ancestor: Attempt, path: str, lines: Lines) -> float:
        """What those attempts gained, since the ancestor, that wrote these lines of `number`.

        Found as `git blame` does, along first parents.
        """
        gained = 0.0
        now = self._read(self._attempts[number].commit).get(path, b"")
        for _ in range(LONGEST_BLAME):
            attempt = self._attempts[number]
            if number == ancestor.number or not self._above[number] >> ancestor.number & 1:
                break
            parent = self._attempts[attempt.parents[0]]
            before = self._read(parent.commit).get(path, b"")
            lines, is_touched = _before(lines, now, before)
            if is_touched:
                gained += max(0.0, self._gain(attempt, parent))
            number, now = parent.number, before
        return gained

    def _idea(self, ours: Attempt, made: _Merge) -> Idea:
        names = _listed([str(each.theirs.number) for each in made.partners])
        titles = "; ".join(f"{each.theirs.number}: `{each.theirs.title}`" for each in made.partners[:4])
        decided = ""
        if made.contested:
            theirs = sum(each != "o" for each in made.take)
            decided = f" Both changed {len(made.contested)} places; {names} is followed at {theirs} of them."
        paths = iter([path for path, _ in made.contested])
        take: dict[str, str] = {}
        for letter in made.take:
            path = next(paths)
            take[path] = take.get(path, "") + letter
        return Idea(
            title=f"attempt {ours.number} with what {names} gained",
            hypothesis=f"Gained apart from {ours.number}: {titles}.{decided}",
            parameters={"take": made.take} if made.take else {},
            details={
                "merges": [
                    {"ancestor": each.ancestor.commit, "theirs": each.theirs.commit, "take": take}
                    for each in made.partners
                ]
            },
            parents=(ours.number, *(each.theirs.number for each in made.partners)),
        )


T = TypeVar("T")


def _remember(kept: dict[tuple[int, ...], T], key: tuple[int, ...], make: Callable[[], T]) -> T:
    """What `make` gave for this key, or gives; the eldest of many is forgotten."""
    if key not in kept:
        kept[key] = make()
        if len(kept) > _KEPT_MERGES:
            del kept[next(iter(kept))]
    return kept[key]


Get = Callable[[str], bytes | None]


def _over(files: Files, made: Mapping[str, bytes | None]) -> Get:
    """What a path holds, with what was made of some."""
    return lambda path: made[path] if path in made else files.get(path)


def _merged(ancestor: Snapshot, ours: Get, theirs: Snapshot) -> dict[str, list[Piece] | None]:
    """What becomes of the files that theirs changed, where that is not what ours has; None: deleted.

    Ours stands where only one side kept a file that the other changed.
    """
    found: dict[str, list[Piece] | None] = {}
    for path in sorted(theirs.changed_from(ancestor)):
        base, mine, their = ancestor.get(path), ours(path), theirs.get(path)
        if mine == their:
            continue
        if mine == base:
            found[path] = None if their is None else [their]
        elif base is not None and mine is not None and their is not None:
            pieces = merge(base, mine, their)
            if pieces is not None and (conflicts(pieces) or joined(pieces) != mine):
                found[path] = pieces
    return found


def _is_sound(ours: Files, files: Mapping[str, bytes | None]) -> bool:
    """Whether every file parses no worse than it did."""
    for path, content in files.items():
        if content is not None and (after := faults(path, content)):
            before = faults(path, ours[path]) if path in ours else 0
            if after > (before or 0):
                return False
    return True


def _before(lines: Lines, now: bytes, before: bytes) -> tuple[Lines, bool]:
    """Where these lines of `now` stood before, and whether a change touched them."""
    start, stop, is_touched = lines[0], lines[1], False
    shift_start = shift_stop = 0
    for change in changes(before, now):
        if change.new[1] <= start and change.new != (start, start):
            shift_start = shift_stop = change.old[1] - change.new[1]
        elif change.new[0] < stop or change.new[0] == start:
            is_touched = True
            shift_stop = change.old[1] - change.new[1]
    return (max(0, start + shift_start), max(0, stop + shift_stop)), is_touched


def _listed(names: list[str]) -> str:
    """`1, 2 and 3`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
