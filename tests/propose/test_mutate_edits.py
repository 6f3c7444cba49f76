"""Every edit of every operator: the result parses, and nothing outside of what it replaces changes."""

from __future__ import annotations

import textwrap
import warnings

import pytest
from ast_grep_py import SgRoot
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.propose.mutate.edit import apply, is_sound
from kapso.propose.mutate.languages import COMMENTS, IMPORTS, STRINGS
from kapso.propose.mutate.operators import OPERATORS, edits_of
from kapso.propose.mutate.proposer import _see
from kapso.propose.mutate.tree import Source, read_source

SOURCES = {
    "a.c": """\
        /* ünï 😀 */
        #include <stdio.h>
        #define N 10
        static int clip(int x, int low, int high) {
            return x < low ? low : (x > high ? high : x);
        }
        double mean(double x, double y) {
            double z = x + y;
            return z / 2.0;
        }
        int solve(const int *a, int n) {
            int best = 0, i;  // the best "so far" 😀
            for (i = 0; i < n - 1; i++) {
                if (a[i] > best && a[i] != a[i + 1]) {
                    best = clip(a[i], best, N);
                    continue;
                } else {
                    best -= a[i + 1] / 2;
                }
                switch (a[i]) { case 1: best = 3; break; case 2: best++; default: printf("a < b %d", i); }
            }
            do { n -= 2; } while (n > 0);
            return best;
        }
        """,
    "b.cpp": """\
        #include <vector>
        namespace demo {
        struct Box {
          int area(int w, int h) const { return w * h - (w - h); }
          template <typename T> T pick(const std::vector<T>& xs, int i) {
            for (auto& x : xs) {
              if (x < 3 and !flag) return xs[i - 1];
              total += area(i, 2);  // ü
            }
            auto f = [&](int q) {
              int z = q - 1;
              return z;
            };
            return f(total);
          }
        };
        }
        """,
    "c.rs": """\
        use std::cmp;
        /// Docs, 😀
        fn solve(xs: &mut Vec<i64>, k: usize) -> i64 {
            let mut best = 0;
            for j in 0..xs.len() - 1 {
                if xs[j] > best && !xs.is_empty() {
                    best = cmp::max(best, xs[j] - xs[k]);
                    break;
                }
                xs[j] += 2;
            }
            while best < 9 {
                best += 1;
                println!("{} < {}", k, best);
            }
            if best > 3 { best } else { solve(xs, k - 1) }
        }
        """,
    "d.go": """\
        package main
        import "fmt"
        func clip(x, low int) int {
            if x < low {
                return low
            }
            return x
        }
        func solve(xs []int, n int) int {
            best := 0 // ünï
            for i := 0; i < n; i++ {
                if xs[i] == 3 && best != 0 {
                    break
                }
                xs[i] += 2
                best = clip(best - xs[i-1], n)
            }
            for _, v := range xs {
                fmt.Println("x < y 😀", v)
            }
            for best > 9 {
                best--
            }
            return best
        }
        """,
    "e.js": """\
        const fs = require("fs");
        function solve(xs, n) {
          let best = 0   // no semicolon 😀
          for (let i = 0; i < n; i++) {
            if (xs[i] === 3 && !best) break;
            xs[i - 1] += 2
            best = Math.max(best, xs[i] - n);
          }
          for (const v of xs) { best -= v / 2; report(v, best) }
          const f = xs.map((v) => {
            const w = v - 1;
            return w ? v : `${v} < ${w} ü`;
          });
          return n > 1 ? best : f[0];
        }
        """,
    "f.ts": """\
        import { x } from "y";
        export function solve(xs: number[], n: number): number {
          let best: number = 0; // 😀
          while (best < n) {
            if (xs[best] >= 2 || n !== 3) { best++; continue; }
            best += clip(best, n);
          }
          return best as number;
        }
        """,
    "g.tsx": """\
        export const App = (props: {n: number}) => {
          const m = props.n - 1;
          if (m > 2) { return <b>{m + 1} 😀</b>; }
          return <i title="a < b">{m}</i>;
        };
        """,
    "I.java": """\
        package demo;
        import java.util.List;
        class Box {
          static double half(double w) { return w / 2.0; }  // ünï 😀
          int area(int[] xs, int n) {
            int best = 0;
            for (int i = 0; i < n; i++) {
              if (xs[i] > best && n != 3) { best = Math.max(best, xs[i + 1]); continue; }
              best -= n / 2;
            }
            for (int x : xs) { best += pick(x, n) - 1; }
            while (best > 9) best--;
            System.out.println("a < b 😀" + best);
            return best > 3 ? best : area(xs, n - 1);
          }
        }
        """,
    "h.py": '''\
        # -*- coding: utf-8 -*- ünï 😀
        """Docstring: a < b."""
        import math
        class Thing:
            """Doc."""
            size = 3
            def go(self, xs, ys=1):
                """x = 1"""
                seen = []
                best, worst = 0, 10
                for i, x in enumerate(xs):
                    if x in seen or not x: continue
                    seen.append(x)  # ü
                    while best < x and i + 1 < len(xs):
                        best += 1
                        if xs[i + 1] > best: break
                    else:
                        best = max(best, x // 2) - i
                    with open("x") as f: f.read()
                try:
                    y = [math.sqrt(v) for v in xs[1:-1] if v != 0]
                except ValueError as error:
                    raise RuntimeError("a < b") from error
                return f"{best < 3}" if best > worst else sum([v - 1 for v in y])
        def cheapest(xs, best):
            total = 0
            for x in xs:
                total += x ** 2 * norm(xs)
                if total > best:
                    print(x - x)
            return sorted(xs)[0]
        def fib(n):
            if n < 2: return n
            return fib(n - 1) + fib(n - 2)
        async def later(a, b):
            await other(a, b); x = a - b; y = x
            match a:
                case 1: return b
            return lambda q: q - x
        if __name__ == "__main__":
            print(fib(3))
        ''',
}

