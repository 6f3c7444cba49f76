"""What counts as a setting in Rust, Go, JavaScript and TypeScript, and what it is called."""

from __future__ import annotations

import time

import pytest

from kapso.propose.tune.axes import axis_of
from kapso.propose.tune.reading import read_file
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL, STRUCTURAL


def tiers(path: str, text: str) -> dict[str, tuple[str, int]]:
    """Name without its path → text and tier, of what may be tuned."""
    slots = read_file(path, text.encode()).slots
    return {slot.name.partition(":")[2]: (slot.text, slot.tier) for slot in slots if slot.tier < ASLEEP}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const K: f64 = -1.5e3;\n", {"K": ("-1.5e3", CONFIGURED)}),
        ("pub static N: usize = 1_000;\n", {"N": ("1_000", CONFIGURED)}),
        ("const W: [f64; 2] = [0.25, 2.0];\n", {"W#2": ("0.25", 1), "W#3": ("2.0", 1)}),
        ("fn f() { const N: u64 = 10u64; }\n", {"f.N": ("10u64", CONFIGURED)}),
        ("fn f() { let mut t = 2.5f32; t *= 0.9_f64; }\n", {"f.t": ("2.5f32", 2), "f.t#2": ("0.9_f64", 2)}),
        ("fn f(x: f64) -> f64 { if x > 0.3 { return 0.2 } x }\n",
         {"f.if": ("0.3", 2), "f.return": ("0.2", 2)}),
        ("impl D for C { fn d() -> Self { Self { gain: 0.3, n: 7 } } }\n",
         {"C.d.gain": ("0.3", 1), "C.d.n": ("7", 1)}),
        ("impl Default for S { fn default() -> S { S { on: false, n: 0 } } }\n",
         {"S.default.on": ("false", 1), "S.default.n": ("0", 1)}),
        ("fn f() { for _ in 0..100 { g(-5); } }\n", {"f.for#2": ("100", LOCAL), "f.g": ("-5", LOCAL)}),
        ("fn f() { let v = vec![0.3, 0.7]; }\n", {"f.v.vec": ("0.3", LOCAL), "f.v.vec#2": ("0.7", LOCAL)}),
        ("fn f(x: u64) -> u64 { x ^ (x >> 13) }\n", {"f": ("13", STRUCTURAL)}),
        ("fn f(x: f64) { let g = |y: f64| y * 0.3; }\n", {"f.g": ("0.3", LOCAL)}),
        ("const M: u32 = 0xff_u32;\n", {"M": ("0xff_u32", STRUCTURAL)}),
        ("static FAST: bool = true;\n", {"FAST": ("true", CONFIGURED)}),
    ],
)  # fmt: skip
def test_rust_settings(text: str, found: dict[str, tuple[str, int]]) -> None:
    assert tiers("a.rs", text) == found


