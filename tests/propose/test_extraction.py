"""What counts as a setting, language by language, and what it is called."""

from __future__ import annotations

import pytest

from kapso.propose.tune.program import Reader
from kapso.propose.tune.reading import read_file
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL, STRUCTURAL


def tiers(path: str, text: str) -> dict[str, tuple[str, int]]:
    """Name without its path → text and tier, of what may be tuned."""
    slots = read_file(path, text.encode()).slots
    return {slot.name.partition(":")[2]: (slot.text, slot.tier) for slot in slots if slot.tier < ASLEEP}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RATE = 0.05\n", {"RATE": ("0.05", CONFIGURED)}),
        ("RATE: float = -0.05\n", {"RATE": ("-0.05", CONFIGURED)}),
        ("N, M = 3, 4\n", {"N_M": ("3", CONFIGURED), "N_M#2": ("4", CONFIGURED)}),
        ("W = [0.2, 0.8]\n", {"W": ("0.2", CONFIGURED), "W#2": ("0.8", CONFIGURED)}),
        ("C = {'lr': 1e-3, 'sub': {'on': True}}\n", {"C.lr": ("1e-3", 1), "C.sub.on": ("True", 1)}),
        ("def f(x, rate=0.1, *, n: int = 3): pass\n", {"f.rate": ("0.1", 1), "f.n": ("3", 1)}),
        ("class A:\n    gain: float = 2.5\n    on = False\n", {"A.gain": ("2.5", 1), "A.on": ("False", 1)}),
        ("m = SVC(C=1.0, shrinking=True)\n", {"m.SVC.C": ("1.0", 1), "m.SVC.shrinking": ("True", 1)}),
        ("def f():\n    rate = 0.3\n    g(7)\n", {"f.rate": ("0.3", LOCAL), "f.g": ("7", LOCAL)}),
        ("def f(t):\n    t *= 0.99\n", {"f.t": ("0.99", LOCAL)}),
        ("def f(x):\n    if x > 0.3:\n        return 0.2\n", {"f.if": ("0.3", 2), "f.return": ("0.2", 2)}),
        ("def f(x):\n    return 0.5 * x ** 2\n", {"f.return": ("0.5", STRUCTURAL), "f.return#2": ("2", 3)}),
        ("class A:\n    def f(self):\n        self.k = - 4.5\n", {"A.f.k": ("- 4.5", LOCAL)}),
        ("s = 'ünï 😀'; RATE = 0.5\n", {"RATE": ("0.5", CONFIGURED)}),
        ("MASK = 0xff\n", {"MASK": ("0xff", STRUCTURAL)}),
    ],
)
def test_python_settings(text: str, found: dict[str, tuple[str, int]]) -> None:
    assert tiers("a.py", text) == found


