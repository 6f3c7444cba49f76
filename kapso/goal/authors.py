"""What the goal says of models and coding agents: the options of the proposers `llm` and `agent`."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_CALL_TIMEOUT_S = 600.0
DEFAULT_AGENT_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens."""

    input: float
    output: float


@dataclass(frozen=True)
class ModelOptions:
    """A chat model: `model` is `provider:name`, such as `openai:gpt-5-mini` or `anthropic:claude-sonnet-4-5`.

    `base_url` None is the provider's own; `api_key_env` names the variable that holds the key, None the
    provider's usual one. `max_tokens` bounds a reply, `context_tokens` what is sent; `price` None is looked
    up.
    """

    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    max_tokens: int | None = None
    context_tokens: int | None = None
    price: Price | None = None
    weight: float = 1.0
    timeout_s: float = DEFAULT_CALL_TIMEOUT_S
    temperature: float | None = None


@dataclass(frozen=True)
class LlmOptions:
    """The models that write edits, drawn by weight, and the one that has the ideas, if that is another."""

    edit: tuple[ModelOptions, ...]
    ideate: ModelOptions | None = None


@dataclass(frozen=True)
class AgentOptions:
    """A coding agent: `cli` is one that is known (`claude`), or `command` anything that `/bin/sh -c` runs.

    `env` names variables of the user's environment that it may have, `home` what of the user's home folder
    it sees; `max_cost` is the most dollars that one call of it may cost.
    """

    cli: str | None = None
    command: str | None = None
    model: str | None = None
    timeout_s: float = DEFAULT_AGENT_TIMEOUT_S
    env: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    max_cost: float | None = None
