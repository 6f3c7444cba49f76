"""`ablate` from the cut of a diff to what it asks for: pieces make files again, and what earns is found."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.evaluate.noise import Noise
from kapso.goal import Goal, parse_goal
from kapso.propose.ablate import Ablate
from kapso.propose.ablate.dissection import Effect, dissect, smallest
from kapso.propose.ablate.findings import Finding, Pieces
from kapso.propose.ablate.pieces import cut
from kapso.propose.ablate.soundness import is_sound
from kapso.propose.ablate.study import Study
from kapso.propose.protocol import Context, Idea, Snapshot, Workspace

BASE = {
    "a.py": b"rate = 3\nsteps = [1, 2, 3]\n\ndef f(x):\n    return x * rate\n\nlast = 1",
    "b.c": b"int a(void) {\r\n    return 1;\r\n}\r\n",
    "c.txt": "höhe = 2\nweite = 3\n".encode(),
    "gone.txt": b"one\ntwo\n",
    "raw.bin": b"\0\1\2",
}
BEST = {
    "a.py": b"rate = 4\nsteps = [1, 5, 7]\n\n"
    b"def f(x):\n    y = x + 1\n    y += 2\n    return y * rate\n\nlast = 2\n",
    "b.c": b"int a(void) {\r\n    return 2;\r\n}\r\n",
    "c.txt": "höhe = 9\nweite = 4\ntiefe = 1\n".encode(),
    "new.txt": b"fresh\nlines\n",
    "raw.bin": b"\0\1\3",
}


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


def test_any_pieces_make_files_and_all_of_them_the_subject() -> None:
    base, best = Commit(BASE), Commit(BEST)
    diff = cut(base, best, best.changed_from(base))
    changed = {path: BEST.get(path) for path in best.changed_from(base)}
    assert diff.files(base, diff.all) == changed
    assert diff.files(base, ()) == {path: BASE.get(path) for path in changed}
    for at, piece in enumerate(diff.pieces):
        one = diff.files(base, {at})
        assert [path for path in one if one[path] != BASE.get(path)] == [piece.path], piece
    draw = random.Random(1)
    for _ in range(50):
        kept = frozenset(at for at in diff.all if draw.random() < 0.5)
        assert diff.named(diff.names(kept)) == kept
        made = diff.files(base, kept)
        for path in changed:
            mine = {at for at in diff.all if diff.pieces[at].path == path}
            assert made[path] == diff.files(base, kept & mine)[path]
            assert (made[path] == BEST.get(path)) == (mine <= kept) and (made[path] == BASE.get(path)) == (
                not mine & kept
            )


def test_a_hunk_is_cut_to_single_edits() -> None:
    base, best = Commit(BASE), Commit(BEST)
    diff = cut(base, best, best.changed_from(base))
    shown = {
        f"{hunk.path}:{hunk.line}": [diff.pieces[at].shown for at in sorted(hunk.pieces)]
        for hunk in diff.hunks
    }
    assert shown == {
        "a.py:1": ["`3` → `4`", "`2` → `5`", "`3` → `7`"],
        "a.py:5": ["the new `y = x + 1`", "the new `y += 2`", "`x` → `y`"],
        "a.py:7": ["`1` → `2`"],
        "b.c:2": ["`1` → `2`"],
        "c.txt:1": ["`2` → `9`", "`3` → `4`", "the new `tiefe = 1`"],
        "gone.txt:1": ["the missing file"],
        "new.txt:1": ["the new file"],
        "raw.bin:1": ["the file"],
    }
    assert (diff.hunks[1].new_line, diff.hunks[1].new_lines, diff.lines) == (5, 3, 21)


@pytest.mark.parametrize(
    ("path", "was", "made", "expected"),
    [
        ("a.py", b"def f():\n    y = 1\n", b"def f():\n", False),
        ("a.py", b"def f():\n    y = 1\n", b"def f():\n    y =  2\n", True),
        ("a.c", b"int f() { return 1; }\n", b"int f() { return 1;\n", False),
        ("a.json", b'{"a": 1}', b'{"a": 1,}', False),
        ("a.json", b"{no json", b"{none", True),
        ("a.txt", b"(", b"((", True),
        ("a.py", b"x = 1\n", None, True),
    ],
)
def test_what_does_not_parse_costs_no_attempt(
    path: str, was: bytes, made: bytes | None, expected: bool
) -> None:
    assert is_sound({path: made}, {path: was}) is expected


def taken_apart(
    count: int, gain: Callable[[Pieces], float | None], parallel: int = 1, sigma: float = 0.0, seed: int = 0
) -> tuple[Pieces, int, Study]:
    """What a study of `count` hunks keeps, what that took; `gain` is the subject's without some of them."""
    draw = random.Random(seed)
    study = Study([frozenset({at}) for at in range(count)], lambda removed: True, sigma)
    level = gain(frozenset()) or 0.0

    def note(removed: Pieces) -> None:
        score = gain(removed)
        score = None if score is None else score - level + draw.gauss(0, sigma)
        keeps = score is not None and score >= -max(3 * sigma, 1e-9)
        study.note(removed, Finding(keeps, score, len(study.found), removed != study.all))

    note(study.all)
    under_way: list[Pieces] = []
    asked = 0
    while (removed := study.next(under_way)) is not None or under_way:
        if removed is not None:
            assert removed not in study.found and removed not in under_way
            under_way.append(removed)
            asked += 1
        if removed is None or len(under_way) == parallel:
            note(under_way.pop(0))
    return study.all - study.removed, asked, study