@pytest.mark.parametrize(
    "text",
    [
        '"""Doc 3.5 and RATE = 4."""\n',
        "__version__ = 1.5\n__slots__ = (3,)\n",
        "from x import y3\nimport a.b\n",
        "@cache(maxsize=128)\ndef f(): pass\n",
        "def f(x: Array[3, 4]) -> Tuple[5]: pass\n",
        "def f(x):\n    return x[3] + x[1:-4] + x[::2] + x[2, 5]\n",
        "def f():\n    total = 0\n    best = 0.0\n    done = False\n    i = -1\n",
        "def f(n):\n    for i in range(0, n, 1):\n        i += 1\n",
        "def f():\n    while True:\n        return -1\n",
        "class Color(Enum):\n    RED = 3\n",
        "class Color(enum.IntFlag):\n    RED = 4\n",
        "def f(x):\n    assert x > 7\n    raise E(8)\n",
        "sys.exit(3)\nprint(4, f'{x:.3f} {x * 5}')\n",
        "if __name__ == '__main__':\n    main(500)\n",
        "SEED = 42\nrng = np.random.default_rng(7)\nm = F(random_state=3, verbose=True, n_seed=4)\n",
        "DATA = [" + ", ".join(map(str, range(2, 60))) + "]\n",
        "DATA = [" + ", ".join(f"({i}.5, {i}.25)" for i in range(30)) + "]\n",
        "z = 3j\nold = 0x1p3\n",
        "a.sum(axis=3).reshape(4, 5)\n",
        "match x:\n    case 3:\n        pass\n",
        "x = round(y, 3)\n",
    ],
)
def test_python_leaves_alone(text: str) -> None:
    assert tiers("a.py", text) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#define RATE 0.95f // why\n", {"RATE": ("0.95f", CONFIGURED)}),
        ("#define RATE (-3)\n", {"RATE": ("-3", CONFIGURED)}),
        ("static const double k = -1.5e3;\n", {"k": ("-1.5e3", CONFIGURED)}),
        ("constexpr int K = 1'000;\n", {"K": ("1'000", CONFIGURED)}),
        ("struct S { double gain = 0.3; };\n", {"S.gain": ("0.3", CONFIGURED)}),
        ("namespace n { int f(double b = 0.3); }\n", {"n.b": ("0.3", CONFIGURED)}),
        ("void f() { double T = 2.5; T *= 0.99; }\n", {"f.T": ("2.5", LOCAL), "f.T#2": ("0.99", LOCAL)}),
        ("void f() { const int n = 10UL; }\n", {"f.n": ("10UL", CONFIGURED)}),
        ("struct S s = {.gain = 0.5, .n = 7};\n", {"s.gain": ("0.5", 1), "s.n": ("7", 1)}),
        ("void f() { for (int i = 0; i < 100; ++i) g(-5); }\n", {"f.for": ("100", 2), "f.g": ("-5", 2)}),
        ("double w[3] = {.5, 2.0, 3};\n", {"w": (".5", 1), "w#2": ("2.0", 1), "w#3": ("3", 1)}),
        ("bool fast = true;\n", {"fast": ("true", CONFIGURED)}),
    ],
)
def test_c_settings(text: str, found: dict[str, tuple[str, int]]) -> None:
    assert tiers("a.cpp", text) == found


@pytest.mark.parametrize(
    "text",
    [
        "#if LEVEL > 3\n#elif LEVEL > 5\n#endif\n",
        '#define NAME "x 3"\n#define BIG (1 << 4)\n#define GUARD_H\n#include <a3.h>\n',
        "enum E { A = 3, B = 4 };\n",
        "double xs[64]; int ys[4][5];\n",
        "#define N 26\ndouble xs[N];\n",
        "static const int N = 26;\nstd::array<double, N> xs;\n",
        "struct S { int bits : 3; };\n",
        "int f(int a) { switch (a) { case 3: return 0; } return -1; }\n",
        "int f(int *a) { return a[3] + a[7]; }\n",
        'int main() { printf("%d", 3); exit(2); }\n',
        "int f() { int n = 0; float *p = 0; bool b = false; }\n",
        "int old = 010;\n",
        "int *p = new int[100];\n",
        'static_assert(sizeof(int) == 4, "x");\n',
    ],
)
def test_c_leaves_alone(text: str) -> None:
    assert tiers("a.cpp", text) == {}


def test_yaml_settings() -> None:
    text = "# 3.5\nmodel:\n  rate: 1e-3  # why\n  layers: [16, 32]\n  on: true\n"
    text += "n: &x -5\n'q': .5\nflow: {a: 0}\n"
    assert tiers("a.yaml", text) == {
        "model.rate": ("1e-3", CONFIGURED),
        "model.layers": ("16", CONFIGURED),
        "model.layers#2": ("32", CONFIGURED),
        "model.on": ("true", CONFIGURED),
        "n": ("-5", CONFIGURED),
        "q": (".5", CONFIGURED),
        "flow.a": ("0", CONFIGURED),
    }


