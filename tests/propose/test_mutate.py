"""`mutate` on made-up histories: what it proposes, in which order, and what it learns."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.goal import Goal, parse_goal
from kapso.propose.blocks import stays_inside
from kapso.propose.mutate import Mutate
from kapso.propose.mutate.record import KEEPING, PLAIN
from kapso.propose.protocol import Context, Idea, Snapshot, Workspace
from kapso.propose.syntax import form

Score = Callable[[str], float | None]

TWO = """\
def live(xs, n):
    best = 0
    for i in range(n):
        if xs[i] > best:
            best = xs[i]
    return best


def idle(xs, n):
    worst = 0
    for i in range(n):
        if xs[i] < worst:
            worst = xs[i]
    return worst
"""


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


class Candidate(Commit, Workspace):
    """A workspace that starts from a commit."""

    def __setitem__(self, path: str, content: bytes) -> None:
        self.files[path] = content

    def __delitem__(self, path: str) -> None:
        del self.files[path]


@dataclass
class Story:
    """A history in the making, always from attempt 0: `score` rates the text of all files together."""

    goal: Goal
    files: Mapping[str, str]
    score: Score = lambda text: 1.0
    seed: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    commits: dict[str, Commit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mutate = Mutate(self.goal, lambda commit: self.commits[commit])
        self.land(Commit({path: text.encode() for path, text in self.files.items()}), None, "baseline")

    def land(self, commit: Commit, idea: Idea | None, proposer: str, score: float | None = None) -> Attempt:
        number = len(self.attempts)
        self.commits[str(number)] = commit
        value = (
            self.score("".join(each.decode() for each in commit.files.values())) if score is None else score
        )
        verdict = None
        if number and value is not None:
            old = self.attempts[0].score or 0.0
            verdict = Verdict.BETTER if value > old else Verdict.SAME if value == old else Verdict.WORSE
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        outcome = Outcome.CRASHED if value is None else Outcome.SCORED
        attempt = Attempt(
            *("demo-1", number, "", str(number), str(number), (0,) if number else (), proposer),
            *(idea.title if idea else "", "", outcome, moment, moment, verdict, value),
            parameters=json.loads(json.dumps(idea.parameters)) if idea else {},
        )
        self.attempts.append(attempt)
        self.mutate.observe(attempt)
        return attempt

    def context(self) -> Context:
        number = len(self.attempts)
        return Context(
            goal=self.goal,
            number=number,
            parents=[self.attempts[0]],
            files=self.commits["0"],
            attempts=self.attempts,
            seed=self.seed * 100_000 + number,
        )

    def edited(self, idea: Idea) -> Commit:
        workspace = Candidate(self.commits["0"])
        self.mutate.edit(idea, workspace)
        return Commit(workspace.files)

    def run(self, attempts: int) -> list[Idea]:
        """So many attempts, or fewer where it has no idea."""
        ideas: list[Idea] = []
        while len(ideas) < attempts and (idea := self.mutate.ideate(self.context())) is not None:
            ideas.append(idea)
            self.land(self.edited(idea), idea, "mutate")
        return ideas


@pytest.fixture
def goal(tmp_path: Path) -> Goal:
    return parse_goal("objective: o\nedit: ['**']\nevaluate: x\n", tmp_path / "goal.yaml")


def test_an_idea_is_json_and_its_edit_the_same_whoever_makes_it(goal: Goal) -> None:
    story = Story(goal, {"a.py": TWO})
    idea = story.mutate.ideate(story.context())
    assert idea is not None
    again = Idea(**{**json.loads(json.dumps(dataclasses.asdict(idea))), "parents": (0,), "rests_on": ()})
    fresh = Story(goal, {"a.py": TWO})
    assert fresh.edited(again).files == story.edited(idea).files != story.commits["0"].files
    assert len(json.dumps(idea.parameters)) < 400


def test_every_candidate_is_new_and_the_run_ends_when_all_were_tried(goal: Goal) -> None:
    text = "def f(a, b):\n    # a note\n    return a < b\n"
    story = Story(goal, {"a.py": text})
    ideas = story.run(500)
    assert 5 < len(ideas) < 50
    forms = [form("a.py", commit.files["a.py"]) for commit in story.commits.values()]
    assert len(set(forms)) == len(forms)
    for title in ("`<` to `<=` in a.py:3 (f)", "`<` to `>` in a.py:3 (f)"):
        assert title in {idea.title for idea in ideas}
    assert all(b"# a note" in commit.files["a.py"] for commit in story.commits.values())


def test_what_another_proposer_made_is_not_made_again(goal: Goal) -> None:
    text = "def f(a, b):\n    return a < b\n"
    story = Story(goal, {"a.py": text})
    other = text.replace("<", "<=").replace("return", "return ") + "# not the same bytes\n"
    story.land(Commit({"a.py": other.encode()}), None, "tune")
    assert "`<` to `<=` in a.py:2 (f)" not in {idea.title for idea in story.run(500)}


def test_a_seed_gives_one_sequence_and_another_seed_another(goal: Goal) -> None:
    def titles(seed: int) -> list[str]:
        return [idea.title for idea in Story(goal, {"a.py": TWO}, lambda t: len(t) % 7, seed).run(25)]

    assert titles(1) == titles(1)
    assert titles(1) != titles(2)


def test_a_resumed_run_goes_on_as_if_nothing_had_happened(goal: Goal) -> None:
    def score(text: str) -> float | None:
        return None if len(text) % 5 == 0 else len(text) % 7

    whole = Story(goal, {"a.py": TWO}, score)
    whole.run(20)
    expected = [idea.title for idea in whole.run(15)]
    resumed = Story(goal, {"a.py": TWO}, score)
    resumed.commits = whole.commits
    for attempt in whole.attempts[1:21]:
        resumed.attempts.append(attempt)
        resumed.mutate.observe(attempt)
    assert [idea.title for idea in resumed.run(15)] == expected


def test_an_attempt_whose_parameters_were_lost_is_not_made_again(goal: Goal) -> None:
    whole = Story(goal, {"a.py": "def f(a, b):\n    return a < b\n"})
    made = whole.run(5)
    again = Story(goal, whole.files)
    for commit in list(whole.commits.values())[1:]:
        again.land(commit, None, "mutate")
    assert not {idea.title for idea in made} & {idea.title for idea in again.run(500)}


def test_regions_that_move_the_score_are_preferred(goal: Goal) -> None:
    baseline = TWO.split("def idle")[0]

    def score(text: str) -> float:
        return 1.0 if text.startswith(baseline) else 0.5

    regions: Counter[str] = Counter()
    for seed in range(4):
        ideas = Story(goal, {"a.py": TWO}, score, seed).run(40)
        regions.update(idea.parameters["region"] for idea in ideas[15:])
    assert regions["live"] > 2 * regions["idle"]


@pytest.mark.slow
def test_edits_that_help_are_made_again_elsewhere_and_broken_ones_become_rare(goal: Goal) -> None:
    files = {f"{name}.py": TWO for name in "abcdef"}

    def shares(score: Score) -> Counter[str]:
        ideas = [idea for seed in range(3) for idea in Story(goal, files, score, seed).run(50)[15:]]
        return Counter(idea.parameters["operator"] for idea in ideas)

    original = TWO * 6
    lines = original.splitlines()

    def loves_fewer(text: str) -> float | None:
        return 2.0 if len(text.splitlines()) < len(lines) else 0.5

    def hates_fewer(text: str) -> float | None:
        return None if len(text.splitlines()) < len(lines) else 0.5

    assert shares(loves_fewer)["delete"] > 1.5 * shares(hates_fewer)["delete"]


def test_edits_stay_inside_evolve_blocks(goal: Goal) -> None:
    text = TWO.replace("    best = 0\n", "    # EVOLVE-BLOCK-START\n    best = 0\n").replace(
        "    return best\n", "    # EVOLVE-BLOCK-END\n    return best\n"
    )
    story = Story(goal, {"a.py": text})
    ideas = story.run(500)
    assert len(ideas) > 20
    for commit in story.commits.values():
        assert stays_inside(text.encode(), commit.files["a.py"])


def test_a_line_that_says_fixed_is_left_alone(goal: Goal) -> None:
    text = "def f(a, b):\n    a = a - 1  # kapso: fixed\n    return a < b\n"
    story = Story(goal, {"a.py": text})
    story.run(500)
    assert all(b"a = a - 1  # kapso: fixed\n" in commit.files["a.py"] for commit in story.commits.values())


@pytest.mark.parametrize(
    ("files", "has_something"),
    [
        ({"a.py": "x = 1 < 2\n"}, True),
        ({"a.py": '"""Docs."""\nimport os\n# a < b\n'}, False),
        ({"a.json": '{"a": 1}'}, False),
        ({"a.py": "x = '\0'"}, False),
        ({"a.txt": "x < y", "b.rs": "fn f() { g(1, 2); }"}, True),
        ({}, False),
    ],
)
def test_why_nothing(goal: Goal, files: dict[str, str], has_something: bool) -> None:
    story = Story(goal, files)
    assert (story.mutate.why_nothing(story.commits["0"]) is None) == has_something
    assert (story.mutate.ideate(story.context()) is not None) == has_something


def test_strange_files_do_no_harm(goal: Goal) -> None:
    files = {
        "broken.py": "def f(:\n    return a < \n",
        "empty.c": "",
        "deep.js": "let x = " + "(" * 400 + "1" + ")" * 400 + ";\n",
        "sum.py": "x = " + " + ".join(["a"] * 900) + "\n",
        "bom.py": "\ufeffdef f(a, b):\n    return a < b\n",
        "cr.c": "int f(int a) {\r  return a < 1;\r}\r",
        "old.py": "print 'x'\nif a < b:\n    print a\n",
    }
    story = Story(goal, files)
    assert len(story.run(30)) == 30


def test_a_cached_function_gets_its_import(goal: Goal) -> None:
    text = "import math\n\n\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
    story = Story(goal, {"a.py": text})
    story.run(500)
    wanted = text.replace("import math", "import functools\nimport math").replace(
        "def fib", "@functools.cache\ndef fib"
    )
    assert wanted.encode() in [commit.files["a.py"] for commit in story.commits.values()]


def test_a_list_that_is_asked_becomes_a_set(goal: Goal) -> None:
    text = (
        "def f(xs):\n    seen = []\n    for x in xs:\n        if x not in seen:\n            seen.append(x)\n"
    )
    text += "    return len(seen)\n"
    story = Story(goal, {"a.py": text})
    story.run(500)
    wanted = text.replace("seen = []", "seen = set()").replace("append", "add")
    assert wanted.encode() in [commit.files["a.py"] for commit in story.commits.values()]


@pytest.mark.slow
def test_a_value_that_nothing_asks_for_goes_early(goal: Goal) -> None:
    text = TWO.replace("    return best", "    waste = [x for x in xs if x < best]\n    return best")
    wanted = "without `waste = [x for x in xs if x < best]`"
    places = []
    for seed in range(6):
        titles = [idea.title for idea in Story(goal, {"a.py": text}, lambda text: 0.5, seed).run(150)]
        places.append(next(place for place, title in enumerate(titles) if title.startswith(wanted)))
    assert sorted(places)[2] < 30  # of some 250 edits


@pytest.mark.slow
def test_five_thousand_lines_cost_little_after_the_first_look(goal: Goal) -> None:
    function = TWO.split("\n\n\n")[0]
    text = "\n\n\n".join(function.replace("live", f"live{number}") for number in range(720)) + "\n"
    assert text.count("\n") > 5000
    story = Story(goal, {"big.py": text})
    story.run(1)
    started = time.process_time()
    assert len(story.run(20)) == 20
    assert (time.process_time() - started) / 20 < 0.4  # measured: 0.03 quiet, 0.17 on a busy machine


COLLATZ = """\
fn collatz(start: u64, limit: u64) -> u64 {
    let mut n = start;
    let mut steps = 0;
    while n != 1 && steps < limit {
        if n % 2 != 0 {
            n /= 2;
        } else {
            n = 3 * n + 1;
        }
        steps += 1;
    }
    steps
}

