"""What a run sends to a model: the hints, never what is hidden; and `show --prompt` tells it exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.scripted.server import Request, ScriptedServer

Demo = Callable[..., Any]
GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json, "notes/**"]
hide: [score.sh, held.sh, notes/answer.txt]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
holdout: sh held.sh $KAPSO_OUT/params.json
prompts: mine
search: {parallel: 1, policy: greedy}
budget: {attempts: 3}
"""
HELD = """echo '{"score": 0.424242}'\n"""


@pytest.fixture
def run(demo: Demo, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run of three attempts; a hint is given while the model writes the second one."""
    monkeypatch.setenv("SCRIPTED_KEY", "k-secret-0123")
    monkeypatch.setenv("DEPLOY_TOKEN", "t-secret-0123")
    llm = (
        f'{{llm: {{model: "openai:scripted", base_url: "{scripted.openai_url}", api_key_env: SCRIPTED_KEY}}}}'
    )
    kapso = demo(
        f"propose: [{llm}]\n",
        {
            "held.sh": HELD,
            "notes/answer.txt": "x is 3, says the answer\n",
            "notes/plan.txt": "the token is t-secret-0123\n",
            "mine/angle.md.j2": "An angle of my own.\n",
        },
        base_goal=GOAL,
    )

    def respond(request: Request) -> str:
        number = len(scripted.requests)
        if number == 2:
            kapso("steer", "demo", "Look at y.", check=0)
        return (
            f"Title: try {number}\nWhat: w\nWhy: y\nExpect: score up\n\n"
            f'params.json\n```json\n{{"x": {number}, "y": {10 * number}}}\n```\n'
        )

    scripted.respond = respond
    kapso("run", check=0)
    return kapso


def test_a_run_sends_what_it_shows_and_nothing_that_is_hidden(run: Any, scripted: ScriptedServer) -> None:
    assert len(scripted.requests) == 3
    for number, request in enumerate(scripted.requests, start=1):
        for secret in (
            "k-secret",
            "t-secret",
            "says the answer",
            "awk",
            "held.sh",
            "0.424242",
            "Authorization",
        ):
            assert secret not in request.prompt, secret
        assert "An angle of my own." in request.prompt
        assert "the token is <DEPLOY_TOKEN>" in request.prompt
        [call] = run.json("show", "demo", str(number), "--prompt")
        sent = [(each["role"], each["content"]) for each in call["request"]["messages"]]
        assert sent == list(request.messages)
        assert f"Title: try {number}" in call["reply"]["text"]
    heard = ["Look at y." in request.prompt for request in scripted.requests]
    assert heard == [False, False, True]
    assert "try 1" in scripted.requests[1].prompt and "score" in scripted.requests[1].prompt
    assert "Look at y." in run("show", "demo").stdout
    assert run.json("show", "demo", "2")[0]["holdout"]["metrics"] == {"score": 0.424242}


def test_a_mistake_in_a_template_is_found_before_anything_is_written(demo: Demo) -> None:
    extra = {"held.sh": HELD, "notes/answer.txt": "", "mine/task.md.j2": "{{ nope }}\n"}
    kapso = demo("propose: [tune]\n", extra, base_goal=GOAL)
    said = kapso("run", check=2).stderr
    assert "error[bad-template]" in said and "--> mine/task.md.j2:1" in said
    assert kapso.git("for-each-ref", "refs/kapso") == ""
