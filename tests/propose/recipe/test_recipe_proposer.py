"""`recipe` on made-up histories: what it proposes, in which order, and what it learns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kapso import shipped
from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.goal import Goal, parse_goal
from kapso.propose.protocol import Context, Idea, Promising, Snapshot, Workspace
from kapso.propose.recipe import Cookbook, Recipes
from kapso.propose.recipe.reading import read_folder

OURS = Cookbook([(shipped.playbooks(), "playbooks")])
PROGRAM = """\
def walk(n):
    queue = [0]
    seen = []
    total = 0
    while queue:
        at = queue.pop(0)
        total += at ** 2
        for other in (2 * at + 1, 2 * at + 2):
            if other < n and other not in seen:
                seen.append(other)
                queue.append(other)
    return total


def rare(xs):
    return sorted(xs)[0] + sorted(xs)[-1] ** 2
"""
Score = Callable[[str], float | None]


class Commit(Snapshot):
    """The files of one made-up commit."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def changed_from(self, other: Snapshot) -> set[str]:
        return {path for path in {*self, *other} if self.get(path) != other.get(path)}

    def __getitem__(self, path: str) -> bytes:
        return self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


class Candidate(Workspace):
    """The editable files of a candidate, in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def __getitem__(self, path: str) -> bytes:
        return self.files[path]

    def __setitem__(self, path: str, content: bytes) -> None:
        self.files[path] = content

    def __delitem__(self, path: str) -> None:
        del self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@dataclass
class Search:
    """`recipe` at work on one file; a score of None is a crash. The best is the next parent."""

    goal: Goal
    text: str
    score: Score
    seed: int = 0
    commits: dict[str, Commit] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    ideas: list[Idea] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recipe = Recipes(self.goal, self.commits.__getitem__, OURS)
        self.land(Commit({"walk.py": self.text.encode()}), None, None)

    @property
    def best(self) -> Attempt:
        return max((e for e in self.attempts if e.score is not None), key=lambda e: (e.score, -e.number))

    def context(self, known: tuple[Attempt, ...] = ()) -> Context:
        number, parent = len(self.attempts), self.best
        seed = self.seed * 1000 + number
        return Context(self.goal, number, [parent], self.commits[parent.commit], self.attempts, seed, known)

    def run(self, attempts: int) -> Search:
        for _ in range(attempts):
            parent = self.best
            idea = self.recipe.ideate(self.context())
            if idea is None:
                break
            self.ideas.append(idea)
            kept = json.loads(json.dumps({"parameters": idea.parameters, "details": idea.details}))
            candidate = Candidate(self.commits[parent.commit])
            self.recipe.edit(Idea(idea.title, idea.hypothesis, **kept), candidate)
            self.land(Commit(candidate), idea, parent)
        return self

    def land(self, commit: Commit, idea: Idea | None, parent: Attempt | None) -> None:
        number = len(self.attempts)
        name = f"{number:040x}"
        self.commits[name] = commit
        score = self.score(commit["walk.py"].decode())
        verdict = None
        if parent is not None and parent.score is not None and score is not None:
            is_same = score == parent.score
            verdict = Verdict.SAME if is_same else Verdict.BETTER if score > parent.score else Verdict.WORSE
        attempt = Attempt(
            run="demo-0000", number=number, branch="", commit=name, tree=str(hash(commit["walk.py"])),
            parents=(parent.number,) if parent else (), proposer="recipe" if idea else "baseline",
            title=idea.title if idea else "", hypothesis="",
            outcome=Outcome.CRASHED if score is None else Outcome.SCORED, started=now(), finished=now(),
            verdict=verdict, score=score, parameters=dict(idea.parameters) if idea else {},
        )  # fmt: skip
        self.attempts.append(attempt)
        self.recipe.observe(attempt)

    @property
    def texts(self) -> list[str]:
        return [self.commits[each.commit]["walk.py"].decode() for each in self.attempts]


@pytest.fixture
def search(tmp_path: Path) -> Callable[..., Search]:
    def make(score: Score, text: str = PROGRAM, seed: int = 0, objective: str = "Walk faster.") -> Search:
        goal = f"objective: {objective}\nedit: ['**']\nevaluate: 'true'\n"
        return Search(parse_goal(goal, tmp_path / "goal.yaml"), text, score, seed)

    return make


def by_words(text: str) -> float:
    """A queue by a deque and a set in place of the list are what counts."""
    return 5.0 * ("popleft" in text) + 3.0 * ("set([])" in text)


def test_it_finds_what_pays_one_recipe_at_a_time(search: Callable[..., Search]) -> None:
    found = search(by_words).run(12)
    assert found.best.score == 8.0
    assert len({each.parameters["place"] for each in found.ideas}) >= 4
    assert len(set(found.texts)) == len(found.texts)
    gains = {recipe.id: recipe.gain for recipe in read_folder(shipped.playbooks(), "playbooks")}
    for idea in found.ideas:
        assert idea.parameters.keys() == {"recipe", "path", "region", "place"}
        told = "times faster where it was measured" in idea.hypothesis
        assert told is (gains[idea.parameters["recipe"]] > 1)
        assert "walk.py:" in idea.title


def test_it_ends_when_all_was_tried(search: Callable[..., Search]) -> None:
    found = search(lambda text: 1.0).run(50)
    assert len(found.ideas) == 4
    assert found.recipe.ideate(found.context()) is None
    assert Counter(each.parameters["place"] for each in found.ideas).most_common(1)[0][1] == 1


def test_a_seed_gives_the_same_again(search: Callable[..., Search]) -> None:
    assert search(by_words, seed=3).run(8).texts == search(by_words, seed=3).run(8).texts
    assert len({tuple(search(by_words, seed=seed).run(5).texts) for seed in range(6)}) > 1


def test_loops_and_large_gains_come_first(search: Callable[..., Search]) -> None:
    first = Counter(search(by_words, seed=seed).run(1).ideas[0].parameters["region"] for seed in range(12))
    assert first["walk"] > 9


def test_what_breaks_or_hurts_is_not_tried_again(search: Callable[..., Search]) -> None:
    found = search(lambda text: None if "popleft" in text else by_words(text)).run(30)
    queues = [each for each in found.ideas if each.parameters["recipe"] == "list-as-queue"]
    assert len(queues) == 1
    assert found.best.score == 3.0


def test_what_did_not_show_is_tried_again_beside_something_better(search: Callable[..., Search]) -> None:
    def shadowed(text: str) -> float:
        return 3.0 * ("set([])" in text) * (1 + ("popleft" in text))

    assert all(search(shadowed, seed=seed).run(30).best.score == 6.0 for seed in range(4))


def test_recipes_that_paid_off_are_preferred(search: Callable[..., Search]) -> None:
    lines = "def f{}(xs):\n    for x in xs:\n        y = x ** 2\n        z = sorted(x)[0]\n"
    body = "".join(lines.format(number) for number in range(12))
    firsts = []
    for seed in range(2):
        found = search(lambda text: float(text.count("min(")), body, seed).run(14)
        later = [each.parameters["recipe"] for each in found.ideas[6:]]
        firsts.append(later.count("sorted-first") / len(later))
    assert sum(firsts) / len(firsts) > 0.6


def test_an_idea_that_only_repeats_makes_room_for_another(search: Callable[..., Search]) -> None:
    found = search(by_words)
    first = found.recipe.ideate(found.context())
    second = found.recipe.ideate(found.context(known=(found.attempts[0],)))
    assert first is not None and second is not None
    assert first.parameters["place"] != second.parameters["place"]


def test_why_there_is_nothing(search: Callable[..., Search]) -> None:
    recipe = search(by_words).recipe
    assert recipe.why_nothing(Commit({"walk.py": PROGRAM.encode()})) is None
    nothing = recipe.why_nothing(Commit({"a.py": b"x = 1\n", "b.bin": b"\0", "c.txt": b"q.pop(0)"}))
    assert nothing == "no recipe matches the files of `edit`"
    goal = search(by_words).goal
    empty = Recipes(goal, lambda commit: Commit({}), Cookbook([]))
    assert empty.why_nothing(Commit({"walk.py": PROGRAM.encode()})) == nothing


def test_what_it_promises(search: Callable[..., Search]) -> None:
    files = Commit({"walk.py": PROGRAM.encode()})
    fast, other = search(by_words).recipe, search(by_words, objective="A better rule.").recipe
    assert isinstance(fast, Promising)
    assert fast.promise(files) == 1.0
    assert other.promise(files) < 1.0
    assert fast.promise(Commit({"a.py": b"x = 1\n"})) < other.promise(files)
