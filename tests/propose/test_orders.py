"""Lists whose parts may stand in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapso.errors import GoalError
from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.reading import read_file

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("path", "text", "parts"),
    [
        ("a.py", 'S = ["x", "y", "z"]  # kapso: order\n', 6),
        ("a.py", "S = [f(1, 2), g[3], 'a,b', {4: 5}]  # kapso: order\n", 24),
        ("a.py", "run((a, b))  # kapso: order\n", 2),
        ("a.js", "const S = [a, b, c, d, e]; // kapso: order\n", 17),
        ("a.yaml", "stages: [scale, pick, fit]  # kapso: order\n", 6),
        ("a.toml", 'stages = ["scale", "pick"]  # kapso: order\n', 2),
        ("a.c", "int s[] = {1, 2, 3}; /* kapso: order */\n", 6),
    ],
)
def test_a_marked_list_takes_other_orders(path: str, text: str, parts: int) -> None:
    found = read_file(path, text.encode())
    assert not found.problems and found.is_marked
    [slot] = [slot for slot in found.slots if slot.domain is not None]
    assert len(set(slot.choices)) == parts and slot.choices[0] == slot.value


def test_gaps_and_everything_around_stay_as_they_are() -> None:
    files = {"a.py": b"S = [ 'x',  'y','z' ]  # kapso: order\r\n"}
    write_values(Reader(), {"a.py:S.order": "'z',  'x','y'"}, files)
    assert files["a.py"] == b"S = [ 'z',  'x','y' ]  # kapso: order\r\n"


def test_the_best_order_is_found(search: Make) -> None:
    text = "S = ['a', 'b', 'c', 'd']  # kapso: order\n"
    wanted = ["c", "a", "d", "b"]
    run = search({"a.py": text}, lambda names: float(sum(map(str.__eq__, names["S"], wanted)))).run(23)
    assert run.best.score == 4
    assert all(sorted(eval(f"[{idea.parameters['a.py:S.order']}]")) == list("abcd") for idea in run.ideas)


@pytest.mark.parametrize("line", ["x = 3", "S = [1]", "S = [1, 2, 3, 4, 5, 6, 7, 8, 9]", "S = [1,"])
def test_a_line_without_such_a_list_is_an_error(search: Make, line: str) -> None:
    run = search({"a.txt": f"{line}  # kapso: order\n"}, lambda names: 0.0)
    with pytest.raises(GoalError, match="list of 2 to 8 parts"):
        run.tune.why_nothing(run.files)
