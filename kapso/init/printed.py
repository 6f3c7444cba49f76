"""Metrics in what a command printed: a JSON object, `accuracy: 0.93`, a bare number, or `hits 12`."""

from __future__ import annotations

import json
import re

from kapso.goal.model import Direction
from kapso.init.program import Metric

_SMALLER = frozenset(
    "loss error err rmse mse mae mape cost time seconds second sec secs ms us ns latency duration elapsed "
    "size bytes kb mb memory regret distance dist length energy penalty penalties miss misses makespan "
    "perplexity ppl bpb residual violations conflicts moves steps gap nll wer cer tardiness waste".split()
)
_LARGER = frozenset(
    "score scores accuracy acc f1 auc precision recall reward throughput fitness speedup profit value rate "
    "gain hits quality correct passed r2 iou bleu win wins points utility coverage psnr ssim sharpe sum "
    "radii area".split()
)
_PER_TIME = re.compile(r"per_?(s|sec|second|ms)\b|(?:/|_p)s$|ops|fps|qps|rps|gflops|mflops", re.IGNORECASE)
_FIRST = ("combined_score", "score", "total_score", "total", "accuracy", "fitness")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BARE = re.compile(rf"^\s*({_NUMBER})\s*$")
_LABEL = r"\"?([A-Za-z][\w ./-]{0,40}?)\"?\s*[:=]\s*"
_LABELLED = re.compile(rf"^\s*({_LABEL}){_NUMBER}(?:\s*[%A-Za-z/]{{0,8}})?,?\s*$")
_WORD = r"[A-Za-z][\w./-]*"
_SPACED = re.compile(rf"^\s*({_WORD}(?:[ \t]+{_WORD}){{0,2}})[ \t]+{_NUMBER}\s*$")
"""A label and a number are the whole line, else any sentence would do."""
_READ = r"([-+.\deE]+)"


def read_metrics(printed: str) -> tuple[Metric, ...]:
    """The metrics in what a scorer printed, the primary one first; none where it printed no number."""
    for line in reversed(printed.splitlines()):
        if line.lstrip().startswith("{"):
            found = _in_object(line)
            if found:
                return _primary_first(found)
    return read_labelled(printed) or _bare(printed) or _read_spaced(printed)


def read_labelled(printed: str) -> tuple[Metric, ...]:
    """Metrics in lines such as `total distance = 1234.5`; the last line of a label counts."""
    found: dict[str, Metric] = {}
    for line in printed.splitlines()[-200:]:
        match = _LABELLED.match(line)
        if match is None:
            continue
        name = _as_name(match[2])
        if not name or name.startswith(("run.", "diff.")):
            continue
        goal, is_sure = direction(name)
        label = r"\s*".join(re.escape(part) for part in re.split(r"\s{2,}$|(?<=[:=])\s+$", match[1]))
        pattern = rf"^\s*{label}{_READ}".replace(r"\ ", " ").replace(r"\-", "-")
        found[name] = Metric(name, goal, pattern, is_sure)
    return _primary_first(list(found.values()))


def _read_spaced(printed: str) -> tuple[Metric, ...]:
    """Metrics in lines such as `ops/sec 1200`; the last line of a label counts."""
    found: dict[str, Metric] = {}
    for match in filter(None, map(_SPACED.match, printed.splitlines()[-200:])):
        name = _as_name(match[1])
        if not name or name.startswith(("run.", "diff.")):
            continue
        goal, is_sure = direction(name)
        label = r"\s+".join(re.escape(word).replace(r"\-", "-") for word in match[1].split())
        found[name] = Metric(name, goal, rf"^\s*{label}\s+{_READ}\s*$", is_sure)
    return _primary_first(list(found.values()))


def _as_name(label: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", label.lower()).strip("_.")


def direction(name: str) -> tuple[Direction, bool]:
    """Which way is better, and whether the name says so."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    if _PER_TIME.search(name):
        return "maximize", True
    for word in reversed(words):
        if word in _SMALLER:
            return "minimize", True
        if word in _LARGER:
            return "maximize", True
    return "maximize", False


def _in_object(line: str) -> list[Metric]:
    try:
        value = json.loads(line)
    except ValueError:
        return []
    if not isinstance(value, dict):
        return []
    numbers = [k for k, v in value.items() if isinstance(v, int | float) and not isinstance(v, bool)]
    usable = [k for k in numbers if k and not re.search(r"\s", k) and not k.startswith(("run.", "diff."))]
    return [Metric(name, *_unpack(name)) for name in usable]


def _unpack(name: str) -> tuple[Direction, None, bool]:
    goal, is_sure = direction(name)
    return goal, None, is_sure


def _bare(printed: str) -> tuple[Metric, ...]:
    lines = [line for line in printed.splitlines() if line.strip()]
    if not lines or not _BARE.match(lines[-1]):
        return ()
    return (Metric("score", "maximize", rf"^\s*{_READ}\s*$", is_sure=False),)


def _primary_first(metrics: list[Metric]) -> tuple[Metric, ...]:
    """The one that people would call the score, then those whose direction is known; order kept."""

    def rank(metric: Metric) -> tuple[int, int]:
        named = _FIRST.index(metric.name) if metric.name in _FIRST else len(_FIRST)
        return named, 0 if metric.is_sure else 1

    return tuple(sorted(metrics, key=rank))
