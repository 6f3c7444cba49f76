"""The proposer: leaves out of the best what the study asks about, late in a run or when others rest.

Its share of a run is bounded: it waits for the last stretch, which is as long as the diff needs and never
longer than `SHARE`, and asks only about what was not seen to earn. Alone, or when no other proposer has an
idea, it goes on until nothing is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt
from kapso.evaluate.noise import Noise
from kapso.goal import Goal
from kapso.propose.ablate.findings import Pieces
from kapso.propose.ablate.pieces import Diff, cut
from kapso.propose.ablate.subject import NAME, Subject, subject_of
from kapso.propose.protocol import Context, Files, Idea, Snapshot, Workspace

SHARE = 0.15
"""Of all attempts of a run: as much as may be spent here while others have ideas."""
_SLACK = 3
"""Attempts beyond one for each hunk that the last stretch has room for."""
_MOST_PLACES = 3
_MOST_ORIGINS = 8
"""How far back it is looked for what did nothing before."""


@dataclass(frozen=True)
class _Asked:
    """What an attempt was to leave out of which subject."""

    subject: int
    removed: Pieces


class Ablate:
    """Remembers the attempts, what is known about the best of them, and what is under way."""

    name = NAME

    def __init__(self, goal: Goal, read: Callable[[str], Snapshot]) -> None:
        self._goal = goal
        self._is_alone = all(spec.name == NAME for spec in goal.propose)
        self._read = read
        self._attempts: dict[int, Attempt] = {}
        self._made = 0
        self._subject: Subject | None = None
        self._unread: list[Attempt] = []
        self._asked: dict[int, list[_Asked]] = {}

    def why_nothing(self, files: Files) -> str | None:
        """Nothing that shows in the files: there is something as soon as an attempt is better."""
        return None

    def ideate(self, context: Context) -> Idea | None:
        """The best without what the study wants to know about."""
        for attempt in context.attempts[len(self._attempts) :]:
            self.observe(attempt)  # what has landed a moment ago may be the best already
        found = subject_of(self._attempts[context.best], self._attempts)
        room = self._room(context)
        if found.number == BASELINE or found.score is None or room == 0:
            return None
        subject = self._studied(found, context)
        if room is not None and room > subject.study.open + _SLACK:
            return None  # the search goes on while there is time for both
        busy = {
            asked.removed
            for number, all_asked in self._asked.items()
            for asked in all_asked
            if asked.subject == found.number and number not in self._attempts
        }
        is_last = context.left is not None and context.left <= 1
        removed = subject.study.next(busy, thrifty=room is not None, is_last=is_last)
        if removed is None:
            return None
        self._asked.setdefault(context.number, []).append(_Asked(found.number, removed))
        return _idea(subject, removed)

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Put back what the base has in place of the pieces that the idea names."""
        base, subject = self._read(idea.details["base"]), self._read(idea.details["subject"])
        diff = cut(base, subject, subject.changed_from(base))
        removed = diff.named(idea.parameters["without"])
        assert removed is not None
        for path, content in diff.files(base, diff.all - removed).items():
            if content is None:
                workspace.pop(path, None)
            elif workspace.get(path) != content:
                workspace[path] = content

    def observe(self, attempt: Attempt) -> None:
        """Take an attempt in, once."""
        if attempt.number in self._attempts:
            return
        self._attempts[attempt.number] = attempt
        self._asked.pop(attempt.number, None)
        if attempt.proposer == NAME:
            self._made += 1
            self._unread.append(attempt)

    def _room(self, context: Context) -> int | None:
        """How many attempts it may spend now: none while others search; None is no limit."""
        if self._is_alone or context.is_last:
            return None
        if context.left is None:
            return 0
        allowed = int(SHARE * (context.number - 1 + context.left)) - self._made
        return context.left if context.left <= allowed else 0

    def _taken_up(self, found: Attempt, noise: Noise, depth: int = _MOST_ORIGINS) -> Subject:
        """The subject with what the attempts tell of it, and of what it is a part of."""
        origin = self._attempts.get(found.parents[0]) if found.proposer == NAME and found.parents else None
        before = self._taken_up(origin, noise, depth - 1) if origin is not None and depth else None
        subject = Subject(found, self._attempts[BASELINE], self._read, self._goal, noise)
        subject.learn(self._attempts, before)
        return subject

    def _studied(self, found: Attempt, context: Context) -> Subject:
        """The subject with all that is known about it by now."""
        subject = self._subject
        if subject is None or subject.attempt.number != found.number:
            subject = self._subject = self._taken_up(found, Noise(context.noise))
        else:
            for attempt in self._unread:
                subject.note(attempt)
        self._unread = []
        asked = self._asked.get(context.number, [])
        if len(asked) == len(context.known):  # what the engine knew, by whoever had made it
            for each, twin in zip(asked, context.known, strict=True):
                if each.subject == found.number:
                    subject.note_as(each.removed, twin)
        return subject


def _idea(subject: Subject, removed: Pieces) -> Idea:
    number, diff = subject.attempt.number, subject.diff
    if subject.study.is_swept(removed):
        why = f"Does what matters of all that attempt {number} changed stand before here?"
    else:
        why = f"Of what attempt {number} changed, this part earns nothing."
    return Idea(
        title=f"attempt {number} without {_places(diff, removed)}",
        hypothesis=why,
        parameters={"of": number, "without": diff.names(removed)},
        details={"base": subject.base.commit, "subject": subject.attempt.commit},
        parents=(number,),
    )


def _places(diff: Diff, removed: Pieces) -> str:
    """Where the pieces stand, or how many they are."""
    whole = [hunk for hunk in diff.hunks if hunk.pieces <= removed]
    covered = frozenset[int]().union(*(hunk.pieces for hunk in whole))
    named = [f"{hunk.path}:{hunk.line}" for hunk in whole]
    named += [diff.pieces[at].shown for at in sorted(removed - covered)]
    if len(named) <= _MOST_PLACES:
        return ", ".join(named)
    parts = "hunks" if len(whole) == len(named) else "parts"
    return f"{len(named)} {parts}: {', '.join(named[: _MOST_PLACES - 1])}, …"
