"""The bench of the search: its statistics, how candidates are scored and counted, and one small campaign."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "experiments/bench"
Make = Callable[..., Any]


@pytest.fixture(scope="module")
def contest() -> Iterator[Callable[[str], Any]]:
    """`contest("task")`: a module of the bench, which is a script's and no installed package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        yield lambda name: importlib.import_module(f"contest.{name}")


@pytest.fixture
def make_task(tmp_path: Path, contest: Make) -> Make:
    """`make_task({path: text}, goal)`: a task whose scorer gives `-(x - 3)²`, unless said otherwise."""

    def make(files: dict[str, str], goal: str = "", name: str = "hill") -> Any:
        folder = tmp_path / name
        folder.mkdir()
        given = {
            "goal.yaml": f"objective: Find x.\nedit: [program.py]\nevaluate: python3 -S score.py\n{goal}",
            "program.py": "x = 1.0  # kapso: 0..10\n",
            "score.py": SCORE,
            **files,
        }
        for path, text in given.items():
            (folder / path).write_text(text)
        return contest("task").load_task(folder)

    return make


SCORE = "import json, program\nprint(json.dumps({'score': -((program.x - 3) ** 2)}))\n"
NOISY = (
    "import json, os, program\n"
    "n = 0 if 'TRUTH' in os.environ else int.from_bytes(os.urandom(2), 'big') / 65536\n"
    "print(json.dumps({'score': program.x + n}))\n"
)


# Statistics


def test_a_curve_is_normalised_in_either_direction(contest: Make) -> None:
    normalised = contest("statistics").normalised
    assert normalised([10, 5, 0], 10, 0) == [0.0, 0.5, 1.0]
    assert normalised([1, 3, -50], 1, 5) == [0.0, 0.5, -1.0]
    assert normalised([1, 1], 1, 1) == [0.0, 0.0]


