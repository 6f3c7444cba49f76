"""What a user asks a run for waits in files, and is held to what every edit is held to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.git.repository import Repository
from kapso.git.trees import FILE, LINK, Entry
from kapso.goal import load_goal
from kapso.goal.protection import Editable
from kapso.loop.human import why_not_allowed
from kapso.loop.requests import Request, Requests
from kapso.loop.workspace import EditableIndex

GOAL = "objective: x\nedit: [pack.py, 'src/**']\nevaluate: python3 judge.py\n"
BLOCK = "before = 1\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n"


def test_requests_wait_in_their_order_and_the_same_tree_once(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "run")
    assert not requests and list(requests) == []
    first = Request("a" * 40, (0,), "first", "why")
    second = Request("b" * 40, (1, 2), "second", also_from=("c" * 40,))
    for moment, request in enumerate((first, second), 1):
        requests.add(request)
        path = tmp_path / "run/requests" / f"{request.tree}.json"
        os.utime(path, (moment, moment))
    (tmp_path / "run/requests/rubbish.json").write_text("{")
    assert list(requests) == [first, second] and second in requests and requests
    requests.add(Request("a" * 40, (0,), "again"))
    assert sorted(each.title for each in requests) == ["again", "second"]
    requests.remove(first)
    requests.remove(first)
    assert list(requests) == [second]


@pytest.fixture
def allowed(make_repository: Callable[..., Path]) -> Callable[[dict[str, Entry | str | None]], str | None]:
    """`allowed({path: content, entry or None})` → why this change of the base cannot be an attempt."""
    root = make_repository(
        {"goal.yaml": GOAL, "pack.py": BLOCK, "src/a.py": "1\n", "judge.py": "2\n", "README": "3\n"}
    )
    repository, goal = Repository.open(root), load_goal(root / "goal.yaml")
    base = repository.resolve("HEAD")
    index = EditableIndex(repository, base, Editable.of(goal, goal.prefix(repository.root)))

    def why(changes: dict[str, Entry | str | None]) -> str | None:
        entries = {
            path: Entry(FILE, repository.write_blob(each.encode())) if isinstance(each, str) else each
            for path, each in changes.items()
        }
        return why_not_allowed(repository, index, base, repository.write_tree(base, entries))

    return why


def test_a_revision_may_change_what_an_edit_may(allowed: Callable[..., str | None]) -> None:
    assert allowed({}) is None
    assert allowed({"src/a.py": None, "src/b/new.py": "4\n"}) is None
    assert allowed({"pack.py": BLOCK.replace("x = 1", "x = 2\ny = 3")}) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"README": "4\n"}, "`README` (`edit` does not match it)"),
        ({"judge.py": "4\n"}, "`judge.py` (the command of `evaluate` names it (`judge.py`))"),
        ({"goal.yaml": GOAL + "repeats: 2\n"}, "`goal.yaml` (it is the goal itself)"),
        ({"src/.gitattributes": "* text\n"}, "`src/.gitattributes` (git reads it)"),
        ({"pack.py": BLOCK.replace("before", "after")}, "outside its EVOLVE-BLOCK-START"),
        ({f"new{n}": "1" for n in range(7)}, "and 2 more"),
    ],
)
def test_and_nothing_else(allowed: Callable[..., str | None], changes: dict[str, str], words: str) -> None:
    assert words in str(allowed(changes))


def test_a_link_is_no_file(allowed: Callable[..., str | None]) -> None:
    link = Entry(LINK, "e" * 40)
    assert allowed({"src/a.py": link}) == "it changes `src/a.py` (it is a link or a submodule)"
