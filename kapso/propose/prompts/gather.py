"""Collects what a prompt may say about one attempt, within so many tokens, the most useful first.

It sees the Context and the editable files that are not hidden, and nothing else: hold-out results, the scorer
and the environment are not within its reach.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property, lru_cache
from itertools import islice

from kapso.attempt import BASELINE, Attempt, Outcome
from kapso.git.hunks import unified
from kapso.goal import format_duration
from kapso.goal.model import MEASURED_METRICS
from kapso.propose.prompts.code import Interest, Program
from kapso.propose.prompts.goal_view import view_goal, visible
from kapso.propose.prompts.material import Material, Row, Table, Told
from kapso.propose.prompts.past import AUTHORED, FAILED, Past
from kapso.propose.prompts.room import Room
from kapso.propose.prompts.text import clip, count_tokens, cut_diff, tail
from kapso.propose.protocol import Context, Snapshot
from kapso.wording import duration, number

Read = Callable[[str], Snapshot]
"""The editable files of a commit."""

DIFF_TOKENS, BEST_TOKENS, FAILED_TOKENS = 700, 1500, 250
"""The most for the diff of a change that worked, of the best, of one that failed."""
FEEDBACK_TOKENS, OWN_TOKENS = 250, 1200
"""The most for another attempt's feedback, and for that on the program that is edited."""
MOST_WORKED, MOST_FAILED, MOST_OTHERS, MOST_KNOWN, MOST_TRIED, MOST_SETTINGS = 4, 4, 3, 5, 20, 8
MOST_LESSONS, MOST_KNOWLEDGE, MOST_HINTS = 8, 8, 20
MOST_LINEAGE, MOST_UNSEEN, MOST_METRICS = 8, 20, 12
RECORD_SHARE = 0.4
"""Of the room, what the record may take although the program must be cut for it."""


_unified = lru_cache(maxsize=256)(unified)


