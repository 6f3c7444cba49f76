"""`combine`: brings together what two attempts gained apart from each other.

A three-way merge over their nearest common ancestor. The partner is chosen by what it gained over that
ancestor, since that is what the merge can hope to add; a pair is tried once.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.git.merge import merge_file
from kapso.goal import Goal
from kapso.propose.protocol import Context, Files, Idea, Snapshot, Workspace

KEPT = 60
"""How many attempts that gained over their parent may be partners, the best of them."""


@dataclass(frozen=True)
class _Pair:
    ours: Attempt
    theirs: Attempt
    ancestor: Attempt
    hope: float


class Combine:
    """Remembers every attempt's parents, who gained, and the pairs that were merged."""

    name = "combine"

    def __init__(self, goal: Goal, read: Callable[[str], Snapshot]) -> None:
        self._sign = -1.0 if goal.primary.goal == "maximize" else 1.0
        self._read = read
        self._attempts: dict[int, Attempt] = {}
        self._gainers: list[tuple[float, int]] = []
        self._best = BASELINE
        self._tried: set[frozenset[int]] = set()

    def why_nothing(self, files: Files) -> str | None:
        """Nothing that shows in the files: there is something as soon as two attempts gained."""
        return None

    def ideate(self, context: Context) -> Idea | None:
        """The pair with the most to hope for, the policy's parent in it where that has a partner."""
        pairs = self._pairs(context.parents[0].number) or self._pairs(self._best)
        if not pairs:
            return None
        draw = random.Random(context.seed)
        pair = max(pairs, key=lambda each: (each.hope * draw.uniform(0.8, 1.2), each.theirs.number))
        ours, theirs, ancestor = pair.ours.number, pair.theirs.number, pair.ancestor.number
        self._tried.add(frozenset((ours, theirs)))
        return Idea(
            title=f"attempt {ours} with what {theirs} gained",
            hypothesis=f"{theirs} came from {ancestor}, as {ours} did, and gained apart from it: "
            f"`{pair.theirs.title}`.",
            details={"ancestor": pair.ancestor.commit, "theirs": pair.theirs.commit},
            parents=(ours, theirs),
        )

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Merge into the first parent what the second changed; where both changed, the first stands."""
        ancestor, theirs = self._read(idea.details["ancestor"]), self._read(idea.details["theirs"])
        for path in sorted(theirs.changed_from(ancestor)):
            base, mine, their = ancestor.get(path), workspace.get(path), theirs.get(path)
            if mine == base and their is None:
                del workspace[path]
            elif mine == base and their is not None:
                workspace[path] = their
            elif base is not None and mine is not None and their is not None:
                merged = merge_file(base, mine, their)
                if merged is not None and merged != mine:
                    workspace[path] = merged

    def observe(self, attempt: Attempt) -> None:
        """Take an attempt into the graph."""
        self._attempts[attempt.number] = attempt
        if attempt.proposer == self.name:
            self._tried.add(frozenset(attempt.parents))
        if not attempt.is_scored or attempt.score is None:
            return
        if attempt.number == BASELINE or self._gain(attempt, self._attempts[self._best]) > 0:
            self._best = attempt.number
        if attempt.verdict is Verdict.BETTER:
            bisect.insort(self._gainers, (self._sign * attempt.score, attempt.number))
            del self._gainers[KEPT:]

    def _pairs(self, number: int) -> list[_Pair]:
        """Untried partners for the attempt `number` that gained over their nearest common ancestor."""
        ours, above = self._attempts[number], self._ancestors(number)
        found = []
        for _, other in self._gainers:
            if other in above or frozenset((number, other)) in self._tried:
                continue
            theirs_above = self._ancestors(other)
            if number not in theirs_above:
                theirs, ancestor = self._attempts[other], self._attempts[max(above & theirs_above)]
                if (gain := self._gain(theirs, ancestor)) > 0:
                    found.append(_Pair(ours, theirs, ancestor, gain))
        return found

    def _gain(self, attempt: Attempt, over: Attempt) -> float:
        """By how much `attempt` is better; a score where there was none is a gain beyond all."""
        if attempt.score is None:
            return 0.0
        return math.inf if over.score is None else self._sign * (over.score - attempt.score)

    def _ancestors(self, number: int) -> set[int]:
        """`number` and all that it was made from."""
        seen: set[int] = set()
        waiting = [number]
        while waiting:
            if (each := waiting.pop()) not in seen:
                seen.add(each)
                waiting += self._attempts[each].parents
        return seen
