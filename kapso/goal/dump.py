"""Writes a goal as the YAML that reads back to an equal goal: what git keeps as the goal as resolved.

Every string is quoted, so that no reader of YAML, old or new, can take one for something else.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import Any

from kapso.goal.authors import AgentOptions, LlmOptions, ModelOptions
from kapso.goal.model import Command, EvaluationStage, Goal, Metric, ProposerSpec
from kapso.goal.recipe import RecipeOptions
from kapso.goal.units import exact_duration

_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def dump_goal(goal: Goal) -> str:
    """The goal with every default written out; paths stay relative to its folder."""
    from ruamel.yaml import YAML  # 130 ms
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def quote(value: Any) -> Any:
        match value:
            case str():
                return DoubleQuotedScalarString(value)
            case dict():
                return {name: quote(each) for name, each in value.items()}
            case list() | tuple():
                return [quote(each) for each in value]
        return value

    yaml = YAML()
    yaml.width = 2**20
    stream = io.StringIO()
    yaml.dump(quote(as_mapping(goal)), stream)
    return stream.getvalue()


def as_flow(value: Any) -> str:
    """A plain value on one line of YAML; what is neither text, number, list nor mapping is taken as text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _SPECIAL.get(str(value)) or repr(value)
        case Mapping():
            pairs = (f"{as_flow(str(key))}: {as_flow(each)}" for key, each in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(map(as_flow, value))}]"
    return json.dumps(str(value), ensure_ascii=False)


def as_mapping(goal: Goal) -> dict[str, Any]:
    """The goal's keys and values, every default among them."""
    mapping = {
        "name": goal.name,
        "objective": goal.objective,
        "repo": None if goal.repo is None else os.path.relpath(goal.repo, goal.folder),
        "base": goal.base,
        "edit": goal.edit,
        "share": goal.share,
        "hide": goal.hide,
        **_commands(goal),
        "keep": goal.keep,
        "metrics": {metric.name: _metric(metric) for metric in goal.metrics},
        "constraints": [constraint.text for constraint in goal.constraints],
        "repeats": goal.repeats or "auto",
        "propose": [_proposer(spec) for spec in goal.propose],
        "prompts": goal.prompts,
        **_sections(goal),
        "approve": goal.approve,
        "knowledge": goal.knowledge,
        "memory": {"recall": goal.recall, "user": goal.user_memory, "model": goal.model_lessons},
    }
    return _without_none(mapping)


def _commands(goal: Goal) -> dict[str, Any]:
    single = {
        "setup": goal.setup,
        "build": goal.build,
        "run": goal.run,
        "holdout": goal.holdout,
    }
    return {
        "check": [_command(each) for each in goal.check],
        **{key: None if command is None else _command(command) for key, command in single.items()},
        "evaluate": _scorer(goal),
    }


def _scorer(goal: Goal) -> dict[str, Any]:
    said = {"python": goal.function.written} if goal.function else {"command": goal.evaluate.command}
    result = None if goal.result is None else f"$KAPSO_OUT/{goal.result}"
    if goal.stages:
        stages = [_stage(stage, is_last=stage is goal.stages[-1]) for stage in goal.stages]
        return _without_none({"program": goal.program, "result": result, "stages": stages})
    timeout = exact_duration(goal.evaluate.timeout_s)
    return _without_none({**said, "program": goal.program, "result": result, "timeout": timeout})


def _stage(stage: EvaluationStage, *, is_last: bool) -> dict[str, Any]:
    said = {"python": stage.function.written} if stage.function else {"command": stage.command.command}
    run = None if stage.run is None else _command(stage.run)
    share = [] if stage.share is None else [stage.share]
    promote = None if is_last else [*share, *(rule.text for rule in stage.rules)]
    timeout = exact_duration(stage.command.timeout_s)
    return _without_none({"name": stage.name, **said, "run": run, "timeout": timeout, "promote": promote})


def _command(command: Command) -> dict[str, str]:
    return {"command": command.command, "timeout": exact_duration(command.timeout_s)}


def _metric(metric: Metric) -> dict[str, Any]:
    bounds = [metric.low, metric.high]
    return _without_none({"goal": metric.goal, "regex": metric.regex, "bounds": bounds, "take": metric.take})


def _proposer(spec: ProposerSpec) -> str | dict[str, Any]:
    match spec.options:
        case LlmOptions(edit, ideate):
            models = [_model(each) for each in edit]
            return {spec.name: models if ideate is None else {"ideate": _model(ideate), "edit": models}}
        case RecipeOptions(folders):
            return {spec.name: {"from": folders}}
        case AgentOptions() as agent:
            return {spec.name: _options(agent)}
    return spec.name


def _model(model: ModelOptions) -> dict[str, Any]:
    price = None if model.price is None else {"input": model.price.input, "output": model.price.output}
    return _options(model) | ({} if price is None else {"price": price})


def _options(options: ModelOptions | AgentOptions) -> dict[str, Any]:
    said = {**vars(options), "timeout": exact_duration(options.timeout_s), "timeout_s": None}
    return _without_none({key: None if value == () else value for key, value in said.items()})


def _sections(goal: Goal) -> dict[str, dict[str, Any]]:
    search, budget, stop, sandbox = goal.search, goal.budget, goal.stop, goal.sandbox
    sections: dict[str, dict[str, Any]] = {
        "search": {
            "policy": search.policy,
            "parallel": "auto" if search.parallel is None else search.parallel,
            "seed": search.seed,
            "executor": search.executor,
            "repairs": search.repairs,
        },
        "budget": {
            "attempts": budget.attempts,
            "time": None if budget.time_s is None else exact_duration(budget.time_s),
            "cost": budget.cost,
        },
        "stop": {"target": stop.target, "patience": stop.patience},
        "sandbox": {
            "level": sandbox.level,
            "network": sandbox.network,
            "memory": None if sandbox.memory_bytes is None else f"{sandbox.memory_bytes}B",
            "processes": sandbox.processes,
            "read": sandbox.read,
            "gpu": "auto" if sandbox.gpu is None else sandbox.gpu,
            "env": sandbox.env,
        },
    }
    return {name: _without_none(section) for name, section in sections.items()}


def _without_none(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
