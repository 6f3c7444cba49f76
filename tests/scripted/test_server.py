"""The scripted model itself, streamed as coding agents ask it, and its faults as they are on the wire."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.scripted.server import Answer, ScriptedServer, cut_off, rate_limited

HI = {"model": "scripted", "messages": [{"role": "user", "content": "hi"}]}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", HI),
    "anthropic": ("/v1/messages", HI),
    "google": (
        "/v1beta/models/scripted:streamGenerateContent?alt=sse",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
}


def post(server: ScriptedServer, path: str, body: Any) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", path, json.dumps(body), {"Authorization": "Bearer k"})
    return connection.getresponse()


@pytest.mark.parametrize("protocol", CALLS)
def test_an_answer_as_a_stream_of_events(protocol: str, scripted: ScriptedServer) -> None:
    path, body = CALLS[protocol]
    scripted.say(Answer("two halves", input_tokens=3, output_tokens=4))
    response = post(scripted, path, {**body, "stream": True})
    assert response.getheader("Content-Type") == "text/event-stream"
    text = response.read().decode()
    assert '"two h"' in text and '"alves"' in text
    assert scripted.requests[0].messages == (("user", "hi"),)
    assert scripted.billed == [(3, 4)] and scripted.cost(1.0, 4.0) == pytest.approx(19e-6)


def test_faults(scripted: ScriptedServer) -> None:
    scripted.say(rate_limited(7), cut_off(at=10))
    limited = post(scripted, *CALLS["openai"])
    assert (limited.status, limited.getheader("Retry-After")) == (429, "7")
    with pytest.raises(http.client.IncompleteRead):
        post(scripted, *CALLS["openai"]).read()
    assert post(scripted, *CALLS["openai"]).status == 400  # nothing is left to say
    assert len(scripted.billed) == 1
