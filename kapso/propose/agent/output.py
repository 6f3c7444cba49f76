"""What an agent printed: its last message, what it cost, and the line of each event for people.

Agents print lines of JSON, each in its own way; whatever is none of the ways known here is plain text. All
of it is data that a model may have written: nothing in it is believed beyond these figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_AIDER = re.compile(
    r"Tokens: (?P<sent>[\d.,]+[kM]?) sent,.*?(?P<received>[\d.,]+[kM]?) received\."
    r"(?: Cost: \$[\d.,]+ message, \$(?P<cost>[\d.,]+) session)?"
)
_UNITS = {"k": 1e3, "M": 1e6}
_SHOWN = 300


@dataclass(frozen=True)
class Said:
    """What came of a session. `error` is what the agent itself calls a failure."""

    text: str = ""
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None
    error: str | None = None


class _Reading:
    """Figures add up over events, except where an event gives the sum."""

    def __init__(self) -> None:
        self.text = ""
        self.model: str | None = None
        self.error: str | None = None
        self._cost: float | None = None
        self._input: int | None = None
        self._output: int | None = None

    def add(self, cost: object = None, sent: object = None, received: object = None) -> None:
        self._cost = _sum(self._cost, cost)
        self._input = _whole(_sum(self._input, sent))
        self._output = _whole(_sum(self._output, received))

    def set(self, cost: object = None, sent: object = None, received: object = None) -> None:
        self._cost = self._input = self._output = None
        self.add(cost, sent, received)

    def said(self) -> Said:
        return Said(self.text.strip(), self._cost, self._input, self._output, self.model, self.error)


def read_output(text: str) -> Said:
    """What is told by the output of one session, or by its last megabyte."""
    reading = _Reading()
    plain: list[str] = []
    for line in text.splitlines():
        if (event := _event(line)) is not None:
            _take(event, reading)
        elif line.strip():
            plain.append(line)
            if match := _AIDER.search(line):
                # Each message tells its tokens, and the session's cost so far.
                cost = _number(match["cost"])
                reading.add(None, _number(match["sent"]), _number(match["received"]))
                reading._cost = cost if cost is not None else reading._cost
    if not reading.text and (whole := _event(text)) is not None:
        _take(whole, reading)
    said = reading.said()
    return said if said.text else _with_text(said, "\n".join(plain))


def last_lines(text: str, count: int) -> list[str]:
    """The end of what was printed, as people read it: the gist of each event, and plain lines as they are."""
    found: list[str] = []
    for line in reversed(text.splitlines()):
        event = _event(line)
        shown = line.strip() if event is None else _gist(event)
        if shown:
            found.append(shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…")
        if len(found) == count:
            break
    return found[::-1]


def _event(line: str) -> dict[str, Any] | None:
    line = line.strip()
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _take(event: Mapping[str, Any], reading: _Reading) -> None:
    for take in (_claude, _codex, _gemini, _opencode):
        if take(event, reading):
            return


def _claude(event: Mapping[str, Any], reading: _Reading) -> bool:
    """`{"type": "result", "total_cost_usd": …, "usage": {…}, "result": "…"}`, alone or after a stream."""
    if event.get("type") == "system" and isinstance(event.get("model"), str):
        reading.model = event["model"]
    if event.get("type") != "result" or "total_cost_usd" not in event:
        return False
    usage = _mapping(event.get("usage"))
    cached = (usage.get("cache_creation_input_tokens"), usage.get("cache_read_input_tokens"))
    sent = _sum(_sum(_number(usage.get("input_tokens")), cached[0]), cached[1])
    reading.set(event["total_cost_usd"], sent, usage.get("output_tokens"))
    reading.text = _text(event.get("result"))
    if event.get("is_error") or event.get("subtype") not in (None, "success"):
        reading.error = reading.text or _text(event.get("subtype"))
    return True


def _codex(event: Mapping[str, Any], reading: _Reading) -> bool:
    """`item.completed` with an `agent_message`, `turn.completed` with `usage`, `turn.failed`."""
    kind, item = event.get("type"), _mapping(event.get("item"))
    if kind == "item.completed" and item.get("type") == "agent_message":
        reading.text = _text(item.get("text"))
    elif kind == "turn.completed":
        usage = _mapping(event.get("usage"))
        reading.add(None, usage.get("input_tokens"), usage.get("output_tokens"))
    elif kind in ("turn.failed", "error"):
        reading.error = _text(_mapping(event.get("error")).get("message") or event.get("message"))
    return kind in ("item.completed", "turn.completed", "turn.failed")


def _gemini(event: Mapping[str, Any], reading: _Reading) -> bool:
    """A stream's `init`, `message` and `result`, or one object with `response` and `stats`."""
    kind, stats = event.get("type"), _mapping(event.get("stats"))
    if kind == "init" and isinstance(event.get("model"), str):
        reading.model = event["model"]
    elif kind == "message" and event.get("role") == "assistant":
        piece = _text(event.get("content"))
        reading.text = reading.text + piece if event.get("delta") else piece
    elif kind in ("tool_use", "tool_result"):
        reading.text = ""  # what comes after the last tool is the last message
    elif "response" in event and stats:
        reading.text = _text(event["response"])
    if kind == "result" or ("response" in event and stats):
        models = [_mapping(_mapping(each).get("tokens")) for each in _mapping(stats.get("models")).values()]
        given = models if kind != "result" else [stats]
        for tokens in given:
            sent = _number(tokens.get("input_tokens"), tokens.get("prompt"))
            reading.add(None, sent, _number(tokens.get("output_tokens"), tokens.get("candidates")))
    if event.get("error") and kind in (None, "result"):
        reading.error = _text(_mapping(event["error"]).get("message") or event["error"])
    return kind in ("init", "message", "tool_use", "tool_result", "result") or "response" in event


