"""Edits replace exactly the bytes of the literals that change."""

from __future__ import annotations

import tomllib

from ast_grep_py import SgRoot
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.propose.tune.program import Reader, path_of, write_values
from kapso.propose.tune.slots import Value

FILES = {
    "a.py": (
        "# -*- coding: utf-8 -*- ünï 😀\r\nRATE = 1e-3  # trailing  \r\n\tN: int=- 4 # kept\r\n"
        'def f(x, k = 1_000, *, b=True):\r\n    return x*0.25 if x>-3.5 else g(.5, y= 7) + "0.5"  \r\n'
    ),
    "b.h": "#define A (0.5f) /* ü 0.5 */\n#define B 10UL // x\nfloat w[] = {-1.0, 2E+05};  \nint h = 0xFf;",
    "c.yaml": "top:\n    rate:   1.0e-3   # why\n    list: [1,  -2, .5]\n'ключ': true\n",
    "e.rs": (
        "// ünï 😀 0.5\r\npub const A:f64=-1.5e-3_f64; /* 0.5 */\nstatic N : usize = 1_000 ; \n"
        'fn f(x: f32) -> f32 {\n\tlet y=[0.25f32, 2.0]; if x>-3.5 { g(10u64,&Self{k:- 4}) } "0.5"; x*0.75 }'
    ),
    "f.go": (
        "package main // ü\r\nconst ( A = 1e-3; B float64 = .5 )\n"
        'var c = C{ Rate : -2.5,On:true , "ü": 7 }\n'
        "func f(x int) int {\n\tt := 2.5 ; t*=0.99\n\tif x>-3 { return 5 } // 0.5\n\treturn g(`0.5`, 9)\n}\n"
    ),
    "g.ts": (
        "// ünï 😀 0.5\r\nexport const A:number=1e-3 ,B = 10n;\tclass K { gain=.5 ; n: number = - 4 }\n"
        "const c = {rate : 0.25,on:true, 'ü': [2.0,-3]}\n"
        "function f(x,k=1_000) { return x>-3.5?g(7):`0.5 ${x}` }"
    ),
    "h.toml": (
        "# ünï 😀 0.5\r\nrate=1e-3 # 0.5\n'n' = -1_000\n[\"ü\".a]\nx=[ 5.0e1, 2 ]\ny = { k=+0.5,on=false }"
        "\nd = 1979-05-27 07:32:00\ns = Q30.5\n[z]Q3\nh = 0xff"
    ).replace("Q3", "'" * 3),
    "d.json": '{"a" : -1.5e-3 ,\t"b":[2,3 ] , "c":false}',
}
FIRST = {path: text.encode() for path, text in FILES.items()}
SLOTS = Reader().read(FIRST).slots


def blanked(files: dict[str, bytes]) -> dict[str, str]:
    """The files with every literal cut out."""
    reader = Reader()
    rest: dict[str, str] = {}
    for path, content in files.items():
        text = content.decode()
        for slot in reversed(list(reader.read({path: content}).slots.values())):
            text = text[: slot.start] + "□" + text[slot.end :]
        rest[path] = text
    return rest


BLANKED = blanked(FIRST)


def another(value: Value, signed: bool) -> st.SearchStrategy[Value]:
    if isinstance(value, bool):
        return st.booleans()
    bound: dict[str, float] = {} if signed else {"max_value": -1e-9} if value < 0 else {"min_value": 1e-9}  # type: ignore[operator]
    if isinstance(value, int):
        low, high = (-(10**9), 10**9) if signed else (-(10**9), -1) if value < 0 else (1, 10**9)
        return st.integers(low, high)
    return st.floats(allow_nan=False, allow_infinity=False, width=64, **bound).filter(lambda x: x != 0)  # type: ignore[arg-type]


def parses(path: str, content: bytes) -> bool:
    if path.endswith(".toml"):
        return bool(tomllib.loads(content.decode()))
    language = {"h": "cpp", "py": "python", "rs": "rust", "ts": "typescript"}.get(path[2:], path[2:])
    root = SgRoot(content.decode(), language).root()
    return root.find({"rule": {"kind": "ERROR"}}) is None


VECTORS = st.fixed_dictionaries({}, optional={n: another(s.value, s.signed) for n, s in SLOTS.items()})


def test_the_files_hold_slots_of_every_kind() -> None:
    assert len(SLOTS) >= 50
    assert {path_of(name) for name in SLOTS} == set(FILES)


@settings(max_examples=50, deadline=None)
@given(VECTORS, VECTORS)
def test_values_come_back_and_nothing_else_changes(first: dict[str, Value], second: dict[str, Value]) -> None:
    files = dict(FIRST)
    reader = Reader()
    expected = reader.read(files).values()
    for vector in (first, second):
        write_values(reader, vector, files)
        expected |= vector
        assert Reader().read(files).values() == expected
        assert blanked(files) == BLANKED
        assert all(parses(path, files[path]) for path in files)
    write_values(reader, {name: slot.value for name, slot in SLOTS.items()}, files)
    assert Reader().read(files).values() == Reader().read(FIRST).values()


@given(st.sampled_from(sorted(SLOTS)))
@settings(deadline=None)
def test_only_the_file_that_holds_the_parameter_is_written(name: str) -> None:
    written: list[str] = []

    class Files(dict[str, bytes]):
        def __setitem__(self, path: str, content: bytes) -> None:
            written.append(path)
            super().__setitem__(path, content)

    value = SLOTS[name].value
    other: Value = (not value) if isinstance(value, bool) else value * 2
    write_values(Reader(), {**{n: s.value for n, s in SLOTS.items()}, name: other}, Files(FIRST))
    assert written == [path_of(name)]