HEADS = {
    "py": ("if {c}:", "while {c}:", "for i in range({e}):", "else_{c}"),
    "go": ("if {c} {{", "for {c} {{", "for i := 0; {c}; i++ {{", ""),
    "rs": ("if {c} {{", "while {c} {{", "for i in 0..{e} {{", ""),
    "c": ("if ({c}) {{", "while ({c}) {{", "for (i = 0; {c}; i++) {{", ""),
}
FUNCTION = {
    "py": "def solve(a, b, xs):",
    "go": "package main\nfunc solve(a int, b int, xs []int) int {",
    "rs": "fn solve(a: i64, b: i64, xs: &mut [i64]) -> i64 {",
    "c": "int solve(int a, int b, int *xs) {",
    "cpp": "int solve(int a, int b, int *xs) {",
    "js": "function solve(a, b, xs) {",
    "ts": "function solve(a: number, b: number, xs: number[]) {",
}

NAMES = st.sampled_from(["a", "b", "xs[0]", "xs[i - 1]", "1", "2", "f(a, b)", "g(a)", "7"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/", "%"]), inner)
        | inner.map("({})".format)
    ),
    max_leaves=4,
)
COMPARISONS = st.builds("{} {} {}".format, EXPRESSIONS, st.sampled_from(["<", "<=", "==", "!=", ">"]), NAMES)
CONDITIONS = COMPARISONS | st.tuples(COMPARISONS, st.sampled_from(["and", "or"]), COMPARISONS)
SIMPLE = st.tuples(st.sampled_from(["a", "b", "xs[i]"]), st.sampled_from(["=", "+=", "-="]), EXPRESSIONS)
STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.tuples(
        st.integers(0, 2), CONDITIONS, EXPRESSIONS, st.lists(inner, min_size=1, max_size=3), st.booleans()
    ),
    max_leaves=7,
)
BODIES = st.lists(STATEMENTS, min_size=1, max_size=4)


def lines_of(body, language: str, depth: int, indent: str):  # type: ignore[no-untyped-def]
    """The statements of a made-up function, one line each."""
    is_python = language == "py"
    end = "" if language in {"py", "go"} else ";"
    note = "#" if is_python else "//"
    for each in body:
        if len(each) == 3:
            yield f"{indent * depth}{' '.join(each)}{end}  {note} ünï 😀"
            continue
        head, condition, expression, inner, is_exit = each
        if not isinstance(condition, str):
            left, word, right = condition
            words = {"and": "&&", "or": "||"}
            condition = f"{left} {word if is_python else words[word]} {right}"
        heads = HEADS.get(language, HEADS["c"])
        yield indent * depth + heads[head].format(c=condition, e=expression)
        yield from lines_of(inner, language, depth + 1, indent)
        if is_exit:
            yield f"{indent * (depth + 1)}return a{end}"
        if not is_python:
            yield indent * depth + "}"


