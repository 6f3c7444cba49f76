"""How the three protocols say the same: where the model, the key and the messages stand, and what answers,
errors and lists of models look like, whole or as server-sent events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
Usage = tuple[int, int] | None


def _text(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or () if isinstance(part, Mapping))


def _events(events: Sequence[Mapping[str, Any]], *, named: bool = False) -> bytes:
    lines = (
        (f"event: {each['type']}\n" if named else "") + f"data: {json.dumps(each)}\n\n" for each in events
    )
    return "".join(lines).encode()


def _halves(text: str) -> list[str]:
    return [part for part in (text[: len(text) // 2], text[len(text) // 2 :]) if part]


class Protocol:
    """OpenAI's chat completions; the others say what they do differently."""

    name = "openai"
    finishes: Mapping[str, str] = {"stop": "stop", "length": "length", "refusal": "stop"}

    def key(self, headers: Mapping[str, str], path: str) -> str | None:
        value = headers.get("authorization") or ""
        return value.removeprefix("Bearer ") or None

    def model(self, path: str, body: Mapping[str, Any]) -> str:
        return str(body.get("model"))

    def messages(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for each in body.get("messages", ()):
            yield each["role"], _text(each.get("content"))

    def is_streamed(self, path: str, body: Mapping[str, Any]) -> bool:
        return bool(body.get("stream"))

    def whole(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        says: dict[str, Any] = {"role": "assistant", "content": text}
        if finish == "refusal":
            says = {"role": "assistant", "content": None, "refusal": text}
        choice = {"index": 0, "message": says, "finish_reason": self.finishes[finish]}
        choice["native_finish_reason"] = choice["finish_reason"]  # OpenRouter's, as is `provider`
        return json.dumps(
            {**self._head(model), "object": "chat.completion", "choices": [choice], **self._usage(usage)}
        ).encode()

    def stream(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        head = {**self._head(model), "object": "chat.completion.chunk"}
        word = "refusal" if finish == "refusal" else "content"
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{word: part} for part in _halves(text)]
        chunks = [
            {**head, "choices": [{"index": 0, "delta": each, "finish_reason": None}]} for each in deltas
        ]
        last = {"index": 0, "delta": {}, "finish_reason": self.finishes[finish]}
        chunks += [{**head, "choices": [last]}, {**head, "choices": [], **self._usage(usage)}]
        return _events(chunks) + b"data: [DONE]\n\n"

    def _head(self, model: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "created": 1_700_000_000, "model": model, "provider": "tests"}

    def _usage(self, usage: Usage) -> dict[str, Any]:
        if usage is None:
            return {}
        sent, written = usage
        said = {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}
        return {"usage": said}

    def error(self, status: int, text: str, code: str | None) -> dict[str, Any]:
        return {"error": {"message": text, "type": "invalid_request_error", "param": None, "code": code}}

    def listed(self, models: Sequence[str], name: str | None) -> dict[str, Any]:
        if name is not None:
            return self._entry(name)
        return {"object": "list", "data": [self._entry(each) for each in models]}

    def _entry(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "tests"}


class _Anthropic(Protocol):
    name = "anthropic"
    finishes = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
    errors = {
        401: "authentication_error",
        404: "not_found_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }

    def key(self, headers: Mapping[str, str], path: str) -> str | None:
        return headers.get("x-api-key") or super().key(headers, path)

    def messages(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if body.get("system"):
            yield "system", _text(body["system"])
        yield from super().messages(body)

    def _message(self, model: str, usage: Usage) -> dict[str, Any]:
        sent, written = usage or (0, 0)
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": sent, "output_tokens": written},
        }

    def whole(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        says = {"content": [{"type": "text", "text": text}], "stop_reason": self.finishes[finish]}
        return json.dumps(self._message(model, usage) | says).encode()

    def stream(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        deltas = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
            for part in _halves(text)
        ]
        end = {"stop_reason": self.finishes[finish], "stop_sequence": None}
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": self._message(model, usage)},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *deltas,
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": (usage or (0, 0))[1]}},
            {"type": "message_stop"},
        ]
        return _events(events, named=True)

    def error(self, status: int, text: str, code: str | None) -> dict[str, Any]:
        kind = self.errors.get(status, "invalid_request_error" if status < 500 else "api_error")
        return {"type": "error", "error": {"type": kind, "message": text}}

    def listed(self, models: Sequence[str], name: str | None) -> dict[str, Any]:
        if name is not None:
            return self._entry(name)
        return {"data": [self._entry(each) for each in models], "has_more": False}

    def _entry(self, name: str) -> dict[str, Any]:
        return {"id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}


class _Google(Protocol):
    name = "google"
    finishes = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
    statuses = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}

    def key(self, headers: Mapping[str, str], path: str) -> str | None:
        return headers.get("x-goog-api-key") or next(
            iter(parse_qs(urlsplit(path).query).get("key", [])), None
        )

    def model(self, path: str, body: Mapping[str, Any]) -> str:
        found = re.search(r"/models/([^:]+):", urlsplit(path).path)
        return found[1] if found else ""

    def messages(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if system := body.get("systemInstruction"):
            yield "system", _text(system.get("parts"))
        for each in body.get("contents", ()):
            yield {"model": "assistant"}.get(each.get("role"), each.get("role")), _text(each.get("parts"))

    def is_streamed(self, path: str, body: Mapping[str, Any]) -> bool:
        return ":streamGenerateContent" in path

    def _said(self, model: str, parts: list[str], finish: str | None, usage: Usage) -> dict[str, Any]:
        candidate: dict[str, Any] = {
            "index": 0,
            "content": {"role": "model", "parts": [{"text": p} for p in parts]},
        }
        if finish is not None:
            candidate["finishReason"] = self.finishes[finish]
        said: dict[str, Any] = {"candidates": [candidate], "modelVersion": model, "responseId": "r1"}
        if usage is not None:
            sent, written = usage
            said["usageMetadata"] = {
                "promptTokenCount": sent,
                "candidatesTokenCount": written,
                "totalTokenCount": sent + written,
            }
        return said

    def whole(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        return json.dumps(self._said(model, [text], finish, usage)).encode()

    def stream(self, model: str, text: str, finish: str, usage: Usage) -> bytes:
        said = [self._said(model, [part], None, None) for part in _halves(text)]
        return _events([*said, self._said(model, [""], finish, usage)])

    def error(self, status: int, text: str, code: str | None) -> dict[str, Any]:
        return {"error": {"code": status, "message": text, "status": self.statuses.get(status, "INTERNAL")}}

    def listed(self, models: Sequence[str], name: str | None) -> dict[str, Any]:
        if name is not None:
            return self._entry(name)
        return {"models": [self._entry(each) for each in models]}

    def _entry(self, name: str) -> dict[str, Any]:
        return {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}


OPENAI, ANTHROPIC, GOOGLE = Protocol(), _Anthropic(), _Google()


def of_call(path: str) -> Protocol | None:
    """The protocol of a call for an answer."""
    if path.endswith("/v1/chat/completions"):
        return OPENAI
    if path.endswith("/v1/messages"):
        return ANTHROPIC
    return GOOGLE if re.search(r"/models/[^/]+:(stream)?[gG]enerateContent$", path) else None


def of_list(path: str, headers: Mapping[str, str]) -> Protocol | None:
    """The protocol of a look at the models."""
    if not re.search(r"/v1(beta)?/models(/.*)?$", path):
        return None
    if "/v1beta/" in path:
        return GOOGLE
    return ANTHROPIC if headers.get("anthropic-version") else OPENAI
