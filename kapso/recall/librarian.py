"""Asks the libraries on behalf of an attempt: by its objective, by the code at hand, by what failed last.

Which hits it brings follows the value that they had in the run so far, so that what led nowhere gives way.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.errors import KapsoError
from kapso.propose.protocol import Context
from kapso.propose.recalled import NOTHING, Excerpt, Recalled
from kapso.recall.code import about_code, languages_of
from kapso.recall.hits import where
from kapso.recall.secrecy import Secrecy
from kapso.recall.shelves import Shelves
from kapso.shipped import languages_of_playbooks

if TYPE_CHECKING:
    from kapso_knowledge import Node
    from kapso_knowledge.library.protocol import Hit

MOST_HITS = 8
"""More than a prompt has room for, as what is long may not fit."""
CANDIDATES = 24
LONGEST_EXCERPT = 2400
"""Characters."""
FUSED = 8.0
"""Of reciprocal rank fusion: how fast what is ranked lower counts less."""
GENERAL = 0.8
"""What general advice (the shipped playbooks) counts beside what was learnt for this program."""
_SPOKEN_IN = {"c": ("cpp",), "javascript": ("typescript",)}
_DIFF = re.compile(r"^```diff$.*?^```$", re.DOTALL | re.MULTILINE)
_FAILED = (Outcome.INVALID, Outcome.CRASHED, Outcome.TIMED_OUT)


class Librarian:
    """What the libraries bring to the attempts of one run, opened when the first one asks.

    `say` hears once if they fail: a run goes on without.
    """

    def __init__(
        self, open_shelves: Callable[[], Shelves], secrecy: Secrecy, say: Callable[[str], None]
    ) -> None:
        self._open_shelves, self._secrecy, self._say = open_shelves, secrecy, say
        self._answers: dict[str, list[Hit]] = {}
        self._values = Values()
        self._has_failed = False
        self._lock = threading.Lock()

    def recall(self, context: Context) -> Recalled:
        """The excerpts for an attempt, the most useful first; several attempts may ask at once."""
        with self._lock:
            if self._has_failed:
                return NOTHING
            try:
                hits = self._ranked(context)
            except KapsoError as error:
                self._has_failed = True
                self._say(f"warning: nothing is recalled from the library any more: {error.message}")
                return NOTHING
        return Recalled(knowledge=[_excerpt(hit) for hit in hits[:MOST_HITS]])

    @cached_property
    def _shelves(self) -> Shelves:
        return self._open_shelves()

    def _ranked(self, context: Context) -> list[Hit]:
        """Hits of all questions, fused by their ranks and weighed by their value so far."""
        scores: dict[str, float] = defaultdict(float)
        found: dict[str, Hit] = {}
        languages = languages_of(context.files)
        for question, weight in questions(context):
            fitting = (hit for hit in self._ask(question) if _fits(hit, languages))
            for rank, hit in enumerate(fitting):
                found.setdefault(hit.node.id, hit)
                share = GENERAL if hit.node.source == "playbooks" else 1.0
                scores[hit.node.id] += share * weight / (FUSED + rank)
        self._values.take(context.attempts, context.barred)
        best = sorted(found, key=lambda id: (-scores[id] * self._values[id], id))
        return [found[id] for id in best]

    def _ask(self, question: str) -> list[Hit]:
        if question not in self._answers:
            from kapso_knowledge.library.protocol import Filter

            hits = self._shelves.search(question, CANDIDATES, Filter())
            self._answers[question] = [hit for hit in hits if not self._secrecy.hides(hit.node)]
        return self._answers[question]


def questions(context: Context) -> Iterator[tuple[str, float]]:
    """What to ask, and how much the answers weigh."""
    yield _cut(context.goal.objective, 60), 1.0
    if code := about_code(context.files):
        yield code, 0.5
    if failure := _last_failure(context):
        yield failure, 1.0
    if context.hints:
        yield _cut(context.hints[-1], 60), 1.0


class Values:
    """By node, how often an attempt that was told of it was better than its parent.

    Kept up as attempts land: to count anew for each prompt grows with all that was ever told.
    """

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._better: Counter[str] = Counter()
        self._count = 0
        self._barred: frozenset[int] = frozenset()

    def take(self, attempts: Sequence[Attempt], barred: Collection[int]) -> None:
        """Count what has landed since; all anew where some are `barred` that had another verdict before."""
        if self._barred != frozenset(barred) or len(attempts) < self._count:
            self._told, self._better, self._count = Counter(), Counter(), 0
            self._barred = frozenset(barred)
        for attempt in attempts[self._count :]:
            for id in attempt.knowledge:
                self._told[id] += 1
                self._better[id] += attempt.verdict is Verdict.BETTER
        self._count = len(attempts)

    def __getitem__(self, id: str) -> float:
        """1 where none was told of it."""
        return (1 + self._better[id]) / (1 + self._told[id])


def _fits(hit: Hit, languages: frozenset[str]) -> bool:
    """Code in a language that the program is not written in is of little use to it, a recipe's likewise, and
    a shipped playbook that is about others."""
    node = hit.node
    about = languages_of_playbooks().get(node.place.path) if node.source == "playbooks" else None
    if about and languages and about.isdisjoint(languages):
        return False
    if node.language is None or not languages or not languages.isdisjoint(_SPOKEN_IN.get(node.language, ())):
        return True
    return node.language in languages or not (node.kind == "implementation" or _is_recipe(node))


def _is_recipe(node: Node) -> bool:
    """Whether more than half of the text are changes to code."""
    return 2 * sum(len(found[0]) for found in _DIFF.finditer(node.text)) > len(node.text)


def _last_failure(context: Context) -> str | None:
    """What the latest attempt from the same start failed of, or what the start's own evaluation said."""
    start = context.parents[0]
    for attempt in reversed(context.attempts):
        if attempt.outcome in _FAILED and start.number in attempt.parents[:1] and attempt.reason:
            return _cut(f"{attempt.reason} {_end(attempt.feedback)}", 40)
    said = start.reason or _end(start.feedback)
    return _cut(said, 40) if said else None


def _end(text: str | None) -> str:
    """The last line that says something: where errors stand."""
    lines = [line for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _cut(text: str, most_words: int) -> str:
    return " ".join(text.split()[:most_words])


def _excerpt(hit: Hit) -> Excerpt:
    node = hit.node
    text = node.text if len(node.text) <= LONGEST_EXCERPT else _shortened(node.text.splitlines())
    return Excerpt(where(node), text, node.id)


def _shortened(lines: Sequence[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > LONGEST_EXCERPT:
            break
        kept.append(line)
    return "\n".join([*kept, "[…]"]) if kept else lines[0][:LONGEST_EXCERPT] + "…"
