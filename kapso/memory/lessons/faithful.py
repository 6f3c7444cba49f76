"""Checks what lessons say against what happened: counts, examples, directions, and no lesson twice.

Reads attempts from git and counts them again; of the rules it knows only what their subjects mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.attempt import Attempt, Outcome
from kapso.git.layout import RunRefs
from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Lesson, Sighting, Status

if TYPE_CHECKING:
    from kapso.git.repository import Repository

_DEMOTED = 3
"""Verdicts that a run took back after it had learnt from them: so many bests at most do not hold."""
_RARE = 0.2
_SHARE = re.compile(r"(\d+) of (\d+) attempts \(\d+% to \d+%\)")


@dataclass(frozen=True)
class Landed:
    """An attempt of a run and what it changed."""

    attempt: Attempt
    features: Features

    @property
    def ended(self) -> str | None:
        """Told anew from outcome and verdict."""
        match self.attempt.outcome:
            case Outcome.ABANDONED | Outcome.REJECTED:
                return None
            case Outcome.CUT:
                return "worse"
            case Outcome.SCORED:
                return self.attempt.verdict.value if self.attempt.verdict else "better"
        return "failed"


def unfaithful(lessons: Sequence[Lesson], runs: Mapping[str, Sequence[Landed]]) -> list[str]:
    """What is wrong with `lessons`, a line each; empty where all is as they say.

    What other runs saw is left out.
    """
    return [*_twice(lessons), *(f"{each.id}: {why}" for each in lessons for why in _wrong(each, runs))]


def check(folder: Path) -> dict[str, Any]:
    """Of the lessons that the repository in `folder` believes in: how many there are, how many are false and
    how many say what another says, and `what` is wrong, a line each."""
    from kapso.git.repository import Repository
    from kapso.memory.lessons.known import known_lessons

    repository = Repository.open(folder)
    believed = [
        each for each in known_lessons(repository) if each.status in (Status.CANDIDATE, Status.ACTIVE)
    ]
    runs, twice = landed_in(repository), list(_twice(believed))
    wrong = {
        each.id: found
        for each in believed
        if (found := [*_wrong(each, runs), *_unmade(each, runs, repository)])
    }
    what = [f"{name}: {why}" for name, found in wrong.items() for why in found]
    return {
        "lessons": len(believed),
        "false": len(wrong),
        "duplicates": len(twice),
        "what": [*twice, *what],
    }


def landed_in(repository: Repository) -> dict[str, list[Landed]]:
    """The attempts of all runs, with what they changed."""
    from kapso.git.attempts import read_run, runs
    from kapso.memory.features import Looker, features_of
    from kapso.memory.hunks import Diffs

    looker = Looker(Diffs(repository))
    found: dict[str, list[Landed]] = {}
    for run in runs(repository):
        attempts = {each.number: each for each in read_run(repository, run)}
        found[run] = [
            Landed(each, features_of(each, attempts[each.parents[0]], looker))
            for each in attempts.values()
            if each.parents and each.parents[0] in attempts
        ]
    return found


def _twice(lessons: Sequence[Lesson]) -> Iterator[str]:
    known: dict[str, str] = {}
    for lesson in lessons:
        other = known.setdefault(lesson.statement, lesson.id)
        if other != lesson.id:
            yield f"{lesson.id}: says what {other} says: {lesson.statement}"


def _wrong(lesson: Lesson, runs: Mapping[str, Sequence[Landed]]) -> Iterator[str]:
    sightings = [each for run, each in lesson.line.sightings.items() if run in runs]
    for sighting in sightings:
        landed = [each for each in runs[sighting.run] if each.ended is not None]
        yield from _examples(sighting, landed)
        selects = _selector(lesson, sighting)
        if selects is not None:
            mine = [each for each in landed if selects(each.features)]
            yield from _miscounted(lesson, sighting, mine)
    if lesson.line.subject.about is not About.CHANGE and len(sightings) == len(lesson.line.sightings):
        yield from _misstated(lesson, sightings)
        yield from _unfounded(lesson, sightings)


def _unmade(lesson: Lesson, runs: Mapping[str, Sequence[Landed]], repository: Repository) -> Iterator[str]:
    """Of a change: attempts carried it out, or else the best that it was taken from has it."""
    if lesson.line.subject.about is not About.CHANGE:
        return
    hunks = lesson.line.subject.told["hunks"]
    for sighting in lesson.line.sightings.values():
        landed = [each for each in runs.get(sighting.run, ()) if each.ended is not None]
        carried = [each for each in landed if each.features.operator == lesson.id]
        if carried or not sighting.concerned.total:
            yield from _miscounted(lesson, sighting, carried)
        elif sighting.run in runs:
            named = {one.attempt for one in sighting.examples if one.speaks == "for"}
            best = [each.attempt for each in landed if each.attempt.number in named]
            if sighting.concerned.total != 1 or len(best) != 1 or not best[0].is_scored:
                yield f"{sighting.run}: one attempt is to have made it, and there is none"
            elif not _stands_in(hunks, best[0], landed, repository):
                yield f"{sighting.run}: attempt {best[0].number} is another program than the change makes"


def _stands_in(
    hunks: Sequence[Sequence[str]], best: Attempt, landed: Sequence[Landed], repository: Repository
) -> bool:
    """Whether the base with these hunks is what a scored attempt had in these files; of one hunk, whether its
    new lines stand in the best."""
    base = repository.refs.get(RunRefs(best.run).baseline)
    if base is None:
        return False
    made = {path: _text(repository, base, path) for path in dict.fromkeys(hunk[0] for hunk in hunks)}
    for path, before, after in hunks:
        made[path] = made[path].replace(before, after, 1) if before in made[path] else ""
    scored = [best, *(each.attempt for each in landed if each.attempt.is_scored)]
    for each in scored:
        if all(_text(repository, each.commit, path) == text for path, text in made.items()):
            return True
    if len(hunks) > 1:
        return False
    [(path, before, after)] = hunks
    come = [line for line in after.splitlines() if line not in before.splitlines()]
    return set(come) <= set(_text(repository, best.commit, path).splitlines())


def _text(repository: Repository, commit: str, path: str) -> str:
    has_it = repository.entry(commit, path) is not None
    return repository.read(commit, path).decode("utf-8", "replace") if has_it else ""


def _examples(sighting: Sighting, landed: Iterable[Landed]) -> Iterator[str]:
    commits = {each.attempt.number: each.attempt.commit for each in landed}
    for one in sighting.examples:
        if commits.get(one.attempt) != one.commit:
            yield f"attempt {one.attempt} of {sighting.run} is not `{one.commit[:12]}`"


def _miscounted(lesson: Lesson, sighting: Sighting, mine: Sequence[Landed]) -> Iterator[str]:
    told = lesson.line.subject.told
    if lesson.line.subject.about is About.ERROR:
        hits = sum(each.features.signature == told.get("signature") for each in mine)
        counted = {"total": len(mine), "failed": hits}
    else:
        ends = [each.ended for each in mine]
        counted = {"total": len(mine)} | {
            name: ends.count(name) for name in ("better", "same", "worse", "failed")
        }
    for name, count in counted.items():
        said = getattr(sighting.concerned, name)
        if abs(said - count) > (_DEMOTED if name in ("better", "same") else 0):
            yield f"{sighting.run}: {said} attempts ({name}), and there are {count}"


def _misstated(lesson: Lesson, sightings: Sequence[Sighting]) -> Iterator[str]:
    """The first share in a statement is of the attempts concerned, the second of the others."""
    shares = [(int(hits), int(total)) for hits, total in _SHARE.findall(lesson.statement)]
    if lesson.expects is None or not shares:
        return
    for (hits, total), side in zip(shares, ("concerned", "others"), strict=False):
        tallies = [getattr(each, side) for each in sightings]
        counted = sum(getattr(each, lesson.expects) for each in tallies), sum(each.total for each in tallies)
        if (hits, total) != counted:
            yield f"it says {hits} of {total}, and {side} are {counted[0]} of {counted[1]}"


def _unfounded(lesson: Lesson, sightings: Sequence[Sighting]) -> Iterator[str]:
    """What is active must be a difference that chance seldom makes (Fisher's exact test, one-sided)."""
    event = lesson.expects
    if event is None or lesson.status is not Status.ACTIVE or lesson.is_pinned:
        return
    if any("alone" in each.detail for each in sightings):
        return
    mine, others = ([getattr(each, side) for each in sightings] for side in ("concerned", "others"))
    hits, total = sum(getattr(each, event) for each in mine), sum(each.total for each in mine)
    other_hits, other_total = sum(getattr(each, event) for each in others), sum(e.total for e in others)
    if not total or not other_total:
        yield "it is active and there is nothing to compare with"
    elif (chance := _fisher(hits, total, other_hits, other_total)) > _RARE:
        yield f"it is active, and chance alone does as much with a probability of {chance:.2f}"


def _fisher(hits: int, total: int, other_hits: int, other_total: int) -> float:
    """The probability of so many hits or more, were all attempts alike."""
    every, all_hits = total + other_total, hits + other_hits
    ways = math.comb(every, total)
    most = min(total, all_hits)
    chosen = range(hits, most + 1)
    return sum(math.comb(all_hits, k) * math.comb(every - all_hits, total - k) for k in chosen) / ways


Selects = Callable[[Features], bool]


def _selector(lesson: Lesson, sighting: Sighting) -> Selects | None:
    """Which attempts a subject is about; None where that cannot be told from what they changed alone."""
    told = lesson.line.subject.told
    match lesson.line.subject.about:
        case About.OPERATOR:
            return lambda f: (f.proposer, f.operator) == (told["proposer"], told["operator"])
        case About.PLACE:
            return _is_place(told)
        case About.PARAMETER:
            return _is_moved(told, sighting.detail)
        case About.ERROR:
            return _is_cause(told)
        case About.PAIR:
            return _has_both(told)
    return None


def _is_place(told: Mapping[str, Any]) -> Selects:
    place = (told["path"], told["region"])

    def selects(features: Features) -> bool:
        where = (
            {(p, r) for p, r in features.places if r} if place[1] else {(p, "") for p, _ in features.places}
        )
        return place in where and len(where) <= 3 and features.proposer not in ("ablate", "combine")

    return selects


def _is_moved(told: Mapping[str, Any], detail: Mapping[str, Any]) -> Selects | None:
    name, side = told["parameter"], told.get("side")
    if side is None:
        return lambda f: name in f.moved and len(f.moved) <= 8
    if side == "at":
        return lambda f: len(f.moved) <= 3 and f.moved.get(name, (None, None))[1] == told["value"]
    bound = detail.get("bound")
    if not isinstance(bound, int | float):
        return None

    def selects(features: Features) -> bool:
        if name not in features.moved or len(features.moved) > 3:
            return False
        value = features.moved[name][1]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return bool(value >= bound if side == "above" else value <= bound)

    return selects


def _is_cause(told: Mapping[str, Any]) -> Selects:
    if "token" in told:
        return lambda f: told["token"] in f.tokens and len(f.tokens) <= 12
    if "operator" in told:
        return lambda f: (f.proposer, f.operator) == (told["proposer"], told["operator"])
    place = (told["path"], told["region"])
    return lambda f: place in f.places and len(f.places) <= 3


def _has_both(told: Mapping[str, Any]) -> Selects:
    both = {tuple(told["first"]), tuple(told["second"])}

    def selects(features: Features) -> bool:
        places = {place for place in features.places if place[1]}
        return both <= places and len(places) <= 3 and features.proposer != "ablate"

    return selects
