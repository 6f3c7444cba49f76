"""The attempts as compact JSON for the page's script: columns by position, texts cut to fit.

5,000 attempts stay under 5 MB whatever they say; `kapso show` has all of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kapso.attempt import Attempt
from kapso.git.attempts import clip_title
from kapso.report.chart import Chart, worked_s
from kapso.report.facts import Facts
from kapso.report.tallies import kind_of
from kapso.wording import printable_lines

_TEXT_BYTES = 2_400_000
_METRIC_VALUES = 40_000
_MOST_TITLE_BYTES = 240
_EXTRA_BYTES = {"<": 5, ">": 5, "&": 5, '"': 1, "\\": 1, "\n": 1, "\t": 1}
_SHARES = {"reason": 0.4, "hypothesis": 0.3, "feedback": 0.2, "parameters": 0.1}


def page_data(facts: Facts, proposers: Sequence[str], chart: Chart | None) -> str:
    """JSON that may stand in a `script` element: no text in it can end the element or start a comment."""
    names = _metric_names(facts)
    room = min(max(_TEXT_BYTES / max(len(facts.attempts), 1), 160), 6_000)
    kinds = sorted({kind_of(each, facts) for each in facts.attempts})
    ended = worked_s(facts)
    return as_script(
        {
            "run": facts.run.run,
            "maximize": facts.run.maximize,
            "best": facts.run.best_attempt,
            "proposers": list(proposers),
            "kinds": kinds,
            "metrics": names,
            "rows": [
                _row(each, kinds.index(kind_of(each, facts)), proposers.index(each.proposer), at, names, room)
                for each, at in zip(facts.attempts, ended, strict=True)
            ],
            "chart": {"y": chart.y, "x": [view.x for view in chart.views]} if chart else None,
        }
    )


def as_script(value: Mapping[str, Any]) -> str:
    """Strict JSON with the characters escaped that mean something to HTML or to old JavaScript."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "backslashreplace").decode()


def _row(
    attempt: Attempt, kind: int, proposer: int, at: float, names: Sequence[str], room: float
) -> list[Any]:
    parameters = ", ".join(f"{name} = {value}" for name, value in attempt.parameters.items())
    texts = {
        "reason": attempt.reason,
        "hypothesis": attempt.hypothesis,
        "feedback": attempt.feedback,
        "parameters": parameters,
    }
    cut = [_fit(texts[name] or "", room * share) for name, share in _SHARES.items()]
    return [
        attempt.number,
        list(attempt.parents[:8]),
        _fit(clip_title(attempt.title), _MOST_TITLE_BYTES),
        kind,
        proposer,
        _short(attempt.score),
        _short(attempt.duration_s),
        _short(attempt.cost),
        round(at),
        attempt.commit[:12],
        *cut,
        [_short(attempt.metrics.get(name)) for name in names],
    ]


def _metric_names(facts: Facts) -> list[str]:
    """What most attempts were measured with, as many as there is room for; the score has a column already."""
    most = min(max(_METRIC_VALUES // max(len(facts.attempts), 1), 3), 24)
    counts: dict[str, int] = {}
    for attempt in facts.attempts:
        for name in attempt.metrics:
            counts[name] = counts.get(name, 0) + 1
    counts.pop(facts.run.metric or "score", None)
    declared = [each.name for each in facts.goal.metrics] if facts.goal else []
    ordered = sorted(counts, key=lambda name: (name not in declared, -counts[name], name))
    return [name[:80] for name in ordered[:most]]


def _short(value: float | None) -> float | None:
    """Nine significant digits."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.9g}")


def _fit(text: str, room: float) -> str:
    """`text`, cut so that it takes at most `room` bytes in the page."""
    start = text[: int(room) + 1]
    safe = start if start.isprintable() else printable_lines(start)
    is_cut = len(start) < len(text)
    while safe and (weight := _weight(safe) + 3 * is_cut) > room:
        is_cut = True
        safe = safe[: min(int(len(safe) * room / weight), len(safe) - 1)]
    return f"{safe}…" if is_cut else safe


def _weight(text: str) -> int:
    """Bytes that `as_script` makes of it; asking it each time took four fifths of a large page's time."""
    plain = len(text.encode("utf-8", "backslashreplace"))
    return plain + sum(text.count(sign) * extra for sign, extra in _EXTRA_BYTES.items())
