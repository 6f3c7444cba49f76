"""What a call costs: by the goal's own `price`, else by the list that the package genai-prices ships.

The list is never fetched. An upper bound takes every byte for a token: no tokenizer makes more of a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from kapso.goal.authors import ModelOptions, Price

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_AROUND_A_MESSAGE = 16
_AROUND_ALL = 64
_FREE = Price(0.0, 0.0)


class Counted(Protocol):
    """What a provider counted; the list of prices reads further fields where there are any."""

    @property
    def input_tokens(self) -> float | Decimal | None: ...

    @property
    def output_tokens(self) -> float | Decimal | None: ...


@dataclass(frozen=True)
class Tokens:
    """So many of each."""

    input_tokens: int
    output_tokens: int


def most_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """No provider counts more tokens in these messages."""
    sizes = (len(each["content"].encode(errors="replace")) for each in messages)
    return _AROUND_ALL + sum(sizes) + _AROUND_A_MESSAGE * len(messages)


def cost_of(options: ModelOptions, input_tokens: int, output_tokens: int) -> float | None:
    """Dollars for so many tokens; None where the price is not known."""
    return cost_of_usage(options, Tokens(input_tokens, output_tokens))


def cost_of_usage(options: ModelOptions, usage: Counted) -> float | None:
    """Dollars for what a provider counted, cheaper cached tokens included where the list knows of them."""
    price = options.price or _free(options)
    if price is not None:
        sent, written = (max(0.0, float(n or 0)) for n in (usage.input_tokens, usage.output_tokens))
        return (sent * price.input + written * price.output) / 1e6
    found = _listed(options, usage)
    return None if found is None else float(found.total_price)


def most_of_one_try(options: ModelOptions, prompt_tokens: int) -> float | None:
    """The most that one request costs; None where its price or its length is not bounded."""
    if options.max_tokens is None:
        return 0.0 if (options.price or _free(options)) == _FREE else None
    return cost_of(options, prompt_tokens, options.max_tokens)


def in_words(options: ModelOptions) -> str:
    """What it charges, for people."""
    sent, written = cost_of(options, 1000, 0), cost_of(options, 0, 1000)
    if sent is None or written is None:
        return "its price is not known: `price` in its entry lets costs be told"
    return f"${sent * 1000:.4g} sent and ${written * 1000:.4g} written, per million tokens"


def context_window(options: ModelOptions) -> int | None:
    """How many tokens the model takes, where the list knows it."""
    found = _listed(options, Tokens(1, 1))
    return None if found is None else found.model.context_window


def _listed(options: ModelOptions, usage: Counted) -> PriceCalculation | None:
    provider, _, name = options.model.partition(":")
    try:
        from genai_prices import calc_price  # 30 ms
    except ImportError:
        return None
    if not _is_listed(provider, name):
        return None
    try:
        return calc_price(usage, name, provider_id=provider)
    except (LookupError, ValueError):  # its counts contradict each other
        return None


@cache  # 1.4 ms: the whole list is searched for a model that is not on it
def _is_listed(provider: str, name: str) -> bool:
    from genai_prices import Usage, calc_price

    try:
        calc_price(Usage(input_tokens=1, output_tokens=1), name, provider_id=provider)
    except (
        ImportError,
        LookupError,
        ValueError,
    ):  # the provider's package is not installed, or not on the list
        return False
    return True


def _free(options: ModelOptions) -> Price | None:
    """Ollama on this machine costs nothing; what it passes on to its cloud does."""
    provider, _, name = options.model.partition(":")
    host = urlsplit(options.base_url).hostname if options.base_url else "localhost"
    is_here = host in ("localhost", "127.0.0.1", "::1")
    return _FREE if provider == "ollama" and is_here and "cloud" not in name else None
