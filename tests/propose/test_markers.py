"""Markers: what users write in comments, and what tune makes of it."""

from __future__ import annotations

import pytest

from kapso.errors import GoalError
from kapso.propose.tune.axes import axis_of
from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.slots import Domain, Value


def domains(files: dict[str, str]) -> dict[str, Domain | None]:
    program = Reader().read({path: text.encode() for path, text in files.items()}, strict=True)
    return {name: slot.domain for name, slot in program.slots.items()}


@pytest.mark.parametrize(
    ("path", "line", "domain"),
    [
        ("a.py", "x = 0.5  # kapso: 0.1..10 log", Domain(0.1, 10, log=True)),
        ("a.py", "x = 3  #kapso:1..64 int", Domain(1, 64, whole=True)),
        ("a.py", "x = 3  # kapso: 1 .. 64 int log", Domain(1, 64, whole=True, log=True)),
        ("a.py", "x = -0.5  # kapso: -1e0..+1.5", Domain(-1, 1.5)),
        ("a.py", "x = .5  # kapso: .1...9", Domain(0.1, 0.9)),
        ("a.py", "x = 'adam'  # kapso: [adam, sgd]", Domain(choices=("adam", "sgd"))),
        ("a.py", 'x = "8"  # kapso: ["8", "16"]', Domain(choices=("8", "16"))),
        ("a.py", "x = 8  # kapso: [8, 16, 32.5]", Domain(choices=(8, 16, 32.5))),
        ("a.py", "x = True  # kapso: [true, false]", Domain(choices=(True, False))),
        ("a.py", "seed = 3  # kapso: 0..9", Domain(0, 9)),
        ("a.c", "double x = 0.5; /* kapso: 0..1 */", Domain(0, 1)),
        ("a.c", "#define X 0.5 // kapso: 0..1", Domain(0, 1)),
        ("a.c", 'const char *x = "fast"; // kapso: [fast, slow]', Domain(choices=("fast", "slow"))),
        ("a.yaml", "x: 0.5  # kapso: 0..1", Domain(0, 1)),
        ("a.yaml", "x: lbfgs  # kapso: [lbfgs, newton-cg]", Domain(choices=("lbfgs", "newton-cg"))),
        ("a.toml", "x = 0.5  # kapso: 0..1", Domain(0, 1)),
        ("a.ini", "x = 4 ; kapso: [4, 8]", Domain(choices=(4, 8))),
        ("a.rs", "const X: f64 = -3.5; // kapso: -10..10", Domain(-10, 10)),
        ("a.rs", 'let x = "fast"; // kapso: fast|slow', Domain(choices=("fast", "slow"))),
        ("a.rs", "let x = 8_u64; /* kapso: 8|16 */", Domain(choices=(8, 16))),
        ("a.go", 'var x = "fast" // kapso: fast | slow', Domain(choices=("fast", "slow"))),
        ("a.js", "let x = 'fast'; // kapso: [fast, slow]", Domain(choices=("fast", "slow"))),
        ("a.ts", "const n = 1_000n; // kapso: 10..1e6 log", Domain(10, 1e6, log=True)),
        ("a.tsx", "const x = <A n={3} />; // kapso: 1..9", Domain(1, 9)),
        ("a.toml", "x = 'lbfgs' # kapso: lbfgs|newton-cg", Domain(choices=("lbfgs", "newton-cg"))),
        ("a.ini", "x = lbfgs ; kapso: lbfgs|newton-cg", Domain(choices=("lbfgs", "newton-cg"))),
        ("Makefile", "OPT := -O2 # kapso: -O2|-O3 -flto", Domain(choices=("-O2", "-O3 -flto"))),
        ("pyproject.toml", "x = 3 # kapso: 1..9", Domain(1, 9)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_reads(path: str, line: str, domain: Domain, end: str) -> None:
    assert list(domains({path: line + end}).values()) == [domain]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x = 3  # kapso: 1-10", "no range"),
        ("x = 3  # kapso:", "no range"),
        ("x = 3  # kapso: 1..10 logarithmic", "no range"),
        ("x = 3  # kapso: a..b", "no range"),
        ("x = 3  # kapso: 10..1", "empty"),
        ("x = 3  # kapso: 0..10 log", "above 0"),
        ("x = 3  # kapso: [3]", "two choices"),
        ("x = 3  # kapso: 3|", "two choices"),
        ("x = 3  # kapso: [3, 4", "no end"),
        ("x = 'a'  # kapso: [a, it's]", "quotes"),
        ("x = y  # kapso: 1..10", "no literal"),
        ("x = 'a'  # kapso: 1..10", "no literal"),
        ("x = 30  # kapso: 1..10", "outside"),
        ("x = 'c'  # kapso: [a, b]", "not among"),
    ],
)
def test_refuses_with_place_and_reason(line: str, why: str) -> None:
    with pytest.raises(GoalError, match=why) as caught:
        domains({"sub/a.py": f"import math\n{line}\n"})
    assert caught.value.where == "sub/a.py:2"
    assert caught.value.help


def test_one_marker_anywhere_means_that_only_what_is_marked_counts() -> None:
    files = {"a.py": "A = 2.0\nB = 3.0  # kapso: 0..5\n", "b.yaml": "c: 4\n"}
    assert list(domains(files)) == ["a.py:B"]


def test_fixed_takes_one_literal_out_and_leaves_the_rest_in() -> None:
    files = {"a.py": "A = 2.0  # kapso: fixed\nB = 3.0\n", "b.yaml": "c: 4  # kapso: fixed\nd: 5\n"}
    assert list(domains(files)) == ["a.py:B", "b.yaml:d"]


@pytest.mark.parametrize(
    ("path", "line", "domain"),
    [
        ("A.java", "class A { /* kapso: 0.1..0.9 */ static double p = 0.5; }", Domain(0.1, 0.9)),
        ("a.c", "static double p = /* kapso: 0.1..0.9 */ 0.5;", Domain(0.1, 0.9)),
        ("a.ts", "/* kapso: zip|raw */ const m = 'zip';", Domain(choices=("zip", "raw"))),
    ],
)
def test_a_marker_may_stand_before_what_it_speaks_of(path: str, line: str, domain: Domain) -> None:
    assert list(domains({path: line + "\ndouble other = 7.5;\n"}).values()) == [domain]


def test_fixed_may_stand_before_the_value() -> None:
    text = "/* kapso: fixed */ static double p = 0.5;\nstatic double q = 2.5;\n"
    assert list(domains({"a.c": text})) == ["a.c:q"]


def test_a_marker_between_two_values_speaks_of_the_one_before_it() -> None:
    text = "static double q = 2.5; /* kapso: 0..3 */ static double p = 0.5;\n"
    assert domains({"a.c": text}) == {"a.c:q": Domain(0, 3)}


def test_two_markers_on_a_line_before_their_values_are_refused() -> None:
    text = "/* kapso: 0..3 */ double q = 2.5; /* kapso: 0..1 */ double p = 0.5;\n"
    with pytest.raises(GoalError, match="no literal"):
        domains({"a.c": text})


def test_a_marker_speaks_of_every_literal_of_its_kind_on_its_line() -> None:
    assert list(domains({"a.py": "X = [0.2, 0.8, y[3]]  # kapso: 0..1\n"})) == ["a.py:X", "a.py:X#2"]


@pytest.mark.parametrize("text", ['"""\n# kapso: bogus\n"""\nA = 2.0\n', "S = '# kapso: bogus'\nA = 2.0\n"])
def test_text_that_only_looks_like_a_marker(text: str) -> None:
    assert list(domains({"a.py": text})) == ["a.py:A"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.toml", 's = """\n# kapso: bogus\n"""\nA = 2.0\n'),
        ("a.rs", 'const S: &str = "// kapso: bogus";\nconst A: f64 = 2.0;\n'),
        ("a.go", "package a\nvar s = `\n// kapso: bogus\n`\nvar A = 2.0\n"),
        ("a.ts", "const s = `\n// kapso: bogus\n`;\nconst A = 2.0;\n"),
    ],
)
def test_text_that_only_looks_like_a_marker_in_other_languages(path: str, text: str) -> None:
    assert list(domains({path: text})) == [f"{path}:A"]


