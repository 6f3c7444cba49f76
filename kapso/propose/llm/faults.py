"""What went wrong with a call: whether it may pass, whether it may be billed all the same, and how to say it
without giving a key away."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kapso.propose.llm.connect import SentOn, TooLarge

Kind = Literal[
    "key", "model", "quota", "rejected", "busy", "down", "unreachable", "lost", "late", "garbled", "too-large"
]
_PASSING: frozenset[Kind] = frozenset({"busy", "down", "unreachable", "lost", "garbled"})
_MAY_BE_BILLED: frozenset[Kind] = frozenset({"lost", "late", "garbled", "too-large"})
_SURELY_UNPAID = {500, 501, 503, 529}
"""The model has not answered; behind the other 5xx (502, 504, …) it may have, and its answer was lost."""
_LONGEST_QUOTE = 300
_KEY_LIKE = re.compile(r"(?i)\b(?:sk|pk|rk|gsk|xai|key)[-_](?=[\w*.-]*[\d*])[\w*.-]{8,}|\bAIza[\w-]{8,}")

_NO_MODEL = re.compile(r"model.*(not (exist|found)|unknown)|unknown model|no such model")


@dataclass(frozen=True)
class Fault:
    """Why a try failed, in a phrase. `may_be_billed`: it may have been answered, and the answer was lost."""

    kind: Kind
    reason: str
    retry_after_s: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.kind in _PASSING

    @property
    def may_be_billed(self) -> bool:
        return self.kind in _MAY_BE_BILLED


def fault_of(error: Exception, key: str | None) -> Fault:
    """The fault behind whatever a call raised."""
    from pydantic_ai import exceptions as raised

    for cause in _chain(error):
        if isinstance(cause, TooLarge):
            return Fault("too-large", f"the reply cannot be taken: {cause}")
        if isinstance(cause, SentOn):
            return Fault("rejected", hide(str(cause), key))
    if isinstance(error, raised.ModelRequestTimeout | TimeoutError):
        return Fault("late", "no answer came in time")
    if isinstance(error, raised.ModelConnectionError):
        is_unsent = error.phase in ("pool", "connect")
        words = _cause(error, key)
        return Fault("unreachable", f"no connection: {words}") if is_unsent else Fault("lost", words)
    if isinstance(error, raised.ModelHTTPError):
        said = hide(_message(error.body), key)
        reason = f"HTTP {error.status_code}" + (f": {said}" if said else "")
        return Fault(_kind_of(error), reason, _retry_after(error))
    return Fault("garbled", f"the reply makes no sense: {hide(_first_line(str(error)), key)}")


def hide(text: str, key: str | None) -> str:
    """The text without the key, and without what looks like one."""
    plain = text.replace(key, "***") if key else text
    return _KEY_LIKE.sub("***", plain)


def _kind_of(error: Any) -> Kind:
    from pydantic_ai import exceptions as raised

    status: int = error.status_code
    if isinstance(error, raised.ModelQuotaExceededError):
        return "quota"
    if isinstance(error, raised.ModelRateLimitError):
        return "busy"
    if isinstance(error, raised.ModelAuthenticationError) or status in (401, 403):
        return "key"
    if isinstance(error, raised.ModelNotFoundError) or status == 404:
        return "model"
    if status >= 500:
        return "down" if status in _SURELY_UNPAID else "lost"
    if status in (408, 409, 425):
        return "down"
    message = _message(error.body).lower()
    if status == 400 and "api key" in message:  # Gemini's way
        return "key"
    if status == 400 and _NO_MODEL.search(message):
        return "model"
    return "rejected"


def _retry_after(error: Any) -> float | None:
    """Seconds; also parts of one, which some servers send."""
    if error.retry_after is not None:
        return float(error.retry_after)
    try:
        seconds = float((error.headers or {}).get("retry-after", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _message(body: Any) -> str:
    """What the provider says, from the shapes in which they say it."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        text = inner.get("message", "") if isinstance(inner, Mapping) else inner
        return _first_line(str(text or ""))
    text = str(body or "")
    return "" if text.lstrip().startswith("<") else _first_line(text)  # a proxy's page


def _first_line(text: str) -> str:
    line = next((" ".join(each.split()) for each in text.splitlines() if each.strip()), "")
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


def _cause(error: BaseException, key: str | None) -> str:
    """The innermost words: `Connection error.` alone says little."""
    said = [text for each in _chain(error) if (text := _first_line(str(each)))]
    return hide(said[-1], key) if said else type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
