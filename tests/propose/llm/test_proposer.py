"""The proposer `llm` in whole runs against a model on loopback, and what it decides before it asks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kapso
from kapso.attempt import Attempt, Outcome, now
from kapso.git.repository import Repository
from kapso.goal import Goal, parse_goal
from kapso.goal.authors import LlmOptions
from kapso.goal.protection import Editable
from kapso.loop.workspace import EditableIndex
from kapso.propose.author import Author
from kapso.propose.llm.proposer import Llm
from kapso.propose.prompts import count_tokens
from kapso.propose.protocol import Context
from tests.scripted.server import Answer, Request, ScriptedServer

PROGRAM = "def value():\n    return 1\n\n\nprint(value())\n"
SCORER = "import json, sys\nprint(json.dumps({'score': float(open(sys.argv[1]).read())}))\n"
Started = Callable[..., kapso.Run]


def swap(old: str, new: str, path: str = "pack.py") -> str:
    return f"{path}\n<<<<<<< SEARCH\n    return {old}\n=======\n    return {new}\n>>>>>>> REPLACE\n"


def told(edit: str, title: str = "a change") -> str:
    return f"Title: {title}\nWhat: it returns more.\nWhy: more is better.\nExpect: score rises\n\n{edit}"


@pytest.fixture
def started(make_repository: Callable[..., Path]) -> Started:
    """`started(llm, attempts)`: a run of the program with that `llm:` as its only proposer, to its end."""

    def make(llm: str, attempts: int = 1, more: str = "", **overrides: Any) -> kapso.Run:
        goal = (
            "name: demo\nobjective: return much\nedit: ['*.py']\nrun: python pack.py > $KAPSO_OUT/value\n"
            f"evaluate: python evaluate.py $KAPSO_OUT/value\npropose: [{{llm: {llm}}}]\n"
            f"search: {{policy: greedy, parallel: 1}}\nbudget: {{attempts: {attempts}}}\n{more}"
        )
        root = make_repository({"pack.py": PROGRAM, "evaluate.py": SCORER, "goal.yaml": goal})
        return kapso.run(root / "goal.yaml", **overrides)

    return make


def model(server: ScriptedServer, more: str = "", name: str = "scripted") -> str:
    return f'{{model: "openai:{name}", base_url: "{server.openai_url}", max_tokens: 500{more}}}'


@pytest.mark.slow
def test_what_models_get_wrong_costs_no_attempt(started: Started, scripted: ScriptedServer) -> None:
    scripted.say(
        told(
            f"{swap('1', '2')}\nevaluate.py\n```python\nprint('{{\"score\": 99}}')\n```\n", "and the scorer"
        ),
        # It crashes, and the repair is written against the program as it was.
        told(swap("2", "nothing")),
        told(swap("2", "3"), "three"),
        Answer(told(swap("3", "4"))[:-20], finish="length", output_tokens=500),
        told(swap("3", "4"), "four"),
        # What is tried again is told; new lines and comments are nothing new.
        told(swap("4", "3  # again")),
        told(swap("4", "5"), "five"),
    )
    run = started(model(scripted), 4, "holdout: python evaluate.py $KAPSO_OUT/value\n")
    attempts = [run.attempts()[number] for number in range(1, 5)]
    assert [(each.score, each.title) for each in attempts] == [
        (2, "and the scorer"),
        (3, "three"),
        (4, "four"),
        (5, "five"),
    ]
    assert "Not taken over: `evaluate.py` may not be changed" in attempts[0].hypothesis
    assert attempts[0].parameters == {"model": "openai:scripted"}
    prompts = [request.messages[-1][1] for request in scripted.requests]
    assert "NameError" in prompts[2]
    assert "cut off after 500 tokens" in prompts[4]
    assert "the same program as attempt 2, which scored 3" in prompts[6]
    # Neither the scorer nor that there is a hold-out is ever shown.
    assert not any(re.search(r"sys\.argv|holdout|hold-out", each.prompt) for each in scripted.requests)


def test_what_is_hidden_is_not_told_by_an_error_either(
    make_repository: Callable[..., Path], scripted: ScriptedServer
) -> None:
    goal = (
        "objective: return much\nedit: ['**']\nhide: [evaluate.py, answers/]\n"
        "run: python pack.py > $KAPSO_OUT/value\nevaluate: python evaluate.py $KAPSO_OUT/value\n"
        f"propose: [{{llm: {model(scripted)}}}]\nsearch: {{parallel: 1}}\nbudget: {{attempts: 1}}\n"
    )
    files = {"pack.py": PROGRAM, "evaluate.py": SCORER, "answers/a.txt": "the answer is 4242\n"}
    root = make_repository({**files, "goal.yaml": goal})
    scripted.say(
        "answers/a.txt\n<<<<<<< SEARCH\nthe answer is\n=======\nx\n>>>>>>> REPLACE\n",
        "--- a/answers/a.txt\n+++ b/answers/a.txt\n@@ -1 +1 @@\n-the answer is 4\n+x\n",
        told(swap("1", "2")),
    )
    kapso.run(root / "goal.yaml")
    assert len(scripted.requests) == 3
    assert all("4242" not in each.prompt for each in scripted.requests)
    assert "`hide` keeps it" in scripted.requests[1].prompt


@pytest.mark.slow
def test_a_cheap_model_has_the_idea_and_another_writes(started: Started, scripted: ScriptedServer) -> None:
    scripted.models = ["thinker", "writer"]

    def respond(request: Request) -> str:
        if request.model == "thinker":
            return "Title: return seven\nWhat: value() returns 7\nWhy: 7 > 1\nExpect: score 7"
        return swap("1", "7")

    scripted.respond = respond
    run = started(f"{{ideate: {model(scripted, '', 'thinker')}, edit: {model(scripted, '', 'writer')}}}")
    attempt = run.attempts()[1]
    assert (attempt.score, attempt.title) == (7, "return seven")
    assert attempt.hypothesis == "value() returns 7\nWhy: 7 > 1\nExpect: score 7"
    assert [request.model for request in scripted.requests] == ["thinker", "writer"]
    assert "value() returns 7" in scripted.requests[1].prompt
    assert "SEARCH" not in scripted.requests[0].prompt
    assert "# Now" in scripted.requests[0].prompt and "# Now" not in scripted.requests[1].prompt


@pytest.mark.slow
def test_an_idea_that_is_refused_is_not_carried_out(started: Started, scripted: ScriptedServer) -> None:
    scripted.say(Answer("I can't help with that.", finish="refusal"), told(swap("1", "2")))
    run = started(f"{{ideate: {model(scripted)}, edit: {model(scripted)}}}")
    assert run.best is not None and run.best.score == 2
    assert "The idea to carry out" not in scripted.requests[1].prompt


@pytest.mark.parametrize("is_mended", [True, False])
@pytest.mark.slow
def test_an_idea_that_is_cut_off_is_not_carried_out(
    started: Started, scripted: ScriptedServer, is_mended: bool
) -> None:
    half = Answer("Title: return seven\nWhat: value() must not", finish="length", output_tokens=500)
    whole = "Title: return two\nWhat: value() returns 2\nWhy: 2 > 1\nExpect: score 2"
    scripted.say(half, whole if is_mended else half, told(swap("1", "2")))
    run = started(f"{{ideate: {model(scripted)}, edit: {model(scripted)}}}")
    assert run.best is not None and run.best.score == 2
    again, edit = (request.prompt for request in scripted.requests[1:])
    assert "cut off after 500 tokens" in again and "must not" not in again
    assert "must not" not in edit and ("value() returns 2" in edit) == is_mended


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "more", "most"), [("scripted", ", context_tokens: 2400", 2400), ("gpt-4", "", 8192 - 500)]
)
def test_a_repair_stays_within_what_the_model_takes(
    started: Started, scripted: ScriptedServer, name: str, more: str, most: int
) -> None:
    """As the goal says, or as the list of models knows its window."""
    scripted.models = [name]
    scripted.say("I think about it at length.\n" * 2000, told(swap("1", "2")))
    run = started(model(scripted, more, name))
    assert run.attempts()[1].score == 2
    sizes = [sum(count_tokens(text) for _, text in request.messages) for request in scripted.requests]
    assert max(sizes) <= most
    assert "I think about it" in scripted.requests[1].prompt


# What is decided before anything is asked


def made(root: Path, llm: str) -> tuple[Llm, Goal]:
    goal = parse_goal(
        f"objective: x\nedit: ['*.py']\nevaluate: python evaluate.py\npropose: [{{llm: {llm}}}]\n",
        root / "goal.yaml",
    )
    repository = Repository.open(root)
    index = EditableIndex(repository, repository.resolve("HEAD"), Editable.of(goal, ""))
    options = goal.propose[0].options
    assert isinstance(options, LlmOptions)
    return Llm(goal, options, index.files), goal


def context(llm: Llm, goal: Goal, root: Path, seed: int) -> Context:
    commit = Repository.open(root).resolve("HEAD")
    base = Attempt(
        "demo-0000", 0, "", commit, "", (), "baseline", "", "", Outcome.SCORED, now(), now(), score=1.0
    )
    return Context(goal, 1, [base], llm._read(commit), [base], seed)


def test_a_budget_that_pays_for_a_call_is_used(started: Started, scripted: ScriptedServer) -> None:
    """Though not for one with the longest prompt that there may be."""
    scripted.say(Answer(told(swap("1", "2")), input_tokens=1000, output_tokens=100))
    run = started(model(scripted, ", price: {input: 1.0, output: 4.0}"), cost=0.02)
    assert run.best is not None and run.best.score == 2


def test_models_are_drawn_by_seed_and_weight(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"pack.py": PROGRAM, "evaluate.py": SCORER})
    llm, goal = made(root, '[{model: "openai:a", weight: 3}, {model: "openai:b"}]')
    ideas = [llm.ideate(context(llm, goal, root, seed)) for seed in range(60)]
    drawn = Counter(idea.parameters["model"] for idea in ideas)
    assert drawn.keys() == {"openai:a", "openai:b"} and drawn["openai:a"] > 30
    assert llm.ideate(context(llm, goal, root, 7)) == ideas[7]
    assert json.loads(json.dumps(ideas[7].details)) == ideas[7].details


def test_it_is_an_author_and_knows_whose_machine_it_keeps_busy(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"pack.py": PROGRAM, "evaluate.py": SCORER})
    here, _ = made(root, '{model: "openai:a", base_url: "http://127.0.0.1:9/v1"}')
    away, _ = made(root, '{model: "openai:gpt-5-mini", max_tokens: 100}')
    assert isinstance(here, Author) and here.works_here and not away.works_here
    assert away.is_paid and not here.is_paid
    assert here.most_cost is None and away.most_cost is not None
    assert here.why_nothing({}) is not None and here.why_nothing({"a": b""}) is None
