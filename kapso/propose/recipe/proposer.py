"""The proposer: one recipe at one place of the parent, those first that promise most and have paid off.

The idea holds the replacements themselves, so that carrying it out needs neither parser nor playbook. Every
draw comes from `Context.seed`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from random import Random

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Goal
from kapso.propose.mutate.edit import apply, carry_out, is_sound
from kapso.propose.mutate.tree import Source, read_source
from kapso.propose.protocol import Context, Files, Idea, Snapshot, Workspace
from kapso.propose.recipe.cookbook import Cookbook
from kapso.propose.recipe.known import Known, Start, Variant
from kapso.propose.recipe.matching import Match, matches
from kapso.propose.recipe.record import Record

_REMEMBERED = 1_500_000
"""Characters of source whose matches are kept."""
_SHARPNESS = 1.5
_LONGEST = 40
"""Characters of code in a title."""


@dataclass(frozen=True)
class _Seen:
    match: Match
    source: Source


class Recipes:
    """Applies the recipes of playbooks, and changes that lessons tell of.

    `read` gives the editable files of a commit.
    """

    name = "recipe"

    def __init__(self, goal: Goal, read: Callable[[str], Snapshot], cookbook: Cookbook) -> None:
        self._goal = goal
        self._read = read
        self._cookbook = cookbook
        self._record = Record()
        self._known = Known()
        self._attempts: dict[int, Attempt] = {}
        self._found: dict[tuple[str, bytes], list[_Seen]] = {}
        self._made: set[str] = set()
        self._tried: set[tuple[str, str]] = set()
        self._in_flight: dict[int, list[tuple[str, str, str]]] = {}

    def why_nothing(self, files: Files) -> str | None:
        """Why no recipe can be tried on these files, or None where one can."""
        if any(self._matches(path, files[path]) for path in sorted(files)):
            return None
        return "no recipe matches the files of `edit`"

    def promise(self, files: Files) -> float:
        """The usual where something matches and speed is asked for; next to nothing where nothing does, so
        that others share their turns as they would without it."""
        if not any(self._matches(path, files[path]) for path in sorted(files)):
            return 0.001
        return 1.0 if self._asks_for_speed else 0.3

    def ideate(self, context: Context) -> Idea | None:
        """The next recipe to apply, or None when all that match were tried."""
        parent = context.parents[0]
        random = Random(f"{context.seed}:{len(context.known)}")
        waiting = self._waiting(context)
        files = context.files
        assert isinstance(files, Snapshot)
        busy = {(tree, key) for tree, key, _ in waiting}
        in_flight = {key for _, key, _ in waiting}
        self._record.advice = context.recalled.advice
        if self._known.is_trusted and (idea := self._known_change(context, in_flight)) is not None:
            return idea
        for seen in self._ordered(files, parent, busy, in_flight, random):
            match, source = seen.match, seen.source
            self._tried.add((parent.tree, match.key))
            content = apply(source.text, match.spans).encode("utf-8")
            program = files.program({match.path: content})
            if program not in self._made and all(program != each for _, _, each in waiting):
                proposal = (parent.tree, match.key, program)
                self._in_flight.setdefault(context.number, [])[len(context.known) :] = [proposal]
                return self._idea(seen)
        return self._known_change(context, in_flight)

    def eager(self, context: Context) -> str | None:
        """The lesson of a change that earned before and was not tried here yet, if there is one."""
        if not context.recalled.advice.changes or not self._known.is_trusted:
            return None
        busy = {key for _, key, _ in self._waiting(context)}
        found = self._open(context, busy, self._known.is_fresh)
        return next((each.change.lesson for each, _ in found), None)

    def _known_change(self, context: Context, busy: set[str]) -> Idea | None:
        """The next change that a lesson tells of."""
        for variant, program in self._open(context, busy):
            proposal = (variant.start.tree, variant.key, program)
            self._in_flight.setdefault(context.number, [])[len(context.known) :] = [proposal]
            return variant.idea()
        return None

    def _open(
        self, context: Context, busy: set[str], fits: Callable[[Variant], bool] = lambda variant: True
    ) -> Iterator[tuple[Variant, str]]:
        """The changes that make a new program of the best, or of the base that they were made from."""
        changes = context.recalled.advice.changes
        if not changes:
            return
        parent = context.parents[0]
        made_from = [self._attempts.get(context.best, parent)]
        if not self._known.has_paid:
            made_from.append(self._attempts.get(BASELINE, parent))
        starts = [Start(each.number, each.tree, self._read(each.commit)) for each in made_from]
        for variant in self._known.open(changes, starts, busy):
            if fits(variant) and (program := self._program_with(variant)) is not None:
                yield variant, program

    def _program_with(self, variant: Variant) -> str | None:
        """The identity of the program that a change makes; None where that is known, or no program."""
        files, contents = variant.start.files, variant.contents()
        for path in contents:
            source = read_source(path, files[path])
            spans = sorted(fit.span for fit in variant.fits if fit.path == path)
            if source is not None and source.text == files[path].decode("utf-8"):
                if not is_sound(source, spans):
                    return None
        program = files.program(contents)
        return None if program in self._made else program

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Make the replacements that the idea holds."""
        for each in idea.details.get("files", [idea.details]):
            carry_out(each, workspace)

    def observe(self, attempt: Attempt) -> None:
        """Learn from an attempt, whoever proposed it."""
        self._attempts[attempt.number] = attempt
        self._made.add(self._read(attempt.commit).program())
        self._in_flight.pop(attempt.number, None)
        if attempt.proposer == self.name:
            parent = self._attempts[attempt.parents[0]]
            self._record.learn(attempt.parameters, attempt, parent.score)
            self._known.learn(attempt.parameters, attempt, parent)
            self._tried.add((parent.tree, str(attempt.parameters.get("place"))))

    @property
    def _asks_for_speed(self) -> bool:
        told = " ".join([*(each.name for each in self._goal.metrics), self._goal.objective]).lower()
        return self._goal.uses_time or not _SPEED.isdisjoint(re.findall(r"[a-z]+", told))

    def _ordered(
        self,
        files: Files,
        parent: Attempt,
        busy: set[tuple[str, str]],
        in_flight: set[str],
        random: Random,
    ) -> Iterator[_Seen]:
        """What was not tried on this parent, in a random order that prefers what promises more."""
        left: list[tuple[_Seen, float]] = []
        for path in sorted(files):
            for seen in self._matches(path, files[path]):
                place = (parent.tree, seen.match.key)
                weight = self._record.weight(seen.match, parent.score)
                if weight and place not in self._tried | busy and seen.match.key not in in_flight:
                    left.append((seen, math.pow(weight, _SHARPNESS)))
        while left:
            at = random.choices(range(len(left)), [weight for _, weight in left])[0]
            yield left.pop(at)[0]

    def _matches(self, path: str, content: bytes) -> list[_Seen]:
        """What can be done to one file."""
        key = (path, content)
        if key not in self._found:
            source = read_source(path, content)
            told = self._cookbook.of(source.language.name) if source is not None else []
            found = matches(told, source) if source is not None else ()
            self._found[key] = [_Seen(e, source) for e in found if source and is_sound(source, e.spans)]
            while len(self._found) > 1 and sum(len(each[1]) for each in self._found) > _REMEMBERED:
                self._found.pop(next(iter(self._found)))
        return self._found[key]

    def _waiting(self, context: Context) -> list[tuple[str, str, str]]:
        """Proposals whose results are not in; of this very attempt, those that were mere repetitions."""
        found: list[tuple[str, str, str]] = []
        for number, proposals in self._in_flight.items():
            found += proposals[: len(context.known)] if number == context.number else proposals
        return found

    def _idea(self, seen: _Seen) -> Idea:
        match, text = seen.match, seen.source.text
        recipe = match.recipe
        what = " ".join(match.what.split())
        what = f"{what[:_LONGEST]}…" if len(what) > _LONGEST else what
        assumes = f" It assumes: {recipe.assumes}." if recipe.assumes else ""
        gain = f", {recipe.gain:.3g} times faster where it was measured" if recipe.gain > 1 else ""
        tally = self._record.recipes.get(recipe.id)
        so_far = f" It helped in {tally.better} of {tally.total} attempts here." if tally else ""
        place = match.path if len(match.path) <= 30 else PurePosixPath(match.path).name
        return Idea(
            title=f"{recipe.title}: `{what}` in {place}:{match.line}",
            hypothesis=f"recipe `{recipe.id}` of {recipe.where}{gain}.{so_far}{assumes}",
            parameters={
                "recipe": recipe.id,
                "path": match.path,
                "region": match.region,
                "place": match.key,
            },
            details={
                "path": match.path,
                "replace": [[start, text[start:end], new] for start, end, new in match.spans],
            },
        )


_SPEED = frozenset({
    "second", "seconds", "milliseconds", "ms", "time", "speed", "fast", "faster", "fastest", "quick",
    "quickly", "slow", "latency", "throughput", "steps", "cycles", "instructions", "runtime", "cpu",
})  # fmt: skip
"""Words of goals that ask for speed."""
