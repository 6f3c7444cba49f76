"""Where recipes apply, and where their conditions keep them away."""

from __future__ import annotations

import pytest

from kapso.propose.mutate.edit import apply, is_sound
from kapso.propose.mutate.tree import read_source
from kapso.propose.recipe.matching import Match, matches
from kapso.propose.recipe.reading import read_recipes
from tests.propose.recipe.test_recipes_shipped import RECIPES


def found(name: str, text: str, path: str = "a.py") -> list[tuple[Match, str]]:
    source = read_source(path, text.encode())
    assert source is not None
    places = list(matches([RECIPES[name]], source))
    assert all(is_sound(source, each.spans) for each in places)
    return [(each, apply(text, each.spans)) for each in places]


def one(name: str, text: str, path: str = "a.py") -> str:
    [(_, made), *_] = found(name, text, path)
    return made


QUEUE = "def f(n):\n    q = [n]\n    while q:\n        x = q.pop(0)\n        {}\n"


@pytest.mark.parametrize("line", ["q.append(x)", "if len(q) > 3: break", "q.extend([x])", "y = q[0]"])
def test_a_queue_that_is_used_as_one(line: str) -> None:
    assert "q.popleft()" in one("list-as-queue", QUEUE.format(line))


@pytest.mark.parametrize("items", ["list(n)", "[x for x in n]", "sorted(n)", "n.split()"])
def test_a_queue_is_made_of_what_makes_a_new_list(items: str) -> None:
    text = QUEUE.replace("[n]", items).format("print(x)")
    assert f"q = deque({items})" in one("list-as-queue", text)


@pytest.mark.parametrize("line", ["y = q[1:]", "g(q)", "q.sort()", "return q", "q += [x]", "z = q"])
def test_a_list_that_is_more_than_a_queue_stays(line: str) -> None:
    assert found("list-as-queue", QUEUE.format(line)) == []


def test_members_may_be_counted() -> None:
    text = (
        "def f(n):\n    seen = []\n    for x in n:\n        if x not in seen:\n            seen.append(x)\n"
    )
    assert "seen.add(x)" in one("membership-in-a-list", text + "    return len(seen)\n")
    assert found("membership-in-a-list", text + "    return seen\n") == []


def test_a_list_from_elsewhere_stays() -> None:
    assert found("list-as-queue", "def f(q):\n    while q:\n        x = q.pop(0)\n") == []
    assert found("list-as-queue", "q = [1]\ndef f():\n    while q:\n        x = q.pop(0)\n") == []


def test_a_use_inside_of_an_argument_counts() -> None:
    assert found("list-as-queue", QUEUE.format("q.append(q[1:])")) == []


def test_all_that_goes_together_changes_together() -> None:
    text = "def f():\n    q = []\n    q.append(1)\n    a = q.pop(0)\n"
    text += "    q.append(2)\n    b = q.pop(0)\n    return a + b\n"
    places = found("list-as-queue", text)
    assert len(places) == 2
    for _, made in places:
        names: dict[str, object] = {}
        exec(made, names)
        assert "pop(0)" not in made
        assert eval("f()", names) == 3


def test_names_of_the_same_spelling_elsewhere_do_not_matter() -> None:
    text = QUEUE.format("o.q = 1; h(q=2)") + "\ndef other(q):\n    return q[1:]\n"
    assert found("list-as-queue", text)


def test_a_peek_at_the_least_is_no_removal() -> None:
    text = (
        "def f(q0):\n    q = []\n    for x in q0:\n        q.append(x)\n"
        "    while q:\n        m = min(q)\n        q.remove(m)\n        {}\n"
    )
    assert found("least-by-heap", text.format("print(m)"))
    assert found("least-by-heap", text.format("print(min(q))")) == []
    assert found("least-by-heap", text.format("q.remove(5)")) == []


def test_imports_stand_where_they_belong() -> None:
    docstring = '"""About."""\nfrom __future__ import annotations\nimport os\n\nx = sorted(y)[:3]\n'
    assert one("sorted-some", docstring).splitlines()[2] == "import heapq"
    assert (
        one("sorted-some", "# a\n\nx = sorted(y)[:3]\n") == "# a\n\nimport heapq\nx = heapq.nsmallest(3, y)\n"
    )
    there = "import heapq\nx = sorted(y)[:3]\n"
    assert one("sorted-some", there) == "import heapq\nx = heapq.nsmallest(3, y)\n"
    several = "from collections import (\n    Counter,\n    deque,\n)\n" + QUEUE.format("pass")
    assert one("list-as-queue", several).count("import") == 1