def written(body, language: str, indent: str, newline: str, has_end: bool) -> bytes:  # type: ignore[no-untyped-def]
    lines = [*FUNCTION[language].split("\n"), *lines_of(body, language, 1, indent)]
    end = "" if language in {"py", "go"} else ";"
    lines += [f"{indent}return b{end}", *([] if language == "py" else ["}"])]
    return (newline.join(lines) + (newline if has_end else "")).encode()


def faults(text: str, language: str) -> int:
    root = SgRoot(text, language).root()
    missing = [node for node in root.find_all(regex="^$") if node.is_leaf()]
    return len(root.find_all(kind="ERROR")) + len(missing)


def untouchable(source: Source) -> list[tuple[int, int]]:
    """Where comments, strings and imports stand."""
    root = SgRoot(source.text, source.language.name).root()
    kinds = COMMENTS | STRINGS | IMPORTS - {"export_statement"}
    places = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.kind() in kinds:
            place = node.range()
            places.append((place.start.index, place.end.index))
        else:
            waiting += node.children()
    return places


def check(source: Source, spans, content: bytes, forbidden: list[tuple[int, int]], before: int) -> None:  # type: ignore[no-untyped-def]
    """All that must hold for one edit."""
    after = apply(source.text, spans).encode()
    # Byte for byte: what stands outside the spans is there again, in order.
    edges = [0, *(len(source.text[:at].encode()) for span in spans for at in span[:2]), len(content)]
    at = 0
    for (low, high), (_, _, new) in zip(
        zip(edges[::2], edges[1::2], strict=True), [*spans, (0, 0, "")], strict=True
    ):
        kept = content[low:high] + new.encode()
        assert after[at : at + len(kept)] == kept
        at += len(kept)
    assert at == len(after)
    for start, end, _ in spans:
        for low, high in forbidden:
            assert not low < start < high and not low < end < high, (source.text[low:high], spans)
            assert (start, end) != (low, high) or source.text[low] in "\"'`", (source.text[low:high], spans)
    assert faults(after.decode(), source.language.name) <= before
    if source.language.is_python:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(after, "candidate", "exec")


def variants(text: str) -> list[str]:
    plain = textwrap.dedent(text)
    return [plain, plain.replace("\n", "\r\n"), plain.rstrip("\n"), plain.replace("    ", "\t")]


def check_some(text: str, path: str, first: int, step: int) -> None:
    """Every `step`-th edit of the file, in each of its layouts."""
    for number, variant in enumerate(variants(text)):
        content = variant.encode()
        source = read_source(path, content)
        assert source is not None
        forbidden, before = untouchable(source), faults(variant, source.language.name)
        assert before == 0
        every = [each for region in source.regions for each in _see(region)]
        assert len(every) > 25
        chosen = every[(first + number) % step :: step]
        sound = [each for each in chosen if is_sound(source, each.edit.spans)]
        assert len(sound) >= 0.8 * len(chosen)
        for each in sound:
            check(source, each.edit.spans, content, forbidden, before)


@pytest.mark.parametrize("path", SOURCES)
def test_edits_of_real_code(path: str) -> None:
    check_some(SOURCES[path], path, first=0, step=13)


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES)
def test_every_edit_of_real_code(path: str) -> None:
    check_some(SOURCES[path], path, first=0, step=1)


def test_all_operators_have_work() -> None:
    seen = set()
    for path, text in SOURCES.items():
        source = read_source(path, textwrap.dedent(text).encode())
        assert source is not None
        seen |= {operator.name for region in source.regions for operator, _, _ in edits_of(region)}
    assert {operator.name for operator in OPERATORS} - seen <= {"member"}