def test_the_chance_of_a_difference_is_that_of_mann_and_whitney(contest: Make) -> None:
    chance = contest("statistics").chance
    apart = chance([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    assert apart == pytest.approx(2 / 252, abs=0.002)  # exact: two of all 252 ways to choose five of ten
    assert chance([1, 2, 3], [1, 2, 3]) == 1.0
    assert chance([5.0] * 10, [5.0] * 10) == 1.0


def test_holm_corrects_the_smallest_most(contest: Make) -> None:
    assert contest("statistics").holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert contest("statistics").holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_verdict_names_those_who_are_ahead(contest: Make) -> None:
    module = contest("statistics")
    good, bad = [0.9 + n / 100 for n in range(10)], [0.1 + n / 100 for n in range(10)]
    assert module.against_rivals(good, {"a": bad, "b": good}) == {"a": "ahead", "b": "tied"}
    assert module.verdict(module.against_rivals(good, {"a": bad})) == "first"
    assert module.verdict(module.against_rivals(good, {"a": bad, "b": good})) == "tied for first"
    assert module.verdict(module.against_rivals(bad, {"a": bad, "b": good})) == "behind b"


def test_intervals_hold_the_mean_and_shrink_with_the_seeds(contest: Make) -> None:
    module = contest("statistics")
    random = np.random.default_rng(1)
    few, many = random.normal(5, 1, 10), random.normal(5, 1, 1000)
    wide, narrow = module.mean_interval(few), module.mean_interval(many)
    assert wide.low < 5 < wide.high and narrow.low < 5 < narrow.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 4
    lead = module.lead([(few + 2, few), (many + 2, many)])
    assert lead.low > 1 and lead.middle == pytest.approx(2)


# Tasks and scoring


@pytest.mark.slow
def test_every_task_of_the_bench_scores_its_unchanged_program(contest: Make, tmp_path: Path) -> None:
    for task in contest("task").find_tasks([BENCH / "tasks"]):
        if task.name == "flags" and shutil.which("gcc") is None:
            continue
        evaluator = contest("evaluation").Evaluator(task, tmp_path / task.name)
        assert evaluator.score(task.editable) is not None
        assert evaluator.is_noisy() == (task.name == "controller")


def test_a_task_with_a_wrong_goal_or_a_wrong_key_is_named(make_task: Make, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="hill.*unknown"):
        make_task({}, "atempts: 5\n")
    with pytest.raises(SystemExit, match="unknown key `tuth`; there are: kind, truth, best"):
        make_task({"bench.toml": 'tuth = "x"'}, name="other")


def test_what_is_invalid_fails_or_takes_too_long_has_no_score(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    goal = "timeout: 1s\nmetrics: {score: maximize}\nconstraints: ['score >= 2 * baseline']\n"
    task = make_task({}, goal)
    evaluator = contest("evaluation").Evaluator(task, tmp_path / "scoring")
    assert evaluator.start == -4.0
    scores = {
        text: evaluator.score({"program.py": text.encode()})
        for text in ("x = 2.5", "x = 9.0", "x = 1 /", "while True: pass")
    }
    assert scores == {"x = 2.5": -0.25, "x = 9.0": None, "x = 1 /": None, "while True: pass": None}


def test_a_candidate_that_runs_apart_is_judged_by_the_scorer_of_the_base(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    goal = "run: python3 -S program.py > $KAPSO_OUT/said\n"
    program = "print(7)\n"
    score = (
        "import os\nprint('{\"score\": ' + open(os.environ['KAPSO_OUT'] + '/said').read().strip() + '}')\n"
    )
    task = make_task({"program.py": program, "score.py": score}, goal)
    evaluator = contest("evaluation").Evaluator(task, tmp_path / "scoring")
    assert (evaluator.start, evaluator.score({"program.py": b"print(8)\n"})) == (7.0, 8.0)


def test_files_of_one_candidate_are_gone_for_the_next(make_task: Make, contest: Make, tmp_path: Path) -> None:
    goal = "metrics: {score: maximize}\n"
    score = "import os\nprint('{\"score\": %d}' % sum(name[0] == '+' for name in os.listdir('.')))\n"
    task = make_task({"score.py": score}, goal)
    evaluator = contest("evaluation").Evaluator(task, tmp_path / "scoring")
    assert evaluator.score({**task.editable, "+new": b""}) == 1.0
    assert evaluator.score(task.editable) == 0.0


def test_the_budget_counts_and_the_choice_is_worth_its_truth(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    task = make_task({"score.py": NOISY, "bench.toml": 'truth = "TRUTH=1 python3 -S score.py"'})
    module = contest("trace")
    ledger = module.Ledger(contest("evaluation").Evaluator(task, tmp_path / "scoring"), 2)
    assert ledger.start == 1.0
    ledger.score({"program.py": b"x = 5.0\n"})
    ledger.score({"program.py": b"x = -5.0\n"})
    with pytest.raises(module.Exhausted):
        ledger.score({"program.py": b"x = 9.0\n"})
    trace = ledger.trace("m", 1)
    assert (trace.start, trace.changes, trace.final, trace.evaluations) == (1.0, [(1, 5.0)], 5.0, 2)
    assert trace.curve() == [5.0, 5.0]
    assert module.Trace.from_json(json.loads(json.dumps(trace.to_json()))).curve() == trace.curve()


@pytest.mark.slow
def test_without_a_truth_a_noisy_program_is_worth_a_mean(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    task = make_task({"score.py": NOISY})
    evaluator = contest("evaluation").Evaluator(task, tmp_path / "scoring")
    assert evaluator.is_noisy()
    assert evaluator.worth(task.editable, True) == pytest.approx(1.5, abs=0.25)


def test_what_one_candidate_built_is_not_there_for_the_next(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    """As `make` would not build again where only flags have changed."""
    score = "print('{\"score\": ' + open('made').read().strip() + open('note').read().strip() + '}')\n"
    files = {"program.py": "print(2)\n", "score.py": score, "note": "\n"}
    build = "build: test -e made || python3 -S program.py > made; grep -q 7 note && exit 1; echo 7 > note\n"
    task = make_task(files, build)
    evaluator = contest("evaluation").Evaluator(task, tmp_path / "scoring")
    assert evaluator.score({"program.py": b"print(3)\n"}) == 37.0
    assert evaluator.score({"program.py": b"print(4)\n"}) == 47.0


# Methods


def test_rivals_search_the_space_that_tune_finds(make_task: Make, contest: Make, tmp_path: Path) -> None:
    program = "x = 1.0  # kapso: 0.1..10 log\nway = 'a'  # kapso: a|b\n"
    space = contest("space").Space(make_task({"program.py": program}))
    values = [
        (each.name, each.value(each.low), each.value(each.high), each.choices) for each in space.parameters
    ]
    assert values == [
        ("program.py:x", pytest.approx(0.1), pytest.approx(10.0), 0),
        ("program.py:way", "a", "b", 2),
    ]
    start = {each.name: each.start for each in space.parameters}
    assert space.files(start) == {"program.py": program.encode()}
    moved = space.files({**start, "program.py:way": 1})["program.py"].decode()
    assert moved == program.replace("'a'", "'b'")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["random", "tpe", "edits"])
def test_a_rival_spends_its_budget_and_repeats_with_its_seed(
    make_task: Make, contest: Make, tmp_path: Path, method: str
) -> None:
    program = "one = 1.0  # kapso: 0..10\nx = one + one * one - one\n"
    task = make_task({"program.py": program})
    run = contest("methods").METHODS[method].run
    first, again, other = (run(task, seed, 8, tmp_path / f"{n}") for n, seed in enumerate((1, 1, 2)))
    assert first.evaluations == 8 and first.final > first.start == -4.0
    assert first == again
    assert first != other


def test_who_only_tunes_does_not_apply_where_nothing_is_to_tune(
    make_task: Make, contest: Make, tmp_path: Path
) -> None:
    files = {"program.py": "x = int('1')\n"}
    assert contest("samplers").run_random(make_task(files), 1, 4, tmp_path / "scoring") is None


# Tables and plot


def traces_of(contest: Make, method: str, worths: list[float]) -> list[Any]:
    """One trace a worth, which is reached after the second of four evaluations."""
    make = contest("trace").Trace
    return [
        make("hill", method, seed, 4, -4.0, [(2, worth)], worth, 4, {"baseline": 2, "confirmation": 3}, 1.5)
        for seed, worth in enumerate(worths, 1)
    ]


def test_the_page_says_who_is_first_and_what_was_left_out(make_task: Make, contest: Make) -> None:
    ours = [-0.1 - n / 1000 for n in range(10)]
    task = make_task({"bench.toml": "best = 0.0"})
    traces = [
        *traces_of(contest, "kapso", ours),
        *traces_of(contest, "tpe", [-2.0 - n / 1000 for n in range(10)]),
        *traces_of(contest, "random", [*ours[::-1]]),
    ]
    page = contest("table").page(
        [contest("statistics").board_of(task, traces)], traces, "the command", "x.svg"
    )
    assert "By area, Kapso is first on 0 tasks, tied for first on 1, behind on 0" in page
    assert re.search(r"\| Optuna TPE \| 1 \| \+0\.3\d+ \[.*\| 1, 0, 0 \|", page)
    assert re.search(r"\| random search \| 1 \| .* \| 0, 1, 0 \|", page)
    assert "Did not take part: Optuna CMA-ES, random edits, Magpie." in page
    assert "| Kapso | 2.0 | 3.0 | 4.0 | 1.5 |" in page
    assert "-4 → 0 |" in page and "the command" in page


def test_the_plot_is_sound_and_leaves_out_what_is_level(make_task: Make, contest: Make) -> None:
    task = make_task({"bench.toml": "best = 0.0"})
    board = contest("statistics").board_of(task, traces_of(contest, "kapso", [-2.0, -2.0]))
    root = ElementTree.fromstring(contest("plot").svg([board]))
    lines = [each.get("points") for each in root.iter("{http://www.w3.org/2000/svg}polyline")]
    width, high = contest("plot").WIDE, contest("plot").HIGH
    floor, half = f"{high:.1f}", f"{high / 2:.1f}"
    drawn = f"0,{floor} {width / 4:.0f},{floor} {width / 2:.0f},{half} {width},{half}"
    assert lines[1:] == [drawn]  # the first one is the legend's


# All of it


def run_search(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / "search.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_a_campaign_goes_on_where_it_was_cut_off(make_task: Make, tmp_path: Path) -> None:
    make_task({})
    out = tmp_path / "out"
    given = ("--tasks", tmp_path / "hill", "--attempts", "4", "--seeds", "2", "--out", out)
    first = run_search(*given, "--methods", "kapso,random,magpie")
    assert first.returncode == 0, first.stderr
    assert "Magpie is left out: give its archive" in first.stderr
    assert "0 of 4 traces are known" in first.stderr
    lines = (out / "search.jsonl").read_text().splitlines()
    assert len(lines) == 4
    kapso = next(given for given in map(json.loads, lines) if given["method"] == "kapso")
    assert kapso["evaluations"] == 4 and kapso["extra"]["baseline"] >= 2 and kapso["final"] > -4
    (out / "search.jsonl").write_text("\n".join(lines[:3]) + "\n" + lines[3][:40])
    second = run_search(*given, "--methods", "kapso,random")
    assert "3 of 4 traces are known" in second.stderr
    (tmp_path / "hill/program.py").write_text("x = 0.5  # kapso: 0..10\n")
    third = run_search(*given, "--methods", "random")
    assert "0 of 2 traces are known" in third.stderr
    lines = (out / "search.jsonl").read_text().splitlines()
    assert len(lines) == 4, "what was made of the old program by `random` is gone"
    (tmp_path / "hill/program.py").write_text("x = 1.0  # kapso: 0..10\n")
    assert run_search(*given, "--methods", "random").returncode == 0
    assert run_search(*given, "--methods", "kapso,random", "--tables").returncode == 0
    page = (out / "search.md").read_text()
    assert re.search(r"\| \*\*hill\*\*: Find x \| -4 → ", page) and "search.svg" in page
    assert (out / "search.svg").read_text().count("<polyline") == 4


@pytest.mark.slow
def test_wrong_options_are_named(tmp_path: Path) -> None:
    assert "no method is called nobody" in run_search("--methods", "nobody").stderr
    assert "no task is called nothing" in run_search("--only", "nothing").stderr
    assert "no goal.yaml in or below" in run_search("--tasks", tmp_path).stderr
