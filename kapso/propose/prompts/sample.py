"""Tries templates out on made-up material before a run pays for anything: once with little, once with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapso.propose.author import Failure
from kapso.propose.prompts.code import FileView, Unseen
from kapso.propose.prompts.goal_view import ConstraintView, GoalView, MetricView, Step
from kapso.propose.prompts.material import Material, Row, Table, Told
from kapso.propose.recalled import Excerpt

if TYPE_CHECKING:
    from kapso.propose.prompts.templates import Templates

_GOAL = GoalView(
    objective="Pack circles.",
    metrics=[MetricView("score", "higher is better", "0 to 2", True)],
    constraints=[ConstraintView("score >= 0.9 * baseline", "score >= 0.9")],
    steps=[Step("run", "python pack.py", "5m"), Step("evaluate", what="it is scored")],
    edit="`pack.py`",
    folder="program",
    memory="1 GB",
    has_blocks=True,
)
_TOLD = Told(
    1,
    "a title",
    "llm",
    "scored",
    1.5,
    0.5,
    "better",
    "a reason",
    "said so",
    "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b",
)
_FAILURE = Failure("a reason", "an error", ["a lesson"])
_LITTLE = Material(goal=_GOAL, start=_TOLD, table=Table(["baseline"], [Row("score", ["1"])]))
_ALL = Material(
    goal=_GOAL,
    start=_TOLD,
    table=Table(["baseline", "best"], [Row("score", ["1", "2"])]),
    files=[FileView("pack.py", "a = 1\n")],
    left_out=[Unseen("data.txt", "9 lines")],
    more_left_out=1,
    is_cut=True,
    noise=0.1,
    lineage=[_TOLD, _TOLD],
    best=_TOLD,
    others=[_TOLD],
    worked=[_TOLD],
    failed=[_TOLD],
    tried=[_TOLD],
    known=[_TOLD],
    lessons=["a lesson"],
    knowledge=[Excerpt("a source", "a text")],
    hints=["a hint"],
)


def try_out(templates: Templates) -> None:
    """GoalError, with file and line, where one of the user's templates cannot be rendered."""
    templates.check_syntax()
    for material in (_LITTLE, _ALL):
        values = material.values()
        for purpose, idea_follows in (("ideate", False), ("edit", False), ("edit", True)):
            for name in ("system", "task"):
                templates.render(name, purpose=purpose, idea_follows=idea_follows, **values)
        templates.render("idea", idea="an idea")
        templates.render("agent", limit="10m", has_tools=True, **values)
        templates.render("agent-repair", failures=[_FAILURE])
        for applied in (False, True):
            templates.render("repair", failure=_FAILURE, applied=applied, files=material.files)
