"""What an agent printed: its last message, what it cost, and the gist of each event for people.

Agents print lines of JSON, each in its own way; whatever is in none of the ways known here is plain text. All
of it is data that a model may have written: nothing in it is believed beyond these figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_AIDER = re.compile(
    r"Tokens: (?P<sent>[\d.,]+[kM]?) sent,.{0,200}?(?P<received>[\d.,]+[kM]?) received\."
    r"(?: Cost: \$[\d.,]+ message, \$(?P<cost>[\d.,]*\d) session)?"
)
_AIDER_ERROR = re.compile(r"litellm\.(?P<what>\w*Error: .*)")
_AIDER_NOISE = re.compile(
    r"(Analytics have been|HTTPSConnectionPool|Aider v|Main model:|Weak model:|Editor model:|Model:|Git repo:"
    r"|Repo-map:|Added .* to the chat|Applied edit to|Tokens: |litellm\.)"
)
_UNITS = {"k": 1e3, "M": 1e6}
_SHOWN = 300
OWN_LIMIT = "error_max_"
"""How claude's word for a limit of its own begins, which is no failure of anybody's."""


@dataclass(frozen=True)
class Said:
    """What came of a session. `error` is what the agent itself calls a failure."""

    text: str = ""
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None
    error: str | None = None


class Reading:
    """Reads the output line by line. Figures add up over events, except where an event gives the sum."""

    def __init__(self) -> None:
        self.text = ""
        self.model: str | None = None
        self.error: str | None = None
        self.cost: float | None = None
        self._tokens: tuple[float | None, float | None] = (None, None)
        self._plain: list[str] = []

    def feed(self, line: str) -> None:
        """Take one line."""
        event = _event(line)
        if event is None:
            self._take_plain(line)
            return
        for take in (_claude, _codex, _gemini, _opencode):
            if take(event, self):
                return

    def said(self) -> Said:
        """What has been told so far."""
        sent, received = (None if each is None else int(each) for each in self._tokens)
        text = self.text or "\n".join(line for line in self._plain if not _AIDER_NOISE.match(line))
        return Said(text.strip(), self.cost, sent, received, self.model, self.error)

    def add(self, cost: object, sent: object, received: object) -> None:
        """A part of the session cost and used so much more."""
        self.cost = _sum(self.cost, cost)
        self._tokens = (_sum(self._tokens[0], sent), _sum(self._tokens[1], received))

    def set(self, cost: object, sent: object, received: object) -> None:
        """The whole session cost and used so much."""
        self.cost, self._tokens = _number(cost), (_number(sent), _number(received))

    def _take_plain(self, line: str) -> None:
        if line.strip():
            self._plain.append(line)
        if match := _AIDER.search(line):
            # Each message tells its own tokens, and the session's cost so far.
            self.add(None, match["sent"], match["received"])
            self.cost = _number(match["cost"], self.cost)
            self.error = None
        elif match := _AIDER_ERROR.match(line):
            self.error = match["what"]


def read_output(text: str) -> Said:
    """What is told by the output of one session, or by its last megabyte."""
    whole = _event(text)
    reading = Reading()
    for line in [json.dumps(whole)] if whole is not None else text.splitlines():
        reading.feed(line)
    return reading.said()


def last_lines(text: str, count: int) -> list[str]:
    """The end of what was printed, as people read it: the gist of each event, and plain lines as they are."""
    found: list[str] = []
    for line in reversed(text.splitlines()):
        event = _event(line)
        shown = line.strip() if event is None else _gist(event)
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
        if shown and shown not in found[-1:]:
            found.append(shown)
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


def _claude(event: Mapping[str, Any], reading: Reading) -> bool:
    """`{"type": "result", "total_cost_usd": …, "usage": {…}, "result": "…"}`, alone or after a stream."""
    kind = event.get("type")
    if kind == "system":
        reading.model = _text(event.get("model")) or reading.model
        if event.get("subtype") == "api_retry":
            reading.error = f"{_text(event.get('error'))} (status {event.get('error_status')})"
    elif kind == "assistant":
        reading.error = None
    if kind == "result" and "total_cost_usd" in event:
        usage = _mapping(event.get("usage"))
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        reading.set(event["total_cost_usd"], _total(usage, *names), usage.get("output_tokens"))
        reading.text = _text(event.get("result"))
        is_failed = event.get("is_error") or event.get("subtype") not in (None, "success")
        told = _text(event.get("subtype"))
        reading.error = (told if told.startswith(OWN_LIMIT) else reading.text or told) if is_failed else None
    return kind in ("system", "assistant") or (kind == "result" and "total_cost_usd" in event)


def _codex(event: Mapping[str, Any], reading: Reading) -> bool:
    """`item.completed` with an `agent_message`, `turn.completed` with `usage`, `turn.failed`."""
    kind, item = event.get("type"), _mapping(event.get("item"))
    if kind == "item.completed" and item.get("type") == "agent_message":
        reading.text = _text(item.get("text"))
    elif kind == "turn.completed":
        usage = _mapping(event.get("usage"))
        reading.add(None, usage.get("input_tokens"), usage.get("output_tokens"))
        reading.error = None
    elif kind == "turn.failed" or (kind == "error" and "message" in event):
        reading.error = _text(_mapping(event.get("error")).get("message")) or _text(event.get("message"))
    return str(kind).startswith(("item.", "turn.", "thread.")) or (kind == "error" and "message" in event)


def _gemini(event: Mapping[str, Any], reading: Reading) -> bool:
    """A stream's `init`, `message`, `tool_use` and `result`, or one object with `response` and `stats`."""
    kind, stats = event.get("type"), _mapping(event.get("stats"))
    is_whole = kind is None and "session_id" in event and ("response" in event or "error" in event)
    if kind == "init":
        reading.model = _text(event.get("model")) or reading.model
    elif kind == "message" and event.get("role") == "assistant":
        piece = _text(event.get("content"))
        reading.text = reading.text + piece if event.get("delta") else piece
    elif kind == "tool_use" and "tool_name" in event:
        reading.text = ""  # what comes after the last tool is the last message
    elif kind == "result":
        reading.add(None, stats.get("input_tokens"), stats.get("output_tokens"))
    elif is_whole:
        reading.text = _text(event.get("response"))
        for model in _mapping(stats.get("models")).values():
            tokens = _mapping(_mapping(model).get("tokens"))
            reading.add(None, tokens.get("prompt"), tokens.get("candidates"))
    if (kind == "result" or is_whole) and event.get("error"):
        reading.error = _text(_mapping(event["error"]).get("message")) or "error"
    return is_whole or kind in ("init", "message", "result") or (kind == "tool_use" and "tool_name" in event)


