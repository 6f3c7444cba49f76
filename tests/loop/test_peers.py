"""Programs in the conventions of OpenEvolve and ShinkaEvolve, and goals without a file, from end to end."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, now, rfc3339
from kapso.evaluate.evaluator import Place
from kapso.evaluate.identity import identity_parts
from kapso.git import landing
from kapso.git.repository import Repository
from kapso.goal import load_goal, parse_goal
from kapso.loop.baseline import land_baseline
from kapso.loop.checkup import examine
from kapso.loop.run_folder import RunFolder
from kapso.loop.setting import open_run, settle
from kapso.loop.steps import AttemptSteps
from kapso.propose.protocol import Context, Files, Idea, Workspace

Demo = Callable[..., Any]
MakeRepository = Callable[..., Path]

EVOLVED = """\
SCALE = 4.0
# EVOLVE-BLOCK-START
STEP = 1.0
START = 2.0
# EVOLVE-BLOCK-END
OFFSET = 8.0


def solve():
    return [START + STEP * i for i in range(4)], SCALE, OFFSET
"""
EVALUATOR = """\
import importlib.util
from openevolve.evaluation_result import EvaluationResult


def evaluate(program_path):
    spec = importlib.util.spec_from_file_location("candidate", program_path)
    candidate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(candidate)
    values, scale, offset = candidate.solve()
    assert (scale, offset) == (4.0, 8.0)
    error = sum((value - 3.0 * i) ** 2 for i, value in enumerate(values))
    return EvaluationResult(
        metrics={"combined_score": 1.0 / (1.0 + error), "error": error}, artifacts={"values": str(values)}
    )


def evaluate_stage1(program_path):
    raise RuntimeError("cascades are not called")
"""
FUNCTION = """\
objective: Hit the multiples of three.
edit: [initial_program.py]
evaluate: {python: "evaluator.py:evaluate", program: initial_program.py}
metrics: {combined_score: maximize, error: minimize}
propose: [tune]
budget: {attempts: 9}
"""
OPENEVOLVE = {"initial_program.py": EVOLVED, "evaluator.py": EVALUATOR, "goal.yaml": FUNCTION}

SCORER = """\
import argparse, importlib.util, json, os

parser = argparse.ArgumentParser()
parser.add_argument("--program_path", default="initial.py")
parser.add_argument("--results_dir", default="results")
given = parser.parse_args()
spec = importlib.util.spec_from_file_location("program", given.program_path)
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
size = program.run()
is_correct = size <= 7.0
metrics = {
    "combined_score": size if is_correct else 0.0,
    "public": {"size": size, "note": "larger is better"},
    "private": {"limit": 7.0, "answer": "k4psO"},
}
os.makedirs(given.results_dir, exist_ok=True)
for name, content in (("metrics", metrics), ("correct", {"correct": is_correct, "error": "too large"})):
    with open(os.path.join(given.results_dir, name + ".json"), "w") as file:
        json.dump(content, file, indent=2)
print(json.dumps({"combined_score": 1000}))
"""
FILE = """\
objective: Grow, but not beyond the limit.
edit: [initial.py]
evaluate:
  command: python3 evaluate.py --program_path initial.py --results_dir $KAPSO_OUT/results
  program: initial.py
  result: $KAPSO_OUT/results/metrics.json
