"""What each part of the best's diff earns, and the smallest diff that keeps its score: told from attempts.

Nothing is measured here. What others tried on the way to the best counts as much as what `ablate` did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.evaluate.noise import Noise
from kapso.goal import Goal, Metric
from kapso.propose.ablate.findings import Pieces
from kapso.propose.ablate.pieces import Diff, Hunk, cut
from kapso.propose.ablate.subject import NAME, Read, Subject, subject_of

_WEIGHED = 10
"""How many of those that left out most are compared by lines."""


class Effect(StrEnum):
    """What leaving a part out does."""

    EARNS = "earns"
    HARMS = "harms"
    NONE = "no effect"
    NEEDED = "needed"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Part:
    """A hunk, or a single edit in one: `gain` is by how much the score is better with it; more is better.

    `effect` says what the figure means with the noise taken into account; `needed` is what breaks the program
    when it is left out.
    """

    id: str
    path: str
    what: str
    effect: Effect
    gain: float | None
    line: int
    new_line: int
    new_lines: int
    edits: tuple[Part, ...] = ()

    def to_json(self) -> dict[str, Any]:
        own = {"hunk": self.id, "path": self.path, "line": self.line, "what": self.what}
        return {
            **own,
            "effect": str(self.effect),
            "gain": self.gain,
            "edits": [each.to_json() for each in self.edits],
        }


@dataclass(frozen=True)
class Smallest:
    """The attempt that keeps the best's score with the least change, and how much that is."""

    attempt: Attempt
    lines: int
    of_lines: int
    edits: int
    of_edits: int

    @property
    def share(self) -> str:
        """`12 of 40 changed lines`, or edits where it has as many lines."""
        if self.lines < self.of_lines:
            return f"{self.lines} of {self.of_lines} changed lines"
        return f"{self.edits} of {self.of_edits} edits"

    def to_json(self) -> dict[str, Any]:
        return {
            "attempt": self.attempt.number,
            "score": self.attempt.score,
            "lines": self.lines,
            "of_lines": self.of_lines,
            "edits": self.edits,
            "of_edits": self.of_edits,
        }


def smallest(
    best: Attempt,
    attempts: Mapping[int, Attempt],
    read: Read,
    goal: Goal,
    noise: Noise,
    demoted: Collection[int] = (),
) -> Smallest | None:
    """What keeps the score of `best` with less, as far as `ablate` found; None where nothing does."""
    if best.number == BASELINE or not any(each.proposer == NAME for each in attempts.values()):
        return None
    base = attempts[BASELINE]
    subject = Subject(subject_of(best, attempts), base, read, goal, noise)
    subject.learn({number: each for number, each in attempts.items() if number not in demoted})
    kept = ((removed, subject.study.found[removed]) for removed in subject.study.kept)
    ours = [(len(removed), found.number) for removed, found in kept if found.is_ours]
    numbers = [number for _, number in sorted(ours, key=lambda each: -each[0])[:_WEIGHED] if number]

    def size(attempt: Attempt) -> tuple[int, int]:
        files, base_files = read(attempt.commit), read(base.commit)
        diff = cut(base_files, files, files.changed_from(base_files))
        return diff.lines, len(diff.pieces)

    whole, sizes = size(best), [(size(attempts[number]), number) for number in numbers]
    if not sizes or min(sizes)[0] >= whole:
        return None
    least, number = min(sizes)
    return Smallest(attempts[number], least[0], whole[0], least[1], whole[1])


def dissect(
    best: Attempt, attempts: Mapping[int, Attempt], read: Read, goal: Goal, noise: Noise
) -> tuple[Part, ...]:
    """The hunks of the diff between base and `best`, in order, with what is known about each."""
    if best.number == BASELINE or best.score is None:
        return ()
    shown = Subject(best, attempts[BASELINE], read, goal, noise)
    subject = shown
    origin = subject_of(best, attempts)
    if origin.number != best.number:
        wider = Subject(origin, attempts[BASELINE], read, goal, noise)
        if wider.left_out(best) is not None:
            subject = wider
    subject.learn(attempts)
    teller = _Teller(shown.diff, subject, noise)
    return tuple(teller.hunk(hunk) for hunk in shown.diff.hunks)


class _Teller:
    """Parts of the diff that is `shown`, by what is known about a subject that has them all."""

    def __init__(self, shown: Diff, subject: Subject, noise: Noise) -> None:
        self._shown = shown
        self._study = subject.study
        self._subject = subject
        self._noise = noise

    def hunk(self, hunk: Hunk) -> Part:
        edits = [self._edit(hunk, at) for at in sorted(hunk.pieces)] if len(hunk.pieces) > 1 else []
        is_known = any(each.effect is not Effect.UNKNOWN for each in edits)
        gain, effect = self._measured(hunk.pieces)
        single = f" {self._shown.pieces[min(hunk.pieces)].shown}" if not edits else ""
        what = f"{hunk.path}:{hunk.line}{single}"
        place = (hunk.line, hunk.new_line, hunk.new_lines)
        return Part(hunk.id, hunk.path, what, effect, gain, *place, tuple(edits) if is_known else ())

    def _edit(self, hunk: Hunk, at: int) -> Part:
        piece = self._shown.pieces[at]
        gain, effect = self._measured(frozenset({at}))
        return Part(piece.id, piece.path, piece.shown, effect, gain, hunk.line, hunk.new_line, hunk.new_lines)

    def _measured(self, shown: Pieces) -> tuple[float | None, Effect]:
        pieces = self._subject.same_pieces(self._shown, shown)
        if pieces is None:
            return None, Effect.UNKNOWN
        study = self._study
        gain = study.gain(pieces)
        if gain is None:
            idle = Effect.NONE if pieces <= study.removed else Effect.UNKNOWN
            return None, Effect.NEEDED if study.is_needed(pieces) else idle
        return gain, self._effect(gain, pieces)

    def _effect(self, gain: float, pieces: Pieces) -> Effect:
        """What was decided counts; the figure alone tells harm."""
        if pieces <= self._study.removed:
            gain = min(gain, 0.0)
        elif self._study.is_needed(pieces) and gain > 0:
            return Effect.EARNS
        score = self._subject.attempt.score or 0.0
        verdict = self._noise.verdict(Metric("gain"), score + gain, score)
        return {Verdict.BETTER: Effect.EARNS, Verdict.WORSE: Effect.HARMS, Verdict.SAME: Effect.NONE}[verdict]
