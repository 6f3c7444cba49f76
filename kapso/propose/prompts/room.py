"""The tokens that a prompt's record may take, shared out among its parts; what one leaves, the next has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kapso.propose.prompts.material import Told
from kapso.propose.prompts.text import count_tokens

ITEM_TOKENS = 12
"""What a template writes around an item."""


class Room:
    """`left` is what the part at hand may still take, `used` what all took so far; `was_enough` until
    something did not fit."""

    def __init__(self, tokens: int) -> None:
        self.used = 0
        self.left = 0
        self.was_enough = True
        self._tokens = max(0, tokens)

    def share(self, part: float) -> None:
        """What comes next may use that part of all tokens, and what was left before."""
        self.left += int(part * self._tokens)

    def takes(self, tokens: int) -> bool:
        """Take so many tokens if they are left."""
        if tokens > self.left:
            self.was_enough = False
            return False
        self.left -= tokens
        self.used += tokens
        return True

    def texts(self, texts: Sequence[str], most: int) -> list[str]:
        """The first texts that fit."""
        return [text for text in texts[:most] if self.takes(count_tokens(text) + ITEM_TOKENS)]

    def first(self, versions: Iterable[Told]) -> Told | None:
        """The first of several versions of the same, the longest first, that fits."""
        return next((each for each in versions if self.takes(cost(each))), None)


def cost(told: Told) -> int:
    """The tokens of an attempt as prompts tell of it."""
    texts = (told.title, told.reason, told.feedback, told.diff)
    return sum(count_tokens(text) + ITEM_TOKENS for text in texts if text) + ITEM_TOKENS
