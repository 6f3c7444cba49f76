"""The keys of goal.yaml, level by level."""

from __future__ import annotations

REQUIRED = ("objective", "edit", "evaluate")

TOP = (
    "name",
    "objective",
    "repo",
    "base",
    "edit",
    "share",
    "hide",
    "setup",
    "build",
    "keep",
    "check",
    "run",
    "evaluate",
    "timeout",
    "metrics",
    "constraints",
    "repeats",
    "holdout",
    "propose",
    "prompts",
    "search",
    "budget",
    "stop",
    "sandbox",
    "approve",
    "knowledge",
    "memory",
)

SECTIONS = {
    "search": ("policy", "parallel", "seed", "executor", "repairs"),
    "budget": ("attempts", "time", "cost"),
    "stop": ("target", "patience"),
    "sandbox": ("level", "network", "memory", "processes", "read", "gpu", "env"),
    "memory": ("recall", "user", "model"),
}

COMMAND = ("command", "timeout")
EVALUATE = (*COMMAND, "result", "python", "program", "stages")
STAGE = ("name", *COMMAND, "promote", "python", "run")
METRIC = ("goal", "regex", "bounds", "take")
MODEL = (
    "model",
    "base_url",
    "api_key_env",
    "max_tokens",
    "context_tokens",
    "price",
    "weight",
    "timeout",
    "temperature",
)
PRICE = ("input", "output")
LLM = ("ideate", "edit")
RECIPE = ("from",)
AGENT = ("cli", "command", "model", "timeout", "env", "home", "max_cost")
SECRETS = (
    "api_key",
    "apikey",
    "key",
    "token",
    "api_token",
    "auth_token",
    "access_token",
    "secret",
    "password",
)
"""What people call the key of a provider, which has no place in a goal."""


def elsewhere(name: str, level: str) -> str | None:
    """The full key of a name that is known, but at another level than `level`: `search.parallel`."""
    if level and name in TOP:
        return name
    return next(
        (f"{section}.{name}" for section, keys in SECTIONS.items() if name in keys and section != level), None
    )
