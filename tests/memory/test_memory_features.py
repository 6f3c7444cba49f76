"""What attempts of every proposer changed, told from real commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.memory.features import Candidate, Features, Looker
from kapso.memory.hunks import Diffs, Hunk
from kapso.memory.outline import outline
from kapso.propose.mutate.languages import language_of

PACK = """import math

RADIUS = 0.5
STEPS = 100


class Packer:
    def grow(self, step):
        for at in range(STEPS):
            self.radius += step * RADIUS
        return self.radius

    def shrink(self):
        return self.radius - 1


def main(packer):
    total = 0

    def inner(x):
        return math.sqrt(x)

    if total < 10:
        total = packer.grow(3)
    return inner(total)
"""


class Project:
    """A repository in which a test commits one version of the program after another."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository.open(root)
        self.base = self.repository.refs.get("refs/heads/main") or ""
        self.diffs = Diffs(self.repository)
        self.looker = Looker(self.diffs)

    def commit(self, files: Mapping[str, str | None], onto: str | None = None) -> str:
        entries = {
            path: None if text is None else Entry(FILE, self.repository.write_blob(text.encode()))
            for path, text in files.items()
        }
        parent, now = onto or self.base, datetime(2026, 11, 1, tzinfo=UTC)
        tree = self.repository.write_tree(parent, entries)
        return self.repository.commit(tree, [parent], "try\n", ("A", "a@b"), now, now)

    def features(
        self, commit: str, proposer: str = "llm", parameters: Mapping[str, Any] | None = None
    ) -> Features:
        baseline = Candidate("baseline", self.base, {})
        return self.looker.features(Candidate(proposer, commit, parameters or {}), baseline)

    def hunks(self, text: str, path: str = "pack.py") -> tuple[Hunk, ...]:
        return self.diffs.hunks(self.base, self.commit({path: text}))


@pytest.fixture
def project(make_repository: Callable[..., Path]) -> Project:
    return Project(make_repository({"pack.py": PACK, "run.toml": "rate = 3\n"}))


def test_an_edit_lies_in_its_function_and_has_its_kinds(project: Project) -> None:
    commit = project.commit({"pack.py": PACK.replace("range(STEPS)", "range(2 * LIMIT)")})
    found = project.features(commit)
    assert found.places == (("pack.py", "Packer.grow"),)
    assert found.tokens == {"+LIMIT", "-STEPS"}
    assert {"call", "loop", "arithmetic", "number"} <= found.kinds
    assert "assignment" not in found.kinds


@pytest.mark.parametrize(
    ("old", "new", "region", "kind"),
    [
        ("total < 10", "total <= 10", "main", "comparison"),
        ("math.sqrt(x)", "math.log(x)", "inner", "call"),
        ("import math", "import math, time", "", "import"),
        ("        return self.radius - 1", "        raise ValueError", "Packer.shrink", "error"),
        ("    return inner(total)\n", "    return inner(total)\n    # done\n", "main", "comment"),
        ("STEPS = 100", "STEPS = 120", "", "number"),
    ],
)
def test_where_and_what(project: Project, old: str, new: str, region: str, kind: str) -> None:
    (hunk,) = project.hunks(PACK.replace(old, new))
    assert hunk.regions == (region,)
    assert kind in hunk.kinds


def test_a_new_function_after_the_last_one(project: Project) -> None:
    (hunk,) = project.hunks(f"{PACK}\n\ndef again():\n    main(None)\n")
    assert hunk.regions == ("again",)
    assert (hunk.added, hunk.removed, hunk.before) == (4, 0, "")
    assert {"+again", "+main"} <= set(hunk.names)


def test_outlines_made_from_changes_are_those_of_whole_files(project: Project) -> None:
    """A chain of edits, each told from the one before, against the parser's own view of the last."""
    from ast_grep_py import SgRoot

    texts = [
        PACK.replace("        return self.radius\n", "        self.log()\n        return self.radius\n"),
        PACK.replace("def main", "def extra():\n    pass\n\n\ndef main").replace("import math\n", ""),
        PACK.replace("    def shrink(self):\n        return self.radius - 1\n", ""),
        PACK.replace("RADIUS = 0.5\n", "").replace("inner(total)", "inner(\n        total\n    )"),
    ]
    language = language_of("pack.py")
    assert language is not None
    before = project.base
    for text in texts:
        commit = project.commit({"pack.py": text}, onto=before)
        project.diffs.hunks(before, commit)
        entry = project.repository.entries(commit)["pack.py"]
        assert project.diffs._outlines[entry.oid, "python"] == outline(
            SgRoot(text, "python").root(), language
        )
        before = commit


