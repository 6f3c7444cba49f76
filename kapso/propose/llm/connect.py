"""The way to a model: package, key, address, and a client that neither repeats a request by itself nor reads
a reply without end. Nothing is sent here, and nothing but calls is sent later: no telemetry."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kapso.errors import UsageError
from kapso.goal.authors import ModelOptions
from kapso.goal.names import quoted

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

LARGEST_REPLY_BYTES = 16_000_000
"""Far more than any model writes; a server that sends more has gone wrong."""

_CONNECT_WITHIN_S = 10.0
_NO_KEY = "no-key"
"""For servers that want none; clients insist on some."""
_PACKAGES = {
    "openai": ("openai", "openai"),
    "openrouter": ("openai", "openai"),
    "ollama": ("openai", "openai"),
    "anthropic": ("anthropic", "anthropic"),
    "google": ("google", "google.genai"),
}
"""Provider → the extra that brings its package, and the package."""
_KEYS = {
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "ollama": ("OLLAMA_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
}
_OPENAIS_OWN = re.compile(r"(?!gpt-oss)(gpt-|chatgpt|o\d|ft:)")
_OLLAMA = "http://127.0.0.1:11434/v1"
_OPENROUTER = "https://openrouter.ai/api/v1"


class TooLarge(Exception):
    """A reply that does not end."""


class SentOn(Exception):
    """A server that says that another is to be asked."""


@dataclass(frozen=True)
class Connection:
    """`model` takes calls, `client` is the provider's own below it; `key` None: none is sent.

    `takes_retries`: each call has to say that it is not to be repeated; else the client knows, and would be
    made anew for a call that says it.
    """

    model: Model
    client: Any
    url: str
    key: str | None
    takes_retries: bool


def split(options: ModelOptions) -> tuple[str, str]:
    """Provider and name."""
    provider, _, name = options.model.partition(":")
    return provider, name


def why_not_installed(provider: str) -> UsageError | None:
    """The error for a provider whose package is missing."""
    extra, package = _PACKAGES[provider]
    if _is_there("pydantic_ai") and _is_there(package):
        return None
    return UsageError(
        f"models of `{provider}` need a package that is not installed",
        help=f"pip install 'kapso-workbench[{extra}]'",
        slug="missing-package",
    )


def variables(options: ModelOptions) -> tuple[str, ...]:
    """The variables that may hold the key, in their order."""
    provider, _ = split(options)
    return (options.api_key_env,) if options.api_key_env else _KEYS[provider]


def find_key(options: ModelOptions) -> str | None:
    """The key from the environment; None where a server of one's own may do without. Never shown."""
    names = variables(options)
    key = next((found for name in names if (found := os.environ.get(name, "").strip())), None)
    if key is None:
        if options.api_key_env is None and (options.base_url or split(options)[0] == "ollama"):
            return None
        which = f"{quoted(names)} {'is' if len(names) == 1 else 'are'} not set"
        raise UsageError(
            f"there is no key for `{options.model}`: {which}",
            help=f"`export {names[0]}=…`, or name the variable that holds it: `api_key_env: MY_KEY`",
            slug="no-key",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"what {quoted(names)} holds is no key: a key is one word of plain characters", slug="bad-key"
        )
    return key


def connect(options: ModelOptions) -> Connection:
    """UsageError where the package or the key is missing."""
    provider, name = split(options)
    if (missing := why_not_installed(provider)) is not None:
        raise missing
    key = find_key(options)
    from pydantic_ai.exceptions import UnsupportedSettingWarning, UserError

    warnings.simplefilter("ignore", UnsupportedSettingWarning)  # what a model cannot heed is left out
    build = {"anthropic": _anthropic, "google": _google}.get(provider, _openai)
    try:
        model, client = build(provider, name, options.base_url, key or _NO_KEY)
    except UserError as error:
        message = f"`{options.model}` cannot be used: {error.message.splitlines()[0].rstrip('.')}"
        raise UsageError(message, help="mend the model's name", slug="unknown-model") from error
    url = model.base_url or options.base_url or provider
    return Connection(model, client, url, key, takes_retries=build is _google)


def _openai(provider: str, name: str, base_url: str | None, key: str) -> tuple[Model, Any]:
    from openai import AsyncOpenAI
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    if provider == "ollama":
        base_url = base_url or os.environ.get("OLLAMA_BASE_URL") or _OLLAMA
    if provider == "openrouter":
        base_url = base_url or _OPENROUTER
    client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, http_client=_http_client())
    if provider == "openrouter":
        return OpenRouterModel(name, provider=OpenRouterProvider(openai_client=client)), client
    # Servers of others know `max_tokens`, OpenAI's models its successor alone; what a server does not know,
    # it does not heed, and the reply would have no bound.
    is_openais = _OPENAIS_OWN.match(name) is not None or base_url is None
    profile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=is_openais)
    if provider == "ollama":
        return OllamaModel(name, provider=OllamaProvider(openai_client=client), profile=profile), client
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client), profile=profile), client


def _anthropic(_: str, name: str, base_url: str | None, key: str) -> tuple[Model, Any]:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    url = None if base_url is None else base_url.removesuffix("/v1")  # it adds that itself
    client = AsyncAnthropic(base_url=url, api_key=key, max_retries=0, http_client=_http_client())
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client)), client


def _google(_: str, name: str, base_url: str | None, key: str) -> tuple[Model, Any]:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    url = None if base_url is None else base_url.removesuffix("/v1beta")
    provider = GoogleProvider(api_key=key, base_url=url, http_client=_http_client())
    return GoogleModel(name, provider=provider), provider.client


def _http_client() -> httpx2.AsyncClient:
    """Proxies of the environment are used, but never for this machine itself."""
    import httpx2

    here = ("127.0.0.1", "localhost", "[::1]")
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(600, connect=_CONNECT_WITHIN_S),
        headers={"Accept-Encoding": "identity"},  # what is small packed may be endless unpacked
        event_hooks={"request": [_connect_soon], "response": [_bound]},
        mounts={f"all://{host}": None for host in here},
    )


async def _connect_soon(request: httpx2.Request) -> None:
    """A reply may take minutes, a connection may not."""
    timeout = dict(request.extensions.get("timeout") or {})
    given = timeout.get("connect")
    timeout["connect"] = _CONNECT_WITHIN_S if given is None else min(given, _CONNECT_WITHIN_S)
    request.extensions = {**request.extensions, "timeout": timeout}


async def _bound(response: httpx2.Response) -> None:
    if response.is_redirect:  # a key is not carried to where nobody sent it
        raise SentOn(f"it sends on to `{response.headers.get('Location', '')}`")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise TooLarge("it is packed, which was not asked for")
    response.stream = _bounded(response.stream)


def _bounded(stream: Any) -> httpx2.AsyncByteStream:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > LARGEST_REPLY_BYTES:
                    raise TooLarge(f"it is longer than {LARGEST_REPLY_BYTES // 1_000_000} MB")
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # a package above it is missing
        return False
