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
from kapso.propose.syntax import compiles

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

    def land(
        self,
        score: float | None,
        *parents: int,
        proposer: str = "tune",
        take: str = "",
        more: Mapping[str, float] | None = None,
        **files: bytes | None,
    ) -> int:
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
            *(moment, moment, verdict, score, {"score": score, **(more or {})} if score is not None else {}),
            parameters={"take": take} if take else {},
        )
        self.attempts.append(attempt)
        self.combine.observe(attempt)
        return number

    def ideate(
        self, parent: int, seed: int = 1, barred: frozenset[int] = frozenset(), is_last: bool = False
    ) -> Idea | None:
        chosen = [self.attempts[parent]]
        files = self.commits[str(parent)]
        context = Context(
            *(self.goal, len(self.attempts), chosen, files, self.attempts, seed),
            best=parent,
            barred=barred,
            is_last=is_last,
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


def landed(story: Story, idea: Idea, score: float) -> int:
    """The idea carried out and landed, with this score."""
    files = story.edit(idea)
    before = story.commits[str(idea.parents[0])].files
    made = {path.replace(".", "_"): files.get(path) for path in {*before, *files}}
    take = str(idea.parameters.get("take", ""))
    return story.land(score, *idea.parents, proposer="combine", take=take, **made)  # type: ignore[arg-type]


LINES = b"".join(b"%c = 0\n" % letter for letter in b"abcdefgh")


def with_values(**values: int) -> bytes:
    text = LINES.decode()
    for name, value in values.items():
        text = text.replace(f"{name} = 0", f"{name} = {value}")
    return text.encode()


def test_all_gains_that_fit_together_come_first_then_half_of_them_then_pairs(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1, a_py=None)
    root = story.land(s * 1.1, 0, l_py=LINES)
    best = story.land(s * 9, root, l_py=with_values(a=1))
    texts = [with_values(**{name: 1}) for name in "cegh"]
    others = [story.land(s * (8 - rank), root, l_py=text) for rank, text in enumerate(texts)]
    sizes = []
    for _ in range(6):
        idea = story.ideate(best)
        assert idea is not None and idea.parents[0] == best
        sizes.append(len(idea.parents) - 1)
        if len(sizes) == 1:
            assert idea.parents == (best, *others)
            assert story.edit(idea)["l.py"] == with_values(a=1, c=1, e=1, g=1, h=1)
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert story.ideate(best) is None


def test_a_merge_that_won_is_built_on_and_what_failed_too_often_is_left_alone(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    root = story.land(s * 1.1, 0, l_py=LINES)
    a = story.land(s * 9, root, l_py=with_values(a=1))
    story.land(s * 8, root, l_py=with_values(c=1))
    first = story.ideate(a)
    assert first is not None
    won = landed(story, first, s * 12)
    e = story.land(s * 3, root, l_py=with_values(e=1))
    for turn in range(5):
        idea = story.ideate(won)
        if turn == 3:
            assert idea is None
            return
        assert idea is not None and idea.parents == (won, e)
        landed(story, idea, s * 2)
        won = story.land(s * (13 + turn), won, l_py=with_values(a=1, c=1, h=turn + 2))


def test_a_line_whose_gains_do_not_fit_is_left_alone_as_a_whole(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    root = story.land(s * 1.1, 0, l_py=LINES)
    best = story.land(s * 9, root, l_py=with_values(a=1))
    last = root
    for turn in range(6):
        last = story.land(s * (2 + turn), last, l_py=with_values(c=1 + turn))
    asked = 0
    while (idea := story.ideate(best)) is not None:
        asked += 1
        landed(story, idea, s * 5)
    assert 1 <= asked <= 3


def test_a_parent_is_merged_into_only_where_that_may_beat_the_best(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    root = story.land(s * 1.1, 0, l_py=LINES)
    parent = story.land(s * 6, root, l_py=with_values(a=1))
    small = story.land(s * 1.5, root, l_py=with_values(c=1))
    best = story.land(s * 9, parent, l_py=with_values(a=2))
    while (idea := story.ideate(best)) is not None:
        landed(story, idea, s * 2)
    assert story.ideate(parent) is None
    large = story.land(s * 5, small, l_py=with_values(c=2))
    while (idea := story.ideate(best)) is not None:
        landed(story, idea, s * 2)
    idea = story.ideate(parent)
    assert idea is not None and idea.parents[0] == parent and large in idea.parents


def test_each_place_is_decided_by_who_gained_more_there_and_then_the_other_way_round(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 0)
    root = story.land(s * 1, 0, l_py=LINES)
    first = story.land(s * 2, root, l_py=with_values(a=1))  # +1 at a
    ours = story.land(s * 20, first, l_py=with_values(a=1, h=1))  # +18 at h
    step = story.land(s * 7, root, l_py=with_values(a=2))  # +6 at a
    story.land(s * 9, step, l_py=with_values(a=2, h=2, d=2))  # +2 at h
    idea = story.ideate(ours)
    assert idea is not None
    assert story.edit(idea)["l.py"] == with_values(a=2, d=2, h=1)
    assert "2 places" in idea.hypothesis and idea.parameters == {"take": "to"}
    last = landed(story, idea, s * 5) - 1
    others = [idea for _ in range(4) if (idea := story.ideate(ours)) is not None and idea.parents[1] == last]
    assert [story.edit(each)["l.py"] for each in others] == [with_values(a=1, d=2, h=2)]


def test_a_merge_that_leads_is_decided_the_other_way_place_by_place_when_all_else_is_tried(
    story: Story,
) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 0)
    root = story.land(s * 1, 0, l_py=LINES)
    ours = story.land(s * 9, root, l_py=with_values(a=1, d=1, h=1))
    story.land(s * 8, root, l_py=with_values(a=2, d=2, h=2, b=3))
    first = story.ideate(ours)
    assert first is not None and first.parameters == {"take": "ooo"}
    best = landed(story, first, s * 20)
    assert story.ideate(best) is None, "the search goes on with other ideas while there are any"
    made: list[str] = []
    while (idea := story.ideate(best, is_last=True)) is not None:
        take = idea.parameters.get("take", "")
        made += [take] if idea.parents[0] == ours else []
        assert len(story.attempts) < 20
        made_better = landed(story, idea, s * {"oto": 30, "ott": 40}.get(take, 2))
        best = made_better if take in ("oto", "ott") else best
    assert made == ["too", "oto", "tto", "ott", "oot"], "from what leads by then"
    assert story.commits[str(best)].files["l.py"] == with_values(a=1, d=2, h=2, b=3)


def test_two_statements_inserted_at_one_place_are_tried_side_by_side(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    a = story.land(s * 3, 0, b_py=b"z = 3\nz += 1\n")
    story.land(s * 2, 0, b_py=b"z = 3\nz *= 5\n")
    found = []
    while (idea := story.ideate(a)) is not None:
        found.append(story.edit(idea)["b.py"])
        assert len(found) < 9
    assert found[0] == b"z = 3\nz += 1\nz *= 5\n"
    assert story.commits[str(a)].files["b.py"] not in found and b"z = 3\nz *= 5\n" not in found


def test_a_merge_that_does_not_parse_is_not_proposed(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    root = story.land(s * 1.1, 0, a_py=b"x = f(\n    1,\n    2,\n)\n")
    a = story.land(s * 3, root, a_py=b"x = 3\n")
    story.land(s * 2, root, a_py=b"x = f(\n    1,\n    2,\n    3,\n)\n")
    made = []
    while (idea := story.ideate(a)) is not None:
        made.append(story.edit(idea)["a.py"])
    assert all(compiles(each) for each in made)


def test_whom_ours_is_not_as_good_as_in_another_metric_is_preferred(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = "objective: o\nedit: ['*.py']\nevaluate: x\nmetrics: {score: maximize, size: minimize}\n"
    story = Story(parse_goal(text, tmp_path / "goal.yaml"))
    story.land(1.0, more={"size": 50.0})
    a = story.land(9.0, 0, more={"size": 40.0}, a_py=b"x = 5\ny = 2\n")
    story.land(3.1, 0, more={"size": 45.0}, b_py=b"z = 5\n")
    small = story.land(3.0, 0, more={"size": 20.0}, b_py=b"z = 6\n")
    same = story.land(1.0, 0, more={"size": 10.0}, b_py=b"z = 7\n")  # as good as its parent, and smaller
    partners = []
    while (idea := story.ideate(a)) is not None:
        partners.append(idea.parents[1:])
    assert partners[0] == (small,) and (same,) in partners


def test_long_histories_cost_little(story: Story) -> None:
    s = story.sign  # type: ignore[attr-defined]
    story.land(s * 1)
    for number in range(1500):
        story.land(s * (2 + number / 1000), max(0, number - 3), a_py=b"x = %d\ny = 2\n" % number)
    calls = 0
    read = story.combine._read

    def counted(commit: str) -> Snapshot:
        nonlocal calls
        calls += 1
        return read(commit)

    story.combine._read = counted
    for _ in range(5):
        story.ideate(1500)
    assert 0 < calls < 500


def test_what_did_not_hold_is_brought_together_with_nothing(story: Story) -> None:
    story.land(1.0)
    up = story.sign  # type: ignore[attr-defined]
    story.land(1.0 + 1 * up, 0, a_py=b"x = 9\ny = 2\n")
    story.land(1.0 + 2 * up, 0, b_py=b"z = 9\n")
    assert story.ideate(1, barred=frozenset({2})) is None
    third = story.land(1.0 + 3 * up, 0, b_py=b"z = 8\n")
    idea = story.ideate(third, barred=frozenset({2}))
    assert idea is not None and set(idea.parents) == {1, third}