def _opencode(event: Mapping[str, Any], reading: Reading) -> bool:
    """`text` and `step_finish`, each with a `part`; `error`."""
    kind, part = event.get("type"), _mapping(event.get("part"))
    if kind == "text":
        reading.text = _text(part.get("text"))
    elif kind == "step_finish":
        tokens = _mapping(part.get("tokens"))
        cached = _total(_mapping(tokens.get("cache")), "read", "write")
        reading.add(part.get("cost"), _sum(cached, tokens.get("input")), tokens.get("output"))
        reading.error = None
    elif kind == "error":
        told = _mapping(event.get("error"))
        reading.error = _text(_mapping(told.get("data")).get("message")) or _text(told.get("name"))
    return kind in ("text", "step_finish", "error")


def _gist(event: Mapping[str, Any]) -> str:
    """An event in a line; nothing for those that only agents understand."""
    words = [each for each in _words(event) if each]
    return " ".join(" ".join(words).split())


def _words(event: Mapping[str, Any]) -> Iterator[str]:
    kind = event.get("type")
    message, item, part = (_mapping(event.get(name)) for name in ("message", "item", "part"))
    if kind == "assistant":
        for block in map(_mapping, message.get("content") or ()):
            yield _text(block.get("text")) or _call(block.get("name"), block.get("input"))
    elif kind == "item.completed":
        yield _text(item.get("text")) or _text(item.get("command")) or _text(item.get("message"))
    elif kind == "tool_use":
        asked = _mapping(part.get("state")).get("input")
        yield _call(part.get("tool"), asked) or _call(event.get("tool_name"), event.get("parameters"))
    elif kind == "text":
        yield _text(part.get("text"))
    elif kind in ("message", "result") and event.get("role") != "user":
        yield _text(event.get("content")) or _text(event.get("result"))
    elif kind in ("error", "turn.failed"):
        told = _mapping(event.get("error"))
        said = _mapping(told.get("data")).get("message") or told.get("message")
        yield _text(event.get("message")) or _text(said)
    elif kind == "system" and event.get("subtype") == "api_retry":
        yield f"asks again after {_text(event.get('error'))}"


def _call(name: object, asked: object) -> str:
    """A tool that is used, and for what."""
    if not isinstance(name, str):
        return ""
    values = _mapping(asked)
    first = next((each for each in values.values() if isinstance(each, str)), "")
    return f"[{name}] {first[:_SHOWN]}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(*values: object) -> float | None:
    """The first that is a number, or the text of one such as `1.2k`."""
    for value in values:
        if isinstance(value, str) and value:
            unit = _UNITS.get(value[-1], 1.0)
            try:
                value = float(value.rstrip("kM").replace(",", "")) * unit
            except ValueError:
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
            return float(value)
    return None


def _sum(total: float | None, value: object) -> float | None:
    number = _number(value)
    return total if number is None else (total or 0.0) + number


def _total(values: Mapping[str, Any], *names: str) -> float | None:
    total: float | None = None
    for name in names:
        total = _sum(total, values.get(name))
    return total
