"""Writes the texts that are counted, the same on every machine, and the right answers beside them."""

import collections
import itertools
import json
import random
import re
from pathlib import Path

BYTES = 12_000_000
DISTINCT = 60_000
TOP = 500
TEXTS = {"text": 1, "holdout": 2}


def vocabulary(draw):
    """Pronounceable words, the frequent ones short, as languages have it."""
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
    words = set()
    while len(words) < DISTINCT:
        words.add("".join(draw.choices(syllables, k=draw.choice((1, 2, 2, 3, 3, 3, 4, 4, 5)))))
    return sorted(words, key=lambda word: (len(word), word))


def text(draw):
    words = vocabulary(draw)
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))  # Zipf
    drawn = draw.choices(words, cum_weights=weights, k=BYTES // 60 * 10)
    lines = [
        " ".join(drawn[start : start + 10]).capitalize() + draw.choice((".", ".", "!", ",", " -", "; 42"))
        for start in range(0, len(drawn), 10)
    ]
    return "\n".join(lines) + "\n"


def answer(content):
    counts = collections.Counter(re.findall("[a-z]+", content.lower()))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]


def main():
    Path("data").mkdir(exist_ok=True)
    Path("answers").mkdir(exist_ok=True)
    for name, seed in TEXTS.items():
        content = text(random.Random(seed))
        Path("data", f"{name}.txt").write_text(content)
        Path("answers", f"{name}.json").write_text(json.dumps(answer(content)))


if __name__ == "__main__":
    main()