def adding_up(**worth: float) -> Callable[[Pieces], float]:
    return lambda removed: -sum(value for name, value in worth.items() if int(name[1:]) in removed)


@pytest.mark.parametrize("parallel", [1, 3])
def test_exactly_what_earns_is_kept(parallel: int) -> None:
    for seed in range(40):
        draw = random.Random(seed)
        count = draw.randrange(1, 25)
        earning = draw.sample(range(count), draw.randrange(1, min(count, 6) + 1))
        gain = adding_up(**{f"h{at}": draw.uniform(0.001, 5) for at in earning})
        kept, asked, study = taken_apart(count, gain, parallel)
        assert kept == frozenset(earning)
        assert asked <= (2 if parallel == 1 else 4) * count + 3
        for at in earning:
            assert study.gain(frozenset({at})) == pytest.approx(gain(frozenset()) - gain(frozenset({at})))


def test_few_that_earn_among_many_are_found_in_few_attempts() -> None:
    kept, asked, _ = taken_apart(100, adding_up(h7=1.0, h61=2.0))
    assert kept == {7, 61} and asked < 40


def test_all_that_earn_take_an_attempt_each() -> None:
    kept, asked, _ = taken_apart(12, adding_up(**{f"h{at}": 1.0 for at in range(12)}))
    assert len(kept) == 12 and asked == 12


def test_pairs_stay_together_and_of_two_ways_one_is_enough() -> None:
    kept, *_ = taken_apart(8, lambda removed: -3.0 * bool(removed & {2, 5}))
    assert kept == {2, 5}
    kept, *_ = taken_apart(8, lambda removed: -3.0 * (removed >= {2, 5}))
    assert kept in ({2}, {5})


def test_what_breaks_the_program_alone_may_go_together() -> None:
    """A name that is defined in one hunk and used in another, and neither earns anything."""
    kept, *_ = taken_apart(6, lambda removed: None if len(removed & {1, 4}) == 1 else -float(3 in removed))
    assert kept == {3}
    defined_first = lambda removed: None if 1 in removed and 4 not in removed else -float(3 in removed)  # noqa: E731
    assert taken_apart(6, defined_first)[0] == {3}


def test_noise_neither_keeps_what_is_idle_nor_loses_what_earns() -> None:
    right = sum(
        taken_apart(10, adding_up(h2=1.2, h5=1.5, h9=2.0), sigma=0.1, seed=seed)[0] == {2, 5, 9}
        for seed in range(60)
    )
    assert right >= 56


