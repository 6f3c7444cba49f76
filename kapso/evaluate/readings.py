"""What a scorer said, as numbers: exactly one source counts, and nothing is ever made up.

The first that applies: the file that the goal names as `result`, the file `$KAPSO_RESULT`, the regular
expressions of the goal, the last line of stdout that is a JSON object. Numbers in nested objects get the
name of their place (`public.error_rate`); text is feedback, except in an object named `private`.
"""

from __future__ import annotations

import json
import math
import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
MAX_DEPTH = 4
MAX_REASON = 300
PRIVATE = "private."
"""Numbers below it count where the goal declares them, and are dropped otherwise; text always is."""


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


def read_scorer(
    declared: Sequence[Metric],
    stdout: bytes,
    result: Path | None,
    named: tuple[Path, str] | None = None,
) -> Reading:
    """What the scorer said through the one source that counts.

    `result` is the folder of $KAPSO_RESULT, `named` the folder of $KAPSO_OUT and the path of `result` in it.
    """
    if named is not None:
        return _from_named_file(*named)
    if result is not None and os.path.lexists(result / RESULT_FILE):
        return _from_file(result, RESULT_FILE, "$KAPSO_RESULT")
    text = stdout.decode("utf-8", "replace")
    if any(metric.regex for metric in declared):
        return _from_patterns(declared, text)
    # Not `splitlines`: that also breaks at characters that a string in JSON may hold.
    for line in reversed(text.split("\n")):
        found = json_object(line.encode()) if line.lstrip().startswith("{") else None
        if found is not None:
            return read_object(found)
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


def _from_named_file(folder: Path, path: str) -> Reading:
    """The file that `result` names; a `correct.json` beside it that says no makes the attempt invalid.

    That is ShinkaEvolve's convention: its metrics are stand-ins where the program was not correct.
    """
    verdict = read_file(folder, posixpath.join(posixpath.dirname(path), "correct.json"))
    if isinstance(verdict, str):
        return Reading(fault=f"`correct.json` {verdict}")
    said = None if verdict is None else json_object(verdict)
    if said is not None and said.get("correct") is False:
        why = clean(str(said.get("error") or "it gives no reason"))[:MAX_REASON]
        return Reading(feedback=why, fault=f"`correct.json` says that the program is not correct: {why}")
    return _from_file(folder, path, f"$KAPSO_OUT/{path}")


def _from_file(folder: Path, path: str, name: str) -> Reading:
    data = read_file(folder, path)
    if data is None:
        return Reading(fault=f"the scorer wrote no `{name}`")
    if isinstance(data, str):
        return Reading(fault=f"`{name}` {data}")
    found = json_object(data)
    return Reading(fault=f"`{name}` holds no JSON object") if found is None else read_object(found)


def read_file(folder: Path, path: str) -> bytes | str | None:
    """What stands there, or in words what is wrong with it; None where there is nothing.

    No part of `path` may be a link: it would lead to files of this machine.
    """
    *folders, name = path.split("/")
    try:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in folders:
                outer, at = at, os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
                os.close(outer)
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        finally:
            os.close(at)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "is no regular file"
            data = file.read(MAX_RESULT_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(data) > MAX_RESULT_BYTES:
        return f"is larger than {MAX_RESULT_BYTES} bytes"
    return data


def json_object(data: bytes) -> dict[str, Any] | None:
    """The object that UTF-8 text holds, None where it holds anything else."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_object(given: Mapping[str, Any]) -> Reading:
    """Numbers, text and faults of a JSON object, nested ones under the names of their places."""
    metrics: dict[str, float] = {}
    faults: dict[str, str] = {}
    texts: list[str] = []
    values = list(_flat(given))
    if len(values) > MAX_VALUES:
        return Reading(fault=f"the scorer gave {len(values)} values, more than {MAX_VALUES}")
    if any(len(name) > MAX_NAME for name, _ in values):
        return Reading(fault=f"the scorer gave a name of more than {MAX_NAME} characters")
    for key, value in values:
        name = clean(key)
        if name in metrics or name in faults:
            metrics.pop(name, None)
            faults[name] = "is given twice"
        elif isinstance(value, bool) or not isinstance(value, int | float):
            is_text = isinstance(value, str)
            faults[name] = (
                "is text, not a number" if is_text else f"is `{json.dumps(value)[:40]}`, not a number"
            )
            texts += _texts(name, value)
        else:
            _take(name, value, metrics, faults)
    return Reading(metrics, "\n".join(texts)[:MAX_FEEDBACK] or None, faults)


def _flat(given: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)


def _texts(name: str, value: Any) -> Iterator[str]:
    """A string, or a list of them, as feedback; what is `private` is not shown to proposers."""
    if name.startswith(PRIVATE):
        return
    lines = value if isinstance(value, list) else [value]
    if lines and all(isinstance(line, str) for line in lines):
        text = clean("\n".join(lines))
        yield text if name in ("feedback", "text_feedback") else f"{name}: {text}"


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
