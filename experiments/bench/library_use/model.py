"""A model that follows what it reads: of the moves that it knows, the one that its prompt speaks of most.

It knows nothing about which move wins. Without anything from the library in its prompt it takes its moves in
an order drawn by the seed; with it, those first whose words an excerpt has in common, rare words and earlier
excerpts counting more. A move that does not fit the program at hand waits.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence

from library_use.task import Move, Task

_SECTION = re.compile(r"^## From the library\n(.*?)(?=^## |^# |\Z)", re.MULTILINE | re.DOTALL)
_EXCERPT = re.compile(r"^(?=From .*:$)", re.MULTILINE)
LATER = 0.3
"""How much less each later excerpt counts."""
_WORD = re.compile(r"[a-z]{3,}")


class Reader:
    """One run's model; every move is made once."""

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task
        self._left = list(task.moves)
        random.Random(seed).shuffle(self._left)
        counts = Counter(word for move in task.moves for word in words(move.says))
        self._weights = {word: math.log(1 + len(task.moves) / count) for word, count in counts.items()}

    def answer(self, prompt: str) -> str:
        """The next move as a reply that `llm` reads."""
        told = _SECTION.search(prompt)
        if told is not None:
            read = [words(each) for each in _EXCERPT.split(told[1])[1:]]
            self._left.sort(key=lambda move: -self._interest(move, read))  # stable: ties keep the drawn order
        fitting = (at for at, move in enumerate(self._left) if move.search.rstrip("\n") in prompt)
        move = self._left.pop(next(fitting, 0))
        return (
            f"Title: {move.says[:56]}\nWhat: {move.says}\nWhy: it may pay\nExpect: the score falls\n\n"
            f"{self._task.file}\n<<<<<<< SEARCH\n{move.search}=======\n{move.replace}>>>>>>> REPLACE\n"
        )

    def _interest(self, move: Move, read: Sequence[frozenset[str]]) -> float:
        said = words(move.says)
        whole = sum(self._weights[word] for word in said)
        shares = (sum(self._weights[word] for word in said & each) / whole for each in read)
        return max((share / (1 + LATER * rank) for rank, share in enumerate(shares)), default=0.0)


def words(text: str) -> frozenset[str]:
    """The words of a text, without the ends that plural and tense give them."""
    return frozenset(re.sub(r"(?:ing|ed|es|s)$", "", word) for word in _WORD.findall(text.lower()))


def mean_without(moves: Sequence[Move]) -> float:
    """How many attempts chance alone takes on the average until the one winning move."""
    return (len(moves) + 1) / 2
