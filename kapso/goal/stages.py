"""`evaluate.stages`: cheap scorers first, the full one last, and who goes on from one to the next."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from kapso.errors import GoalError
from kapso.goal.commands import command_text, read_command
from kapso.goal.function import command_of, read_function
from kapso.goal.item import Item
from kapso.goal.keys import STAGE
from kapso.goal.metrics import read_constraints
from kapso.goal.model import Command, Constraint, EvaluationStage
from kapso.goal.names import quoted

DEFAULT_SHARE = 1 / 3
"""Halving by three: the whole number next to e, which Hyperband's bound is best at (Li et al. 2018)."""
STAGE_NAME = "^[A-Za-z][A-Za-z0-9_-]*$"
_TAKEN = ("build", "check", "diff", "evaluate", "holdout", "private", "run", "setup")
"""Other commands, and what other metrics start with."""
_EXAMPLE = "{name: quick, command: python evaluate.py --quick, timeout: 10s, promote: 1/3}"
_PROMOTE = "a share such as `1/3` or `30%`, a rule such as `score >= 0.9 * baseline`, or a list of them"
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%", re.ASCII)
_FRACTION = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})", re.ASCII)


class Shared(NamedTuple):
    """What the goal gives to all stages: a time limit, its folder, and the items `run` and `program`."""

    timeout_s: float
    folder: Path
    run: Item | None
    program: Item | None


def read_stages(item: Item, shared: Shared) -> tuple[EvaluationStage, ...]:
    """The stages in order, the full evaluation last."""
    if not isinstance(item.value, list):
        raise item.expected("a list of stages", help=f"write each one like `- {_EXAMPLE}`")
    if len(item.value) < 2:
        raise item.error(
            "`evaluate.stages` needs a cheap stage and, last, the full one",
            help="a single evaluation is written as `evaluate: COMMAND`",
            slug="missing-stage",
        )
    *cheap, full = item.value
    stages = [*(_cheap(each, shared) for each in cheap), _full(full, shared)]
    for place, (stage, each) in enumerate(zip(stages, item.value, strict=True)):
        if stage.name in [other.name for other in stages[:place]]:
            raise _parts(each)["name"].error(
                f"two stages are called `{stage.name}`", help="give each a name of its own", slug="conflict"
            )
    return tuple(stages)


def _cheap(item: Item, shared: Shared) -> EvaluationStage:
    parts, stage = _parts(item), _stage(item, shared)
    share, rules = _promote(parts["promote"]) if "promote" in parts else (DEFAULT_SHARE, ())
    return replace(stage, share=share, rules=rules, run=_run(parts, stage.command.timeout_s, shared))


def _full(item: Item, shared: Shared) -> EvaluationStage:
    for name, reason in (
        ("promote", "it is the full evaluation, and nothing comes after it"),
        ("run", "it is the full evaluation, which runs the goal's own `run`"),
    ):
        if name in _parts(item):
            raise _parts(item)[name].error(
                f"the last stage takes no `{name}`: {reason}", help="remove it", slug="conflict"
            )
    return _stage(item, shared)


def _stage(item: Item, shared: Shared) -> EvaluationStage:
    """Name and scorer."""
    parts = _parts(item)
    name = _name(item, parts)
    limit_s = parts["timeout"].duration() if "timeout" in parts else shared.timeout_s
    given = [key for key in ("command", "python") if key in parts]
    if len(given) != 1:
        problem = "has neither `command` nor `python`" if not given else "has `command` and `python`"
        raise item.error(
            f"the stage `{name}` {problem}", help=f"write it like `{_EXAMPLE}`", slug="missing-key"
        )
    if "python" not in parts:
        return EvaluationStage(name, Command(command_text(parts["command"]), limit_s))
    if shared.run is not None:
        raise parts["python"].error(
            f"`{parts['python'].key}` cannot be used with `run`: the function would have to run the program "
            "beside its judge",
            help="remove `run`, or name a `command` that reads what `run` left in `$KAPSO_OUT`",
            slug="conflict",
        )
    function, _ = read_function(parts["python"], shared.program, shared.folder)
    return EvaluationStage(name, command_of(function, limit_s), function)


def _parts(item: Item) -> dict[str, Item]:
    return item.mapping(STAGE, example=_EXAMPLE)


def _name(item: Item, parts: dict[str, Item]) -> str:
    if "name" not in parts:
        raise item.error(
            f"`{item.key}` has no `name`", help=f"write it like `{_EXAMPLE}`", slug="missing-key"
        )
    name = parts["name"].word("a name")
    if not re.match(STAGE_NAME, name) or name in _TAKEN:
        raise parts["name"].error(
            f"`{name}` is no name for a stage",
            help="it is a letter, then letters, digits, `-` and `_`, such as `quick`; "
            f"{quoted(_TAKEN)} mean other things",
            slug="bad-name",
        )
    return name


def _run(parts: dict[str, Item], own_s: float, shared: Shared) -> Command | None:
    """What a cheap stage runs: its own command, or the goal's within the time of the stage."""
    if shared.run is None:
        if "run" in parts:
            raise parts["run"].error(
                f"`{parts['run'].key}` needs a `run` of the goal, which the last stage runs",
                help="add `run: COMMAND` at the top level",
                slug="missing-key",
            )
        return None
    if "run" in parts:
        return read_command(parts["run"], own_s)
    command = read_command(shared.run, shared.timeout_s)
    return replace(command, timeout_s=own_s) if "timeout" in parts else command


def _promote(item: Item) -> tuple[float | None, tuple[Constraint, ...]]:
    """A share, rules, or both; by rules alone, everything that meets them goes on."""
    share: float | None = None
    rules: list[Constraint] = []
    for each in item.items(_PROMOTE):
        if isinstance(each.value, str) and re.search("[<>=]", each.value):
            rules += read_constraints(each)
        elif share is not None:
            raise each.error(f"`{item.key}` gives two shares", help="keep one of them", slug="conflict")
        else:
            share = _share(each)
    if share is None and not rules:
        raise item.error(f"`{item.key}` lets nobody through", help=f"write {_PROMOTE}", slug="empty-value")
    return share, tuple(rules)


def _share(item: Item) -> float:
    share: float | None = None
    if isinstance(item.value, int | float) and not isinstance(item.value, bool):
        share = float(item.value)
    elif isinstance(item.value, str) and (percent := _PERCENT.fullmatch(item.value.strip())):
        share = float(percent[1]) / 100
    elif isinstance(item.value, str) and (fraction := _FRACTION.fullmatch(item.value.strip())):
        share = int(fraction[1]) / int(fraction[2]) if int(fraction[2]) else None
    if share is None:
        raise item.expected(_PROMOTE)
    if not 0 < share <= 1:
        raise _out_of_range(item)
    return share


def _out_of_range(item: Item) -> GoalError:
    return item.error(
        f"`{item.key}`: a share is more than 0 and at most 1, found `{item.written}`",
        help="write it as `1/3`, `30%` or `0.3`",
        slug="out-of-range",
    )