@dataclass
class Story:
    """A history in the making: `land` adds an attempt, `ideate` asks for the next part to leave out."""

    goal: Goal

    def __post_init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.attempts: dict[int, Attempt] = {}
        self.ablate = Ablate(self.goal, lambda commit: self.commits[commit])

    def land(self, files: Mapping[str, bytes], score: float, *parents: int, idea: Idea | None = None) -> int:
        number = len(self.attempts)
        self.commits[str(number)] = Commit(files)
        verdict = None
        if parents and (above := self.attempts[parents[0]].score) is not None:
            verdict = Noise().verdict(self.goal.primary, score, above)
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        attempt = Attempt(
            *("demo-1", number, "", str(number), "", parents, "ablate" if idea else "tune", "", ""),
            *(Outcome.SCORED, moment, moment, verdict, score),
            parameters=idea.parameters if idea else {},
        )
        self.attempts[number] = attempt
        self.ablate.observe(attempt)
        return number

    def ideate(self, best: int, **more: Any) -> Idea | None:
        number = len(self.attempts)
        known = list(self.attempts.values())
        context = Context(self.goal, number, known[:1], self.commits["0"], known, 1, best=best, **more)
        return self.ablate.ideate(context)

    def files(self, idea: Idea) -> dict[str, bytes]:
        workspace = Candidate(self.commits[str(idea.parents[0])])
        self.ablate.edit(idea, workspace)
        return workspace.files

    def until_known(self, best: int, score: Callable[[Mapping[str, bytes]], float]) -> None:
        while (idea := self.ideate(best, is_last=True)) is not None:
            assert idea.parents == (best,)
            files = self.files(idea)
            self.land(files, score(files), best, idea=idea)


LINES = {"a.txt": b"a = 1\n\nb = 1\n\nc = 1\n\nd = 1\n"}


def told(files: Mapping[str, bytes]) -> float:
    """`a` and `c` earn."""
    text = files["a.txt"].decode()
    return 2.0 * ("a = 2" in text) + 0.5 * ("c = 2" in text)


def changed(*names: str) -> dict[str, bytes]:
    text = LINES["a.txt"].decode()
    for name in names:
        text = text.replace(f"{name} = 1", f"{name} = 2")
    return {"a.txt": text.encode()}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    text = "objective: o\nedit: ['*.txt']\nevaluate: x\nmetrics: {score: maximize}\n"
    return Story(parse_goal(text, tmp_path / "goal.yaml"))


def test_it_ends_with_the_smallest_diff_and_tells_what_each_hunk_earns(story: Story) -> None:
    story.land(LINES, 0.0)
    best = story.land(changed("a", "b", "c", "d"), 2.5, 0)
    story.until_known(best, told)
    attempts = story.attempts
    read = lambda commit: story.commits[commit]  # noqa: E731
    less = smallest(attempts[best], attempts, read, story.goal, Noise())
    assert less is not None and story.commits[less.attempt.commit].files == changed("a", "c")
    assert (less.share, less.attempt.verdict) == ("4 of 8 changed lines", Verdict.SAME)
    other = smallest(attempts[best], attempts, read, story.goal, Noise(), {less.attempt.number})
    assert other != less
    parts = dissect(attempts[best], attempts, read, story.goal, Noise())
    assert [(part.what, part.effect, part.gain) for part in parts] == [
        ("a.txt:1 `1` → `2`", Effect.EARNS, 2.0),
        ("a.txt:3 `1` → `2`", Effect.NONE, 0.0),
        ("a.txt:5 `1` → `2`", Effect.EARNS, 0.5),
        ("a.txt:7 `1` → `2`", Effect.NONE, 0.0),
    ]


