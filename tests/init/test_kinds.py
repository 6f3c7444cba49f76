"""What a folder is taken for, told from its files alone: nothing is run here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kapso.goal import parse_goal
from kapso.goal.protection import editable_paths
from kapso.goal.stages import DEFAULT_SHARE
from kapso.init import peers
from kapso.init.folder import Folder, is_test
from kapso.init.kinds import programs
from kapso.init.program import Draft, Metric, Program
from kapso.init.render import render
from kapso.init.scorers import Reads, find_scorers
from kapso.init.scoring import Wishes, drafts
from kapso.init.trial import Unfit, prepared

Look = Callable[[dict[str, str]], Folder]


@pytest.mark.parametrize(
    ("name", "main", "edit", "run"),
    [
        ("python-solver", "tsp.py", ("tsp.py",), "python3 tsp.py"),
        ("python-module", "knapsack.py", ("knapsack.py",), ""),
        (
            "python-package",
            "src/wordstat",
            tuple(f"src/wordstat/{name}.py" for name in ("__init__", "__main__", "count")),
            "PYTHONPATH=src python3 -m wordstat",
        ),
        ("c-make", "{binary}", ("src/nbody.c", "src/vec.h", "Makefile"), "{binary}"),
        ("cmake", "primes", ("src/main.cpp", "src/sieve.cpp", "src/sieve.h"), "{binary}"),
        ("cargo", "collatz", ("src/main.rs",), "./target/release/collatz"),
        ("node", "src/index.js", ("src/index.js", "src/policy.js"), "node src/index.js"),
        ("go", ".", ("main.go",), "./kapso-program"),
        ("shell", "compress.sh", ("compress.sh",), "sh compress.sh"),
    ],
)
def test_the_likeliest_program(
    unpack: Callable[[str], Path], name: str, main: str, edit: tuple[str, ...], run: str
) -> None:
    program = next(programs(Folder.open(unpack(name))))
    assert (program.main, program.edit, program.run) == (main, edit, run)


def test_what_a_script_imports_may_change_and_what_judges_it_may_not(look: Look) -> None:
    folder = look(
        {
            "main.py": "from core.step import go\nimport helper\ngo()\n",
            "helper.py": "X = 1\n",
            "core/__init__.py": "",
            "core/step.py": "from . import deep\ndef go(): ...\n",
            "core/deep.py": "Y = 2\n",
            "unused.py": "Z = 3\n",
            "evaluate.py": "import main\nprint(1)\n",
            "tests/test_main.py": "import main\n",
            "setup.py": "print()\n",
        }
    )
    program = next(programs(folder))
    assert program.edit == ("core/deep.py", "core/step.py", "helper.py", "main.py")
    assert program.suite == "python3 -m pytest -q tests"


def test_packages_of_requirements_are_installed_where_they_lack(look: Look) -> None:
    program = next(programs(look({"main.py": "import x\nprint(x)\n", "requirements.txt": "x\n"})))
    assert not program.setup and program.fallback is not None
    assert program.fallback.setup.endswith("pip install -q -r requirements.txt")
    assert program.fallback.run == ".venv/bin/python main.py"


def test_a_makefile_that_a_judge_goes_by_may_not_change(look: Look) -> None:
    makefile = "all: a\na: a.c\n\tcc -o a a.c\nCC := cc\ntest: a\n\t./a\nbench: a\n\t./a 9\n"
    program = next(programs(look({"Makefile": makefile, "a.c": "int main(void){return 0;}\n"})))
    assert program.edit == ("a.c",)
    assert (program.suite, program.targets) == ("make -s test", ("make -s bench",))


MAIN = "int main(void){return 0;}\n"
CMAKE = "project(a C)\nadd_executable(a a.c)\n"
CARGO = '[package]\nname = "a"\n[profile.release]\nopt-level = 0\n'


@pytest.mark.parametrize(
    ("files", "source", "build_file"),
    [
        ({"Makefile": "a: a.c\n\tcc -O0 -o a a.c\ntest: a\n\t./a\n", "a.c": MAIN}, "a.c", "Makefile"),
        ({"CMakeLists.txt": f"{CMAKE}add_test(a a)\n", "a.c": MAIN}, "a.c", "CMakeLists.txt"),
        (
            {"Cargo.toml": CARGO, "src/main.rs": "fn main() {}\n#[test]\nfn t() {}\n"},
            "src/main.rs",
            "Cargo.toml",
        ),
    ],
)
def test_compiler_flags_may_be_tried_where_speed_counts_and_no_check_goes_by_them(
    look: Look, files: dict[str, str], source: str, build_file: str
) -> None:
    folder = look(files)
    program = next(programs(folder))
    says = f"# add {build_file} to edit to let compiler flags be tried"
    checked = speed_draft(folder, program)
    assert checked.check and checked.program.edit == (source,)
    assert says in render(checked, checked.metrics)
    free = speed_draft(folder, replace(program, suite=""))
    assert not free.check and free.program.edit == (source, build_file)
    assert says not in render(free, free.metrics)
    goal = parse_goal(render(replace(free, objective="Faster."), free.metrics), folder.path / "goal.yaml")
    assert editable_paths(goal, "", folder.files) == sorted([source, build_file])


def speed_draft(folder: Folder, program: Program) -> Draft:
    program = replace(program, run="./a")
    return next(each for each in drafts(folder, program, Wishes()) if each.metrics and each.constraints)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("import os; os.environ['KAPSO_OUT']", Reads.OUT),
        ("import sys; open(sys.argv[1])", Reads.ARGUMENT),
        ("import sys; sys.stdin.read()", Reads.STDIN),
        ("open('result.json')", Reads.FILE),
        ("import prog; print(prog.x)", Reads.PROGRAM),
        ("import subprocess; subprocess.run(['python3', 'prog.py'])", Reads.PROGRAM),
        ("import sys, runpy; runpy.run_path(sys.argv[1])", Reads.PROGRAM_ARGUMENT),
        ('"""Scores what prog.py writes."""\nimport sys; open(sys.argv[1])', Reads.ARGUMENT),
        ("# of prog.py\nimport sys; open(sys.argv[1])", Reads.ARGUMENT),
    ],
)
def test_how_a_scorer_gets_at_what_it_judges(look: Look, text: str, reads: Reads) -> None:
    folder = look({"prog.py": "open('result.json', 'w')\nx = 1\n", "score.py": f"{text}\n"})
    [scorer] = find_scorers(folder, "prog.py")
    assert (scorer.reads, scorer.command) == (reads, "python3 score.py")


def test_scorers_are_known_by_their_names(look: Look) -> None:
    names = ["evaluate.py", "run_benchmark.sh", "underscored.py", "score.txt", "tests/test_score.py"]
    found = find_scorers(look({name: "print(1)\n" for name in names}), "x.py")
    assert [scorer.path for scorer in found] == ["evaluate.py", "run_benchmark.sh"]


@pytest.mark.parametrize(
    ("name", "evaluate", "metric"),
    [
        (
            "openevolve",
            {"python": "evaluator.py:evaluate", "program": "initial_program.py"},
            "combined_score",
        ),
        (
            "shinkaevolve",
            {
                "command": 'program=initial; python3 evaluate.py --program_path "$program.py" '
                '--results_dir "$KAPSO_OUT" && grep -q \'"correct": true\' "$KAPSO_OUT/correct.json"',
                "result": "$KAPSO_OUT/metrics.json",
            },
            "combined_score",
        ),
    ],
)
def test_examples_of_peers(
    unpack: Callable[[str], Path], name: str, evaluate: dict[str, str], metric: str
) -> None:
    [draft] = peers.look(Folder.open(unpack(name)))
    assert draft.evaluate == evaluate
    assert (draft.metrics[0].name, draft.metrics[0].goal) == (metric, "maximize")


STAGE = 'def evaluate_stage{}(path):\n    """Quick."""\n\n    return {{"{}": 1.0}}\n\n\n'
FULL = 'def evaluate(path):\n    return {"combined_score": 1.0}\n'
CASCADES = {
    "one stage": (STAGE.format(1, "combined_score"), "", {"stage1": "1/3"}),
    "the last is the full one": (
        STAGE.format(1, "combined_score") + STAGE.format(2, "anything"),
        "",
        {"stage1": "1/3"},
    ),
    "three, with bars": (
        "".join(STAGE.format(number, "combined_score") for number in (1, 2, 3)),
        "evaluator:\n  cascade_thresholds: [0.5, 0.75]  # of combined_score\n",
        {"stage1": "combined_score >= 0.5", "stage2": "combined_score >= 0.75"},
    ),
    "another metric": (STAGE.format(1, "runs"), "", {}),
    "switched off": (STAGE.format(1, "combined_score"), "  cascade_evaluation: false\n", {}),
}


@pytest.mark.parametrize("name", CASCADES)
def test_a_cascade_of_openevolve_becomes_stages(look: Look, name: str) -> None:
    stages, config, expected = CASCADES[name]
    program = "# EVOLVE-BLOCK-START\nX = 1\n# EVOLVE-BLOCK-END\n"
    files = {"initial_program.py": program, "evaluator.py": stages + FULL, "config.yaml": config + "\n"}
    *staged, plain = peers.look(look(files))
    assert plain.evaluate == {"python": "evaluator.py:evaluate", "program": "initial_program.py"}
    assert bool(staged) == bool(expected)
    for draft in staged:
        text = render(replace(draft, objective="Win."), draft.metrics)
        goal = parse_goal(text, Path("/srv/demo/goal.yaml"))
        assert [each.name for each in goal.stages] == [*expected, "full"]
        for stage in goal.stages[:-1]:
            share = DEFAULT_SHARE if expected[stage.name] == "1/3" else None
            rules = [] if share else [expected[stage.name]]
            assert (stage.share, [rule.text for rule in stage.rules]) == (share, rules)
            assert stage.function is not None and stage.function.name == f"evaluate_{stage.name}"
        assert goal.function is not None and goal.function.name == "evaluate"


def test_a_slow_evaluation_is_told_of_stages(look: Look) -> None:
    folder = look({"tsp.py": "import sys\nprint(sys.argv)\n"})
    [program, *_] = programs(folder)
    draft = Draft(program, how="x", evaluate="python3 judge.py", objective="Win.")
    slow, quick = (
        render(replace(draft, is_slow=each), (Metric("score", "maximize"),)) for each in (True, False)
    )
    assert "$KAPSO_STAGE" in slow and "KAPSO_STAGE" not in quick
    assert parse_goal(slow, Path("/srv/demo/goal.yaml")) == parse_goal(quick, Path("/srv/demo/goal.yaml"))


def test_other_folders_are_none_of_peers(unpack: Callable[[str], Path]) -> None:
    assert peers.look(Folder.open(unpack("python-module"))) == []


def test_a_tool_that_is_not_installed_is_named(look: Look) -> None:
    program = Program("thing", "x", ("x",), tools=("no-such-tool",))
    with pytest.raises(Unfit, match="`no-such-tool` is not installed"):
        prepared(look({"x": "1"}), program, lambda line: None)


def test_only_what_is_committed_counts(look: Look) -> None:
    folder = look({"a.py": "print(1)\n", "node_modules/b.py": "print(2)\n"})
    (folder.path / "c.py").write_text("print(3)\n")
    again = Folder.open(folder.path)
    assert again.files == ["a.py"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("tests/x.c", True), ("test_x.py", True), ("x_test.go", True), ("a/x.spec.js", True),
        ("contest.py", False), ("latest.c", False), ("src/testing.py", False),
    ],
)  # fmt: skip
def test_tests_are_known_by_their_names(name: str, answer: bool) -> None:
    assert is_test(name) is answer


def test_names_as_patterns(look: Look) -> None:
    many = [f"src/f{n}.c" for n in range(9)]
    folder = look(dict.fromkeys([*many, "main.c", "a.py", "old/a.py", "!x[1].py"], "1\n"))
    assert folder.patterns([*many, "main.c"]) == ("/*.c", "src/*.c")
    assert folder.patterns(["a.py", "main.c", "!x[1].py"]) == (r"\!x\[1\].py", "/a.py", "main.c")


def test_names_with_spaces_are_quoted(look: Look) -> None:
    folder = look({"my tool.py": "print(1)\n", "my score.sh": "cat\n", "run me.sh": "true\n"})
    found = list(programs(folder))
    assert [program.run for program in found] == ["python3 'my tool.py'", "sh 'run me.sh'"]
    assert find_scorers(folder, "my tool.py")[0].command == "sh 'my score.sh'"


def test_sources_of_c_without_a_build_system(look: Look) -> None:
    main = "int twice(int);\nint main(void)\n{ return twice(0); }\n"
    folder = look({"main.c": main, "twice.c": "int twice(int n) { return 2 * n; }\n"})
    [program] = programs(folder)
    assert program.build == "cc -O2 -o kapso-program main.c twice.c -lm"
    assert (program.run, program.edit) == ("./kapso-program", ("main.c", "twice.c"))
