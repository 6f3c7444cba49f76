"""What program a file is: format and comments make no other, everything that means something does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.propose.syntax import LARGEST, faults, form, identity

SAME = [
    (
        "a.py",
        "x=1\nif x:\n  y = (1,\n   2)\n  z=3\n# hi\nq=1\n",
        "x = 1  # note\n\nif x:\n\ty = (1, 2)\n\tz = 3\nq = 1",
    ),
    ("a.py", "x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
    (
        "a.c",
        "int f(int a){return a+1;}\n#define A 1\nint b;",
        "int f( int a )\n{\n  // hi\n  return a + 1;\n}\n\n#define A 1\nint b;\n",
    ),
    (
        "a.cpp",
        "template<class T> T f(T a){return a;}",
        "template <class T>\nT f(T a) {\n  return a; /* it */\n}\n",
    ),
    (
        "a.go",
        "package a\n\nfunc f() int { return 1 }\n",
        "package a\nfunc f() int {\n\treturn 1 // x\n}\n",
    ),
    ("a.js", "f(a,b);\nlet x = {a:1}\n", "f(\n  a, b\n);\nlet x = { a: 1 }\n"),
    ("a.ts", "let x:number=1;", "/* a\n note */\nlet x: number = 1;\n"),
    ("a.rs", "fn main(){let a=1;}", "/// doc\nfn main() {\n    let a = 1;\n}\n"),
    ("a.java", "class A{int a=1;}", "class A {\n  /* x */ int a = 1;\n}\n"),
]
DIFFERENT = [
    ("a.py", "if a:\n  b()\n  c()\n", "if a:\n  b()\nc()\n"),
    ("a.py", "x = a\n-b\n", "x = a -b\n"),
    ("a.py", "x = 'a b'", "x = 'a  b'"),
    ("a.py", "x = f'{a} b'", "x = f'{a}  b'"),
    ("a.py", "x = '''\n# a'''", "x = '''\n# b'''"),
    ("a.py", "x = 1 # kapso: 1..2\n", "x = 1\n"),
    ("a.py", "# -*- coding: latin1 -*-\nx=1", "x=1"),
    ("a.py", "#!/usr/bin/python\nx=1", "x=1"),
    ("a.py", "x=1 # type: ignore", "x=1"),
    ("a.py", 'def f():\n "doc"\n return 1', "def f():\n return 1"),
    ("a.py", "x = 1\n# EVOLVE-BLOCK-START\ny = 2\n", "x = 1\ny = 2\n"),
    ("a.py", "import inspect\nx = inspect.getsource(f)  # a\n", "import inspect\nx = inspect.getsource(f)\n"),
    ("a.py", "x = = 1  # a\n", "x = = 1\n"),
    ("a.c", "a ++b;", "a + +b;"),
    ("a.c", "#define A 1\nint b;", "#define A 1 int b;"),
    ("a.c", "#if A\n#else\nfoo();\n#endif\n", "#if A\n#else foo();\n#endif\n"),
    ("a.c", "#pragma omp parallel\nf();", "f();"),
    ("a.c", "int a = __LINE__;", "\nint a = __LINE__;"),
    ("a.cpp", 'auto a = R"(x  y)";', 'auto a = R"(x y)";'),
    ("a.go", "//go:build linux\n\npackage a\n", "package a\n"),
    ("a.go", "package a\nvar a = `x y`\n", "package a\nvar a = `x  y`\n"),
    ("a.js", "function f(){return\na}", "function f(){return a}"),
    ("a.js", "let a=`a  b`", "let a=`a b`"),
    ("a.js", "let a=`${b}  ${c}`", "let a=`${b} ${c}`"),
    ("a.js", 'x = "// a"\n', 'x = "// b"\n'),
    ("a.tsx", "let a=<b> x</b>", "let a=<b>x</b>"),
    ("a.rs", 'let r = r#"a  b"#;', 'let r = r#"a b"#;'),
    ("a.rs", 'x = \'"\'; y = "// a";\n', 'x = \'"\'; y = "// b";\n'),
    ("a.java", 'class A { String s = "a  b"; }', 'class A { String s = "a b"; }'),
    ("a.yaml", "a: 1 # x", "a: 1"),
    ("a.json", '{"a": 1}', '{"a":1}'),
    ("Makefile", "a: b", "a:  b"),
    ("a.py", "x = 1  # a\n" * (LARGEST // 11 + 1), "x = 1\n" * (LARGEST // 11 + 1)),
]


@pytest.mark.parametrize(("path", "one", "other"), SAME)
def test_format_and_comments_make_no_other_program(path: str, one: str, other: str) -> None:
    assert form(path, one.encode()) == form(path, other.encode())


@pytest.mark.parametrize(("path", "one", "other"), DIFFERENT)
def test_what_means_something_does(path: str, one: str, other: str) -> None:
    assert form(path, one.encode()) != form(path, other.encode())


def test_what_is_no_text_is_taken_as_it_is() -> None:
    assert form("a.py", b"x = '\xff'  # a\n") != form("a.py", b"x = '\xff'\n")


LINES = st.lists(
    st.sampled_from([
        "x = 1", "if x:", "    y = [1,", "  2]", "    z = 'a # b'", "for i in x:", "  f(i)", "else:",
        "", "# note", "\tpass", "while x: x = x - 1", "def f(a):", "    return a  # it", "x = \\", "  5",
        "'''doc", "'''",
    ]),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(LINES, LINES)
def test_two_python_files_of_one_form_are_one_program(one: list[str], other: list[str]) -> None:
    import ast

    texts = ["\n".join(one) + "\n", "\n".join(other) + "\n"]
    if form("a.py", texts[0].encode()) == form("a.py", texts[1].encode()):
        try:
            trees = [ast.dump(ast.parse(each)) for each in texts]
        except SyntaxError:
            return
        assert trees[0] == trees[1]


@settings(max_examples=50, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_notes_and_idle_space_change_no_form(lines: list[str], random) -> None:  # type: ignore[no-untyped-def]
    text = "\n".join(lines) + "\n"
    try:
        compile(text, "a.py", "exec")
    except (SyntaxError, ValueError):
        return
    if "'''" in text or "\\" in text:
        return
    other = re.sub(r" = ", lambda match: random.choice([" = ", "  =  ", "="]), text)
    other = re.sub(r"\n", lambda match: random.choice(["\n", "  # and so on\n", "\n\n"]), other)
    assert form("a.py", other.encode()) == form("a.py", text.encode()), other


def test_faults_are_counted_where_there_is_a_parser() -> None:
    assert faults("a.py", b"x = (1\n") and faults("a.py", b"x = 1\n") == 0
    assert faults("a.json", b'{"a": }') and faults("a.json", b'{"a": 1}') == 0
    assert faults("a.txt", b"(") is None


def test_an_identity_names_paths_and_forms() -> None:
    assert identity({"a": "1", "b": "2"}) == identity({"b": "2", "a": "1"})
    assert (
        len({identity(each) for each in ({}, {"a": "1"}, {"b": "1"}, {"a": "2"}, {"a": "1", "b": "1"})}) == 5
    )