def test_the_steps_that_led_to_the_best_tell_for_nothing(story: Story) -> None:
    story.land(LINES, 0.0)
    first = story.land(changed("a"), 2.0, 0)
    best = story.land(changed("a", "c"), 2.5, first)
    read = lambda commit: story.commits[commit]  # noqa: E731
    parts = dissect(story.attempts[best], story.attempts, read, story.goal, Noise())
    assert [(part.effect, part.gain) for part in parts] == [(Effect.EARNS, 2.0), (Effect.EARNS, 0.5)]
    assert len(story.attempts) == 3
    idea = story.ideate(best, is_last=True)
    assert idea is not None and story.files(idea) == changed("c")
    story.land(changed("c"), 0.5, best, idea=idea)
    assert story.ideate(best, is_last=True) is None


def test_what_it_knows_is_in_the_attempts_alone(story: Story) -> None:
    story.land(LINES, 0.0)
    best = story.land(changed("a", "b", "c", "d"), 2.5, 0)
    story.until_known(best, told)
    for parameters in ("kept", "lost"):
        again = Story(story.goal)
        again.commits = story.commits
        for attempt in story.attempts.values():
            again.attempts[attempt.number] = attempt
            again.ablate.observe(attempt if parameters == "kept" else replace(attempt, parameters={}))
        assert again.ideate(best, is_last=True) is None


def test_what_harms_goes_and_the_better_one_is_taken_apart_in_its_place(story: Story) -> None:
    def harmed(files: Mapping[str, bytes]) -> float:
        return told(files) - 0.25 * (b"d = 2" in files["a.txt"])

    story.land(LINES, 0.0)
    best = story.land(changed("a", "b", "d"), 1.75, 0)
    for _ in range(12):
        if (idea := story.ideate(best, is_last=True)) is None:
            break
        assert idea.parents == (best,)
        number = story.land(story.files(idea), harmed(story.files(idea)), best, idea=idea)
        score = story.attempts[number].score
        best = number if (score or 0.0) > (story.attempts[best].score or 0.0) else best
    assert idea is None and story.attempts[best].score == 2.0
    read = lambda commit: story.commits[commit]  # noqa: E731
    less = smallest(story.attempts[best], story.attempts, read, story.goal, Noise())
    final = less.attempt if less else story.attempts[best]
    assert story.commits[final.commit].files == changed("a")


def test_it_waits_for_the_last_stretch_and_takes_no_more_than_its_share(story: Story) -> None:
    story.land(LINES, 0.0)
    best = story.land(changed("a", "b", "c", "d"), 2.5, 0)
    assert story.ideate(best) is None  # nothing tells when the run ends
    assert story.ideate(best, left=99) is None
    assert story.ideate(best, left=14) is None  # the end is near, and too far for four hunks
    assert story.ideate(0, left=3) is None
    for _ in range(38):
        story.land(LINES, 0.0, 0)
    assert story.ideate(best, left=8) is None
    made = 0
    for left in range(7, 0, -1):
        if (idea := story.ideate(best, left=left)) is not None:
            story.land(story.files(idea), told(story.files(idea)), best, idea=idea)
            made += 1
    assert 4 <= made <= 7


def test_beside_others_it_asks_only_about_what_was_not_seen_to_earn(story: Story) -> None:
    story.land(LINES, 0.0)
    first = story.land(changed("a"), 2.0, 0)
    best = story.land(changed("a", "b", "c"), 2.5, first)
    for _ in range(37):
        story.land(LINES, 0.0, 0)
    asked = []
    for left in range(5, 0, -1):
        if (idea := story.ideate(best, left=left)) is not None:
            asked.append(story.files(idea))
            story.land(asked[-1], told(asked[-1]), best, idea=idea)
    assert asked == [changed("a", "c")]  # which leaves `c` for the gain of the second step
    assert story.ideate(best, left=1) is None


def test_a_twin_that_someone_else_made_counts(story: Story) -> None:
    story.land(LINES, 0.0)
    best = story.land(changed("a", "b", "c", "d"), 2.5, 0)
    twin = story.land(changed("b", "c", "d"), 0.5, 0)
    idea = story.ideate(best, is_last=True)
    assert idea is not None and story.files(idea) == changed("b", "c", "d")
    again = story.ideate(best, is_last=True, known=[story.attempts[twin]])
    assert again is not None and story.files(again) == changed("a", "c", "d")
