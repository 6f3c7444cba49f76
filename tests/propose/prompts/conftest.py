"""A run with attempts in a real repository, and prompts packed for its next attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, now
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.goal import Goal, parse_goal
from kapso.goal.protection import Editable
from kapso.loop.workspace import EditableIndex
from kapso.propose.llm.packing import pack
from kapso.propose.prompts import Templates, agent_prompt
from kapso.propose.protocol import Context

GOAL = """\
objective: Pack circles.
edit: ["**/*.py"]
run: python3 pack.py
evaluate: python3 judge.py
holdout: python3 judge.py --secret-split
metrics: {score: {goal: maximize, bounds: [0, 3]}, size: minimize}
constraints: ["size <= 2 * baseline"]
"""
PACK = '''\
"""Packs circles."""

RADIUS = 1


def place():
    return RADIUS
'''


@dataclass
class Told:
    """The run so far; what `land` adds is committed like a real attempt."""

    repository: Repository
    goal: Goal
    attempts: list[Attempt] = field(default_factory=list)
    hints: tuple[str, ...] = ()
    templates: Templates = field(default_factory=Templates)

    def land(
        self, files: Mapping[str, str], score: float | None, *, parent: int | None = 0, **facts: Any
    ) -> Attempt:
        start = self.attempts[parent].commit if self.attempts and parent is not None else None
        base = start or self.repository.resolve("HEAD")
        changes = {
            path: Entry(FILE, self.repository.write_blob(text.encode())) for path, text in files.items()
        }
        tree = self.repository.write_tree(base, changes)
        commit = self.repository.commit(tree, [base], "x\n", self.repository.committer(), now(), now())
        attempt = Attempt(
            run="demo-0000",
            number=len(self.attempts),
            branch="",
            commit=commit,
            tree=tree,
            parents=(parent or 0,) if start else (),
            score=score,
            metrics={} if score is None else {"score": score, "size": 10.0, "run.seconds": 0.5},
            started=now(),
            finished=now(),
            **{
                "proposer": "llm",
                "title": f"try {len(self.attempts)}",
                "hypothesis": "",
                "outcome": Outcome.CRASHED if score is None else Outcome.SCORED,
                **facts,
            },
        )
        self.attempts.append(attempt)
        return attempt

    def index(self) -> EditableIndex:
        prefix = self.goal.prefix(self.repository.root)
        base = self.attempts[0].commit
        return EditableIndex(self.repository, base, Editable.of(self.goal, prefix))

    def context(self, *parents: int, best: int = 0, **facts: Any) -> Context:
        chosen = [self.attempts[each] for each in parents or (0,)]
        return Context(
            goal=self.goal,
            number=len(self.attempts),
            parents=chosen,
            files=self.index().files(chosen[0].commit),
            attempts=self.attempts,
            seed=facts.pop("seed", 1),
            best=best,
            hints=self.hints,
            **facts,
        )

    def messages(
        self, *parents: int, tokens: int = 24_000, purpose: str = "edit", **facts: Any
    ) -> list[dict[str, str]]:
        context = self.context(*parents, **facts)
        return pack(context, self.index().files, self.templates, tokens, purpose).messages

    def prompt(self, *parents: int, **facts: Any) -> str:
        """All messages as one text."""
        return "\n".join(each["content"] for each in self.messages(*parents, **facts))

    def agent(self, *parents: int, **facts: Any) -> str:
        context = self.context(*parents, **facts)
        return agent_prompt(context, self.index().files, self.templates, timeout_s=600).text


MakeRun = Callable[..., Told]


@pytest.fixture
def make_run(make_repository: Callable[..., Path]) -> MakeRun:
    """`make_run(files, goal=…)` → a run with its baseline, which scored 2."""

    def make(files: Mapping[str, str] | None = None, goal: str = GOAL, **facts: Any) -> Told:
        root = make_repository(
            {"goal.yaml": goal, "pack.py": PACK, "judge.py": "print('the answer is 42')\n", **(files or {})}
        )
        parsed = replace(parse_goal(goal, root / "goal.yaml"), **facts)
        told = Told(Repository.open(root), parsed)
        told.land({}, 2.0, parent=None, proposer="baseline", title="the unchanged program")
        return told

    return make
