"""Text on its way into a prompt: cut to size, fenced so that it cannot leave its block, freed of secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

from kapso.wording import printable_lines

_BACKTICKS = re.compile(r"`{3,}")
_SECRET_WORDS = frozenset(
    "KEY KEYS APIKEY TOKEN TOKENS SECRET SECRETS PASSWORD PASSWD PASSPHRASE CREDENTIAL CREDENTIALS".split()
)
_SHORTEST_SECRET = 8
"""A shorter value is more likely a word that the program needs than a secret."""

_TOKEN = re.compile(r"[A-Z]?[a-z]{1,7}|[A-Z]{1,3}|[0-9]{1,2}|\n+|[ \t]{2,}|[\x21-\x7e]|[^\x00-\x7f]")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")


def count_tokens(text: str) -> int:
    """About how many tokens a model makes of `text`: an estimate that needs no tokenizer and errs upwards.

    A token is up to seven small letters or three capitals, two digits, a sign, a line end, an indentation.
    Against o200k and cl100k it says 1.3 times as much for code and 1.1 to 1.3 for prose, diffs and numbers
    (newer tokenizers are less frugal than those two); it says 0.8 times as much for random base64.
    """
    return len(_TOKEN.findall(text)) + 2 * len(_BEYOND.findall(text))


def clip(text: str, most: int) -> str:
    """The first `most` characters, on one line that opens no fence."""
    line = " ".join(_BACKTICKS.sub("`", text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def fence(text: str, label: str = "") -> str:
    """`text` in a fenced block that nothing in it can end."""
    longest = max((len(each) for each in _BACKTICKS.findall(text)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}{label}\n{text.rstrip(chr(10))}\n{marks}"


def indent(text: str, by: int = 2) -> str:
    """Every line further to the right."""
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def tail(text: str, most_tokens: int) -> str:
    """What programs print, cut to size: a little of its beginning and more of its end, where errors stand."""
    text = printable_lines(text.strip("\n"))
    if count_tokens(text) <= most_tokens:
        return text
    lines = [line if len(line) <= 400 else f"{line[:300]} … {line[-60:]}" for line in text.split("\n")]
    head, end = _fitting(lines, most_tokens // 4), _fitting(lines[::-1], most_tokens * 3 // 4)[::-1]
    left_out = len(lines) - len(head) - len(end)
    if left_out <= 0:
        return "\n".join(lines)
    return "\n".join([*head, f"… {left_out} lines left out …", *end])


def _fitting(lines: list[str], most_tokens: int) -> list[str]:
    kept, used = [], 0
    for line in lines:
        used += count_tokens(line) + 1
        if used > most_tokens:
            break
        kept.append(line)
    return kept


def cut_diff(diff: str, most_tokens: int) -> str:
    """A unified diff, cut at the end of a line; what is left out is said."""
    if count_tokens(diff) <= most_tokens:
        return diff.rstrip("\n")
    lines = diff.rstrip("\n").split("\n")
    kept = _fitting(lines, most_tokens - 15)
    return "\n".join([*kept, f"[… {len(lines) - len(kept)} more lines of this diff …]"])


def masked(text: str, secrets: Collection[str] = ()) -> str:
    """`text` without the values of variables that hold secrets: `secrets`, and such as `OPENAI_API_KEY`.

    What cannot be sent as UTF-8 (a path that is none) is escaped.
    """
    for name, value in os.environ.items():
        is_secret = name in secrets or not _SECRET_WORDS.isdisjoint(name.upper().split("_"))
        if is_secret and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"<{name}>")
    return text.encode("utf-8", "backslashreplace").decode()
