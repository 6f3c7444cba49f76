"""Settings that are members of an enumeration."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.reading import read_file
from kapso.propose.tune.slots import CONFIGURED

Make = Callable[..., Any]

FILES = {
    "cache.py": """\
from enum import Enum, auto
class Kind(str, Enum):
    LRU = "lru"
    FIFO = auto()
    CLOCK = "clock"
    OLDEST = LRU  # the same under another name
    _ignore_ = ["x"]
    def label(self): return self.value
MODE = Kind.LRU  # how
def run(size, mode: Kind = Kind.FIFO, *, other=Kind.CLOCK): return mode is Kind.CLOCK
class Cache:
    kind: Kind = Kind.CLOCK
""",
    "Cache.java": """\
enum Kind { LRU(1), FIFO(2) { int f() { return 3; } }; Kind(int cost) {} }
class Cache {
    static Kind kind = Kind.LRU;
    private static final Kind OTHER = Kind.FIFO;
    int f() { switch (kind) { case LRU: return 7; default: return 8; } }
}
""",
    "cache.c": """\
enum kind { LRU, FIFO = 3, KIND_COUNT };
typedef enum { LEFT, RIGHT } side_t;
static enum kind k = LRU;
const side_t side = LEFT;
#define MODE FIFO /* how */
int f(void) { return k == FIFO; }
""",
    "cache.cpp": """\
namespace n { enum class Kind : int { LRU, FIFO }; }
enum Side { Left, Right };
static n::Kind k = n::Kind::LRU;
Side a = Left, b = Side::Right;
struct S { n::Kind inner = n::Kind::FIFO; int f(Side s = Left) { return s == Right; } };
""",
    "cache.ts": """\
export enum Kind { LRU, FIFO = 'f' }
const k: Kind = Kind.LRU;
class A { inner = Kind.FIFO; f(how = Kind.LRU) { return how === Kind.FIFO; } }
""",
    "cache.rs": """\
enum Kind { Lru, Fifo = 4 }
const KIND: Kind = Kind::Lru;
static OTHER: Kind = self::Kind::Fifo;
fn f(k: Kind) -> i32 { match k { Kind::Lru => 1, Kind::Fifo => 2 } }
""",
    "cache.go": """\