metrics: {combined_score: maximize}
propose: [tune]
budget: {attempts: 8}
"""
SHINKA = {
    "initial.py": "# EVOLVE-BLOCK-START\nSIZE = 2.0\n\n\ndef run():\n    return SIZE\n# EVOLVE-BLOCK-END\n",
    "evaluate.py": SCORER,
    "goal.yaml": FILE,
}


def test_an_evaluator_function_runs_as_it_is(demo: Demo) -> None:
    kapso = demo(extra=OPENEVOLVE)
    kapso("run", check=0)
    attempts = kapso.json("ls", "demo")
    assert max(each["score"] for each in attempts) > attempts[0]["score"] and len(attempts) == 10
    for attempt in attempts[1:]:
        text = kapso.git("show", f"{attempt['branch']}:initial_program.py")
        before, _, rest = text.partition("# EVOLVE-BLOCK-START\n")
        assert before == "SCALE = 4.0\n" and rest.partition("# EVOLVE-BLOCK-END\n")[2].startswith(
            "OFFSET = 8.0\n"
        )
        assert attempt["outcome"] == "scored", attempt["reason"]
    [shown] = kapso.json("show", "best")
    assert shown["stages"][0]["command"] == "python3 evaluator.py:evaluate initial_program.py"
    assert shown["feedback"].startswith("values: [") and shown["metrics"]["error"] < 30


@pytest.mark.slow
def test_a_result_file_runs_as_it_is(demo: Demo) -> None:
    kapso = demo(extra=SHINKA)
    kapso("run", check=0)
    attempts = kapso.json("ls", "demo")
    assert attempts[0]["score"] == 2.0 < max(each["score"] or 0 for each in attempts) <= 7.0
    wrong = [each for each in attempts if each["outcome"] != "scored"]
    assert wrong and all(each["outcome"] == "invalid" and each["score"] is None for each in wrong)
    assert all("the program is not correct: too large" in each["reason"] for each in wrong)
    assert attempts[0]["metrics"]["public.size"] == 2.0
    assert not any(name.startswith("private") for each in attempts for name in each["metrics"])
    [shown] = kapso.json("show", "best")
    assert shown["feedback"] == "public.note: larger is better"


def test_the_check_up_says_who_judges_and_which_metric_was_meant(make_repository: MakeRepository) -> None:
    root = make_repository({**OPENEVOLVE, "goal.yaml": FUNCTION.replace("combined_score: max", "score: max")})
    goal = parse_goal((root / "goal.yaml").read_text(), root / "goal.yaml")
    findings = list(examine(goal))
    said = [each.says for each in findings if each.what == "judge"]
    assert said[0].startswith("together: the scorer runs the candidate itself, which can forge its score")
    assert said[1] == "`evaluator.py:evaluate` judges `initial_program.py`, called by `python3`"
    error = findings[-1].error
    assert error is not None and "(the scorer gave `combined_score`, `error`)" in error.message
    assert error.help == "name what counts: `metrics: {combined_score: maximize}`"


def test_the_identity_of_an_evaluation_covers_how_it_is_judged(make_repository: MakeRepository) -> None:
    root = make_repository({"a.py": "", "b.py": "", "e.py": ""})
    repository = Repository.open(root)
    base = repository.resolve("HEAD")

    def part(evaluate: str) -> Any:
        goal = parse_goal(f"{{objective: x, edit: [a.py, b.py], evaluate: {evaluate}}}", root / "goal.yaml")
        return json.dumps(identity_parts(goal, repository, base)["evaluate"])

    shapes = [
        "python e.py",
        "{command: python e.py, result: $KAPSO_OUT/a.json}",
        "{command: python e.py, result: $KAPSO_OUT/b.json}",
        "{command: python e.py, program: a.py}",
        "{python: 'e.py:evaluate', program: a.py}",
        "{python: 'e.py:evaluate', program: b.py}",
        "{python: 'e.py:other', program: b.py}",
    ]
    assert len({part(shape) for shape in shapes}) == len(shapes)
    assert part(shapes[0]) == '["python e.py", 300.0]'  # as it was before there were other shapes


class Rogue:
    """A proposer that writes what it is told to, wherever that is."""

    name = "rogue"

    def why_nothing(self, files: Files) -> str | None:
        return None

    def ideate(self, context: Context) -> Idea | None:
        return Idea("anything")

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        for path, text in idea.details.items():
            workspace[path] = text.encode()

    def observe(self, attempt: Attempt) -> None:
        pass


def test_an_edit_outside_the_blocks_is_no_attempt_whoever_makes_it(
    make_repository: MakeRepository, tmp_path: Path
) -> None:
    root = make_repository(OPENEVOLVE)
    setting = settle(load_goal(root), say=print)
    folder = RunFolder(tmp_path / "state", "demo-0000")
    with folder.lock(), open_run(setting, "demo-0000", folder, None, print) as run:
        run.evaluator.prepare(Place(run.name, 0, 0), run.cancel)
        land_baseline(run, print)
        run.proposers = [Rogue()]

        def edit(number: int, text: str) -> Any:
            idea = dataclasses.asdict(Idea("anything", details={"initial_program.py": text}))
            state = {"number": number, "chosen": [0], "parents": [0], "known": {}, "started": rfc3339(now())}
            return AttemptSteps(run).edit({**state, "proposer": "rogue", "idea": idea})  # type: ignore[typeddict-item]

        outside = edit(1, EVOLVED.replace("8.0", "9.0"))
        assert outside == {"idea": None, "known": {"rogue": [0]}}
        assert edit(1, EVOLVED.replace("# EVOLVE-BLOCK-END\n", ""))["idea"] is None
        assert landing.pending(run.repository, run.name) == {}
        assert edit(1, EVOLVED.replace("2.0", "9.0"))["candidate"]


SCORE = 'import json, params\nprint(json.dumps({"gap": abs(params.X - 3) + abs(params.Y - 20)}))\n'
PROGRAM = {"sub/params.py": "X = 1.0\nY = 5.0\n", "sub/score.py": SCORE}
OPTIONS = ("--edit", "params.py", "--evaluate", "python3 score.py", "--metric", "gap=minimize")


@pytest.fixture
def plain(demo: Demo) -> Any:
    """A folder without a goal."""
    kapso = demo(extra=PROGRAM)
    kapso.root = kapso.root / "sub"
    return kapso


@pytest.mark.slow
def test_a_run_without_a_goal_file_goes_on_later(plain: Any) -> None:
    done = plain("run", *OPTIONS, "--attempts", "5", "--propose", "tune", check=0)
    assert "confirmed" in done.stdout
    [run] = plain.json("ls")
    assert run["goal"] == "sub" and run["objective"] == "minimize gap, as `python3 score.py` measures it"
    assert run["best_score"] < run["baseline"] == 17.0
    assert plain.git("status", "--porcelain") == ""
    plain.root = plain.root.parent  # from elsewhere in the repository
    plain("resume", "--attempts", "6", check=0)
    assert len(plain.json("ls", run["run"])) == 7


def test_a_goal_yaml_beside_options_is_not_read(plain: Any) -> None:
    (plain.root / "goal.yaml").write_text("no goal at all")
    done = plain("run", *OPTIONS[:4], "--metric", "gpa=minimize")
    assert "the goal.yaml here is not used" in done.stderr
    assert done.returncode == 4 and "`--metric gap=minimize`" in done.stderr
