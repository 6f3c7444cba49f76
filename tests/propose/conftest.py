"""A search without the loop: files in memory, a scorer that is a function of the text, the best as parent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.goal import Goal, parse_goal
from kapso.propose.protocol import Context, Idea
from kapso.propose.tune import Tune

Score = Callable[[dict[str, bytes]], float]


class Candidate(dict[str, bytes]):
    """The editable files of a candidate; stands in for the loop's workspace."""


@dataclass
class Search:
    """Tune at work on `files`. A scorer that raises is a crash."""

    goal: Goal
    files: dict[str, bytes]
    score: Score
    seed: int = 0
    ideas: list[Idea] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tune = self.fresh()
        self.land(0, dict(self.files), None, None)

    def fresh(self) -> Tune:
        """A tune that has seen nothing."""
        return Tune(self.goal, lambda commit: self.commits[commit])

    @property
    def best(self) -> Attempt:
        sign = 1 if self.goal.primary.goal == "maximize" else -1
        return max(self.scored, key=lambda attempt: (sign * (attempt.score or 0.0), -attempt.number))

    @property
    def scored(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.is_scored]

    def context(self, number: int, known: tuple[Attempt, ...] = ()) -> Context:
        parent = self.best
        seed = self.seed * 100_000 + number
        return Context(self.goal, number, [parent], self.commits[parent.commit], self.attempts, seed, known)

    def run(self, attempts: int) -> Search:
        """That many attempts, or fewer when tune runs out of ideas."""
        for number in range(len(self.attempts), len(self.attempts) + attempts):
            idea = self.tune.ideate(self.context(number))
            if idea is None:
                break
            self.ideas.append(idea)
            self.land(number, self.edited(idea), idea, self.parent(idea))
        return self

    def parent(self, idea: Idea) -> Attempt:
        """What the idea starts from."""
        return self.attempts[idea.parents[0]] if idea.parents else self.best

    def edited(self, idea: Idea) -> dict[str, bytes]:
        files = Candidate(self.commits[self.parent(idea).commit])
        self.tune.edit(idea, files)  # type: ignore[arg-type]
        return dict(files)

    def land(self, number: int, files: dict[str, bytes], idea: Idea | None, parent: Attempt | None) -> None:
        commit = f"{number:040x}"
        self.commits[commit] = files
        try:
            score, outcome = self.score(files), Outcome.SCORED
        except Exception:
            score, outcome = None, Outcome.CRASHED
        attempt = Attempt(
            run="demo-0000",
            number=number,
            branch=f"kapso/demo-0000/{number:04d}",
            commit=commit,
            tree=commit,
            parents=(parent.number,) if parent else (),
            proposer="tune" if idea else "baseline",
            title=idea.title if idea else "baseline",
            hypothesis=idea.hypothesis if idea else "",
            outcome=outcome,
            started=now(),
            finished=now(),
            verdict=self.verdict(score, parent),
            score=score,
            parameters=dict(idea.parameters) if idea else {},
        )
        self.attempts.append(attempt)
        self.tune.observe(attempt)

    def verdict(self, score: float | None, parent: Attempt | None) -> Verdict | None:
        if score is None or parent is None or parent.score is None:
            return None
        if score == parent.score:
            return Verdict.SAME
        return Verdict.BETTER if self.goal.primary.is_better(score, parent.score) else Verdict.WORSE


@pytest.fixture
def make_goal(tmp_path: Path) -> Callable[..., Goal]:
    """`make_goal("minimize")` → a goal with one metric of that direction."""

    def make(direction: str = "maximize") -> Goal:
        text = f"objective: x\nedit: ['**']\nevaluate: 'true'\nmetrics: {{score: {direction}}}\n"
        return parse_goal(text, tmp_path / "goal.yaml")

    return make


@pytest.fixture
def search(make_goal: Callable[..., Goal]) -> Callable[..., Search]:
    """`search({path: text}, score)`: `score` gets the module's names when the only file is Python."""

    def make(
        files: Mapping[str, str],
        score: Callable[[dict[str, object]], float],
        direction: str = "maximize",
        seed: int = 0,
    ) -> Search:
        def scorer(content: dict[str, bytes]) -> float:
            names: dict[str, object] = {}
            for path in sorted(content):
                if path.endswith(".py"):
                    exec(content[path].decode(), names)
            return score(names)

        return Search(
            make_goal(direction), {path: text.encode() for path, text in files.items()}, scorer, seed
        )

    return make