package cache
type Kind int
const (
	LRU Kind = iota
	_
	FIFO
)
var mode = LRU
const Default Kind = FIFO
func f() bool { return mode == FIFO }
""",
}
FOUND: dict[str, dict[str, tuple[str, ...]]] = {
    "cache.py": {
        "MODE": ("LRU", "FIFO", "CLOCK"), "run.mode": ("FIFO", "LRU", "CLOCK"),
        "run.other": ("CLOCK", "LRU", "FIFO"), "Cache.kind": ("CLOCK", "LRU", "FIFO"),
    },
    "Cache.java": {"Cache.kind": ("LRU", "FIFO"), "Cache.OTHER": ("FIFO", "LRU")},
    "cache.c": {"k": ("LRU", "FIFO"), "side": ("LEFT", "RIGHT"), "MODE": ("FIFO", "LRU")},
    "cache.cpp": {
        "k": ("LRU", "FIFO"), "a": ("Left", "Right"), "b": ("Right", "Left"),
        "S.inner": ("FIFO", "LRU"), "S.f.s": ("Left", "Right"),
    },
    "cache.ts": {"k": ("LRU", "FIFO"), "A.inner": ("FIFO", "LRU"), "A.f.how": ("LRU", "FIFO")},
    "cache.rs": {"KIND": ("Lru", "Fifo"), "OTHER": ("Fifo", "Lru")},
    "cache.go": {"mode": ("LRU", "FIFO"), "Default": ("FIFO", "LRU")},
}  # fmt: skip


def choices(path: str, text: str) -> dict[str, tuple[Any, ...]]:
    slots = read_file(path, text.encode()).slots
    words = [slot for slot in slots if isinstance(slot.value, str)]
    assert all(slot.tier == CONFIGURED for slot in words)
    return {slot.name.partition(":")[2]: slot.choices for slot in words}


@pytest.mark.parametrize("path", FILES)
def test_a_member_of_an_enumeration_may_be_any_of_them(path: str) -> None:
    assert choices(path, FILES[path]) == FOUND[path]


@pytest.mark.parametrize("path", FILES)
def test_another_member_is_written_and_nothing_else_changes(path: str) -> None:
    before = FILES[path].replace("\n", "\r\n").encode()
    for name, options in FOUND[path].items():
        files = {path: before}
        write_values(Reader(), {f"{path}:{name}": options[1]}, files)
        pairs = zip(before.split(b"\r\n"), files[path].split(b"\r\n"), strict=True)
        ((old, new),) = [pair for pair in pairs if pair[0] != pair[1]]
        assert new == old.replace(options[0].encode(), options[1].encode(), 1)
        assert choices(path, files[path].decode())[name][0] == options[1]
        write_values(Reader(), {f"{path}:{name}": options[0]}, files)
        assert files[path] == before


PYTHON = "from enum import Enum, Flag\nclass Kind(Enum):\n    A = 1\n    B = 2\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "class Kind(Enum):\n    A = 1\nM = Kind.A\n"),
        ("a.py", "class Kind(Flag):\n    A = 1\n    B = 2\nM = Kind.A\n"),
        ("a.py", "class Kind(Enum):\n    A = 1 << 0\n    B = 1 << 1\nM = Kind.A\n"),
        ("a.py", "class Kind:\n    A = 1\n    B = 2\nM = Kind.A\n"),
        ("a.py", PYTHON + "M = other.A\nN = Kind.A.value\nIS = N == Kind.A\nV = f(Kind.A)\n"),
        ("a.py", PYTHON + "T = {'a': Kind.A, 'b': Kind.B}\nL = [Kind.A, Kind.B]\nseed = Kind.A\n"),
        ("a.py", PYTHON + "def f(m):\n    k = Kind.A\n    if m == Kind.A: return Kind.B\n"),
        ("a.py", PYTHON + "class S:\n    state = Kind.A\n    def go(self): self.state = Kind.B\n"),
        ("a.py", PYTHON + "M = Kind.A  # kapso: fixed\n"),
        ("test_a.py", PYTHON + "M = Kind.A\n"),
        ("A.java", "enum K { A, B }\nclass C { K k = K.A; void f() { final K z = K.A; } }\n"),
        ("a.c", "enum { N = 3, M = 4 };\nint n = N;\n"),
        ("a.c", "enum k { A, B };\nenum k s = A;\nvoid f(void) { enum k z = A; s = B; }\n"),
        ("a.c", "enum k { A, B };\nenum k t[] = { A, B };\nint q = A + 1;\nint xs[B];\n"),
        ("a.cpp", "enum class A { X, Y };\nA a = B::X;\n"),
        (
            "a.ts",
            "enum K { A, B }\nlet k = K.A;\nk = K.B;\nconst T = { a: K.A };\nf(() => { const z = K.A; });\n",
        ),
        ("a.rs", "enum K { A, B }\nstatic ALL: [K; 2] = [K::A, K::B];\nfn f() { const Z: K = K::A; }\n"),
        ("a.rs", "enum K { A, B }\n#[cfg(test)]\nmod tests { const T: K = K::A; }\n"),
        ("a.rs", "enum K { A, B, P(u8) }\nconst K1: K = K::A;\nconst K2: K = K::P(3);\n"),
        ("a.go", "package a\nconst (\n\tA K = 1 << iota\n\tB\n)\nvar m = A\n"),
        ("a.go", "package a\nconst (\n\tA K = iota\n\tB\n\tD = A\n)\nfunc f() { m := A; m = B }\n"),
    ],
)
def test_what_is_left_alone(path: str, text: str) -> None:
    assert choices(path, text) == {}


def test_a_marker_says_which_members() -> None:
    text = FILES["cache.py"].replace("# how", "# kapso: LRU|CLOCK")
    files = {"cache.py": text.encode()}
    (slot,) = Reader().read(files, strict=True).slots.values()
    assert (slot.name, slot.choices) == ("cache.py:MODE", ("LRU", "CLOCK"))
    write_values(Reader(), {slot.name: "CLOCK"}, files)
    assert files["cache.py"].decode() == text.replace("MODE = Kind.LRU", "MODE = Kind.CLOCK")


def test_names_stay_when_the_text_moves() -> None:
    text = FILES["cache.py"].replace("MODE", "import os\n\nX = 3\nMODE")
    text = text.replace("    CLOCK", "    NEW = 5\n    CLOCK")
    assert choices("cache.py", text).keys() == FOUND["cache.py"].keys()
    assert choices("cache.py", text)["MODE"] == ("LRU", "FIFO", "NEW", "CLOCK")


def test_a_better_member_is_found_and_what_depends_on_it_then_tuned(search: Make) -> None:
    go = "def go():\n    if MODE is Kind.C:\n        return 0.9\n    return 5.0\n"
    text = f"{PYTHON}    C = 3\nMODE = Kind.A\n\n{go}"

    def score(names: dict[str, Any]) -> float:
        assert isinstance(names["MODE"], Enum)
        return -abs(float(names["go"]()) - 0.3)

    run = search({"a.py": text}, score).run(25)
    assert run.best.parameters["a.py:MODE"] == "C" and run.best.score > -0.3
