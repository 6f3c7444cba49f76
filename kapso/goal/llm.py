"""`llm`: the chat models that write edits, each with its address, its limits and its price.

A key itself never stands in a goal, as git keeps the goal with every run; and no message repeats one.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kapso.errors import GoalError
from kapso.goal.authors import LlmOptions, ModelOptions, Price
from kapso.goal.item import Item
from kapso.goal.keys import LLM, MODEL, PRICE
from kapso.goal.names import is_near, nearest, quoted

PROVIDERS = ("openai", "anthropic", "google", "openrouter", "ollama")
"""`openai` is everything that speaks its protocol, at a `base_url`."""
EXAMPLE = 'llm: {model: "openai:gpt-5-mini"}'

_ALIASES = {
    "gemini": "google",
    "google-gla": "google",
    "google-genai": "google",
    "claude": "anthropic",
    "gpt": "openai",
    "openai-chat": "openai",
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_KEY_LIKE = re.compile(r"(?=.*[a-z])(?=.*[0-9]).{20,}|.{65,}", re.ASCII)
"""No name that people give a variable, but what a key looks like."""


def read_llm(item: Item | None, place: Item) -> LlmOptions:
    """One model, a list of them, or `{ideate: …, edit: …}`; `place` is where an `llm` without any stands."""
    if item is None or item.value is None:
        into = " into `propose` of goal.yaml" if place.where.startswith("--") else ""
        raise place.error("`llm` names no model", help=f"write it like `{EXAMPLE}`{into}", slug="missing-key")
    if isinstance(item.value, dict) and not item.value.keys().isdisjoint(LLM):
        return _by_purpose(item)
    return LlmOptions(_models(item))


def _by_purpose(item: Item) -> LlmOptions:
    example = 'llm: {ideate: {model: "openai:gpt-5-nano"}, edit: {model: "openai:gpt-5"}}'
    if both := [key for key in item.pairs(example) if key in MODEL]:
        raise item.pairs(example)[both[0]].error(
            f"`llm` has {quoted(both)} beside `ideate` or `edit`",
            help=f"write it like `{example}`",
            slug="conflict",
        )
    parts = item.mapping(LLM, example=example)
    if "edit" not in parts:
        raise item.error(
            "`llm` has no model for `edit`", help=f"write it like `{example}`", slug="missing-key"
        )
    ideate = _model(parts["ideate"]) if "ideate" in parts else None
    return LlmOptions(_models(parts["edit"]), ideate)


def _models(item: Item) -> tuple[ModelOptions, ...]:
    models = tuple(_model(each) for each in item.items("a model or a list of models"))
    if not models:
        raise item.error("`llm` names no model", help=f"write it like `{EXAMPLE}`", slug="empty-value")
    return models


def _model(item: Item) -> ModelOptions:
    """`{model: NAME, …}`, or the name alone."""
    if isinstance(item.value, str):
        return ModelOptions(_model_name(item))
    parts = item.mapping(MODEL, example=EXAMPLE)
    if "model" not in parts:
        raise item.error(
            f"`{item.key}` has no `model`", help='add `model: "openai:gpt-5-mini"`', slug="missing-key"
        )
    chosen = ModelOptions("")
    return ModelOptions(
        _model_name(parts["model"]),
        base_url=_base_url(parts["base_url"]) if "base_url" in parts else None,
        api_key_env=_key_variable(parts["api_key_env"]) if "api_key_env" in parts else None,
        max_tokens=parts["max_tokens"].integer(at_least=1) if "max_tokens" in parts else None,
        context_tokens=parts["context_tokens"].integer(at_least=1) if "context_tokens" in parts else None,
        price=_price(parts["price"]) if "price" in parts else None,
        weight=_more_than_none(parts["weight"]) if "weight" in parts else chosen.weight,
        timeout_s=parts["timeout"].duration() if "timeout" in parts else chosen.timeout_s,
        temperature=_not_negative(parts["temperature"]) if "temperature" in parts else None,
    )


def _model_name(item: Item) -> str:
    """`provider:name`; the name may hold colons and slashes itself (`ollama:qwen3:8b`)."""
    written = item.text("the name of a model")
    provider, colon, name = (part.strip() for part in written.partition(":"))
    if colon and provider in PROVIDERS and name:
        return f"{provider}:{name}"
    if not colon:
        help = f"put the provider before it, such as `openai:{written}`; providers are {quoted(PROVIDERS)}"
        raise item.error(f"the model `{written}` has no provider", help=help, slug="bad-name")
    if not name:
        help = "write it like `openai:gpt-5-mini`"
        raise item.error(f"the model `{written}` has no name", help=help, slug="bad-name")
    raise _unknown_provider(item, provider, name)


def _unknown_provider(item: Item, provider: str, name: str) -> GoalError:
    meant = _ALIASES.get(provider.lower()) or nearest(provider, PROVIDERS)
    if provider.lower() in _ALIASES or is_near(provider, meant):
        help = f"did you mean `{meant}:{name}`? Providers are {quoted(PROVIDERS)}"
    else:
        help = (
            f"the providers are {quoted(PROVIDERS)}; for any other that speaks OpenAI's protocol write "
            f"`openai:{name}` with its `base_url`"
        )
    return item.error(f"`{provider}` is no provider of models", help=help, slug="unknown-name")


def _base_url(item: Item) -> str:
    url = item.text("a URL")
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        help = "write it like `http://127.0.0.1:8000/v1`"
        raise item.error(f"`{url}` is no URL of a server", help=help, slug="bad-value")
    if parts.username is not None or parts.password is not None:
        help = "take it out, and name the variable that holds the key: `api_key_env: MY_KEY`"
        raise item.error(f"`{item.key}` holds a name or a password", help=help, slug="bad-value")
    return url.rstrip("/")


def _key_variable(item: Item) -> str:
    name = item.text("the name of a variable")
    if not _VARIABLE.fullmatch(name) or _KEY_LIKE.fullmatch(name):  # not repeated: it may be the key itself
        raise item.error(
            f"`{item.key}` is no name of a variable",
            help="name the variable that holds the key, such as `OPENAI_API_KEY`; "
            "a key itself never stands in a goal",
            slug="bad-name",
        )
    return name


def _price(item: Item) -> Price:
    example = "price: {input: 1.0, output: 4.0}"
    parts = item.mapping(PRICE, example=example)
    if missing := [key for key in PRICE if key not in parts]:
        raise item.error(
            f"`{item.key}` has no {quoted(missing)}",
            help=f"give dollars per million tokens, such as `{example}`",
            slug="missing-key",
        )
    return Price(_not_negative(parts["input"]), _not_negative(parts["output"]))


def _not_negative(item: Item) -> float:
    number = item.number()
    if number < 0:
        raise item.error(f"`{item.key}` must be at least 0, found `{item.written}`", slug="out-of-range")
    return number


def _more_than_none(item: Item) -> float:
    number = item.number()
    if number <= 0:
        raise item.error(f"`{item.key}` must be more than 0, found `{item.written}`", slug="out-of-range")
    return number
