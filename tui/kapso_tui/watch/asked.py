"""What somebody types to find things: words, and `key:value` pairs that narrow the choice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """`kind:avoid sort loop` → words `sort loop`, named `{"kind": ("avoid",)}`."""

    words: str = ""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, key: str) -> tuple[str, ...]:
        """The values that were given for a key."""
        return self.named.get(key, ())

    def __bool__(self) -> bool:
        return bool(self.words or self.named)


def asked(text: str, keys: Collection[str]) -> Asked:
    """What `text` asks for; a pair whose key is none of these is words, one without a value is left out."""
    words: list[str] = []
    named: dict[str, tuple[str, ...]] = {}
    for word in text.split():
        key, colon, value = word.partition(":")
        if not colon or key not in keys:
            words.append(word)
        elif value:
            named[key] = (*named.get(key, ()), value)
    return Asked(" ".join(words), named)
