"""A subject: an attempt whose diff is taken apart, and what its run's attempts tell about the pieces.

What stands in git is enough: which pieces an attempt left out is read from its files, so that a resumed run
and a reader of its report know what the run knew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.evaluate.noise import Noise
from kapso.goal import Goal
from kapso.propose.ablate.findings import Finding, Pieces
from kapso.propose.ablate.pieces import Diff, cut
from kapso.propose.ablate.soundness import is_sound
from kapso.propose.ablate.study import Study
from kapso.propose.protocol import Snapshot

NAME = "ablate"
MOST_READ = 200
"""How many of the latest attempts by `ablate`, and steps of the subject's ancestry, are read."""
_ROUNDING = 1e-12
"""What two scores of one program may differ by, as a part of them."""
_ALIKE = 3.5
"""Standard deviations of one score by which those of two programs that are alike differ in one case of 75."""

Read = Callable[[str], Snapshot]
"""The editable files of a commit."""


def subject_of(best: Attempt, attempts: Mapping[int, Attempt]) -> Attempt:
    """What to take apart for the best: itself, or what it merely made smaller.

    All parts of one subject are measured against it alone: from step to step, `same` would drift.
    """
    while best.proposer == NAME and best.verdict is not Verdict.BETTER:
        if not best.parents or (origin := attempts.get(best.parents[0])) is None:
            break
        best = origin
    return best


class Subject:
    """The diff of one attempt against the base, with the study of it."""

    def __init__(self, attempt: Attempt, base: Attempt, read: Read, goal: Goal, noise: Noise) -> None:
        self.attempt = attempt
        self.base = base
        self._read = read
        self._metric = goal.primary
        self._noise = noise
        self._files = read(attempt.commit)
        self._base_files = read(base.commit)
        self.diff: Diff = cut(self._base_files, self._files, self._files.changed_from(self._base_files))
        self._whole = self.diff.files(self._base_files, self.diff.all)
        sigma = noise.sigma if goal.repeats else 0.0  # where pairs are measured, the verdict knows better
        tie = max(_ALIKE * noise.sigma, _ROUNDING * abs(attempt.score or 0.0))
        hunks = [hunk.pieces for hunk in self.diff.hunks]
        self.study = Study(hunks, self._is_sound, sigma, tie, is_exact=not noise.sigma)

    def files(self, removed: Pieces) -> dict[str, bytes | None]:
        """The files that the subject changed as they are without some of its pieces."""
        return self.diff.files(self._base_files, self.diff.all - removed)

    def learn(self, attempts: Mapping[int, Attempt], origin: Subject | None = None) -> None:
        """Note what the attempts tell: the steps that led here, and what `ablate` left out before.

        `origin` is what the subject was made from by leaving something out, if that is how it was made.
        """
        if origin is not None:
            matched = origin._matched(self.diff)
            self.study.hint = frozenset(at for at, same in matched.items() if same in origin.study.idle)
        for attempt in [*_lineage(self.attempt, attempts), *_ablated(attempts.values())]:
            self.note(attempt)

    def note(self, attempt: Attempt) -> None:
        """Note what an attempt tells, if it is the subject without some pieces."""
        if attempt.number != self.attempt.number and (removed := self.left_out(attempt)):
            self.note_as(removed, attempt)

    def note_as(self, removed: Pieces, attempt: Attempt) -> None:
        """Note that `attempt` is the subject without these pieces."""
        self.study.note(removed, self._finding(attempt))

    def left_out(self, attempt: Attempt) -> Pieces | None:
        """The pieces that an attempt's files lack, None where they differ from the subject in another way."""
        files = self._read(attempt.commit)
        changed = files.changed_from(self._base_files)
        if not changed <= self._whole.keys():
            return None
        names = (
            attempt.parameters.get("without") if attempt.parameters.get("of") == self.attempt.number else None
        )
        made = {path: files.get(path) for path in self._whole}
        named = self.diff.named(names) if isinstance(names, list) else None
        if named is not None and self.files(named) == made:
            return named
        removed = self._by_content(cut(self._base_files, files, changed))
        return removed if self.files(removed) == made else None

    def same_pieces(self, other: Diff, some: Pieces) -> Pieces | None:
        """The subject's pieces that are those of `other` numbered `some`; None where it lacks one."""
        matched = self._matched(other)
        return frozenset(matched[at] for at in some) if some <= matched.keys() else None

    def _by_content(self, other: Diff) -> Pieces:
        """The pieces that `other` has not."""
        return self.diff.all - set(self._matched(other).values())

    def _matched(self, other: Diff) -> dict[int, int]:
        """The pieces of `other` that are the subject's as well, by number; each is taken once."""
        waiting: dict[Hashable, list[int]] = {}
        for at, piece in enumerate(self.diff.pieces):
            waiting.setdefault(piece.change, []).append(at)
        matched = {}
        for at, piece in enumerate(other.pieces):
            if same := waiting.get(piece.change):
                matched[at] = same.pop(0)
        return matched

    def _finding(self, attempt: Attempt) -> Finding:
        score, above = attempt.score, self.attempt.score
        if not attempt.is_scored or score is None or above is None:
            return Finding(False, None, attempt.number, attempt.proposer == NAME)
        gain = score - above if self._metric.goal == "maximize" else above - score
        verdict = attempt.verdict
        if attempt.parents[:1] != (self.attempt.number,):
            verdict = self._noise.verdict(self._metric, score, above)
        return Finding(verdict is not Verdict.WORSE, gain, attempt.number, attempt.proposer == NAME)

    def _is_sound(self, removed: Pieces) -> bool:
        return is_sound(self.files(removed), self._whole)


def _lineage(attempt: Attempt, attempts: Mapping[int, Attempt]) -> list[Attempt]:
    """The attempts that it was made from, by whatever parent, the latest ones."""
    seen: set[int] = {BASELINE} & attempts.keys()
    waiting = list(attempt.parents)
    while waiting and len(seen) <= MOST_READ:
        if (number := waiting.pop(0)) in attempts and number not in seen:
            seen.add(number)
            waiting += attempts[number].parents
    return [attempts[number] for number in sorted(seen)]


def _ablated(attempts: Iterable[Attempt]) -> list[Attempt]:
    return [each for each in attempts if each.proposer == NAME][-MOST_READ:]
