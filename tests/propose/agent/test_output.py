"""What is read from what agents print: their last message, cost and tokens, and a line for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kapso.propose.agent.output import Said, last_lines, read_output


def lines(*events: dict[str, Any] | str) -> str:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in events) + "\n"


USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 30,
    "output_tokens": 5,
}
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "total_cost_usd": 0.25,
    "usage": USAGE,
    "result": "Done.",
}
RETRY = {"type": "system", "subtype": "api_retry", "error": "overloaded", "error_status": 529}

SESSIONS = {
    "claude, one object": (lines(RESULT), Said("Done.", 0.25, 60, 5)),
    "claude, indented": (json.dumps(RESULT, indent=2), Said("Done.", 0.25, 60, 5)),
    "claude, a stream": (
        lines({"type": "system", "subtype": "init", "model": "sonnet"}, RETRY, {"type": "assistant"}, RESULT),
        Said("Done.", 0.25, 60, 5, "sonnet"),
    ),
    "claude, its own limit": (
        lines({**RESULT, "subtype": "error_max_budget_usd", "is_error": True, "result": None}),
        Said("", 0.25, 60, 5, None, "error_max_budget_usd"),
    ),
    "claude, cut off while it waits": (lines(RETRY), Said(error="overloaded (status 529)")),
    "codex": (
        lines(
            {"type": "thread.started"},
            {"type": "error", "message": "Reconnecting... 1/5"},
            {"type": "item.completed", "item": {"type": "agent_message", "text": "I start"}},
            {"type": "item.completed", "item": {"type": "command_execution", "command": "ls"}},
            {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
            {"type": "turn.completed", "usage": {"input_tokens": 7, "output_tokens": 3}},
        ),
        Said("Done.", None, 7, 3),
    ),
    "codex, failed": (
        lines({"type": "turn.failed", "error": {"message": "401 Unauthorized"}}),
        Said(error="401 Unauthorized"),
    ),
    "gemini": (
        lines(
            "YOLO mode is enabled.",
            {"type": "init", "model": "pro"},
            {"type": "message", "role": "user", "content": "the prompt"},
            {"type": "message", "role": "assistant", "content": "Let me", "delta": True},
            {"type": "tool_use", "tool_name": "shell", "parameters": {"command": "ls"}},
            {"type": "message", "role": "assistant", "content": "Do", "delta": True},
            {"type": "message", "role": "assistant", "content": "ne.", "delta": True},
            {"type": "result", "status": "success", "stats": {"input_tokens": 7, "output_tokens": 3}},
        ),
        Said("Done.", None, 7, 3, "pro"),
    ),
    "gemini, one object": (
        json.dumps(
            {
                "session_id": "x",
                "response": "Done.",
                "stats": {"models": {"pro": {"tokens": {"prompt": 7, "candidates": 3}}}},
            },
            indent=2,
        ),
        Said("Done.", None, 7, 3),
    ),
    "opencode": (
        lines(
            {"type": "text", "part": {"text": "I start"}},
            {"type": "step_finish", "part": {"cost": 0.5, "tokens": {"input": 1, "output": 2}}},
            {"type": "text", "part": {"text": "Done."}},
            {
                "type": "step_finish",
                "part": {"cost": 0.25, "tokens": {"input": 1, "output": 2, "cache": {"read": 5, "write": 1}}},
            },
        ),
        Said("Done.", 0.75, 8, 4),
    ),
    "opencode, failed": (
        lines({"type": "error", "error": {"name": "APIError", "data": {"message": "no such key"}}}),
        Said(error="no such key"),
    ),
    "aider": (
        lines(
            "Aider v0.86.2",
            "Done.",
            "Tokens: 2.1k sent, 27 received. Cost: $0.0054 message, $0.0054 session.",
            "Applied edit to a.py",
            "Tokens: 1,200 sent, 1k cache hit, 3 received. Cost: $0.0006 message, $0.0060 session.",
        ),
        Said("Done.", 0.006, 3300, 30),
    ),
    "aider, failed": (
        lines("litellm.AuthenticationError: no such key", "Check your API key."),
        Said("Check your API key.", error="AuthenticationError: no such key"),
    ),
    "plain text": ("first\nlast\n", Said("first\nlast")),
    "nothing": ("", Said()),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_read(name: str) -> None:
    text, said = SESSIONS[name]
    assert read_output(text) == said


@pytest.mark.parametrize(
    "event",
    [
        {"type": "result", "total_cost_usd": "a lot", "usage": [], "result": {"x": 1}},
        {"type": "result", "total_cost_usd": -1, "usage": {"input_tokens": 1e300}},
        {"type": "step_finish", "part": {"cost": True, "tokens": "many"}},
        {"type": "turn.completed", "usage": None},
        {"type": "assistant", "message": {"content": "text"}},
        {"type": "assistant", "message": {"content": [None, 3]}},
        {"type": "result", "stats": 3, "error": []},
        {"type": ["x"], "item": 1, "part": 2},
        {"response": "x", "session_id": 1, "stats": {"models": {"a": 3}}},
    ],
)
def test_whatever_is_odd_tells_nothing(event: dict[str, Any]) -> None:
    said = read_output(lines(event))
    assert (said.cost, said.input_tokens) == (None, None)
    last_lines(lines(event), 3)


def test_hostile_text_is_no_figure() -> None:
    deep = "[" * 100_000
    assert read_output(f'{{"type": {deep}\nTokens: ...k sent, .M received.\n').cost is None


def test_the_last_lines_are_for_people() -> None:
    text = lines(
        {"type": "system", "subtype": "init"},
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "I\nlook"}]}},
        {
            "type": "assistant",
            "message": {"content": [{"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}]},
        },
        {"type": "item.completed", "item": {"type": "command_execution", "command": "make"}},
        {"type": "tool_use", "part": {"tool": "edit", "state": {"input": {"path": "a.py"}}}},
        "plain",
        RESULT,
    )
    assert last_lines(text, 10) == ["I look", "[Bash] ls", "make", "[edit] a.py", "plain", "Done."]
    assert last_lines(text, 2) == ["plain", "Done."]
