"""Choices that the code names itself, and Java."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.reading import read_file
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL

Make = Callable[..., Any]


def choices(path: str, text: str) -> dict[str, tuple[Any, ...]]:
    slots = read_file(path, text.encode()).slots
    words = [slot for slot in slots if isinstance(slot.value, str) and slot.tier < ASLEEP]
    return {slot.name.partition(":")[2]: slot.choices for slot in words}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", 'M = "a"\nif M == "b": pass\nelif M != "c": pass\n', {"M": ("a", "b", "c")}),
        ("a.py", 'M = "b"\nif M in ("a", "b"): pass\n', {"M": ("b", "a")}),
        ("a.py", 'M = "b"\nmatch M:\n    case "a" | "c":\n        x\n    case "b":\n        y\n',
         {"M": ("b", "a", "c")}),
        ("a.py", 'def f(how="left"):\n    return how == "right"\n', {"f.how": ("left", "right")}),
        ("a.py", 'class C:\n    p = "a"\n    def g(self): return self.p == "b"\n', {"C.p": ("a", "b")}),
        ("a.js", 'const M = "a";\nif (M === "b") f();\n', {"M": ("a", "b")}),
        ("a.ts", "const o = { p: 'a' };\nswitch (o.p) {\n  case 'a': x(); break;\n  case 'b': y();\n}\n",
         {"o.p": ("a", "b")}),
        ("a.js", "let m = 'a';\nfunction f() { return m === 'b' ? 1 : m === 'c' ? 2 : 3; }\n",
         {"m": ("a", "b", "c")}),
        ("a.js", "var m = 'a';\nif (m == 'b') f();\n", {"m": ("a", "b")}),
        ("a.ts", "type How = 'a' | 'b' | \"c\";\nconst o: { how: How; n?: 'x'|'y' } = {how: 'b', n: 'x'};\n",
         {"o.how": ("b", "a", "c"), "o.n": ("x", "y")}),
        ("a.py", 'How = Literal["a", "b"]\ndef f(how: How = "a", k: t.Literal["x", "y"] = "y"): pass\n',
         {"f.how": ("a", "b"), "f.k": ("y", "x")}),
        ("a.go", 'package a\nconst M = "a"\nfunc f() {\n\tswitch M {\n\tcase "b":\n\t\tg()\n\t}\n}\n',
         {"M": ("a", "b")}),
        ("a.rs", 'const M: S = "a";\nfn f() {match M {\n    "a" => g(),\n    "b" => h(),\n    _ => (),\n}}\n',
         {"M": ("a", "b")}),
        ("A.java", 'class A { static final String M = "a"; boolean f() { return M.equals("b"); } }\n',
         {"A.M": ("a", "b")}),
        ("A.java", 'class A { static String m = "a"; boolean f() { return m.equals("b"); } }\n',
         {"A.m": ("a", "b")}),
        ("a.c", 'const char *M = "a";\nint f(void) { return strcmp(M, "b") == 0; }\n', {"M": ("a", "b")}),
    ],
)  # fmt: skip
def test_strings_that_the_code_compares_are_choices(
    path: str, text: str, expected: dict[str, tuple[str, ...]]
) -> None:
    assert choices(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'M = "fast"\nprint(M)\n'),
        ("a.js", "let state = 'idle';\nfunction f() { if (state === 'busy') state = 'idle'; }\n"),
        ("a.js", "const o = { how: 'a', other: 'b' };\n"),
        ("a.py", 'M = "fast"\nif M == "fast": pass\n'),
        ("a.py", 'M = f("fast")\nif M == "exact": pass\n'),
        ("a.py", 'def f():\n    m = "fast"\n    return m == "exact"\n'),
        ("a.py", 'if __name__ == "__main__":\n    x = "a"\n'),
        ("a.py", 'M = "fast"  # kapso: fixed\nif M == "exact": pass\n'),
        ("a.js", 'const M = "a";\nif (N === "b") f();\n'),
        ("A.java", 'class A { String m = "a"; boolean f() { return m.equals("b"); } }\n'),
        ("A.java", 'class A { boolean f() { String m = "a"; return m.equals("b"); } }\n'),
    ],
)
def test_other_strings_are_not(path: str, text: str) -> None:
    assert choices(path, text) == {}


def test_a_choice_is_written_within_its_quotes_and_nothing_else_changes() -> None:
    files = {"a.py": b"# say\r\nM = 'fast'   # how\r\nif M == 'exact':\r\n    pass\r\n"}
    write_values(Reader(), {"a.py:M": "exact"}, files)
    assert files["a.py"] == b"# say\r\nM = 'exact'   # how\r\nif M == 'exact':\r\n    pass\r\n"


def test_a_marker_elsewhere_leaves_such_choices_alone(search: Make) -> None:
    text = 'M = "fast"\nx = 0.5  # kapso: 0..1\nok = M == "exact"\n'
    run = search({"a.py": text}, lambda names: float(names["x"])).run(5)
    assert all(set(idea.parameters) == {"a.py:x"} for idea in run.ideas)


def test_a_better_algorithm_is_found_by_its_name(search: Make) -> None:
    text = 'M = "slow"\n\n\ndef go():\n    return 50 if M == "quick" else 1\n'
    run = search({"a.py": text}, lambda names: float(names["go"]())).run(9)
    assert all(idea.parameters["a.py:M"] in ("slow", "quick") for idea in run.ideas)
    assert run.best.parameters["a.py:M"] == "quick" and run.best.score > 50


JAVA = """\
package demo;