def test_imports_of_c_stand_behind_the_others() -> None:
    text = (
        "#include <stdio.h>\nvoid f(char *s) {\n    for (int i = 0; i < strlen(s); i++) putchar(s[i]);\n}\n"
    )
    made = one("length-asked-once", text, "a.c")
    assert made.startswith("#include <stdio.h>\n#include <string.h>\nvoid")
    assert "for (int i = 0, length = strlen(s); i < length; i++)" in made
    assert one("length-asked-once", text.replace("for", "int length; for"), "a.cpp").count("length2") == 2


@pytest.mark.parametrize(
    "before",
    [
        "heapq = 5\n", "def heapq():\n    pass\n", "for heapq in z:\n    pass\n", "from x import heapq\n",
        "import numpy as heapq\n", "def f(heapq):\n    pass\n", "class heapq:\n    pass\n",
    ],
)  # fmt: skip
def test_a_name_of_the_programs_own_keeps_a_recipe_away(before: str) -> None:
    assert found("sorted-some", f"{before}x = sorted(y)[:3]\n") == []
    assert found("sorted-first", "min = 5\nx = sorted(y)[0]\n") == []


def test_evolve_blocks_hold_everything() -> None:
    text = "import os\n# EVOLVE-BLOCK-START\nx = sorted(y)[:3]\n# EVOLVE-BLOCK-END\nz = sorted(y)[:3]\n"
    [(match, made)] = found("sorted-some", text)
    assert made.splitlines()[2:4] == ["import heapq", "x = heapq.nsmallest(3, y)"]
    assert match.line == 3
    inside = "def f(y):\n    # EVOLVE-BLOCK-START\n    x = sorted(y)[:3]\n    # EVOLVE-BLOCK-END\n"
    assert found("sorted-some", inside) == []


def test_tests_and_fixed_lines_stay() -> None:
    assert found("sorted-first", "x = sorted(y)[0]  # kapso: fixed\n") == []
    assert found("sorted-first", "def test_x():\n    assert sorted(y)[0] == 1\n") == []


def test_lines_keep_their_place() -> None:
    text = (
        "def f(n):\n    total = 0\n    for i in range(n):\n"
        "        for j in range(n):\n            if i < j:\n                # a comment\n"
        "                if j % 2:\n                    total += i\n"
        "                total += j\n    return total\n"
    )
    made = one("each-pair-once", text)
    assert made == (
        "def f(n):\n    total = 0\n    for i in range(n):\n        for j in range(i + 1, n):\n"
        "            # a comment\n            if j % 2:\n                total += i\n"
        "            total += j\n    return total\n"
    )


def test_what_cannot_be_moved_stays() -> None:
    text = (
        "def f(n):\n    for i in range(n):\n        for j in range(n):\n            if i < j:\n"
        '                x = """a\n    b"""\n                y = 1\n'
    )
    assert found("each-pair-once", text) == []


def test_windows_lines_stay_windows_lines() -> None:
    made = one("sorted-some", "import os\r\nx = sorted(y)[:3]\r\n")
    assert made == "import heapq\r\nimport os\r\nx = heapq.nsmallest(3, y)\r\n"


def test_loops_are_counted_and_places_keep_their_keys() -> None:
    text = "def f(a):\n    for x in a:\n        for y in x:\n            z = sorted(y)[0]\n"
    [(match, _)] = found("sorted-first", text)
    assert (match.depth, match.line, match.region) == (2, 4, "f")
    [(moved, _)] = found("sorted-first", f"import os\n\n{text}")
    assert moved.key == match.key
    twice = found("sorted-first", text + "            w = sorted(y)[0]\n")
    assert len({each.key for each, _ in twice}) == 2


def test_a_line_that_goes_leaves_no_gap() -> None:
    text = (
        "def f(q0):\n    q = [3]\n    while q:\n        q.sort()\n        x = q.pop(0)\n        if x < 9:\n"
        "            q.append(x * 2)\n    return x\n"
    )
    made = one("sorted-list-as-heap", text)
    assert "\n\n" not in made.removeprefix("import heapq\n") and "sort" not in made


def test_a_recipe_of_ones_own_with_a_statement_at_the_top() -> None:
    [recipe] = read_recipes(
        "```yaml recipe\nid: top\ntitle: t\nlanguage: python\nrule: 'f($X)'\nfix: $T[$X]\n"
        "top: $T = table()\nnames: {T: TABLE}\nexample: {before: f(1), after: g, run: x}\n```\n",
        "a.md",
    )
    source = read_source("a.py", b"import os\nTABLE = 1\ny = f(3)\n")
    assert source is not None
    [match] = matches([recipe], source)
    assert apply(source.text, match.spans) == "import os\nTABLE2 = table()\nTABLE = 1\ny = TABLE2[3]\n"


def test_recipes_of_c_match_in_cpp() -> None:
    for recipe in RECIPES.values():
        if recipe.language == "c":
            source = read_source("a.cpp", recipe.example.before.encode())
            assert source is not None
            assert list(matches([recipe], source)), recipe.id
