"""`combine` on made-up histories: whom it brings together, what the merge holds, and that it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.goal import Goal, parse_goal
from kapso.propose.combine import Combine
from kapso.propose.protocol import Context, Idea, Snapshot, Workspace

BASE = {"a.py": b"x = 1\ny = 2\n", "b.py": b"z = 3\n"}


class Commit(Snapshot):
    """The files of one made-up commit."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def changed_from(self, other: Snapshot) -> set[str]:
        return {path for path in {*self, *other} if self.get(path) != other.get(path)}

    def __getitem__(self, path: str) -> bytes:
        return self.files[path]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


class Candidate(Commit, Workspace):
    """A workspace that starts from a commit."""

    def __setitem__(self, path: str, content: bytes) -> None:
        self.files[path] = content

    def __delitem__(self, path: str) -> None:
        del self.files[path]


@dataclass
class Story:
    """A history in the making: `land` adds an attempt, `combine` asks for the next merge."""

    goal: Goal

    def __post_init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.attempts: list[Attempt] = []
        self.combine = Combine(self.goal, lambda commit: self.commits[commit])

    def land(self, score: float | None, *parents: int, proposer: str = "tune", **files: bytes | None) -> int:
        number = len(self.attempts)
        content = dict(self.commits[str(parents[0])].files) if parents else dict(BASE)
        for name, data in files.items():
            path = name.replace("_", ".")
            if data is None:
                del content[path]
            else:
                content[path] = data
        self.commits[str(number)] = Commit(content)
        above = self.attempts[parents[0]].score if parents else None
        verdict = None
        if score is not None and above is not None:
            better = self.goal.primary.is_better(score, above)
            verdict = Verdict.BETTER if better else Verdict.SAME if score == above else Verdict.WORSE
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        outcome = Outcome.CRASHED if score is None else Outcome.SCORED
        attempt = Attempt(
            *("demo-1", number, "", str(number), "", parents, proposer, f"try {number}", "", outcome),
            *(moment, moment, verdict, score),
        )
        self.attempts.append(attempt)
        self.combine.observe(attempt)
        return number

    def ideate(self, parent: int, seed: int = 1) -> Idea | None:
        chosen = [self.attempts[parent]]
        context = Context(
            self.goal, len(self.attempts), chosen, self.commits[str(parent)], self.attempts, seed
        )
        return self.combine.ideate(context)

    def edit(self, idea: Idea) -> dict[str, bytes]:
        workspace = Candidate(self.commits[str(idea.parents[0])])
        self.combine.edit(idea, workspace)
        return workspace.files


@pytest.fixture(params=["maximize", "minimize"])
def story(request: pytest.FixtureRequest, tmp_path) -> Story:  # type: ignore[no-untyped-def]
    text = f"objective: o\nedit: ['*.py']\nevaluate: x\nmetrics: {{score: {request.param}}}\n"
    made = Story(parse_goal(text, tmp_path / "goal.yaml"))
    made.sign = 1.0 if request.param == "maximize" else -1.0  # type: ignore[attr-defined]
    return made


def test_two_gains_that_were_made_apart_come_together(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    assert story.ideate(0) is None
    a = story.land(s * 2, 0, a_py=b"x = 5\ny = 2\n")
    assert story.ideate(a) is None
    b = story.land(s * 1.5, 0, a_py=b"x = 1\ny = 7\n", b_py=None, c_py=b"new\n")
    story.land(s * 0.5, 0, a_py=b"x = 9\ny = 9\n")  # worse than what it came from
    story.land(None, 0, a_py=b"crash\n")
    idea = story.ideate(a)
    assert idea is not None and idea.parents == (a, b)
    assert story.edit(idea) == {"a.py": b"x = 5\ny = 7\n", "c.py": b"new\n"}
    assert story.ideate(a) is None  # once is enough


def test_the_first_parent_stands_where_both_changed_the_same(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 2, 0, a_py=b"x = 5\ny = 2\n", b_py=None)
    story.land(s * 1.5, 0, a_py=b"x = 6\ny = 7\n", b_py=b"z = 4\n")
    idea = story.ideate(a)
    assert idea is not None
    assert story.edit(idea) == {"a.py": b"x = 5\ny = 7\n"}


def test_lines_of_descent_have_nothing_to_bring_together(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 2, 0, a_py=b"x = 5\ny = 2\n")
    b = story.land(s * 3, a, a_py=b"x = 6\ny = 2\n")
    assert story.ideate(a) is None and story.ideate(b) is None


def test_the_nearest_common_ancestor_counts(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 2, 0, a_py=b"x = 5\ny = 2\n")
    b = story.land(s * 3, a, b_py=b"z = 4\n")
    c = story.land(s * 2.5, a, a_py=b"x = 5\ny = 9\n")
    idea = story.ideate(b)
    assert idea is not None and idea.parents == (b, c) and idea.details["merges"][0]["ancestor"] == str(a)
    assert story.edit(idea) == {"a.py": b"x = 5\ny = 9\n", "b.py": b"z = 4\n"}


def test_the_larger_gain_is_tried_first_and_a_resumed_run_remembers(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 9, 0, a_py=b"x = 5\ny = 2\n")
    story.land(s * 2, 0, b_py=b"z = 4\n")
    c = story.land(s * 8, 0, b_py=b"z = 5\n")
    first = story.ideate(a)
    assert first is not None and first.parents == (a, c)
    story.land(s * 9, a, c, proposer="combine", b_py=b"z = 5\n")
    again = Story(story.goal)
    again.commits = story.commits
    for attempt in story.attempts:
        again.attempts.append(attempt)
        again.combine.observe(attempt)
    second = again.ideate(a)
    assert second is not None and second.parents == (a, 2)


def test_a_poor_parent_gives_way_to_the_best(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 9, 0, a_py=b"x = 5\ny = 2\n")
    b = story.land(s * 8, 0, b_py=b"z = 5\n")
    idea = story.ideate(0)
    assert idea is not None and set(idea.parents) == {a, b} and idea.parents[0] == a
