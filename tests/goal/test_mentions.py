"""Which files a command names: the words of real commands against a list of tracked paths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.goal.mentions import mentions, named_files

TRACKED = [
    "Makefile",
    "evaluate.py",
    "my file.py",
    "pack.py",
    "bench/__init__.py",
    "bench/score.py",
    "data/a.json",
    "data/b.csv",
    "data/deep/c.json",
    "pkg/__init__.py",
    "pkg/__main__.py",
    "python/binding.py",
    "src/lib/a.c",
    "tests/sub/test_x.py",
    "tests/test_a.py",
]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("python evaluate.py", "evaluate.py"),
        ("python ./evaluate.py --seed 3", "evaluate.py"),
        ("./evaluate.py", "evaluate.py"),
        ("evaluate.py", "evaluate.py"),
        ("python data/../evaluate.py", "evaluate.py"),
        ("python $PWD/evaluate.py", "evaluate.py"),
        ('python "${PWD}/evaluate.py"', "evaluate.py"),
        ("python \\\n  evaluate.py", "evaluate.py"),
        ("python 'my file.py'", "my file.py"),
        ("python my\\ file.py", "my file.py"),
        ("python evaluate.py $KAPSO_OUT/pack.py", "evaluate.py"),
        ('python evaluate.py "${KAPSO_OUT}/pack.py" > "$KAPSO_RESULT"', "evaluate.py"),
        ("python evaluate.py --out=$KAPSO_OUT/pack.py", "evaluate.py"),
        # parts of words
        ("python evaluate.py --data=data/a.json", "data/a.json evaluate.py"),
        ("X=data/b.csv python evaluate.py", "data/b.csv evaluate.py"),
        ("run-it evaluate.py:main data/a.json,data/b.csv", "data/a.json data/b.csv evaluate.py"),
        ("pytest tests/test_a.py::test_one", "tests/test_a.py"),
        ("curl -d @data/a.json host", "data/a.json"),
        ("make -fMakefile all", "Makefile"),
        # operators and redirections
        ("cat <data/a.json>$KAPSO_OUT/x;python evaluate.py", "data/a.json evaluate.py"),
        ("true && (python evaluate.py || cat data/b.csv) | tee x", "data/b.csv evaluate.py"),
        ("python evaluate.py 2>&1", "evaluate.py"),
        ("x=`cat data/a.json`; y=$(cat data/b.csv)", "data/a.json data/b.csv"),
        ("if true; then evaluate.py; fi", "evaluate.py"),
        ("true\npython evaluate.py\n", "evaluate.py"),
        # folders and patterns
        ("python -m pytest -q tests", "tests/sub/test_x.py tests/test_a.py"),
        ("python -m pytest -q tests/", "tests/sub/test_x.py tests/test_a.py"),
        ("cat data/*.json", "data/a.json"),
        ("cat d?ta/[ab].*", "data/a.json data/b.csv"),
        ("ls */sub", "tests/sub/test_x.py"),
        # modules
        ("python -m bench.score", "bench/score.py"),
        ("python -mbench.score", "bench/score.py"),
        ("python -m pkg", "pkg/__init__.py pkg/__main__.py"),
        ("PYTHONPATH=src:. python -m bench", "bench/__init__.py"),
        ("PYTHONPATH=bench python -m score", "bench/score.py"),
        ("python -m unittest tests.test_a.Case.test_x", "tests/test_a.py"),
        ("tool -m evaluate.py", "evaluate.py"),
        # folders that commands go to
        ("cd bench && python score.py", "bench/score.py"),
        ("cd bench && python score.py && cd .. && cat data/a.json", "bench/score.py data/a.json"),
        ("cd bench", ""),
        ("(cd bench && python score.py) && python evaluate.py", "bench/score.py evaluate.py"),
        ("cd $KAPSO_OUT && python evaluate.py", ""),
        ("cd $(git rev-parse --show-toplevel) && python evaluate.py", "evaluate.py"),
        ("make -C bench score.py", "bench/score.py"),
        ("make --directory=bench -f score.py", "bench/score.py"),
        ("make --directory bench", ""),
        ("cmake -C evaluate.py", "evaluate.py"),
        # quoted commands
        ("sh -c 'cd bench; python score.py'", "bench/score.py"),
        ("bash -lc \"python evaluate.py && cat 'my file.py'\"", "evaluate.py my file.py"),
        ("python -c \"print(open('data/a.json').read())\"", "data/a.json"),
        # what does not end is read word by word
        ("python 'evaluate.py", "evaluate.py"),
        ("echo \"it's; python evaluate.py", "evaluate.py"),
        # no names
        ("python -m pytest -q .", ""),
        ("python -m pytest ..", ""),
        ("python /abs/evaluate.py ~/evaluate.py ../evaluate.py", ""),
        ("timeout 60 python -c pass", ""),
        ("env -i A=b uv run python -V", ""),
        ("PYTHONPATH=src python x.py", ""),
        ("make all", ""),
    ],
)
def test_named_files(command: str, named: str) -> None:
    expected = {path for path in TRACKED if f" {path} " in f" {named} "} - (
        {"file.py"} if "my file" in named else set()
    )
    assert named_files(command, "", TRACKED) == expected


def test_words_start_from_the_goals_folder() -> None:
    tracked = ["experiments/x/evaluate.py", "evaluate.py", "shared/score.py", "experiments/y/truth.txt"]
    command = "python evaluate.py ../../shared/score.py && cd ../y && cat truth.txt ../x"
    assert named_files(command, "experiments/x", tracked) == {
        "experiments/x/evaluate.py",
        "shared/score.py",
        "experiments/y/truth.txt",
    }


def test_a_folder_that_holds_the_goal_is_no_name() -> None:
    assert (
        named_files("ls ../.. .. ../x ../../experiments", "experiments/x", ["experiments/x/pack.py"]) == set()
    )


def test_what_does_not_exist_yet_is_named_too() -> None:
    found = mentions(["python -m pytest tests", "python evaluate.py --config conf.json"], "")
    assert found.word_for("tests/conftest.py") == "tests"
    assert found.word_for("pytest.py") == "pytest"
    assert found.word_for("conf.json") == "conf.json"
    assert found.word_for("src/conf.json") is None


@settings(deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab/.-_ =:'\"\\;&|()<>$`\n*?[]{}#~cd"), max_size=80),
    st.sampled_from(["", "x/y"]),
)
def test_any_command_is_read(command: str, prefix: str) -> None:
    assert named_files(command, prefix, ["x/y/a"]) <= {"x/y/a"}


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["a b", "evaluate.py", "x;y", "$HOME", "(", "it's", "\\", "\n", ">"]), max_size=5
    )
)
def test_a_file_is_named_whatever_stands_around_it(words: list[str]) -> None:
    import shlex

    command = " ".join(shlex.quote(word) for word in ["run-it", *words, "evaluate.py"])
    assert "evaluate.py" in named_files(command, "", ["evaluate.py"])