fn longest(low: u64, high: u64) -> u64 {
    let mut best = low;
    for start in low..high + 1 {
        if collatz(start, 1000) > collatz(best, 1000) {
            best = start;
        }
    }
    best
}
"""
MERGE = """\
def merge(a, b):
    out = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] <= b[j]:
            out.append(a[i])
            i += 1
        else:
            out.append(b[j])
            j += 1
    return out + a[i:] + b[j + 1:]


def sort(xs):
    if len(xs) <= 1:
        return xs
    mid = len(xs) // 2
    return merge(sort(xs[:mid]), sort(xs[mid:]))
"""
MEDIAN = """\
function median(values) {
  const s = values.slice().sort((a, b) => a - b);
  const m = Math.floor(s.length / 2);
  if (s.length % 2 === 1) {
    return s[m];
  }
  return (s[m + 1] + s[m]) / 2;
}

function evaluate(tokens) {
  const stack = [];
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    if (t !== "+" && t !== "-") {
      stack.push(Number(t));
      continue;
    }
    const b = stack.pop();
    const a = stack.pop();
    stack.push(t === "+" ? a + b : a - b);
  }
  return stack[stack.length - 1];
}
"""


@pytest.mark.parametrize(
    ("path", "text", "old", "new"),
    [
        ("a.rs", COLLATZ, "n % 2 != 0", "n % 2 == 0"),
        ("a.py", MERGE, "b[j + 1:]", "b[j:]"),
        ("a.js", MEDIAN, "s[m + 1]", "s[m - 1]"),
    ],
)
def test_a_slip_of_one_sign_is_found_early(goal: Goal, path: str, text: str, old: str, new: str) -> None:
    mended = text.replace(old, new).encode()
    elsewhere = len(text.split(old)[0]) // 2

    def score(now: str) -> float:
        """Moves wherever else it is edited, which draws what is learnt away from the slip."""
        return 1.0 if now[:elsewhere] == text[:elsewhere] else 0.5

    for seed in range(6):
        story = Story(goal, {path: text}, score, seed)
        story.run(40)
        assert mended in [commit.files[path] for commit in story.commits.values()], seed


@pytest.mark.slow
def test_slips_come_first_and_other_edits_in_between(goal: Goal) -> None:
    text = "\n\n\n".join(TWO.replace("(xs, n)", f"{number}(xs, n)") for number in range(40))
    ideas = Story(goal, {"a.py": text}, lambda text: 1.0).run(75)
    slips = [idea.parameters["operator"] in {"compare", "logic", "step"} for idea in ideas]
    assert 0.5 < sum(slips[:20]) / 20 < 0.95
    regions = [idea.parameters["region"] for idea, is_slip in zip(ideas, slips, strict=True) if is_slip]
    assert max(Counter(regions).values()) <= 3  # of eighty functions


@pytest.mark.parametrize(("changed", "each"), [(1.0, 1), (0.5, 1), (None, 2), (2.0, 0)])
def test_slips_that_do_not_help_are_counted_and_what_breaks_the_program_twice(
    goal: Goal, changed: float | None, each: int
) -> None:
    story = Story(goal, {"a.py": TWO}, lambda now: 1.0 if now == TWO else changed)
    ideas = story.run(8)
    slips = [idea for idea in ideas if idea.parameters["operator"] in PLAIN]
    assert slips
    assert story.mutate._record.dry == each * len(slips)


def test_where_results_are_checked_edits_that_keep_them_come_first(goal: Goal) -> None:
    def share(changed: float | None) -> int:
        def score(now: str) -> float | None:
            return 1.0 if now == TWO else changed

        ideas = [idea for seed in range(4) for idea in Story(goal, {"a.py": TWO}, score, seed).run(24)[8:]]
        return sum(idea.parameters["operator"] in KEEPING for idea in ideas)

    assert share(None) > 1.5 * share(0.5)


SLIPPED = """\
def lines(words, width):
    lines = []
    line = []
    for word in words:
        if len(line) > width:
            line = []
            lines.append(line)
        line.append(word)
    return lines


