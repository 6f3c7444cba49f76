"""Metrics and constraints: what is measured, in which direction, and what must hold."""

from __future__ import annotations

import math
import re
import warnings

from kapso.goal.item import Item
from kapso.goal.keys import METRIC
from kapso.goal.model import MEASURED_METRICS, Constraint, Direction, Metric, Take
from kapso.goal.names import suggestion

DIRECTIONS: dict[str, Direction] = {"maximize": "maximize", "minimize": "minimize"}
TAKES: dict[str, Take] = {"median": "median", "minimum": "minimum"}
_EXAMPLE = "metrics: {score: maximize}"
_CONSTRAINT_FORM = "METRIC <=|>=|<|> NUMBER [* baseline]"
_CONSTRAINT = re.compile(
    r"(?P<metric>[^\s<>=!*]+) \s* (?P<op><=|>=|<|>) \s*"
    r"(?P<value>[-+]? (?:[0-9]+\.?[0-9]*|\.[0-9]+) (?:[eE][-+]?[0-9]+)?) \s*"
    r"(?P<baseline>\*\s*baseline)?",
    re.ASCII | re.VERBOSE,
)


def read_metrics(item: Item) -> tuple[Metric, ...]:
    """The metrics in the order of the file; the first is the primary one."""
    pairs = item.pairs(_EXAMPLE)
    if not pairs:
        raise item.error("`metrics` names no metric", help=f"write it like `{_EXAMPLE}`", slug="empty-value")
    return tuple(_metric(name, each) for name, each in pairs.items())


def read_constraints(item: Item) -> tuple[Constraint, ...]:
    """The constraints, each with the text that the goal gives it."""
    return tuple(_constraint(each) for each in item.items(f"a list of constraints `{_CONSTRAINT_FORM}`"))


def _metric(name: str, item: Item) -> Metric:
    _check_name(name, item)
    if not isinstance(item.value, dict):
        return Metric(name, _direction(item))
    parts = item.mapping(METRIC, example="{goal: minimize, bounds: [0, .inf]}")
    if "goal" not in parts:
        raise item.error(
            f"`{item.key}` has no `goal`",
            help="write `goal: maximize` or `goal: minimize`",
            slug="missing-key",
        )
    low, high = _bounds(parts["bounds"]) if "bounds" in parts else (-math.inf, math.inf)
    regex = _regex(name, parts["regex"]) if "regex" in parts else None
    take = TAKES[parts["take"].choice(tuple(TAKES))] if "take" in parts else "median"
    return Metric(name, _direction(parts["goal"]), regex, low, high, take)


def _check_name(name: str, item: Item) -> None:
    if not name.strip() or any(character.isspace() for character in name):
        raise item.error(
            f"`{name}` is no name for a metric",
            help="a name has at least one letter and no space",
            slug="bad-name",
        )
    if name.startswith(("run.", "diff.")) and name not in MEASURED_METRICS:
        raise item.error(
            f"`{name}` is no metric that Kapso measures",
            help=suggestion(name, sorted(MEASURED_METRICS), allowed="it measures"),
            slug="unknown-metric",
        )


def _direction(item: Item) -> Direction:
    return DIRECTIONS[item.choice(tuple(DIRECTIONS))]


def _regex(name: str, item: Item) -> str:
    if name in MEASURED_METRICS:
        raise item.error(
            f"`{name}` is measured by Kapso: a `regex` has no effect on it",
            help="remove the `regex`",
            slug="conflict",
        )
    if not isinstance(item.value, str):
        raise item.expected(r"a regular expression such as `'bytes: (\d+)'`")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a FutureWarning about `[[` says nothing to the reader of a goal
            re.compile(item.value)
    except (re.error, OverflowError, RecursionError) as error:
        raise item.error(
            f"`{item.value}` is no regular expression: {error}",
            help=r"the syntax is that of Python's `re`, such as `'bytes: (\d+)'`",
            slug="bad-regex",
        ) from error
    if not item.value:
        raise item.error(
            f"`{item.key}` is empty", help="write a value, or remove the key", slug="empty-value"
        )
    return item.value


def _bounds(item: Item) -> tuple[float, float]:
    if not isinstance(item.value, list) or len(item.value) != 2:
        help = "write `[0, .inf]` where only one side is bounded"
        raise item.expected("a list of two numbers, the lowest and the highest", help=help)
    low, high = (each.number(may_be_infinite=True) for each in item.value)
    if low > high:
        lowest, highest = (each.written for each in item.value)
        raise item.error(
            f"`{item.key}`: the lowest `{lowest}` is over the highest `{highest}`",
            help=f"did you mean `[{highest}, {lowest}]`?",
            slug="out-of-range",
        )
    return low, high


def _constraint(item: Item) -> Constraint:
    text = item.text(f"a constraint `{_CONSTRAINT_FORM}`")
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise item.error(f"`{text}` is no constraint", help=_constraint_help(text), slug="bad-constraint")
    _check_name(match["metric"], item)
    value = float("".join(match["value"].split()))
    if math.isinf(value):
        raise item.error(
            f"`{text}`: the number is not finite", help="remove the constraint", slug="out-of-range"
        )
    return Constraint(text, match["metric"], match["op"], value, match["baseline"] is not None)


def _constraint_help(text: str) -> str:
    form = f"write it as `{_CONSTRAINT_FORM}`, such as `score >= 0.99 * baseline`"
    if re.search(r"[<>]=?\s*baseline\s*$", text):
        return f"write `1 * baseline`; {form}"
    if re.search(r"(?<![<>])=|!=", text):
        return f"the comparisons are `<=`, `>=`, `<` and `>`; {form}"
    return form
