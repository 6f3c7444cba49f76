"""Whether a budget of dollars can be kept: the most that each call costs must be known before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.authors import AgentOptions, LlmOptions, ModelOptions


def check_costs(goal: Goal) -> None:
    """GoalError, with the place of the model or agent, where `budget.cost` is set and a call has no bound."""
    if goal.budget.cost is None:
        return
    for model, where in models_of(goal):
        most = _most_of(model, where)
        if most > goal.budget.cost:
            help = "raise the budget, or lower the model's `max_tokens`"
            raise _out_of_reach(f"`{model.model}`", most, goal.budget.cost, where, help)
    for spec in goal.propose:
        if isinstance(spec.options, AgentOptions):
            _check_agent(spec.options, goal.budget.cost, goal.where(_key(goal, "agent")))


def models_of(goal: Goal) -> Iterator[tuple[ModelOptions, str]]:
    """Every model that the goal names, with its place (`goal.yaml:12`)."""
    for spec in goal.propose:
        if not isinstance(spec.options, LlmOptions):
            continue
        key = _key(goal, spec.name)
        if spec.options.ideate is not None:
            yield spec.options.ideate, goal.where(f"{key}.ideate")
        for n, model in enumerate(spec.options.edit, start=1):
            likely = (f"{key}.edit[{n}]", f"{key}.edit", f"{key}[{n}]")
            yield model, goal.where(next((each for each in likely if each in goal.lines), key))


def _check_agent(agent: AgentOptions, budget: float, where: str) -> None:
    if agent.max_cost is None:
        raise GoalError(
            "with `budget.cost`, `agent` must say what one call of it costs at most",
            where=where,
            help="add the most dollars that one call may cost: `max_cost: 0.50`",
            slug="missing-key",
        )
    if agent.max_cost > budget:
        raise _out_of_reach("`agent`", agent.max_cost, budget, where, "raise the budget, or lower `max_cost`")


def _out_of_reach(who: str, most: float, budget: float, where: str, help: str) -> GoalError:
    return GoalError(
        f"one call of {who} may cost ${most:.4g}, more than the whole `budget.cost` of ${budget:.4g}",
        where=where,
        help=help,
        slug="out-of-reach",
    )


def _most_of(model: ModelOptions, where: str) -> float:
    """What the longest reply to the shortest prompt costs."""
    from kapso.propose.llm.connect import split, why_not_installed
    from kapso.propose.llm.prices import most_of_one_try

    if why_not_installed(split(model)[0]) is not None:
        return 0.0  # whoever checks the model says so, and the list of prices comes with the package
    if (most := most_of_one_try(model, 1)) is not None:
        return most
    if model.max_tokens is None:
        raise GoalError(
            f"with `budget.cost`, `{model.model}` needs `max_tokens`: a reply without end has no price",
            where=where,
            help="add the longest reply to pay for, such as `max_tokens: 8000`",
            slug="missing-key",
        )
    raise GoalError(
        f"the price of `{model.model}` is not known, so `budget.cost` cannot be kept",
        where=where,
        help="add it in dollars per million tokens, such as `price: {input: 1.0, output: 4.0}`",
        slug="missing-key",
    )


def _key(goal: Goal, name: str) -> str:
    """The key under which the goal has the proposer `name`; `propose` where it is not in the goal's file."""
    return next((key for key in goal.lines if re.fullmatch(rf"propose(\[\d+\])?\.{name}", key)), "propose")