public class Anneal {
    static final double RATE = 0.05;
    private static final long SEED = 42L;
    private boolean fast = false;
    enum Mode { A(1), B(2); Mode(int x) {} }
    int[] table = new int[64];
    static final int SIZE = 16;
    int[] other = new int[SIZE];

    @Timeout(5)
    double step(double t, final int n) {
        final double cool = 0.95;
        if (t > 12.5) { t *= 0.9f; }
        for (int i = 0; i < 30; i++) { t = Math.pow(t, 1.5) + table[3]; }
        switch (n) { case 7: return 8; default: break; }
        System.out.println(17);
        throw new RuntimeException("" + 5);
    }

    @Test
    void works() { double z = 77.5; }
}
"""


def test_java_settings() -> None:
    slots = read_file("Anneal.java", JAVA.encode()).slots
    found = {s.name.partition(":")[2]: (s.text, s.tier) for s in slots if s.tier < ASLEEP}
    assert found == {
        "Anneal.RATE": ("0.05", CONFIGURED),
        "Anneal.step.cool": ("0.95", CONFIGURED),
        "Anneal.step.if": ("12.5", LOCAL),
        "Anneal.step.t": ("0.9f", LOCAL),
        "Anneal.step.for": ("30", LOCAL),
        "Anneal.step.t.pow": ("1.5", LOCAL),
        "Anneal.step.return": ("8", LOCAL),
    }
    assert read_file("AnnealTest.java", JAVA.encode()).slots == ()


def test_java_keeps_format_comments_and_line_ends() -> None:
    text = "class A {\r\n\tstatic final float G = 1.5f; // why\r\n\t/* 3 */ int n = 1_000;\r\n}\r\n"
    files = {"A.java": text.encode()}
    write_values(Reader(), {"A.java:A.G": 2.25, "A.java:A.n": 1200}, files)
    assert files["A.java"].decode() == text.replace("1.5f", "2.25f").replace("1_000", "1_200")


def test_a_marker_in_java(search: Make) -> None:
    slots = read_file("A.java", b"class A { double g = 0.5; // kapso: 0..2\n double h = 3.5; }\n").slots
    assert [slot.label for slot in slots if slot.domain] == ["g"]
