"""`kapso show --prompt`: the calls of an attempt, exactly as they were sent and answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from kapso.cli.output import print_json, styled
from kapso.errors import UsageError
from kapso.wording import duration, number, plural, printable, printable_lines

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.memory.episode import RunSummary

MOST_SHOWN = 500
KEYS = ("purpose", "request", "most_cost", "sent", "reply", "error", "ended")


class Piece(NamedTuple):
    """A line of what is told about calls, or a text of many lines; safe to print."""

    kind: Literal["call", "heading", "text"]
    text: str


def show_calls(log: Log, run: RunSummary, name: str, as_json: bool) -> None:
    """Print the calls of the attempt `name`, one that is still in flight too; JSON has one line a call."""
    from kapso.cli.pick import find_attempt

    folder = log.repository.state_dir / "runs" / run.run / "attempts"
    attempt = find_attempt(run, name)
    calls = read_calls(folder / f"{attempt:04d}" / "calls")
    if not calls:
        raise _none(log, run, name, folder)
    if as_json:
        said = {"run": run.run, "attempt": attempt}
        print_json(*({**said, "call": place, **call} for place, call in calls.items()))
    else:
        print("\n".join(render_calls(calls)))


def read_calls(folder: Path) -> dict[int, dict[str, Any]]:
    """The calls that are kept in a folder, by their place; what a call lacks is None."""
    calls = {}
    for path in sorted(folder.glob("*.json"), key=lambda path: (len(path.name), path.name)):
        try:
            told = json.loads(path.read_text("utf-8"))
            calls[int(path.stem)] = {key: told.get(key) for key in KEYS}
        except (OSError, ValueError, AttributeError):
            continue
    return calls


def render_calls(calls: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    """The calls for a person; messages that a call repeats from an earlier one are named, not repeated."""
    for piece in told_calls(calls):
        if piece.kind == "call":
            yield styled(piece.text, "bold")
        else:
            yield from ("", styled(f"--- {piece.text}", "dim")) if piece.kind == "heading" else (piece.text,)


def told_calls(calls: Mapping[int, Mapping[str, Any]]) -> Iterator[Piece]:
    """The same, piece by piece: a call's line, then headings, each with its text."""
    sent: dict[int, list[Any]] = {}
    for place, call in calls.items():
        messages = call["request"].get("messages") if isinstance(call["request"], Mapping) else None
        messages = messages if isinstance(messages, list) else []
        shared = {other: _in_common(messages, earlier) for other, earlier in sent.items()}
        source = max(shared, key=lambda other: shared[other], default=0)
        yield from _call(place, call, shared.get(source, 0), source)
        sent[place] = messages


def _in_common(messages: Sequence[Any], earlier: Sequence[Any]) -> int:
    """How many messages the two begin with alike."""
    pairs = zip(messages, earlier, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(messages), len(earlier)))


def _call(place: int, call: Mapping[str, Any], repeated: int, source: int) -> Iterator[Piece]:
    """What it was, each message, the reply or why there is none."""
    reply = call["reply"] or {}
    yield Piece("call", f"call {place}: {', '.join(_facts(call, reply))}")
    if repeated:
        yield Piece("heading", f"{plural(repeated, 'message')} as in call {source}")
    for heading, text in list(_parts(call["request"]))[repeated:]:
        yield from _piece(heading, text)
    if call["reply"] is not None:
        yield from _piece("reply", str(reply.get("text", "")))
        for heading, text in _reply_parts(reply.get("data") or {}):
            yield from _piece(f"reply: {heading}", text)
    if call["error"]:
        yield from _piece("no reply", str(call["error"]))
    elif call["reply"] is None:
        yield Piece("heading", "no reply yet")
    yield Piece("text", "")


def _piece(heading: str, text: str) -> Iterator[Piece]:
    yield Piece("heading", heading)
    yield Piece("text", printable_lines(text.rstrip("\n")))


def _facts(call: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[str]:
    yield str(call["purpose"])
    if model := reply.get("model"):
        yield printable(str(model))
    for key, words in (("input_tokens", "tokens in"), ("output_tokens", "tokens out")):
        if reply.get(key) is not None:
            yield f"{reply[key]:,} {words}"
    if reply:
        yield "cost unknown" if reply.get("cost") is None else f"${number(reply['cost'])}"
    if reply.get("seconds") is not None:
        yield duration(reply["seconds"])
    if call["sent"]:
        yield f"sent {str(call['sent'])[:19].replace('T', ' ')} UTC"


def _parts(request: Any) -> Iterator[tuple[str, str]]:
    """What was sent, part by part: messages by their role, long text by its key, the rest as JSON."""
    told = dict(request) if isinstance(request, Mapping) else {"request": request}
    messages, rest = told.pop("messages", None), {}
    for message in messages if isinstance(messages, list) else []:
        yield str(message.get("role", "message")), _text(message.get("content"))
    for key, value in told.items():
        if isinstance(value, str) and "\n" in value:
            yield key, value
        elif value not in (None, {}, [], ""):
            rest[key] = value
    if rest:
        yield "settings", json.dumps(rest, ensure_ascii=False, indent=1)


def _reply_parts(data: Any) -> Iterator[tuple[str, str]]:
    """What came beside the text: each file that an agent left, as it is, and the rest."""
    told = dict(data) if isinstance(data, Mapping) else {"data": data}
    files = told.pop("files", None)
    for path, content in files.items() if isinstance(files, Mapping) else ():
        if content is None:
            yield f"{printable(str(path))} is deleted", ""
        elif isinstance(content, Mapping) and isinstance(content.get("text"), str):
            yield printable(str(path)), content["text"]
        else:
            yield printable(str(path)), json.dumps(_short(content), ensure_ascii=False)
    yield from _parts(_short(told))


def _short(value: Any) -> Any:
    """What came beside the text, without what is no text to be read (files, packed)."""
    if isinstance(value, Mapping):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, str) and len(value) > MOST_SHOWN and "\n" not in value:
        return f"… {len(value):,} characters …"
    return value


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1)


def _none(log: Log, run: RunSummary, name: str, folder: Path) -> UsageError:
    """Why there is nothing to show, and where there is."""
    try:
        asked = sorted(int(path.parent.name) for path in folder.glob("*/calls") if path.parent.name.isdigit())
    except OSError:
        asked = []
    help = "replies are kept on the machine where they came in, until `kapso gc`"
    if asked:
        listed = ", ".join(map(str, asked[-5:]))
        help = f"the latest attempts of `{run.run}` that asked one: {listed}"
    proposer = log.episode(run, name).attempt.proposer
    return UsageError(
        f"attempt `{name}` of `{run.run}` keeps no call of a model or an agent (it is by `{proposer}`)",
        help=help,
        slug="no-calls",
    )