@pytest.mark.parametrize(
    ("path", "text", "value", "expected"),
    [
        ("a.py", "x = 'adam'  # kapso: [adam, sgd]\r\n", "sgd", "x = 'sgd'  # kapso: [adam, sgd]\r\n"),
        ("a.yaml", "x: lbfgs # kapso: [lbfgs, sag]\n", "sag", "x: sag # kapso: [lbfgs, sag]\n"),
        ("a.py", "x = True # kapso: [true, false]\n", False, "x = False # kapso: [true, false]\n"),
        ("a.json", '{"x": true}', False, '{"x": false}'),
        ("a.ini", "x = ab cd  ; kapso: ab cd|ef\r\n", "ef", "x = ef  ; kapso: ab cd|ef\r\n"),
        (
            "Makefile",
            "O = -O2 # kapso: -O2|-O3 -flto\n",
            "-O3 -flto",
            "O = -O3 -flto # kapso: -O2|-O3 -flto\n",
        ),
        ("a.go", 'var x = "a" // kapso: a|b\n', "b", 'var x = "b" // kapso: a|b\n'),
        ("a.toml", "x = 0x1f # kapso: 0..99\n", 40, "x = 0x28 # kapso: 0..99\n"),
    ],
)
def test_writes(path: str, text: str, value: Value, expected: str) -> None:
    files = {path: text.encode()}
    reader = Reader()
    (name,) = reader.read(files).slots
    write_values(reader, {name: value}, files)
    assert files[path].decode() == expected


def test_a_marked_range_binds_for_good() -> None:
    slot = next(iter(Reader().read({"a.py": b"x = 3  # kapso: 1..64 int\n"}).slots.values()))
    axis = axis_of(slot)
    assert [axis.value(position, 3) for position in (-100.0, 100.0)] == [1, 64]