@pytest.mark.parametrize(
    "text",
    [
        "enum E { A = 3, B = 4 }\n",
        "fn f(xs: [f64; 3]) -> f64 { xs[2] + xs[3..7][5] }\n",
        "const N: usize = 26;\nstatic XS: [f64; N] = [x; N];\n",
        "fn f() { let xs = [0.0; 64]; let ys = vec![0u8; 100]; }\n",
        "fn f(x: i32) { match x { 3 => (), -4 | 5..=7 => (), _ => () } }\n",
        "fn f(x: Option<i32>) { if let Some(3) = x {} }\n",
        "fn f(t: (f64, f64)) -> f64 { t.0 + t.1 }\n",
        '#[cfg(feature = "3")]\n#[repr(align(64))]\nstruct S { x: Matrix<3, 4> }\n',
        'fn f() { println!("{}", 3); assert!(x > 5); panic!("{}", 7); }\n',
        "macro_rules! m { () => { 5 } }\n",
        "#[cfg(test)]\nmod tests { fn f() { let x = 3.5; } }\n",
        "#[test]\nfn works() { let x = 3.5; }\n",
        "fn f() { let rng = StdRng::seed_from_u64(42); std::process::exit(3); }\n",
        "const SEED: u64 = 42;\n",
        "impl S { fn new() -> S { S { done: false, n: 0 } } }\n",
        "fn f() { let mut n = 0; let mut best = 0.0; n += 1; }\n",
        '// 3.5\n/* 4.5 */\nconst S: &str = "3.5";\n',
    ],
)
def test_rust_leaves_alone(text: str) -> None:
    assert tiers("a.rs", text) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const Rate = 0.05\n", {"Rate": ("0.05", CONFIGURED)}),
        ("const (\n\tA float64 = 0.5\n\tB = 1_000\n)\n", {"A": ("0.5", 1), "B": ("1_000", 1)}),
        ("var x, y = 3, -4\n", {"x": ("3", 1), "x#2": ("-4", 1)}),
        ("func f() {\n\tt := 2.5\n\tt *= 0.99\n}\n", {"f.t": ("2.5", LOCAL), "f.t#2": ("0.99", LOCAL)}),
        ("func f() {\n\tconst n = 10\n}\n", {"f.n": ("10", CONFIGURED)}),
        ("func (c *C) f() {\n\tc.gain = -0.5\n}\n", {"f.gain": ("-0.5", LOCAL)}),
        ("var c = Config{Rate: 0.5, On: true}\n", {"c.Rate": ("0.5", 1), "c.On": ("true", 1)}),
        ("var m = map[string]float64{\"a b\": 0.5}\n", {"m.a_b": ("0.5", CONFIGURED)}),
        ("func f() {\n\tfor i := 0; i < 100; i++ {\n\t\tg(7)\n\t}\n}\n",
         {"f.for": ("100", 2), "f.g": ("7", 2)}),
        ("func f() {\n\tc := make(chan int, 16)\n}\n", {"f.c.make": ("16", LOCAL)}),
        ("func f() func() int {\n\treturn func() int { return 7 }\n}\n", {"f.return": ("7", LOCAL)}),
    ],
)  # fmt: skip
def test_go_settings(text: str, found: dict[str, tuple[str, int]]) -> None:
    assert tiers("a.go", "package main\n" + text) == found


@pytest.mark.parametrize(
    "text",
    [
        'import "a3"\n',
        "const (\n\tA = iota + 3\n\tB\n)\n",
        "const (\n\tRed Color = 3\n\tBlue Color = 4\n)\n",
        'type C struct { gain [3]float64 `json:"3"` }\n',
        "const N = 26\nvar xs [N]float64\n",
        "func f(xs []int) int { return xs[3] + xs[2:5][7] }\n",
        "func f() { xs := make([]float64, 64, 128) }\n",
        "func f(x int) { switch x {\n\tcase 3, 4:\n\t} }\n",
        'func f() { fmt.Println("x", 3); os.Exit(2); rand.Seed(42); panic(5) }\n',
        "var xs = [...]string{3: y}\n",
        "func f() { n := 0; n += 1; done := false }\n",
        "func f() S { return S{done: false, n: 0} }\n",
    ],
)
def test_go_leaves_alone(text: str) -> None:
    assert tiers("a.go", "package main\n" + text) == {}


@pytest.mark.parametrize("path", ["a.js", "a.mjs", "a.ts", "a.tsx"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const RATE = 1e-3, big = 10n;\n", {"RATE": ("1e-3", CONFIGURED), "big": ("10n", CONFIGURED)}),
        ("export const W = [.25, 2.0, -3];\n", {"W": (".25", 1), "W#2": ("2.0", 1), "W#3": ("-3", 1)}),
        ("const C = {rate: 0.5, 'a b': {on: true}};\n", {"C.rate": ("0.5", 1), "C.a_b.on": ("true", 1)}),
        ("function f(x, k = 0.5, {n = 3} = {}) {}\n", {"f.k": ("0.5", 1), "f.n": ("3", 1)}),
        ("class A { gain = 2.5; static n = 3; }\n", {"A.gain": ("2.5", 1), "A.n": ("3", 1)}),
        ("class A { f() { this.k = -4.5; } }\n", {"A.f.k": ("-4.5", LOCAL)}),
        ("function f() { let t = 2.5; t *= 0.99; }\n", {"f.t": ("2.5", LOCAL), "f.t#2": ("0.99", LOCAL)}),
        ("const f = (x, k = 3) => { const n = 7; return x * 0.3; };\n",
         {"f.k": ("3", 1), "f.n": ("7", 1), "f.return": ("0.3", 2)}),
        ("function f(x) { return x > 3 ? 0.7 : x; }\n", {"f.if": ("3", LOCAL), "f.if#2": ("0.7", LOCAL)}),
        ("for (let i = 0; i < 100; i++) g(-5);\n", {"for": ("100", LOCAL), "g": ("-5", LOCAL)}),
        ("module.exports = {rate: 0.5};\n", {"exports.rate": ("0.5", CONFIGURED)}),
        ("setTimeout(() => { const n = 7; }, 50);\n", {"n": ("7", CONFIGURED)}),
    ],
)  # fmt: skip
def test_javascript_settings(path: str, text: str, found: dict[str, tuple[str, int]]) -> None:
    assert tiers(path, text) == found


