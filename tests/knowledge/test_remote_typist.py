"""A model behind an endpoint types what is learnt, where the environment names one."""

from __future__ import annotations

import json

import pytest

from kapso_knowledge import KnowledgeError
from kapso_knowledge.learning import learn
from kapso_knowledge.remote_typist import chosen
from kapso_knowledge.sources import Surroundings, parse
from tests.knowledge.conftest import Shelf
from tests.scripted.server import ScriptedServer


def test_the_environments_model_is_asked_and_heard(
    around: Surroundings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    (around.base / "a.md").write_text("# Sums\n\nThe order of adding floats matters to the last digits.\n")
    with ScriptedServer() as server:
        server.say(json.dumps({"kinds": [{"passage": 1, "kind": "environment"}]}))
        monkeypatch.setenv("KAPSO_TYPIST", f"scripted@{server.openai_url}")
        monkeypatch.setenv("KAPSO_TYPIST_KEY", "hunter2")
        walked = learn(parse("a.md", around), shelf, typist=chosen())
        assert (walked.typed, [node.kind for node in shelf.nodes.values()]) == (1, ["environment"])
        assert "The order of adding floats" in server.requests[0].prompt
        assert learn(parse("a.md", around), shelf, typist=chosen()).same == 1
        assert len(server.requests) == 1


def test_a_model_that_is_down_stops_nothing(
    around: Surroundings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    (around.base / "a.md").write_text("# Sums\n\nThe order of adding floats matters to the last digits.\n")
    monkeypatch.setattr("kapso_knowledge.remote_typist._SECONDS", 0.5)
    monkeypatch.setenv("KAPSO_TYPIST", "scripted@http://127.0.0.1:9/v1")
    walked = learn(parse("a.md", around), shelf, typist=chosen())
    assert (walked.read, walked.typed, len(shelf.nodes)) == (1, 0, 1)


def test_a_name_of_no_model_is_a_mistake_with_a_remedy() -> None:
    assert chosen({}) is None
    with pytest.raises(KnowledgeError, match="`KAPSO_TYPIST=gpt` names no model and endpoint") as caught:
        chosen({"KAPSO_TYPIST": "gpt"})
    assert "gpt-5-mini@https://" in (caught.value.help or "")
