"""EVOLVE-BLOCK markers: what may change, and what an edit that goes beyond costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.git.repository import Repository
from kapso.goal import parse_goal
from kapso.goal.protection import Editable
from kapso.loop.workspace import CandidateWorkspace, EditableIndex
from kapso.propose.blocks import evolve_blocks, kept_inside, stays_inside

S, E = "# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-END\n"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a\nb\n", None),
        (f"a\n{S}b\n{E}c\n", ["b\n"]),
        (f"{S}a\n{E}b\n{S}c\n{E}", ["a\n", "c\n"]),
        (f"a\n{S}b\nc", ["b\nc"]),
        (f"a\n{E}b\n", []),
        (f"{S}a\n{S}b\n{E}c\n{E}d\n", [f"a\n{S}b\n"]),
        ("x # EVOLVE-BLOCK-START\ny\nz # EVOLVE-BLOCK-END w\n", ["y\n"]),
        ("# EVOLVE-BLOCK-START 5 EVOLVE-BLOCK-END\na\n", []),
        (f"{S}a\n# EVOLVE-BLOCK-END EVOLVE-BLOCK-START\nb\n", ["a\n", "b\n"]),
        (f"{S}a\r\nb\x0b\u2028c\r\n{E}", ["a\r\nb\x0b\u2028c\r\n"]),
        (S, [""]),
    ],
)
def test_what_lies_in_a_block(text: str, inside: list[str] | None) -> None:
    found = evolve_blocks(text)
    assert (None if found is None else [text[start:end] for start, end in found]) == inside


BEFORE = f"import x\n{S}a = 1\n{E}rest\n{S}b = 1\n{E}end é\n"


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        (BEFORE, True),
        (BEFORE.replace("a = 1", "a = 2\nmore"), True),
        (BEFORE.replace("a = 1\n", ""), True),
        (BEFORE.replace("a = 1", S.strip()), True),
        (BEFORE.replace("b = 1", "b = 2"), True),
        (BEFORE.replace("import x", "import y"), False),
        (BEFORE.replace("rest", ""), False),
        (BEFORE.replace("é", "e"), False),
        (BEFORE.replace(S, "", 1), False),
        (BEFORE.replace(E, "", 1), False),
        (BEFORE.replace("a = 1", f"{E}out\n{S}"), False),
        (BEFORE.replace(E, E.replace("END", "END and more"), 1), False),
        (BEFORE + "more", False),
        (BEFORE.replace("\n", "\r\n"), False),
        (None, False),
    ],
)
def test_a_change_stays_inside_or_not(after: str | None, stays: bool) -> None:
    assert stays_inside(BEFORE.encode(), None if after is None else after.encode()) is stays


def test_a_workspace_says_which_file_left_its_blocks(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.py": BEFORE, "b.py": "plain\n", "c.py": f"x\n{E}"})
    repository = Repository.open(root)
    goal = parse_goal("{objective: x, edit: '*.py', evaluate: x}", root / "goal.yaml")
    base, editable = repository.resolve("HEAD"), Editable.of(goal, "")

    def why_not(path: str, content: bytes | None) -> str | None:
        files = EditableIndex(repository, base, editable).files(base)
        workspace = CandidateWorkspace(repository, base, editable, files)
        if content is None:
            del workspace[path]
        else:
            workspace[path] = content
        return workspace.why_not()

    assert why_not("a.py", BEFORE.replace("b = 1", "b = 9").encode()) is None
    assert why_not("b.py", b"other") is why_not("b.py", None) is why_not("new.py", b"x") is None
    for path, content in (("a.py", b"all new"), ("a.py", None), ("c.py", b"y\n")):
        assert f"`{path}` was changed outside" in (why_not(path, content) or "")


def test_what_lies_outside_the_blocks_is_kept_as_it_was() -> None:
    old = b"a\n# EVOLVE-BLOCK-START\nb\n# EVOLVE-BLOCK-END\nc\n# EVOLVE-BLOCK-START\nd\n"
    new = b"A\n# EVOLVE-BLOCK-START\nB\nB\n# EVOLVE-BLOCK-END\nC\n# EVOLVE-BLOCK-START\nD"
    kept = kept_inside(old, new)
    assert kept == b"a\n# EVOLVE-BLOCK-START\nB\nB\n# EVOLVE-BLOCK-END\nc\n# EVOLVE-BLOCK-START\nD"
    assert stays_inside(old, kept)
    for other in (
        b"A\n",
        b"# EVOLVE-BLOCK-START\n" * 2,
        new + b"\n# EVOLVE-BLOCK-END\n# EVOLVE-BLOCK-START\n",
    ):
        assert kept_inside(old, other) is None
    assert kept_inside(b"no block\n", new) is None
