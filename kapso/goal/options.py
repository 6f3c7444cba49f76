"""A goal without a file: the options of `kapso run` as the values that goal.yaml would hold.

Every error names the option that it is about. What is not given has goal.yaml's default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kapso.errors import UsageError
from kapso.goal.item import Item, Value
from kapso.goal.load import build_goal, is_goal_name, slug
from kapso.goal.model import COMMAND_LINE, Goal
from kapso.goal.names import quoted
from kapso.goal.overrides import Overrides

_SPARE_NAME = "program"
"""For a folder whose name gives none."""


@dataclass(frozen=True)
class GoalOptions:
    """What the command line says about a goal; the empty tuple and None stand for what it leaves out."""

    edit: Sequence[str] = ()
    evaluate: str | None = None
    run: str | None = None
    check: Sequence[str] = ()
    metric: Sequence[str] = ()
    objective: str | None = None
    program: str | None = None
    timeout: str | None = None

    def given(self) -> list[str]:
        """The options that are given, as they are typed."""
        return [f"--{name}" for name, value in vars(self).items() if value not in (None, ())]

    def goal(self, folder: Path, overrides: Overrides | None = None) -> Goal:
        """The goal in `folder`, which its paths are relative to and which names it."""
        self._check_complete()
        metrics = _metrics(self.metric)
        objective = self.objective
        if objective is None:
            direction, name = next(iter((each.written, name) for name, each in metrics.items()), ("", ""))
            objective = f"{direction or 'maximize'} {name or 'score'}, as `{self.evaluate}` measures it"
        name = slug(folder.name)
        values: dict[str, Value] = {
            "name": name if is_goal_name(name) else _SPARE_NAME,
            "objective": objective,
            "edit": _list("edit", self.edit),
            "evaluate": self._evaluate(),
            **({"run": self.run} if self.run is not None else {}),
            **({"check": _list("check", self.check)} if self.check else {}),
            **({"metrics": metrics} if metrics else {}),
            **({"timeout": self.timeout} if self.timeout is not None else {}),
        }
        root = {key: _item(key, value) for key, value in values.items()}
        goal = build_goal(Item("", root, COMMAND_LINE), folder / COMMAND_LINE, COMMAND_LINE)
        return overrides.apply(goal) if overrides else goal

    def _evaluate(self) -> Value:
        if self.program is None:
            return self.evaluate
        return {
            "command": Item("evaluate.command", self.evaluate, "--evaluate", written=self.evaluate or ""),
            "program": Item("evaluate.program", self.program, "--program", written=self.program),
        }

    def _check_complete(self) -> None:
        missing = [f"--{name}" for name in ("edit", "evaluate") if f"--{name}" not in self.given()]
        if missing:
            raise UsageError(
                f"a goal without a goal.yaml, as {quoted(self.given())} asks for, lacks {quoted(missing)}",
                help="say what may change and how to score it: "
                "`kapso run --edit pack.py --evaluate 'python evaluate.py'`",
                slug="usage",
            )


def _item(key: str, value: Value) -> Item:
    written = value if isinstance(value, str) else ""
    return Item(key, value, f"--{key.removesuffix('s') if key == 'metrics' else key}", written=written)


def _list(key: str, texts: Sequence[str]) -> list[Item]:
    if len(texts) == 1:
        return [_item(key, texts[0])]
    return [Item(f"{key}[{n}]", text, f"--{key}", written=text) for n, text in enumerate(texts, start=1)]


def _metrics(texts: Sequence[str]) -> dict[str, Item]:
    metrics: dict[str, Item] = {}
    for text in texts:
        name, sign, direction = (part.strip() for part in text.partition("="))
        if not sign or not name:
            raise UsageError(
                f"`--metric {text}` has no direction" if name else f"`--metric {text}` has no name",
                help=f"write `--metric {name or 'score'}=maximize` or `=minimize`",
                slug="usage",
            )
        if name in metrics:
            raise UsageError(
                f"`--metric {name}` is given twice", help="keep one of the two", slug="duplicate-key"
            )
        metrics[name] = Item(f"metrics.{name}", direction, "--metric", written=direction)
    return metrics