def test_what_moved_is_told_from_the_parents_files(project: Project) -> None:
    commit = project.commit({"pack.py": PACK.replace("RADIUS = 0.5", "RADIUS = 0.75")})
    values = {"pack.py:RADIUS": 0.75, "pack.py:STEPS": 100}
    found = project.features(commit, "tune", values)
    assert found.moved == {"pack.py:RADIUS": (0.5, 0.75)}
    child = project.commit({"pack.py": PACK.replace("RADIUS = 0.5", "RADIUS = 0.8")}, onto=commit)
    tuned = Candidate("tune", commit, values)
    after = project.looker.features(Candidate("tune", child, {**values, "pack.py:RADIUS": 0.8}), tuned)
    assert after.moved == {"pack.py:RADIUS": (0.75, 0.8)}
    assert after.places == (("pack.py", ""),)


def test_proposers_tell_their_operator_and_place(project: Project) -> None:
    commit = project.commit({"pack.py": PACK.replace("total < 10", "total <= 10")})
    told = {"operator": "compare", "path": "pack.py", "region": "main", "spot": "1", "edit": "2"}
    found = project.features(commit, "mutate", told)
    assert (found.operator, found.places) == ("compare", (("pack.py", "main"),))
    outside = project.features(commit, "recipe", {"recipe": "np/dot", "path": "pack.py", "region": "top2"})
    assert (outside.operator, outside.places) == ("np/dot", (("pack.py", ""),))


def test_files_that_nothing_parses(project: Project) -> None:
    commit = project.commit({"run.toml": "speed = 4\n", "pack.py": None, "new.bin": "a\0b"})
    found = project.features(commit)
    assert ("run.toml", "") in found.places and ("new.bin", "") in found.places
    assert {"+speed", "-rate"} <= found.tokens
    assert ("pack.py", "Packer.grow") in found.places


def test_a_local_edit_of_a_large_file_is_cheap(project: Project) -> None:
    """CPU against parsing all of it, so that a slow machine makes no difference."""
    from ast_grep_py import SgRoot

    body = "".join(
        f"def step_{at}(x):\n    y = x * {at}\n    return go(y, x) + {at}\n\n\n" for at in range(400)
    )
    base = project.commit({"big.py": body})
    first = project.commit({"big.py": body.replace("x * 7\n", "x * 8\n")}, onto=base)
    project.diffs.hunks(base, first)
    second = project.commit({"big.py": body.replace("x * 300\n", "x + 300\n")}, onto=base)
    took = _least(lambda: Diffs.hunks(_forgetful(project.diffs, base, second), base, second))
    assert took < _least(lambda: SgRoot(body, "python").root())


def _forgetful(diffs: Diffs, a: str, b: str) -> Diffs:
    diffs._hunks.pop((a, b), None)
    return diffs


def _least(work: Callable[[], object]) -> float:
    def once() -> float:
        since = time.thread_time()
        work()
        return time.thread_time() - since

    return min(once() for _ in range(5))


def test_hunks_turn_the_old_lines_into_the_new_ones(project: Project) -> None:
    import random

    draw = random.Random(7)
    for round_ in range(60):
        lines = PACK.split("\n")
        for _ in range(draw.randint(1, 4)):
            at, count = draw.randrange(len(lines)), draw.randrange(3)
            lines[at : at + count] = draw.choices(
                ["", "x = 1", "    return 2", "def f():"], k=draw.randrange(3)
            )
        made = "\n".join(lines).rstrip("\n") + "\n"
        hunks = project.diffs.hunks(project.base, project.commit({"pack.py": made}))
        found = PACK.split("\n")
        for each in reversed(hunks):
            found[each.old_line - 1 : each.old_line - 1 + each.removed] = each.after.split("\n")[: each.added]
        assert "\n".join(found) == made, (round_, hunks)
