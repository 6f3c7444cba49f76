"""`kapso show --prompt`: what was sent and what came back, whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Kapso = Callable[..., Any]

CALL: dict[str, Any] = {
    "purpose": "edit",
    "request": {
        "model": "openai:gpt-5-mini",
        "max_tokens": 800,
        "messages": [
            {"role": "system", "content": "You improve programs.\n"},
            {"role": "user", "content": "Improve \x1b[2Jthis.\nNow.\n"},
        ],
    },
    "most_cost": 0.02,
    "sent": "2026-11-01T12:00:00.000Z",
    "reply": {
        "text": "Title: wider\n\tpack.py",
        "model": "gpt-5-mini-2026",
        "data": {},
        "input_tokens": 1234,
        "output_tokens": 56,
        "cost": 0.0031,
        "seconds": 4.2,
    },
    "error": None,
    "ended": "2026-11-01T12:00:04.200Z",
}


NEXT = {2: "\n--- user\nOne.\n", 10: "\n--- user\nTwo.\n"}


def more(call: Any, text: str) -> Any:
    """Its request, gone on."""
    request = call["request"]
    return {**request, "messages": [*request["messages"], {"role": "user", "content": text}]}


@pytest.fixture
def keep(packing: Any) -> Callable[..., None]:
    """`keep(attempt, place, call)`: a call as the loop keeps it."""

    def write(attempt: int, place: int, call: Any) -> None:
        folder = packing.repository.state_dir / "runs" / packing.run / "attempts" / f"{attempt:04d}" / "calls"
        folder.mkdir(parents=True, exist_ok=True)
        text = call if isinstance(call, str) else json.dumps(call)
        (folder / f"{place}.json").write_text(text)

    return write


def test_what_was_sent_and_answered_is_shown_whole(kapso: Kapso, keep: Callable[..., None]) -> None:
    keep(2, 1, CALL)
    again = {**CALL, "purpose": "repair", "reply": None, "request": more(CALL, "One.")}
    keep(2, 2, {**again, "error": "503, after 4 tries"})
    keep(2, 10, {**again, "request": more(again, "Two."), "ended": None})
    assert kapso("show", "--prompt").out == (
        "call 1: edit, gpt-5-mini-2026, 1,234 tokens in, 56 tokens out, $0.0031, 4.20s,"
        " sent 2026-11-01 12:00:00 UTC\n"
        "\n--- system\nYou improve programs.\n"
        "\n--- user\nImprove \\x1b[2Jthis.\nNow.\n"
        '\n--- settings\n{\n "model": "openai:gpt-5-mini",\n "max_tokens": 800\n}\n'
        "\n--- reply\nTitle: wider\n\tpack.py\n\n"
    ) + "".join(
        f"call {place}: repair, sent 2026-11-01 12:00:00 UTC\n"
        f"\n--- {'2 messages' if place == 2 else '3 messages'} as in call {1 if place == 2 else 2}\n"
        f"{NEXT[place]}"
        '\n--- settings\n{\n "model": "openai:gpt-5-mini",\n "max_tokens": 800\n}\n'
        f"\n{ending}\n\n"
        for place, ending in ((2, "--- no reply\n503, after 4 tries"), (10, "--- no reply yet"))
    )


def test_each_call_is_a_line_of_json(kapso: Kapso, keep: Callable[..., None]) -> None:
    keep(2, 1, CALL)
    keep(2, 2, {"purpose": "repair", "new_key": 1})
    keep(2, 3, "{half")
    lines = [json.loads(line) for line in kapso("show", "2", "--prompt", "--json").out.splitlines()]
    assert lines[0] == {"run": "packing-3f9a", "attempt": 2, "call": 1, **CALL}
    assert lines[1] == {
        "run": "packing-3f9a", "attempt": 2, "call": 2, **dict.fromkeys(CALL), "purpose": "repair"
    }  # fmt: skip
    assert len(lines) == 2


def test_an_attempt_in_flight_is_shown(kapso: Kapso, keep: Callable[..., None]) -> None:
    files = {"a.py": {"text": "a = 1\nb = 2\n"}, "b.py": None, "c": {"base64": "x" * 600}}
    reply = {**CALL["reply"], "data": {"files": files, "exit_code": 0}}
    request = {"prompt": "Improve this.\nNow.\n", "command": "claude -p"}
    keep(6, 1, {**CALL, "request": request, "reply": reply})
    shown = kapso("show", "6", "--prompt").out
    assert "--- prompt\nImprove this.\nNow.\n" in shown
    assert '"command": "claude -p"' in shown
    assert "--- reply: a.py\na = 1\nb = 2\n\n--- reply: b.py is deleted\n" in shown
    assert '--- reply: c\n{"base64": "… 600 characters …"}' in shown and '"exit_code": 0' in shown


def test_an_attempt_without_calls_says_which_have_some(kapso: Kapso, keep: Callable[..., None]) -> None:
    said = kapso("show", "3", "--prompt")
    assert said.code == 2
    assert "attempt `3` of `packing-3f9a` keeps no call of a model or an agent (it is by `tune`)" in said.err
    keep(2, 1, CALL)
    assert "the latest attempts of `packing-3f9a` that asked one: 2" in kapso("show", "3", "--prompt").err
    assert "has no attempt `99`" in kapso("show", "99", "--prompt").err
