"""Whether a model answers, found out before the first attempt: by the provider's list of models where it has
one, which costs nothing, else by a call of a few tokens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kapso.errors import KapsoError, MachineError, UsageError
from kapso.goal.names import is_near, nearest, quoted
from kapso.propose.llm import background
from kapso.propose.llm.connect import Connection, split, variables
from kapso.propose.llm.faults import Fault

if TYPE_CHECKING:
    from kapso.propose.llm.chat import Chat

_LIST_WITHIN_S = 10.0
_WITHIN_S = 20.0
_TRIES = 3
_TOKENS = 16
_QUESTION = ({"role": "user", "content": "Say hi."},)


@dataclass
class _Listed:
    """The names of the models there are, as far as they were told."""

    names: list[str] = field(default_factory=list)


def probe(chat: Chat) -> float:
    """UsageError or MachineError where the model cannot be had; else the dollars that it may have cost."""
    connection = chat.connection
    return background.run(_probe(chat, connection))


async def _probe(chat: Chat, connection: Connection) -> float:
    from kapso.propose.llm.chat import Failed, Limits

    listed = _Listed()
    with suppress(Exception):  # whatever is wrong, a call tells more of it
        seconds = min(_LIST_WITHIN_S, chat.options.timeout_s)
        if await asyncio.wait_for(_is_listed(chat, connection, listed), seconds):
            return 0.0
    seconds = min(_WITHIN_S, chat.options.timeout_s)
    try:
        response, _, lost = await chat.call(_QUESTION, Limits(_TRIES, _TRIES, seconds, _TOKENS))
    except Failed as failed:
        if (error := _error(chat, failed.fault, listed.names)) is not None:
            raise error from failed
        return failed.cost
    return chat.cost_of(_QUESTION, response, lost) or 0.0


async def _is_listed(chat: Chat, connection: Connection, listed: _Listed) -> bool:
    """Whether the provider surely has the model and takes the key."""
    provider, name = split(chat.options)
    client: Any = connection.client
    if provider == "anthropic":
        await client.models.retrieve(name)
        return True
    if provider == "google":
        await client.aio.models.get(model=name)
        return True
    if provider == "openrouter":
        await client.get("/key", cast_to=object)  # its list is open to all
    page = await client.models.list()
    listed.names += [str(each.id) for each in page.data]
    return name in listed.names


def _error(chat: Chat, fault: Fault, names: list[str]) -> KapsoError | None:
    """None where the fault says nothing against the goal: the provider is merely busy."""
    where, url = chat.where, chat.connection.url
    match fault.kind:
        case "busy":
            return None
        case "key":
            return UsageError(
                f"`{chat.name}`: {_refused(chat, fault)}", where=where, help=_key_help(chat), slug="bad-key"
            )
        case "model":
            return UsageError(
                f"there is no model `{chat.name}` at `{url}`: {fault.reason}",
                where=where,
                help=_model_help(chat, names),
                slug="unknown-model",
            )
        case "unreachable" | "late" | "down" | "lost":
            return MachineError(
                f"`{chat.name}` does not answer at `{url}`: {fault.reason}",
                where=where,
                help="is the server up, and the network? Else mend the model's `base_url`",
                slug="no-answer",
            )
        case "garbled" | "too-large":
            protocol = split(chat.options)[0]
            return UsageError(
                f"what answers at `{url}` does not speak the protocol of `{protocol}`: {fault.reason}",
                where=where,
                help="mend `base_url`, or the provider before the model's name",
                slug="no-model-server",
            )
        case "quota":
            help = "add credit at the provider, or take the model out of the goal"
            return UsageError(f"`{chat.name}`: {fault.reason}", where=where, help=help, slug="no-credit")
        case "rejected":
            if "max_tokens" in fault.reason or "output limit" in fault.reason:
                return None  # a model that thinks first finds a few tokens too few: it is there
            help = "mend the options of the model"
            return UsageError(f"`{chat.name}`: {fault.reason}", where=where, help=help, slug="model-refuses")


def _refused(chat: Chat, fault: Fault) -> str:
    if chat.connection.key is None:
        return f"a key is needed, and none was sent: {fault.reason}"
    return f"the key in {quoted(variables(chat.options))} is refused: {fault.reason}"


def _key_help(chat: Chat) -> str:
    if chat.connection.key is None:
        return "name the variable that holds it: `api_key_env: MY_KEY`"
    return "export a key that is valid there, or name another variable: `api_key_env: MY_KEY`"


def _model_help(chat: Chat, names: list[str]) -> str:
    provider, name = split(chat.options)
    if names and is_near(name, near := nearest(name, names)):
        return f"did you mean `{provider}:{near}`?"
    if names:
        return f"it has {quoted(f'{provider}:{each}' for each in names[:10])}" + (
            " and others" if names[10:] else ""
        )
    base_url = chat.options.base_url
    if base_url and base_url.count("/") == 2 and provider not in ("anthropic", "google"):
        return f"did you mean `base_url: {base_url}/v1`? Else mend the model's name"
    return "mend the model's name; the provider's pages list what there is"