def right(line, width):
    gaps = len(line) - 1
    blanks = width - sum(len(word) for word in line)
    narrow = blanks // gaps
    wider = blanks % gaps
    parts = []
    for number, word in enumerate(line):
        parts.append(word)
        if number < gaps:
            parts.append(" " * narrow)
        if number < wider:
            parts.append(" ")
    return "".join(parts)
"""


def test_two_lines_the_wrong_way_round_are_found_where_all_other_edits_hurt(goal: Goal) -> None:
    mended = SLIPPED.replace(
        "line = []\n            lines.append(line)", "lines.append(line)\n            line = []"
    )
    intact = SLIPPED.index("def right")

    def score(now: str) -> float:
        return 1.0 if now == mended else 0.5 if now[-len(SLIPPED) + intact :] == SLIPPED[intact:] else 0.2

    found = 0
    for seed in range(4):
        story = Story(goal, {"a.py": SLIPPED}, score, seed)
        story.run(30)
        found += mended.encode() in [commit.files["a.py"] for commit in story.commits.values()]
    assert found >= 3


@pytest.mark.slow
def test_a_large_program_is_not_searched_for_slips_for_ever(goal: Goal) -> None:
    text = "\n\n\n".join(TWO.replace("(xs, n)", f"{number}(xs, n)") for number in range(40))
    ideas = Story(goal, {"a.py": text}, lambda text: 1.0).run(160)
    late = [idea.parameters["operator"] in {"compare", "logic", "step"} for idea in ideas[110:]]
    assert sum(late) < 0.4 * len(late)


def test_the_base_is_not_made_again(goal: Goal) -> None:
    text = "def f(a, b):\n    return a < b\n"
    story = Story(goal, {"a.py": text}, lambda text: 2.0 if "<=" in text else 1.0)
    story.run(500)
    better = next(each for each in story.attempts[1:] if each.verdict is Verdict.BETTER)
    for number in range(60):
        context = dataclasses.replace(story.context(), parents=[better], files=story.commits[better.commit])
        idea = story.mutate.ideate(dataclasses.replace(context, seed=number))
        if idea is not None and idea.parents == (better.number,):
            workspace = Candidate(story.commits[better.commit])
            story.mutate.edit(idea, workspace)
            assert workspace.files["a.py"] != text.encode()


TESTED = """\
pub fn twice(x: i64) -> i64 {
    x + x - 1
}

#[cfg(test)]
mod checks {
    fn near(a: i64, b: i64) -> bool {
        a - 1 < b
    }
}

#[test]
#[ignore]
fn two() {
    let x = twice(2) - 1;
    assert!(x == 3);
}
"""


def test_the_programs_own_tests_are_never_edited(goal: Goal) -> None:
    files = {name: TWO for name in ("test_a.py", "a_test.py", "conftest.py")}
    files |= {"a_test.go": "package a\nfunc f(a int) bool {\n\treturn a < 1\n}\n"}
    files |= {"a.spec.ts": MEDIAN, "lib.rs": TESTED}
    story = Story(goal, files)
    ideas = story.run(500)
    assert {idea.parameters["path"] for idea in ideas} == {"lib.rs"}
    tests = TESTED.split("#[cfg(test)]")[1].encode()
    assert all(commit.files["lib.rs"].endswith(tests) for commit in story.commits.values())
    assert len(ideas) > 3
