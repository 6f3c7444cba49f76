"""Build flags: which are found where, and what an edit leaves of the file around them."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.reading import read_file
from kapso.propose.tune.slots import ASLEEP, Switch, Value

Make = Callable[..., Any]

LEVELS = {"-O3", "-O2", "-O1", "-Os", "-O0", "-Ofast"}


def values(path: str, text: str) -> dict[str, Value]:
    """Name without its path → present value, of what may be tuned."""
    slots = read_file(path, text.encode()).slots
    return {slot.name.partition(":")[2]: slot.value for slot in slots if slot.tier < ASLEEP}


def written(path: str, text: str, **changes: Value) -> str:
    """The file with some values changed."""
    files = {path: text.encode()}
    wanted = {f"{path}:{name}": value for name, value in changes.items()}
    write_values(Reader(), wanted, files)
    found = Reader().read(files).values()
    assert {name: found.get(name) for name in wanted} == wanted
    return files[path].decode()


@pytest.mark.parametrize(
    ("path", "text", "changes", "expected"),
    [
        ("Makefile", "CFLAGS = -O1 -Wall # why\n", {"CFLAGS": "-O3"}, "CFLAGS = -O3 -Wall # why\n"),
        ("Makefile", "CFLAGS=-Wall # why\n", {"CFLAGS": "-O2"}, "CFLAGS=-Wall -O2 # why\n"),
        ("Makefile", "CFLAGS :=\nx:\n", {"CFLAGS": "-O2"}, "CFLAGS := -O2\nx:\n"),
        ("Makefile", "CFLAGS = -O\n", {"CFLAGS": "-O2"}, "CFLAGS = -O2\n"),
        ("Makefile", "CFLAGS = -O1 -g\n", {"CFLAGS.-flto": True}, "CFLAGS = -O1 -flto -g\n"),
        ("Makefile", "CFLAGS = -flto -g\n", {"CFLAGS.-flto": False}, "CFLAGS = -g\n"),
        ("Makefile", "CFLAGS = -O2 -pg\n", {"CFLAGS.-pg": False}, "CFLAGS = -O2\n"),
        ("Makefile", 'CFLAGS = -O2 -DX=\\"-O1\\"\n', {"CFLAGS": "-O3"}, 'CFLAGS = -O3 -DX=\\"-O1\\"\n'),
        ("a.mk", "override CXXFLAGS += \\\n\t-Wall \\\n\t-O1\n", {"CXXFLAGS": "-O3"},
         "override CXXFLAGS += \\\n\t-Wall \\\n\t-O3\n"),
        ("a.mk", "CXXFLAGS = \\\n\t-Wall \\\n\t-g\n\nx: y\n", {"CXXFLAGS.-flto": True, "CXXFLAGS": "-O3"},
         "CXXFLAGS = \\\n\t-Wall \\\n\t-g -O3 -flto\n\nx: y\n"),
        ("a.mk", "CFLAGS = -Wall \\\r\n  -g \\\r\n\r\nx: y\r\n", {"CFLAGS": "-O3"},
         "CFLAGS = -Wall \\\r\n  -g -O3 \\\r\n\r\nx: y\r\n"),
        ("a.mk", "x: x.c\r\n\tcc -o x \\\r\n\t  -O1\\\r\n x.c\r\n", {"cc": "-O3"},
         "x: x.c\r\n\tcc -o x \\\r\n\t  -O3\\\r\n x.c\r\n"),
        ("Makefile", "ifdef D\nCFLAGS = -O0\nelse\nCFLAGS = -O1\nendif\n", {"CFLAGS": "-O3"},
         "ifdef D\nCFLAGS = -O3\nelse\nCFLAGS = -O3\nendif\n"),
        ("Makefile", "fast: OPT = -O1\n", {"OPT": "-O3"}, "fast: OPT = -O3\n"),
        ("Makefile", "x: x.c\n\t@$(CC) -o $@ $< \\\n\t\t-lm\n", {"cc": "-O2", "cc.-march=native": True},
         "x: x.c\n\t@$(CC) -O2 -march=native -o $@ $< \\\n\t\t-lm\n"),
        ("Makefile", "x: x.c\r\n\tgcc -O1 -o x x.c\r\n", {"cc": "-O3"}, "x: x.c\r\n\tgcc -O3 -o x x.c\r\n"),
        ("Makefile", "x:\n\tcc -c a.c && cc -O1 -c b.c\n", {"cc": "-O3"},
         "x:\n\tcc -O3 -c a.c && cc -O3 -c b.c\n"),
        ("Makefile", "x: x.c\n\t$(CC) $(CFLAGS) -o x x.c $(LDFLAGS)\n", {"cc": "-O3"},
         "x: x.c\n\t$(CC) $(CFLAGS) -O3 -o x x.c $(LDFLAGS)\n"),
        ("b.sh", "CFLAGS='-O1 -g'\ngcc $CFLAGS a.c\n", {"CFLAGS": "-O3"},
         "CFLAGS='-O3 -g'\ngcc $CFLAGS a.c\n"),
        ("b.sh", 'export CFLAGS=""\n', {"CFLAGS.-flto": True}, 'export CFLAGS=" -flto"\n'),
        ("b.sh", 'F=( -O1\n  -Wall )\ngcc "${F[@]}"\n', {"F.-flto": True},
         'F=( -O1 -flto\n  -Wall )\ngcc "${F[@]}"\n'),
        ("b.sh", "OPT=-O1\n", {"OPT": "-O3"}, "OPT=-O3\n"),
        ("b.sh", "if x; then g++-12 -std=c++17 a.cpp; fi\n", {"cc": "-O2"},
         "if x; then g++-12 -O2 -std=c++17 a.cpp; fi\n"),
        ("b.sh", "rustc -O main.rs\n", {"rustc": "-C opt-level=2", "rustc.-C lto": True},
         "rustc -C opt-level=2 -C lto main.rs\n"),
        ("b.sh", 'RUSTFLAGS="-C debuginfo=0" cargo build\n', {"RUSTFLAGS.-C target-cpu=native": True},
         'RUSTFLAGS="-C debuginfo=0 -C target-cpu=native" cargo build\n'),
        ("CMakeLists.txt", "project(x C)\nx()\n",
         {"CMAKE_BUILD_TYPE": "Release", "compile_options.-flto": True},
         "project(x C)\nset(CMAKE_BUILD_TYPE Release)\nadd_compile_options(-flto)\nx()\n"),
        ("CMakeLists.txt", 'set(CMAKE_BUILD_TYPE "Debug" CACHE)\n', {"CMAKE_BUILD_TYPE": "Release"},
         "set(CMAKE_BUILD_TYPE Release CACHE)\n"),
        ("CMakeLists.txt", 'set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} -g")\n', {"CMAKE_C_FLAGS": "-O2"},
         'set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} -g -O2")\n'),
        ("CMakeLists.txt", "target_compile_options(x PRIVATE\n  -O1 -g)\n", {"compile_options": "-O3"},
         "target_compile_options(x PRIVATE\n  -O3 -g)\n"),
        ("Cargo.toml", "[package]\nname = 'x'",
         {"profile.release.lto": '"fat"', "profile.release.opt-level": "2"},
         "[package]\nname = 'x'\n\n[profile.release]\nopt-level = 2\nlto = \"fat\"\n"),
        ("Cargo.toml", "[workspace]\n[profile.release] # c\nlto = true\n",
         {"profile.release.codegen-units": "1", "profile.release.lto": '"thin"'},
         '[workspace]\n[profile.release]\ncodegen-units = 1 # c\nlto = "thin"\n'),
    ],
)  # fmt: skip
def test_writes(path: str, text: str, changes: dict[str, Value], expected: str) -> None:
    assert written(path, text, **changes) == expected
    if path == "Cargo.toml":
        tomllib.loads(expected)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "# CFLAGS = -O1\nx:\n\techo -O2 cc -O2\n"),
        ("Makefile", "CFLAGS_DEBUG = -O0 -g\ndebug: CFLAGS = -O0\n"),
        ("Makefile", "CFLAGS = -O2  # kapso: fixed\n"),
        ("Makefile", "x: x.c\n\tcc -O1 -o x x.c  # kapso: fixed\n"),
        ("Makefile", "NVCCFLAGS = -O2\nCPPFLAGS = -Iinclude\nWARN_CFLAGS = -Wall\n"),
        ("Makefile", "V := $(shell cc --version)\nx:\n\tcc --version\n\tcc -dumpmachine\n"),
        ("b.sh", "# gcc -O1 a.c\necho gcc -O1 a.c\n"),
        ("CMakeLists.txt", "add_library(x x.c)\n"),
        ("CMakeLists.txt", 
         "project(x)\nset(CMAKE_BUILD_TYPE A) # kapso: fixed\nadd_compile_options()#kapso: fixed\n"),
        ("Cargo.toml", "[dependencies]\nx = 3\n"),
        ("Cargo.toml", "[package\n"),
        ("notes.txt", "CFLAGS = -O1\n"),
    ],
)  # fmt: skip
def test_leaves_alone(path: str, text: str) -> None:
    assert values(path, text) == {}


def test_variables_that_take_their_flags_from_another_are_left_to_it() -> None:
    text = (
        "OPT = -O2\nCFLAGS = -Wall $(OPT)\nCXXFLAGS := $(CFLAGS) -std=c++17\nx:\n\t$(CC) $(CFLAGS) -o x x.c\n"
    )
    assert {name.partition(".")[0] for name in values("Makefile", text)} == {"OPT"}


def test_what_changes_the_meaning_of_a_program_comes_last() -> None:
    slots = [s for s in read_file("Makefile", b"CFLAGS = -O1\n").slots if s.tier < ASLEEP]
    assert slots[0].choices == ("-O1", "-O3", "-O2", "-Os", "-O0", "-Ofast")
    assert slots[-1].name == "Makefile:CFLAGS.-ffast-math"
    assert slots[-1].tier == max(slot.tier for slot in slots)


def test_a_marker_elsewhere_means_that_flags_are_not_tuned_either() -> None:
    files = {"Makefile": b"CFLAGS = -O1\n", "a.c": b"int x = 3; // kapso: 1..9\n"}
    assert list(Reader().read(files).slots) == ["a.c:x"]


def test_a_flag_that_costs_speed_is_known_after_it_was_taken_away() -> None:
    files = {"Makefile": b"CFLAGS = -O1 -pg\n"}
    before = Reader().read(files).slots
    write_values(Reader(), {"Makefile:CFLAGS.-pg": False}, files)
    assert files["Makefile"] == b"CFLAGS = -O1\n"
    assert set(Reader().read(files).slots) == set(before)


FILES = {
    "Makefile": (
        b"CC ?= cc\r\nCFLAGS = -O1 -Wall \\\r\n  -g # why \xc3\xbc\nCXXFLAGS := -std=c++17\nLDFLAGS =\n"
        b"x: x.c\n\t@$(CC) -o $@ $< \\\n\t  -lm\n\techo \"cc -O2 -o x\"\n"
    ),
    "build.sh": (
        b'#!/bin/sh\nset -e\nCFLAGS="-O2 -pg"\nOPT=-O1\nif true; then rustc -O a.rs -o a; fi\n'
        b"cc -c a.c &&\\\n cc -O1 -o a a.o\n"
    ),
    "CMakeLists.txt": b'project(x C) # x\nset(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} -Wall")\n',
    "sub/CMakeLists.txt": b"project(y)\n",
    "Cargo.toml": b"[package]\nname = \"x\" # -O2\n[profile.release.package.y]\nopt-level = 1",
    "b/Cargo.toml": b"[workspace]\n\n[profile.release]  # why\nlto = true\n[dependencies]\n",
}  # fmt: skip
SWITCHES = {n: s for n, s in Reader().read(FILES).slots.items() if isinstance(s, Switch)}


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={n: st.sampled_from(s.choices) for n, s in SWITCHES.items()}),
    st.fixed_dictionaries({}, optional={n: st.sampled_from(s.choices) for n, s in SWITCHES.items()}),
)
def test_values_come_back_and_the_rest_survives(first: dict[str, Value], second: dict[str, Value]) -> None:
    files = dict(FILES)
    expected = Reader().read(files).values()
    for vector in (first, second):
        write_values(Reader(), vector, files)
        expected |= vector
        found = Reader().read(files).values()
        assert {name: found.get(name) for name in expected} == expected
    for path in ("Cargo.toml", "b/Cargo.toml"):
        tomllib.loads(files[path].decode())
    kept = [b"CC ?= cc\r\n", b"-Wall", b"# why \xc3\xbc\n", b'\techo "cc -O2 -o x"\n', b"\\\n\t  -lm\n"]
    assert all(piece in files["Makefile"] for piece in kept)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SWITCHES)), st.data())
def test_there_and_back_gives_the_same_bytes(name: str, data: st.DataObject) -> None:
    switch = SWITCHES[name]
    value = data.draw(st.sampled_from(switch.choices))
    files = dict(FILES)
    write_values(Reader(), {name: value}, files)
    write_values(Reader(), {name: switch.value}, files)
    if not any(place.start == place.end for place in switch.places):  # what was not there stays, spelt out
        assert files == FILES
    assert Reader().read(files).slots[name].value == switch.value


@pytest.mark.skipif(not (shutil.which("make") and shutil.which("cc")), reason="no make or cc here")
def test_make_and_the_compiler_take_every_flag(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int main(void) { return 0; }\n")
    text = "CFLAGS = -Wall \\\n  -g  # why\nx: x.c\n\t@$(CC) $(CFLAGS) \\\n\t  -o $@ $<\n"
    flags = [s for s in read_file("Makefile", text.encode()).slots if s.tier < ASLEEP]
    wanted: dict[str, Value] = {s.name.partition(":")[2]: s.choices[-1] for s in flags}
    (tmp_path / "Makefile").write_text(written("Makefile", text, **wanted))
    done = subprocess.run(["make", "-n"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(flag in done.stdout for flag in ("-Ofast", "-flto", "-march=native", "-ffast-math", "-g"))
    subprocess.run(["make", "-s"], cwd=tmp_path, check=True)
    subprocess.run(["./x"], cwd=tmp_path, check=True)


def test_flags_are_scanned_one_by_one_before_numbers(search: Make) -> None:
    run = search({"Makefile": "CFLAGS = -O1\n", "a.py": "gain = 0.5\n"}, lambda names: 0.0)
    run.score = lambda files: {b"CFLAGS = -O3": 2.0}.get(files["Makefile"].split(b" -f")[0].strip(), 1.0)
    run.run(3)
    titles = [idea.title for idea in run.ideas]
    assert titles[0] == "CFLAGS -O1 → -O3"
    assert run.best.parameters["Makefile:CFLAGS"] == "-O3"
    assert all(idea.parameters["a.py:gain"] == 0.5 for idea in run.ideas)


def test_what_lost_least_is_scanned_again_first(search: Make) -> None:
    text = "x = 'a'  # kapso: a|b|c|d\ny = 'p'  # kapso: p|q\n"
    heights = {"a": 3, "b": 0, "c": 2, "d": 1, "p": 0, "q": 10}
    run = search({"a.py": text}, lambda names: heights[names["x"]] + heights[names["y"]])
    for arm in run.tune._arms[:1] + run.tune._arms[2:]:
        arm.propose = lambda view: None
    run.run(7)
    assert [idea.title for idea in run.ideas[:4]] == ["x a → b", "x a → c", "x a → d", "y p → q"]
    assert [idea.title for idea in run.ideas[4:]] == ["x a → c", "x a → d", "x a → b"]


@pytest.mark.parametrize("with_parameters", [True, False])
def test_replaying_the_history_rebuilds_what_was_learnt(search: Make, with_parameters: bool) -> None:
    files = {
        "Makefile": "CFLAGS = -Wall -pg\nCXXFLAGS =\nx: x.c\n\t$(CC) $(CFLAGS) -o x x.c\n",
        "CMakeLists.txt": "project(x)\n",
        "Cargo.toml": "[package]\n",
        "b.sh": "gcc -o a a.c\nrustc b.rs\n",
    }
    run = search(files, lambda names: 0.0)
    flags = (b"-flto", b"-O3", b"-march=native", b"= 1", b"Release")
    run.score = lambda files: sum(text.count(flag) for text in files.values() for flag in flags) % 7
    run.tune = run.fresh()
    run.attempts.clear()
    run.land(0, run.files, None, None)
    run.run(70)
    replayed = run.fresh()
    for attempt in run.attempts:
        replayed.observe(attempt if with_parameters else replace(attempt, parameters={}))
    number = len(run.attempts)
    assert number == 71
    assert replayed.ideate(run.context(number)) == run.tune.ideate(run.context(number))
