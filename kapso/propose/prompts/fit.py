"""Makes a prompt fit a budget of tokens: renders, counts, and gathers less where that is too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kapso.errors import UsageError
from kapso.propose.prompts.gather import Gatherer
from kapso.propose.prompts.material import Material
from kapso.propose.prompts.text import count_tokens

MESSAGE_TOKENS = 8
"""What a provider adds to each message."""
_TRIES = 6

Texts = Sequence[str]


def fitted(
    gatherer: Gatherer, most_tokens: int, make: Callable[[Material], Texts], *, with_code: bool
) -> Texts:
    """The texts that `make` renders from as much material as fits.

    Raises UsageError where not even the goal and a little of the program do.
    """
    # Where half of the room is enough for all that there is, nobody needs to know what the least takes.
    material = gatherer.material(most_tokens // 2, with_code=with_code)
    if gatherer.is_all and _count(texts := make(material)) <= most_tokens:
        return texts
    room = most_tokens - _count(make(gatherer.least))
    for attempt in range(_TRIES):
        if room < 0:
            break
        texts = make(gatherer.material(room, with_code=with_code))
        excess = _count(texts) - most_tokens
        if excess <= 0:
            return texts
        room -= excess * (attempt + 1) + 20
    needed = _count(make(gatherer.least))
    raise UsageError(
        f"a prompt of at most {most_tokens} tokens is too short: goal and instructions alone take {needed}",
        help="allow more with `context_tokens`, or shorten `objective` or your own templates",
        slug="prompt-too-long",
    )


def _count(texts: Texts) -> int:
    return sum(count_tokens(text) + MESSAGE_TOKENS for text in texts)
