"""Edits that come together, that save work, and what is left alone: one case an operator, and none where it
would be wrong."""

from __future__ import annotations

import re

import pytest

from kapso.propose.mutate.edit import apply, is_sound
from kapso.propose.mutate.proposer import _see
from kapso.propose.mutate.tree import read_source
from kapso.propose.syntax import form
from kapso.propose.tune.reading import read_file


def made(path: str, text: str, operator: str) -> set[str]:
    """The sound candidates of one operator."""
    source = read_source(path, text.encode())
    assert source is not None
    seen = [each for region in source.regions for each in _see(region)]
    chosen = [each.edit for each in seen if each.candidate.operator == operator]
    return {apply(text, each.spans) for each in chosen if is_sound(source, each.spans)}


def test_two_indices_are_exchanged_all_through_a_statement() -> None:
    text = "def f(a, b, i, j, k):\n    t = a[i][j] * b[j][k]\n    return t\n"
    assert text.replace("a[i][j] * b[j][k]", "a[i][k] * b[k][j]") in made("a.py", text, "exchange")


def test_a_wrong_variable_is_replaced_wherever_a_statement_names_it() -> None:
    text = "def f(xs, i, j):\n    xs[i] = xs[i] + 1\n    xs[j] = 2\n"
    assert text.replace("xs[i] = xs[i]", "xs[j] = xs[j]") in made("a.py", text, "rename")


@pytest.mark.parametrize(
    ("text", "olds", "news"),
    [
        (
            "def f(xs, low, high):\n    n = 0\n    for x in xs:\n        if x > low and x < high:\n"
            "            n += 1\n    return n\n",
            ("x > low", "x < high"),
            ("x >= low", "x <= high"),
        ),
        (
            "def f(xs):\n    low, n = 0, 0\n    high = len(xs)\n    while low <= high:\n"
            "        low += xs[low]\n    return low\n",
            ("= len(xs)", "low <= high"),
            ("= len(xs) - 1", "low < high"),
        ),
        (
            "def f(xs, w):\n    s = 0\n    for end in range(w + 1, len(xs)):\n        s += xs[end - w - 1]\n"
            "    return s\n",
            ("w + 1", "end - w - 1"),
            ("w", "end - w"),
        ),
    ],
)
def test_two_small_edits_that_share_a_variable(text: str, olds: list[str], news: list[str]) -> None:
    wanted = text
    for old, new in zip(olds, news, strict=True):
        wanted = wanted.replace(old, new)
    assert wanted in made("a.py", text, "pair") | made("a.py", text, "both")


def test_pairs_stay_few_in_a_large_function() -> None:
    lines = "".join(f"    if x < y:\n        x = y + {n}\n" for n in range(60))
    assert 0 < len(made("a.py", f"def f(x, y):\n{lines}    return x\n", "pair")) <= 80


HOIST = {
    "a.py": (
        "def f(xs, n):\n    for x in xs:\n        n += x * norm(xs)\n    return n\n",
        "def f(xs, n):\n    norm_now = norm(xs)\n    for x in xs:\n        n += x * norm_now\n    return n\n",
    ),
    "a.js": (
        "function f(xs) {\n  let n = 0;\n  for (const x of xs) {\n"
        "    n += x * norm(xs);\n  }\n  return n;\n}\n",
        "function f(xs) {\n  let n = 0;\n  const norm_now = norm(xs);\n  for (const x of xs) {\n"
        "    n += x * norm_now;\n  }\n  return n;\n}\n",
    ),
    "a.rs": (
        "fn f(xs: &[f64]) -> f64 {\n    let mut n = 0.0;\n    for x in xs {\n"
        "        n += x * norm(xs);\n    }\n    n\n}\n",
        "fn f(xs: &[f64]) -> f64 {\n    let mut n = 0.0;\n    let norm_now = norm(xs);\n    for x in xs {\n"
        "        n += x * norm_now;\n    }\n    n\n}\n",
    ),
    "A.java": (
        "class A {\n  double f(double[] xs) {\n    double n = 0;\n    for (double x : xs) {\n"
        "      n += x * norm(xs);\n    }\n    return n;\n  }\n}\n",
        "class A {\n  double f(double[] xs) {\n    double n = 0;\n    var norm_now = norm(xs);\n"
        "    for (double x : xs) {\n      n += x * norm_now;\n    }\n    return n;\n  }\n}\n",
    ),
}


@pytest.mark.parametrize("path", HOIST)
def test_a_call_that_a_loop_does_not_change_goes_before_it(path: str) -> None:
    before, after = HOIST[path]
    assert made(path, before, "hoist") == {after}


def test_a_call_that_the_loop_changes_stays() -> None:
    for line in ("xs.append(norm(xs))", "n += norm(x)", "n = norm(n)", "n += random()", "xs[0] = norm(xs)"):
        assert not made("a.py", f"def f(xs, n):\n    for x in xs:\n        {line}\n    return n\n", "hoist")