@pytest.mark.parametrize(
    "text",
    [
        "version: 1.2\nseed: 3\nport: 80\n",
        "5: x\n",
        "a: 010\nb: 1.2.3\nc: 12:30\nd: .inf\ne: yes\nf: 2026-11-24\n",
        "a: !!str 7\n",
        "a: '7'\nb: |\n  c: 8\n",
        "a: [" + ", ".join(map(str, range(60))) + "]\n",
    ],
)
def test_yaml_leaves_alone(text: str) -> None:
    assert tiers("a.yaml", text) == {}


def test_json_settings() -> None:
    text = '{"lr": -1e-3, "sub": {"on": false, "sizes": [8, 16]}, "name": "3", "version": 2, "seed": 1}'
    assert tiers("a.json", text) == {
        "lr": ("-1e-3", CONFIGURED),
        "sub.on": ("false", CONFIGURED),
        "sub.sizes": ("8", CONFIGURED),
        "sub.sizes#2": ("16", CONFIGURED),
    }


def test_toml_settings() -> None:
    text = "rate = 1e-3 # why\nn = 1_000\non=true\n[a.'b c']\nx = [16, # c\n 32,]\ny = {k = -2.5, z = 0x1f}\n"
    assert tiers("a.toml", text) == {
        "rate": ("1e-3", CONFIGURED),
        "n": ("1_000", CONFIGURED),
        "on": ("true", CONFIGURED),
        "a.b_c.x": ("16", CONFIGURED),
        "a.b_c.x#2": ("32", CONFIGURED),
        "a.b_c.y.k": ("-2.5", CONFIGURED),
        "a.b_c.y.z": ("0x1f", STRUCTURAL),
    }


@pytest.mark.parametrize(
    "text",
    [
        "version = 1.2\nseed = 3\n[server]\nport = 80\n",
        "3 = 'x'\n",
        "a = 1979-05-27\nb = 1979-05-27 07:32:00.5\nc = 07:32:00\nd = inf\ne = nan\n",
        'a = "7"\nb = """\nc = 8\\"\n"""\nd = Q3\n[e]\nf = 3Q3\n'.replace("Q3", "'" * 3),
        "[seed]\nx = 3\n[[seed.y]]\nz = 4\n",
        "a = [" + ", ".join(map(str, range(60))) + "]\n",
    ],
)
def test_toml_leaves_alone(text: str) -> None:
    assert tiers("a.toml", text) == {}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", "x = 'é'; RATE = 0.5".encode("latin-1")),
        ("a.py", b"RATE = 0.5\0"),
        ("a.py", b"RATE = 0.5\n" + b"# long\n" * 100_000),
        ("package.json", b'{"a": 3}'),
        ("a.toml", b"rate = \n"),
        ("pyproject.toml", b"rate = 3\n"),
        ("a.md", b"rate = 3\n"),
    ],
)
def test_whole_files_left_alone(path: str, content: bytes) -> None:
    assert read_file(path, content).slots == ()


def test_only_what_stands_in_an_evolve_block_counts() -> None:
    text = "A = 2.0\n# EVOLVE-BLOCK-START\nB = 3.0\n# EVOLVE-BLOCK-END\nC = 4.0\n"
    assert tiers("a.py", text) == {"B": ("3.0", CONFIGURED)}


def test_names_survive_what_moves_lines() -> None:
    before = read_file("a.py", b"def f(rate=0.5):\n    return rate * 3.5\n")
    after = read_file("a.py", b"# new\nimport math\n\n\ndef f(rate=0.5):\n\n    return rate * 3.5\n")
    assert [slot.name for slot in before.slots] == [slot.name for slot in after.slots]


def test_among_many_files_those_without_settings_are_read_once() -> None:
    reads: list[str] = []

    class Files(dict[str, bytes]):
        def __getitem__(self, path: str) -> bytes:
            reads.append(path)
            return super().__getitem__(path)

    files = Files({f"{i}.md": b"text" for i in range(200)} | {"a.py": b"RATE = 0.5\n"})
    reader = Reader()
    first = reader.read(files)
    reads.clear()
    assert list(reader.read(files).slots) == list(first.slots) == ["a.py:RATE"]
    assert reads == ["a.py"]