@settings(max_examples=30, deadline=None)
@given(
    BODIES,
    st.sampled_from(sorted(FUNCTION)),
    st.sampled_from(["    ", "\t", "  "]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_every_edit_of_made_up_code(body, language, indent, newline, has_end, random) -> None:  # type: ignore[no-untyped-def]
    content = written(body, language, indent, newline, has_end)
    source = read_source(f"made.{language}", content)
    assert source is not None
    before = faults(source.text, source.language.name)
    assert before == 0, source.text
    forbidden = untouchable(source)
    every = [each for region in source.regions for each in _see(region)]
    assert every
    for each in random.sample(every, min(8, len(every))):
        if is_sound(source, each.edit.spans):
            check(source, each.edit.spans, content, forbidden, before)


SWITCH = """\
switch (x) {
  case 1:
    y = 1;
    break;
  case 2:
  case 3: {
    y = 3;
    return;
  }
  case 4:
    y = 4;
    // falls through
  case 5:
    y = 5;
  case 6: {
    y = 6;
  }
  case 7:
    y = 7;
}
"""


@pytest.mark.parametrize("path", ["a.c", "a.cpp", "a.js", "a.ts"])
def test_a_case_that_runs_on_is_ended(path: str) -> None:
    head = "void f(int x) {\n" if path[2] == "c" else "function f(x) {\n"
    text = head + SWITCH + "}\n"
    source = read_source(path, text.encode())
    assert source is not None
    found = [each for region in source.regions for each in _see(region) if each.candidate.operator == "break"]
    assert [each.edit.what for each in found] == [
        "`break;` after `y = 5;`",
        "`break;` after `{\n    y = 6;\n  }`",
    ]
    wanted = text.replace("    y = 5;\n", "    y = 5;\n    break;\n")
    assert apply(text, found[0].edit.spans) == wanted
    others = [each.candidate.prior for region in source.regions for each in _see(region)]
    assert all(is_sound(source, each.edit.spans) and each.candidate.prior == max(others) for each in found)


def test_bounds_of_every_language() -> None:
    for path, text, bounds in [
        ("a.js", "let y = xs.slice(a, b);\n", {"`a` to `a - 1`", "`b` to `b + 1`"}),
        ("a.js", "for (let i = 0; i < n; i++) { f(i) }\n", {"`n` to `n - 1`"}),
        ("a.go", "package a\nfunc f() {\n\tg(xs[a:b])\n}\n", {"`a` to `a + 1`", "`b` to `b - 1`"}),
        ("a.py", "y = xs[a:b]\n", {"`a` to `a + 1`", "`b` to `b - 1`"}),
    ]:
        source = read_source(path, text.encode())
        assert source is not None
        seen = [each for region in source.regions for each in _see(region)]
        assert bounds <= {each.edit.what for each in seen if each.candidate.operator == "bound"}, path


READ = """\
RATE = 0.5
LIMIT = 3


def f(n, xs):
    n = n + 1
    total = 0
    first = xs[0]
    first = 2
    kept = 1
    def inner():
        return kept
    for x in xs:
        total += x
    unused = 5
    return total * RATE + first + inner()
"""


def test_what_gives_a_name_that_is_read_its_only_value_is_not_deleted() -> None:
    source = read_source("a.py", READ.encode())
    assert source is not None
    found = {
        each.what.split("`")[1]
        for region in source.regions
        for operator, _, each in edits_of(region)
        if operator.name == "delete"
    }
    assert {"n = n + 1", "first = xs[0]", "unused = 5", "total += x"} <= found
    assert not found & {"RATE = 0.5", "LIMIT = 3", "total = 0", "kept = 1"}


def test_a_bound_of_a_formula_is_no_plain_slip() -> None:
    formula = "def f(a, b):\n    v = a / b\n    if a < 0.5:\n        v -= b\n    return v\n"
    loop = "def f(xs, n):\n    m = 0\n    for x in xs:\n        if x < n:\n            m += 1\n    return m\n"
    plain = {}
    for text in (formula, loop):
        source = read_source("a.py", text.encode())
        assert source is not None
        plain[text] = [
            (each.is_plain, each.weight)
            for region in source.regions
            for operator, _, each in edits_of(region)
            if operator.name == "compare" and "<=" in each.what
        ]
    assert plain[loop] == [(True, 4)]
    assert plain[formula] == [(False, 4 / 3)]