def _opencode(event: Mapping[str, Any], reading: _Reading) -> bool:
    """`text` and `step_finish`, each with a `part`; `error`."""
    kind, part = event.get("type"), _mapping(event.get("part"))
    if kind == "text":
        reading.text = _text(part.get("text"))
    elif kind == "step_finish":
        tokens = _mapping(part.get("tokens"))
        cached = _mapping(tokens.get("cache"))
        sent = _sum(_sum(_number(tokens.get("input")), cached.get("read")), cached.get("write"))
        reading.add(part.get("cost"), sent, tokens.get("output"))
    elif kind == "error":
        told = _mapping(event.get("error"))
        reading.error = _text(_mapping(told.get("data")).get("message") or told.get("name"))
    return kind in ("text", "step_finish", "error")


def _gist(event: Mapping[str, Any]) -> str:
    """An event in a line; nothing for those that only agents understand."""
    words = [each for each in _words(event) if each]
    return " ".join(" ".join(words).split())


def _words(event: Mapping[str, Any]) -> Iterator[str]:
    message, item, part = (_mapping(event.get(name)) for name in ("message", "item", "part"))
    for block in message.get("content") or () if event.get("type") == "assistant" else ():
        block = _mapping(block)
        yield _text(block.get("text"))
        if block.get("type") == "tool_use":
            yield f"[{_text(block.get('name'))}] {_short(block.get('input'))}"
    if item:
        yield _text(item.get("text") or item.get("command"))
    if event.get("type") == "tool_use" and part:
        yield f"[{_text(part.get('tool'))}] {_short(_mapping(part.get('state')).get('input'))}"
    elif event.get("type") == "tool_use":
        yield f"[{_text(event.get('tool_name'))}] {_short(event.get('parameters'))}"
    if event.get("type") == "text":
        yield _text(part.get("text"))
    if event.get("type") in ("message", "result"):
        yield _text(event.get("content") or event.get("result"))
    if event.get("type") == "error":
        yield _text(event.get("message")) or _short(event.get("error"))


def _short(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)[:_SHOWN]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(*values: object) -> float | None:
    """The first that is a number, or the text of one such as `1.2k`."""
    for value in values:
        if isinstance(value, str) and value:
            unit = _UNITS.get(value[-1], 1.0)
            value = float(value.rstrip("kM").replace(",", "").rstrip(".") or 0) * unit
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
            return float(value)
    return None


def _sum(total: float | None, value: object) -> float | None:
    number = _number(value)
    return total if number is None else (total or 0.0) + number


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _with_text(said: Said, text: str) -> Said:
    return Said(text.strip(), said.cost, said.input_tokens, said.output_tokens, said.model, said.error)


Reader = Callable[[str], Said]