def test_a_sort_for_one_value_is_a_search() -> None:
    text = "def f(xs, k):\n    order = sorted(xs, key=k)\n    return order[0] + sorted(xs, reverse=True)[0]\n"
    found = made("a.py", text, "first")
    assert text.replace("sorted(xs, key=k)", "min(xs, key=k)").replace("order[0]", "order") in found
    assert text.replace("sorted(xs, reverse=True)[0]", "max(xs)") in found
    assert not made("a.py", text.replace("return order[0]", "print(order)\n    return order[0]"), "first") - {
        text.replace("return order[0]", "print(order)\n    return order[0]").replace(
            "sorted(xs, reverse=True)[0]", "max(xs)"
        )
    }


def test_powers_and_bounds() -> None:
    text = "def f(n):\n    for d in range(2, n):\n        n -= d ** 2\n    return n\n"
    assert made("a.py", text, "power") == {text.replace("d ** 2", "d * d")}
    assert text.replace("(2, n)", "(2, int(n ** 0.5) + 1)") in made("a.py", text, "less")
    text = "int f(int n) {\n  int i = 2;\n  while (i < n) i++;\n  return i;\n}\n"
    assert text.replace("i < n", "i * i <= n") in made("a.c", text, "less")


def test_a_loop_ends_where_its_sum_decides() -> None:
    text = (
        "def f(xs, best):\n    total = 0\n    for x in xs:\n        total += x\n    if total < best:\n"
        "        best = total\n    return best\n"
    )
    wanted = text.replace("total += x\n", "total += x\n        if total > best: break\n")
    assert wanted in made("a.py", text, "guard")


def test_numbers_are_made_half_as_wide_everywhere_at_once() -> None:
    text = "// double\ndouble f(double x) {\n  double y = x;\n  return y;\n}\n"
    wanted = "// double\n" + text.removeprefix("// double\n").replace("double", "float")
    assert made("a.c", text, "precision") == {wanted}


JAVA = """\
import java.util.List;

/** Docs: a < b. */
class Pack {
  static int best(int[] xs, int n) {
    int best = 0; // note: a < b
    for (int i = 0; i < n - 1; i++) {
      if (xs[i] > best && xs[i] != xs[i + 1]) {
        best = Math.max(best, xs[i]);
      }
      switch (n) {
        case 1: best = 3;
        case 2: best++; break;
        default: System.out.println("x < y");
      }
    }
    return best;
  }

  @Test
  void holds() {
    int two = best(null, 2) - 1;
    assert two < 3;
  }
}
"""


def test_java_is_edited_as_the_others_are() -> None:
    source = read_source("Pack.java", JAVA.encode())
    assert source is not None
    seen = [each for region in source.regions for each in _see(region)]
    what = {each.edit.what for each in seen}
    assert {
        "`<` to `<=`",
        "`max` to `min`",
        "`break;` after `best = 3;`",
        "`i + 1` to `i`",
        "`++` to `--`",
    } <= what
    tests = JAVA.index("@Test")
    assert all(each.edit.spans[-1][1] < tests for each in seen)
    assert all(is_sound(source, each.edit.spans) for each in seen)
    other = JAVA.replace("int best", "int  best").replace("\n\n", "\n")
    assert form("Pack.java", other.encode()) == form("Pack.java", JAVA.encode())
    other = JAVA.replace('"x < y"', '"x > y"')
    assert form("Pack.java", other.encode()) != form("Pack.java", JAVA.encode())
    assert read_source("PackTest.java", JAVA.encode()) is None


TESTED = '''\
import unittest

LIMIT = 3.5


def area(w, h):
    assert w > 0.25, "no width"
    return w * h * 1.5


def test_area():
    tolerance = 0.125
    assert area(2, 3) - 9 < tolerance


def test_bench(n):
    """No test: it asserts nothing."""
    return n * 7.5


class TestArea:
    scale = 2.25

    def test_it(self):
        assert area(1, self.scale) > 1


class Areas(unittest.TestCase):
    def test_more(self):
        self.assertLess(area(1, 4.75), 9)
'''


def test_tests_within_an_ordinary_file_and_assertions_are_left_alone() -> None:
    source = read_source("pack.py", TESTED.encode())
    assert source is not None
    lines = {TESTED.count("\n", 0, each.edit.start) for region in source.regions for each in _see(region)}
    touched = "\n".join(TESTED.splitlines()[line] for line in sorted(lines))
    assert "return w * h" in touched and "return n * 7.5" in touched
    assert not re.search(r"assert|tolerance|scale|test_it", touched)
    values = {slot.value for slot in read_file("pack.py", TESTED.encode()).slots}
    assert values == {3.5, 1.5, 7.5}