class Gatherer:
    """The material for the attempt that `context` is about; each file is read from git once.

    `rests_on` are the lessons and the nodes of libraries that the last material tells of. A `past` that
    outlives the prompt spares it a look at every earlier attempt.
    """

    def __init__(self, context: Context, read: Read, past: Past | None = None) -> None:
        self.context = context
        self.rests_on: tuple[str, ...] = ()
        self.start = context.parents[0]
        self.past = past or Past(context.goal.primary)
        self.past.take(context.attempts, context.barred)
        self.by_number = self.past.by_number
        if any(attempt.number not in self.by_number for attempt in context.parents):
            self.by_number = {**self.by_number, **{each.number: each for each in context.parents}}
        self.files = _Some(context.files, visible(context.goal, context.files))
        self._read = cache(read)
        self.is_all = False
        """Whether `material` left nothing out for want of room: with more it gives the same."""

    @cached_property
    def least(self) -> Material:
        """What no prompt goes without: goal, start, metrics, hints."""
        context = self.context
        baseline = self.by_number.get(BASELINE, self.start)
        return Material(
            goal=view_goal(context.goal, baseline.metrics, self.files),
            start=self._told(self.start),
            table=self._table(baseline),
            noise=context.noise or None,
            run_time=self._run_time(),
            hints=list(context.hints[-MOST_HINTS:]),
            example=next(iter(self.files), "path/of/the/file"),
            seed=context.seed,
            number=context.number,
            since_best=sum(map(context.best.__lt__, self.by_number)),
        )

    def material(self, tokens: int, *, with_code: bool = True) -> Material:
        """As much beyond the least as fits into so many tokens."""
        code = self._program.tokens if with_code else 0
        room = Room(max(tokens - code, int(RECORD_SHARE * tokens)))
        found = self._record(room)
        self.is_all = room.was_enough
        if not with_code:
            return found
        self.is_all = self.is_all and self._program.tokens <= tokens - room.used
        views, unseen = self._program.within(tokens - room.used)
        return replace(
            found,
            files=views,
            left_out=unseen[:MOST_UNSEEN],
            more_left_out=max(0, len(unseen) - MOST_UNSEEN),
            is_cut=any(not view.is_whole for view in views),
        )

    def _record(self, room: Room) -> Material:
        """What earlier attempts taught, in order of use. No attempt is told of twice."""
        least, seen = self.least, {self.start.number, BASELINE}
        room.share(0.15)
        feedback = tail(self.start.feedback or "", min(OWN_TOKENS, room.left))
        room.was_enough = room.left >= OWN_TOKENS or not feedback
        lineage = self._lineage()
        room.takes(count_tokens(feedback) + 12 * len(lineage))
        room.share(0.05)
        known = self._fitting(room, self.context.known, MOST_KNOWN, seen)
        room.share(0.2)
        best = self._fitting(room, self._best(), 1, seen, BEST_TOKENS, self.start)
        room.share(0.15)
        failed = self._fitting(room, self._failed(), MOST_FAILED, seen, FAILED_TOKENS)
        room.share(0.2)
        worked = self._fitting(room, self._worked(), MOST_WORKED, seen, DIFF_TOKENS)
        room.share(0.05)
        others = self._fitting(room, self.context.parents[1:], MOST_OTHERS, seen, DIFF_TOKENS, self.start)
        room.share(0.1)
        recalled = self.context.recalled
        lessons = room.texts([each.statement for each in recalled.lessons], MOST_LESSONS)
        room.share(0.05)
        texts = room.texts([each.text for each in recalled.knowledge], MOST_KNOWLEDGE)
        knowledge = [each for each in recalled.knowledge if each.text in texts]
        told = [each.id for each in recalled.lessons if each.statement in lessons]
        self.rests_on = (*told, *(each.id for each in knowledge if each.id))
        room.share(0.05)
        tried = self._fitting(room, self._tried(), MOST_TRIED, seen)
        return replace(
            least,
            start=replace(least.start, feedback=feedback or None, reason=self.start.reason),
            lineage=lineage,
            best=best[0] if best else None,
            others=others,
            worked=worked,
            failed=failed,
            tried=tried,
            known=known,
            lessons=lessons,
            knowledge=knowledge,
        )

    def _fitting(
        self,
        room: Room,
        attempts: Iterable[Attempt],
        most: int,
        seen: set[int],
        diff_tokens: int = 0,
        against: Attempt | None = None,
    ) -> list[Told]:
        """Those that fit, each as fully as it does: with its diff, with its feedback, or with neither.

        The diff is against the first parent, or `against` a given attempt.
        """
        found: list[Told] = []
        for attempt in attempts:
            if len(found) == most:
                break
            if attempt.number in seen:
                continue
            told = room.first(self._versions(attempt, diff_tokens, against))
            if told is not None:
                seen.add(attempt.number)
                found.append(told)
        return found

    def _versions(self, attempt: Attempt, diff_tokens: int, against: Attempt | None) -> Iterator[Told]:
        plain = self._told(attempt)
        if diff_tokens:
            is_failure = attempt.outcome in FAILED
            said = tail(attempt.feedback or "", FEEDBACK_TOKENS) if is_failure else ""
            told = replace(plain, reason=attempt.reason, feedback=said or None)
            is_telling = not is_failure or attempt.proposer in AUTHORED  # others break programs at random
            if is_telling and (diff := cut_diff(self._diff(attempt, against), diff_tokens)):
                yield replace(told, diff=diff)
            if against is not None:
                return
            yield told
        yield plain

    # What is told of, the most useful first

    def _best(self) -> list[Attempt]:
        best = self.by_number.get(self.context.best)
        return [best] if best is not None and best.is_scored else []

    def _failed(self) -> list[Attempt]:
        """Recent failures, those of ideas and of the same start first, each reason once."""
        by_reason: dict[str, Attempt] = {}
        for attempt in self.past.failed(self.start.number):
            by_reason.setdefault(clip(attempt.reason or attempt.title, 80), attempt)
        return list(by_reason.values())

    def _worked(self) -> Iterator[Attempt]:
        """What was better than its parent: what the program does not have yet first, then by gain.

        Of several that changed the same lines, only the first.
        """
        places = set()
        for attempt in self.past.better(set(self._line()), 3 * MOST_WORKED):
            diff = self._diff(attempt, None)
            replaced = [row for row in diff.split("\n") if row[:1] == "-"]
            place = "\n".join(replaced) if len(replaced) > 1 else diff
            if place not in places:
                places.add(place)
                yield attempt

    def _tried(self) -> list[Attempt]:
        """What was made from the same start, then other ideas; ideas first, the latest first."""
        tried = self.past.edits(self.start.number)
        ideas = [each for each in tried if each.proposer in AUTHORED]
        near = [each for each in tried if self.start.number in each.parents[:1]]
        settings = [each for each in near if each.proposer not in AUTHORED]
        return [*ideas[: 2 * MOST_TRIED], *settings[:MOST_SETTINGS]]

    def _line(self) -> list[int]:
        """The first parents of the start, itself included, the latest first."""
        line = [self.start.number]
        while (parents := self.by_number[line[-1]].parents) and parents[0] in self.by_number:
            line.append(parents[0])
        return line

    def _lineage(self) -> list[Told]:
        line = self._line()[:MOST_LINEAGE]
        return [self._told(self.by_number[each]) for each in reversed(line)] if len(line) > 1 else []

    # How it is told

    def _told(self, attempt: Attempt) -> Told:
        """Of what a stage cut, its reason says how far it came: there is no score."""
        is_cut = attempt.outcome is Outcome.CUT and attempt.reason
        return Told(
            attempt.number,
            attempt.title,
            attempt.proposer,
            f"cut, {clip(attempt.reason or '', 160)}" if is_cut else str(attempt.outcome),
            attempt.score if attempt.is_scored else None,
            self.past.gain(attempt),
            str(attempt.verdict) if attempt.verdict else None,
        )

    def _table(self, baseline: Attempt) -> Table:
        """The metrics of baseline, start and best; those of the goal first."""
        best = self.by_number.get(self.context.best, baseline)
        shown = {"baseline": baseline}
        if self.start.number != BASELINE:
            shown["this program"] = self.start
        if best.number not in (BASELINE, self.start.number):
            shown[f"best (attempt {best.number})"] = best
        goal = self.context.goal
        names = [each.name for each in goal.metrics] + [each.metric for each in goal.constraints]
        printed = sorted(self.start.metrics.keys() - MEASURED_METRICS)
        names = list(dict.fromkeys([*names, *printed]))[:MOST_METRICS]
        rows = [Row(name, [number(each.metrics.get(name)) for each in shown.values()]) for name in names]
        return Table(list(shown), rows)

    def _run_time(self) -> str | None:
        """How much of the time that it has the program uses, where time does not count otherwise."""
        goal, seconds = self.context.goal, self.start.metrics.get("run.seconds")
        if seconds is None or goal.uses_time:
            return None
        command = goal.run or goal.evaluate
        name = "run" if goal.run else "evaluation"
        limit = format_duration(command.timeout_s)
        return f"Its {name} takes {duration(seconds)} of the {limit} that it may take."

    def _diff(self, attempt: Attempt, against: Attempt | None) -> str:
        """What it changed, or in what it differs from another, in the files that may be seen."""
        old = against or self.by_number.get(attempt.parents[0] if attempt.parents else attempt.number)
        if old is None or old.commit == attempt.commit:
            return ""
        before, after = self._read(old.commit), self._read(attempt.commit)
        changed = after.changed_from(before)
        others = dict.fromkeys(changed - self.files.keys(), b"")
        seen = visible(self.context.goal, others) if others else []
        paths = sorted([*(changed & self.files.keys()), *seen])
        return "".join(_unified(before.get(path, b""), after.get(path, b""), path) for path in paths)

    @cached_property
    def _program(self) -> Program:
        return Program(self.files, self._interest)

    def _interest(self) -> Interest:
        """What parts of a large program are about the goal, the feedback, the hints and what worked."""
        goal, context = self.context.goal, self.context
        lines: set[str] = set()
        for attempt in islice(self._worked(), MOST_WORKED):
            diff = self._diff(attempt, None)
            lines |= {line[1:].strip() for line in diff.split("\n") if line[:1] == "+" and len(line) > 9}
        base = self.by_number.get(BASELINE, self.start)
        changed = self._read(self.start.commit).changed_from(self._read(base.commit))
        texts = [goal.objective, self.start.feedback, goal.program, *context.hints]
        return Interest(Interest.words_of(texts), lines, changed, context.seed)


class _Some(Mapping[str, bytes]):
    """Some of the files of a snapshot, still read lazily."""

    def __init__(self, files: Mapping[str, bytes], paths: Collection[str]) -> None:
        self._files, self._paths = files, dict.fromkeys(paths)

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
