"""A model on loopback that uses tools, in the four protocols of the agents that are known.

Asked with tools, it calls the one that runs a command, once; shown what came of it, it says its last words.
Asked without tools, it says `text`. Every figure of usage is the same, so that tests can know the sums.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SENT, RECEIVED = 1000, 50
LAST_WORDS = "Title: Say two\nWhat: it says two\nWhy: two is more than one\nExpect: score up"


class ToolModel:
    """`command` is what it has the agent run, `text` what it says where it may use no tools."""

    def __init__(self, command: str, text: str = "Say two") -> None:
        self.command, self.text = command, text
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.keys: set[str] = set()
        self.status = 200
        model = self

        class Handler(_Handler):
            script = model

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    def __enter__(self) -> ToolModel:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def prompt(self) -> str:
        """Everything that it was ever sent."""
        return "\n".join(json.dumps(body, ensure_ascii=False) for _, body in self.requests)

    def answer(self, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """The events of the reply, None for a page that is not there."""
        if path.endswith("/messages"):
            return _anthropic(self, body)
        if path.endswith("/responses"):
            return _responses(self, body)
        if "enerateContent" in path:
            return _gemini(self, body)
        return _chat(self, body) if path.endswith("/chat/completions") else None


def _anthropic(model: ToolModel, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    is_done = "tool_result" in json.dumps(body["messages"])
    block: dict[str, Any] = {"type": "text", "text": ""}
    said = LAST_WORDS if is_done else model.text
    delta: dict[str, Any] = {"type": "text_delta", "text": said}
    if body.get("tools") and not is_done:
        block = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
        asked = {"command": model.command, "description": "Make the edit"}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(asked)}
    head = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": SENT, "output_tokens": 1},
    }
    reason = "end_turn" if block["type"] == "text" else "tool_use"
    return [
        {"type": "message_start", "message": head},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": RECEIVED},
        },
        {"type": "message_stop"},
    ]


def _responses(model: ToolModel, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    is_done = any(str(each.get("type")).endswith("call_output") for each in body["input"])
    names = [each.get("name") for each in body.get("tools", ())]
    item: dict[str, Any] = {
        "type": "message",
        "id": "m1",
        "role": "assistant",
        "content": [{"type": "output_text", "text": LAST_WORDS}],
    }
    if not is_done and names:
        tool = next(name for name in ("exec_command", "shell_command", "shell") if name in names)
        asked: dict[str, Any] = {"cmd": model.command}
        if tool != "exec_command":
            asked = {"command": ["sh", "-c", model.command] if tool == "shell" else model.command}
        item = {
            "type": "function_call",
            "id": "f1",
            "call_id": "c1",
            "name": tool,
            "arguments": json.dumps(asked),
        }
    usage = {
        "input_tokens": SENT,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": RECEIVED,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": SENT + RECEIVED,
    }
    return [
        {"type": "response.created", "response": {"id": "r1"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r1", "usage": usage, "output": [item]}},
    ]


def _gemini(model: ToolModel, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    is_done = "functionResponse" in json.dumps(body["contents"])
    part: dict[str, Any] = {"text": LAST_WORDS if is_done else model.text}
    if body.get("tools") and not is_done:
        part = {"functionCall": {"name": "run_shell_command", "args": {"command": model.command}}}
    elif not body.get("tools"):
        part = {"text": json.dumps({"complexity_score": 1, "complexity_reasoning": "simple", "model": "x"})}
    usage = {"promptTokenCount": SENT, "candidatesTokenCount": RECEIVED, "totalTokenCount": SENT + RECEIVED}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    return [{"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}]


def _chat(model: ToolModel, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    is_done = any(each["role"] == "tool" for each in body["messages"])
    names = [each["function"]["name"] for each in body.get("tools", ())]
    delta: dict[str, Any] = {"role": "assistant", "content": LAST_WORDS if is_done else model.text}
    if "bash" in names and not is_done:
        asked = json.dumps({"command": model.command, "description": "Make the edit"})
        call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "bash", "arguments": asked}}
        delta = {"role": "assistant", "content": None, "tool_calls": [call]}
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    reason = "tool_calls" if "tool_calls" in delta else "stop"
    usage = {"prompt_tokens": SENT, "completion_tokens": RECEIVED, "total_tokens": SENT + RECEIVED}
    return [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage},
    ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: ToolModel

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `requests`."""

    def do_HEAD(self) -> None:
        self._send(200, b"", "text/plain")

    def do_GET(self) -> None:
        self.script.requests.append((self.path, {}))
        self._send(404, b"{}", "application/json")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        path = self.path.partition("?")[0]
        self.script.requests.append((self.path, body))
        self.script.keys |= {value for value in self.headers.values() if "scripted-key" in value}
        if self.script.status != 200:
            error = {"error": {"type": "authentication_error", "message": "no such key", "code": 401}}
            return self._send(self.script.status, json.dumps(error).encode(), "application/json")
        events = self.script.answer(path, body)
        if events is None:
            return self._send(404, b"{}", "application/json")
        is_whole = ":generateContent" in path or (path.endswith("/completions") and not body.get("stream"))
        if is_whole:
            return self._send(200, json.dumps(_joined(events)).encode(), "application/json")
        lines = (
            (f"event: {each['type']}\n" if "type" in each else "") + f"data: {json.dumps(each)}\n\n"
            for each in events
        )
        end = "data: [DONE]\n\n" if path.endswith("/completions") else ""
        return self._send(200, ("".join(lines) + end).encode(), "text/event-stream")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _joined(events: list[dict[str, Any]]) -> dict[str, Any]:
    """A stream as one body."""
    first, last = events[0], events[-1]
    if "candidates" in first:
        return first
    choice = {"index": 0, "message": first["choices"][0]["delta"], "finish_reason": "stop"}
    return {**last, "object": "chat.completion", "choices": [choice]}