@pytest.mark.parametrize(
    "text",
    [
        "import x from 'a3';\n",
        "enum E { A = 3 }\n",
        "type T = 3 | 4; interface I { a: 5 }\n",
        "declare const X = 3;\n",
        "function f(x: 3 | 4, y: Foo<5>) {}\n",
        "switch (x) { case 3: break; }\n",
        "f(xs[3], xs[i + 2], process.argv.slice(2), process.argv[4]);\n",
        "const xs = new Float64Array(64), ys = new Array(7), zs = Buffer.alloc(10);\n",
        "const xs = Array.from({ length: 40 }, f);\n",
        "const s = `x ${y * 5}`, r = /3.5/;\n",
        "console.log(3); process.exit(2); parseInt(x, 10); x.toFixed(3);\n",
        "throw new E(3);\n",
        "const o = {3: x, [4]: y, version: 5, seed: 6};\n",
        "let n = 0, done = false; n += 1;\n",
        "expect(f(3)).toBe(4);\n",
        "const old = 010;\n",
        "// 3.5\nconst s = '3.5';\n",
    ],
)
def test_typescript_leaves_alone(text: str) -> None:
    assert tiers("a.ts", text) == {}


@pytest.mark.parametrize("path", ["a_test.go", "a.test.js", "a.spec.ts", "a.d.ts", "a.min.js"])
def test_files_that_hold_no_settings(path: str) -> None:
    assert read_file(path, b"package main\nconst Rate = 0.5\n").slots == ()


@pytest.mark.parametrize(
    ("path", "text", "low", "high"),
    [
        ("a.rs", "const N: u8 = 200u8;", 1, 255),
        ("a.rs", "const N: i8 = 5i8;", 1, 127),
        ("a.rs", "const N: u16 = 0u16;", 0, 65535),
        ("a.rs", "const N: u32 = 0;", 0, 2**31 - 1),
        ("a.go", "package a\nvar n uint = 0", 0, 2**31 - 1),
        ("a.c", "static size_t n = 0;", 0, 2**31 - 1),
    ],
)
def test_whole_numbers_stay_within_their_type(path: str, text: str, low: int, high: int) -> None:
    (slot,) = read_file(path, text.encode()).slots
    axis = axis_of(slot)
    assert [axis.value(position, slot.value) for position in (-1e12, 1e12)] == [low, high]


LINES = {
    "a.c": "static double f%d(double x)\n{ double t = 2.5; t *= 0.99 + x; return g(t, 7) * 0.5; }\n",
    "a.rs": "fn f%d(x: f64) -> f64\n{ let mut t = 2.5; t *= 0.99 + x; g(t, 7) * 0.5 }\n",
    "a.go": "func f%d(x float64) float64 {\n\tt := 2.5; t *= 0.99 + x; return g(t, 7) * 0.5 }\n",
    "a.ts": "function f%d(x: number, k = 0.5)\n{ let t = 2.5; t *= 0.99 + x; return g(t, 7) * 0.5; }\n",
    "a.toml": "[s%d]\na = 0.5\n",
    "Makefile": "x%d: x.c\n\tcc -O1 -o x x.c\n",
}
TABLES = {
    "b.ts": ("const table = {\n", "  k%d: 0.5,\n  on: true,\n", "};\n"),
    "b.rs": ("fn f() -> T { T {\n", "  k%d: 0.5,\n  on: true,\n", "} }\n"),
}


@pytest.mark.parametrize("path", [*LINES, *TABLES])
def test_five_thousand_lines_take_little(path: str) -> None:
    head, line, tail = TABLES.get(path) or ("", LINES[path], "")
    content = (head + "".join(line % number for number in range(2500)) + tail).encode()
    started = time.process_time()
    slots = read_file(path, content).slots
    assert time.process_time() - started < 4.0  # 0.13 s, 1.0 if busy; a quadratic reader takes far longer
    assert len(slots) >= (9 if path == "Makefile" else 2500)
