"""Errors: which edits go before them, by place, by kind of edit, and by names brought in or taken out."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from kapso.memory.features import Features
from kapso.memory.lessons.evidence import log_factor
from kapso.memory.lessons.lesson import About, Line, Subject, Tally
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Found, Seen, Spoke

_MOST_TOKENS = 12
_MOST_PLACES = 3
_REMEMBERED = 8
_MORE = math.log(10)

Cause = tuple[tuple[str, str], ...]
"""Key and value pairs as `Subject.told` has them."""


class Errors:
    def __init__(self) -> None:
        self._total = 0
        self._causes: Counter[Cause] = Counter()
        self._signatures: Counter[str] = Counter()
        self._both: Counter[tuple[str, Cause]] = Counter()
        self._remembered: dict[tuple[str, Cause], deque[Spoke]] = {}
        self._lessons: dict[Cause, dict[str, Subject]] = {}

    def know(self, line: Line) -> None:
        told = dict(line.subject.told)
        signature = told.pop("signature")
        cause = tuple(sorted((str(key), str(value)) for key, value in told.items()))
        self._lessons.setdefault(cause, {})[signature] = line.subject

    def subjects(self, features: Features) -> Iterable[Subject]:
        for cause in _causes(features):
            yield from self._lessons.get(cause, {}).values()

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        causes, signature = _causes(seen.features), seen.features.signature
        signature = signature if seen.result == "failed" else None
        self._total += 1
        self._causes.update(causes)
        if signature is not None:
            self._signatures[signature] += 1
        for cause in causes:
            known = self._lessons.get(cause, {})
            if signature is not None:
                self._both[signature, cause] += 1
            for name in known:
                yield self._found(name, cause, seen, signature)
        if signature is not None:
            yield from self._likeliest(signature, causes, seen)

    def _likeliest(self, signature: str, causes: list[Cause], seen: Seen) -> Iterable[Found]:
        """Of what might have led to the error, what explains it best, if better than what is known."""
        known = [cause for cause in causes if signature in self._lessons.get(cause, {})]
        others = [cause for cause in causes if cause not in known]
        for cause in others:
            self._remember(signature, cause, seen, signature)
        told = max((self._factor(signature, cause) for cause in known), default=0.0)
        best = max(others, key=lambda each: self._factor(signature, each), default=None)
        if best is not None and self._factor(signature, best) > told + (_MORE if known else 0.0):
            yield self._told(signature, best)

    def _factor(self, signature: str, cause: Cause) -> float:
        total, hits = self._causes[cause], self._both[signature, cause]
        rest = self._signatures[signature] - hits
        return log_factor("failed", hits, total, rest, self._total - total)

    def _found(self, name: str, cause: Cause, seen: Seen, signature: str | None) -> Found:
        self._remember(name, cause, seen, signature)
        return self._told(name, cause)

    def _remember(self, name: str, cause: Cause, seen: Seen, signature: str | None) -> None:
        remembered = self._remembered.setdefault((name, cause), deque(maxlen=_REMEMBERED))
        result = "failed" if name == signature else "same" if seen.result == "failed" else seen.result
        remembered.append(Spoke(seen.attempt.number, seen.attempt.commit, result))

    def _told(self, name: str, cause: Cause) -> Found:
        total, hits = self._causes[cause], self._both[name, cause]
        remembered = self._remembered[name, cause]
        concerned = Tally(total=total, failed=hits)
        others = Tally(total=self._total - total, failed=self._signatures[name] - hits)
        told: Mapping[str, Any] = {"signature": name, **dict(cause)}
        return Found(Subject(About.ERROR, told), concerned, others, tuple(remembered))


def _causes(features: Features) -> list[Cause]:
    causes: list[Cause] = []
    if features.operator is not None:
        causes.append((("operator", features.operator), ("proposer", features.proposer)))
    if len(features.places) <= _MOST_PLACES:
        causes += [(("path", path), ("region", region)) for path, region in dict.fromkeys(features.places)]
    if len(features.tokens) <= _MOST_TOKENS:
        causes += [(("token", token),) for token in sorted(features.tokens)]
    return causes
