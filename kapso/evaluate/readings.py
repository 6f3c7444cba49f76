"""What a scorer said, as numbers: exactly one source counts, and nothing is ever made up.

The first that applies: the file `$KAPSO_RESULT`, the regular expressions of the goal, the last line
of stdout that is a JSON object.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kapso.evaluate.failures import clean
from kapso.goal import Constraint, Metric

RESULT_FILE = "result.json"
MAX_RESULT_BYTES = 1_000_000
MAX_FEEDBACK = 8_000
MAX_VALUES = 1_000
MAX_NAME = 200
"""More names, or longer ones, are a mistake or an attack: they would end up in every commit and table."""


@dataclass(frozen=True)
class Reading:
    """Numbers and text that a scorer gave. `faults` says, per metric, why its value is no number."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    feedback: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "metrics": dict(self.metrics),
            "feedback": self.feedback,
            "faults": dict(self.faults),
            "fault": self.fault,
        }


def read_scorer(declared: Sequence[Metric], stdout: bytes, result: Path | None) -> Reading:
    """What the scorer said through the one source that counts; `result` is the folder of $KAPSO_RESULT."""
    if result is not None and os.path.lexists(result / RESULT_FILE):
        return _from_result_file(result / RESULT_FILE)
    text = stdout.decode("utf-8", "replace")
    if any(metric.regex for metric in declared):
        return _from_patterns(declared, text)
    # Not `splitlines`: that also breaks at characters that a string in JSON may hold.
    for line in reversed(text.split("\n")):
        found = _json_object(line) if line.lstrip().startswith("{") else None
        if found is not None:
            return _from_object(found)
    return Reading(fault="the scorer printed no line that is a JSON object")


def why_invalid(
    declared: Iterable[Metric],
    constraints: Iterable[Constraint],
    metrics: Mapping[str, float],
    baseline: Mapping[str, float],
    reading: Reading,
) -> str | None:
    """The first reason why these metrics make an attempt invalid, None when all is well."""
    for metric in declared:
        if (reason := _why_not_usable(metric, metrics, reading)) is not None:
            return reason
    for constraint in constraints:
        if not constraint.holds(metrics, baseline):
            value = metrics.get(constraint.metric)
            seen = f"it is {value:.6g}" if value is not None else f"no `{constraint.metric}` was measured"
            return f"the constraint `{constraint.text}` does not hold: {seen}"
    return None


def _why_not_usable(metric: Metric, metrics: Mapping[str, float], reading: Reading) -> str | None:
    value = metrics.get(metric.name)
    if value is None:
        if metric.name in reading.faults:
            return f"the metric `{metric.name}` {reading.faults[metric.name]}"
        if reading.fault and not metric.is_measured:
            return f"the metric `{metric.name}` is missing: {reading.fault}"
        given = ", ".join(f"`{name}`" for name in sorted(metrics) if not name.startswith(("run.", "diff.")))
        return f"the metric `{metric.name}` is missing" + (f" (the scorer gave {given})" if given else "")
    if not metric.low <= value <= metric.high:
        return (
            f"the metric `{metric.name}` is {value:.6g}, out of its bounds [{metric.low:g}, {metric.high:g}]"
        )
    return None


def _from_result_file(path: Path) -> Reading:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Reading(fault="`$KAPSO_RESULT` is no regular file")
            data = file.read(MAX_RESULT_BYTES + 1)
    except OSError as error:
        return Reading(fault=f"`$KAPSO_RESULT` cannot be read: {error.strerror}")
    if len(data) > MAX_RESULT_BYTES:
        return Reading(fault=f"`$KAPSO_RESULT` is larger than {MAX_RESULT_BYTES} bytes")
    found = _json_object(data.decode("utf-8", "replace"))
    return Reading(fault="`$KAPSO_RESULT` holds no JSON object") if found is None else _from_object(found)


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _from_object(given: Mapping[str, Any]) -> Reading:
    metrics: dict[str, float] = {}
    faults: dict[str, str] = {}
    texts: list[str] = []
    if len(given) > MAX_VALUES:
        return Reading(fault=f"the scorer gave {len(given)} values, more than {MAX_VALUES}")
    if any(len(name) > MAX_NAME for name in given):
        return Reading(fault=f"the scorer gave a name of more than {MAX_NAME} characters")
    for key, value in given.items():
        name = clean(key)
        if isinstance(value, str):
            texts.append(clean(value if name == "feedback" else f"{name}: {value}"))
            faults[name] = "is text, not a number"
        elif isinstance(value, bool) or value is None or not isinstance(value, int | float):
            faults[name] = f"is `{json.dumps(value)[:40]}`, not a number"
        else:
            _take(name, value, metrics, faults)
    return Reading(metrics, "\n".join(texts)[:MAX_FEEDBACK] or None, faults)


def _from_patterns(declared: Sequence[Metric], text: str) -> Reading:
    metrics: dict[str, float] = {}
    faults: dict[str, str] = {}
    for metric in declared:
        if metric.regex is None:
            if not metric.is_measured:
                faults[metric.name] = "is missing: it has no `regex`, and others have, so only those are read"
            continue
        matches = list(re.finditer(metric.regex, text, re.MULTILINE))
        if not matches:
            faults[metric.name] = f"is missing: `{metric.regex}` matches nothing that the scorer printed"
            continue
        last = matches[-1]
        found = (last[1] if last.re.groups else last[0]) or ""
        try:
            _take(metric.name, float(found), metrics, faults)
        except ValueError:
            faults[metric.name] = f"is `{clean(found[:40])}`, not a number"
    return Reading(metrics, None, faults)


def _take(name: str, value: float, metrics: dict[str, float], faults: dict[str, str]) -> None:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isfinite(number):
        metrics[name] = number
    else:
        faults[name] = f"is `{number}`, not finite"
