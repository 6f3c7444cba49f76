"""goal.yaml as a JSON schema (draft 7), for editors that complete and check it while one writes.

Keys and names come from the tables that the loader reads by; what a schema cannot say (patterns that
match nothing, metrics that nobody measures) only the loader finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kapso.goal import keys, sections
from kapso.goal.agent import AGENTS
from kapso.goal.llm import PROVIDERS
from kapso.goal.metrics import DIRECTIONS, TAKES
from kapso.goal.model import Search
from kapso.goal.stages import STAGE_NAME

_SOME = r"\S"
_NUMBER = r"([0-9]+(\.[0-9]+)?|\.[0-9]+)"
_DURATION = {
    "type": "string",
    "pattern": rf"^\s*({_NUMBER}\s*(ms|s|m|h)\s*)+$",
    "examples": ["90s", "10m", "2h"],
}
_SIZE = {
    "type": "string",
    "pattern": rf"^\s*{_NUMBER}\s*([KkMmGgTt][Ii]?)?[Bb]\s*$",
    "examples": ["512MB", "4GB"],
}
_TEXT = {"type": "string", "pattern": _SOME}
_BOOLEAN = {"type": "boolean"}


def goal_schema() -> dict[str, Any]:
    """The schema as JSON values."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The goal of a Kapso run (goal.yaml)",
        **_mapping(_TOP, keys.TOP, required=keys.REQUIRED),
        "definitions": {"command": _command(), "direction": {"enum": list(DIRECTIONS)}},
    }


def _mapping(
    described: Mapping[str, Any], allowed: tuple[str, ...], *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A mapping with exactly these keys; KeyError where the loader knows one that is not described."""
    return {
        "type": "object",
        "properties": {key: described[key] for key in allowed},
        "additionalProperties": False,
        **({"required": list(required)} if required else {}),
    }


def _says(description: str, *kinds: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Any one of `kinds`, with its description."""
    [first, *others] = kinds
    shape = {"anyOf": list(kinds)} if others else dict(first)
    return {"description": description, **shape, **more}


def _some(kind: Mapping[str, Any]) -> dict[str, Any]:
    """One, or a list of them."""
    return {"anyOf": [kind, {"type": "array", "items": kind}]}


def _whole(least: int, most: int | None = None) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, **({} if most is None else {"maximum": most})}


def _command() -> dict[str, Any]:
    parts = {
        "command": _says("Run by /bin/sh -c.", _TEXT),
        "timeout": _says("Its own time limit.", _DURATION),
    }
    return {"anyOf": [_TEXT, _mapping(parts, keys.COMMAND, required=("command",))]}


def _evaluate() -> dict[str, Any]:
    """A command, a command with a result file, or a function in Python."""
    described = {
        **_PARTS,
        "result": _says("A JSON file that the scorer writes; not with `run`.", _TEXT),
        "python": _says("A function of the program's path: `evaluator.py:evaluate`.", _TEXT),
        "program": _says("The program whose path the function gets.", _TEXT),
        "stages": _says(
            "Cheap stages first, the full evaluation last; only the promising go on.",
            {"type": "array", "items": _stage(), "minItems": 2},
        ),
    }
    by_command = _mapping(described, (*keys.COMMAND, "result", "program"), required=("command",))
    by_function = _mapping(described, ("timeout", "python", "program"), required=("python", "program"))
    by_stages = _mapping(described, ("timeout", "result", "program", "stages"), required=("stages",))
    return {"anyOf": [_TEXT, by_command, by_function, by_stages]}


def _stage() -> dict[str, Any]:
    """A cheap stage, or the last one, which is the full evaluation."""
    share = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    described = {
        **_PARTS,
        "name": _says("Its metrics are kept as NAME.METRIC.", {"type": "string", "pattern": STAGE_NAME}),
        "promote": _says(
            "Who goes on: a share of the best so far (1/3, 30%, 0.5) and rules (score >= 0.9 * baseline).",
            _some({"anyOf": [share, _TEXT]}),
            default="1/3",
        ),
        "python": _says("A function of the program's path: `evaluator.py:evaluate_stage1`.", _TEXT),
        "run": _says("What a cheap stage runs instead of the goal's `run`.", _COMMAND),
    }
    by_command = _mapping(
        described, tuple(key for key in keys.STAGE if key != "python"), required=("name", "command")
    )
    by_function = _mapping(described, ("name", "python", "timeout", "promote"), required=("name", "python"))
    return {"anyOf": [by_command, by_function]}


def _metrics() -> dict[str, Any]:
    bound = {"type": "number"}
    described = {
        "goal": _says("Which way is better.", _DIRECTION),
        "regex": _says("Finds the number in what the scorer prints; the last match counts.", _TEXT),
        "bounds": _says(
            "Values outside are invalid.", {"type": "array", "items": bound}, minItems=2, maxItems=2
        ),
    }
    described["take"] = _says("Which of its repeats counts.", {"enum": list(TAKES)}, default="median")
    one = {"anyOf": [_DIRECTION, _mapping(described, keys.METRIC, required=("goal",))]}
    return {"type": "object", "minProperties": 1, "additionalProperties": one}


def _proposers() -> dict[str, Any]:
    """A name, or a name with its options."""
    named = {
        "type": "object",
        "properties": {
            **dict.fromkeys(sections.PROPOSERS, {}),
            "recipe": _recipe(),
            "llm": _llm(),
            "agent": _agent(),
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    one = {"anyOf": [{"enum": list(sections.PROPOSERS)}, named]}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _recipe() -> dict[str, Any]:
    """The folders of playbooks."""
    folders = _says("Folders of playbooks, or playbooks; `kapso` means those that come with it.", _PATTERNS)
    return _mapping({"from": folders}, keys.RECIPE, required=keys.RECIPE)


def _llm() -> dict[str, Any]:
    """A model, a list of them, or those that have ideas and those that write."""
    models = {"anyOf": [_model(), {"type": "array", "items": _model(), "minItems": 1}]}
    described = {
        "ideate": _says("A cheaper model that has the ideas, in a call of its own.", _model()),
        "edit": _says("What writes the edits.", models),
    }
    return {"anyOf": [*models["anyOf"], _mapping(described, keys.LLM, required=("edit",))]}


def _model() -> dict[str, Any]:
    """`provider:name`, or a mapping with its options."""
    name = {"type": "string", "pattern": rf"^\s*({'|'.join(PROVIDERS)})\s*:.*\S"}
    free = {"type": "number", "minimum": 0}
    dollars = {"input": _says("Of what is sent.", free), "output": _says("Of what is written.", free)}
    described = {
        "model": _says("PROVIDER:NAME; `openai` is everything that speaks its protocol.", name),
        "base_url": _says(
            "Of the server; default: the provider's own.", {**_TEXT, "pattern": "^\\s*https?://"}
        ),
        "api_key_env": _says("The variable that holds the key.", _TEXT),
        "max_tokens": _says("The longest reply; required with `budget.cost`.", _whole(1)),
        "context_tokens": _says("The longest prompt.", _whole(1)),
        "price": _says(
            "Dollars per million tokens; default: the list of prices.",
            _mapping(dollars, keys.PRICE, required=keys.PRICE),
        ),
        "weight": _says("Its share of the calls.", {"type": "number", "exclusiveMinimum": 0}, default=1),
        "timeout": _says("Of a call with all its retries.", _DURATION, default="10m"),
        "temperature": _says("Default: the provider's.", free),
    }
    return {"anyOf": [name, _mapping(described, keys.MODEL, required=("model",))]}


def _agent() -> dict[str, Any]:
    """The name of one that is known, or a mapping with its options."""
    known = {"enum": list(AGENTS)}
    described = {
        "cli": _says("A coding agent whose flags are known.", known),
        "command": _says("Any other, run by /bin/sh -c; it finds the prompt in $KAPSO_PROMPT_FILE.", _TEXT),
        "model": _says("The model that a known one is told to use.", _TEXT),
        "timeout": _says("Of one call.", _DURATION, default="15m"),
        "env": _says("Variables of yours that it gets, by name.", _PATTERNS),
        "home": _says("Paths of your home folder that it sees, such as its login.", _PATTERNS),
        "max_cost": _says(
            "The most dollars that one call costs; required with `budget.cost`.",
            {"type": "number", "exclusiveMinimum": 0},
        ),
    }
    return {
        "anyOf": [known, *(_mapping(described, keys.AGENT, required=(key,)) for key in ("cli", "command"))]
    }


_PARTS = {
    "command": _says("Run by /bin/sh -c.", _TEXT),
    "timeout": _says("Its own time limit.", _DURATION),
}
_NAME = {"type": "string", "pattern": "^[a-z0-9-]*[a-z][a-z0-9-]*$"}
_REPEATS = ({"const": "auto"}, _whole(1, 10_000))
_DIRECTION = {"$ref": "#/definitions/direction"}
_COMMAND = {"$ref": "#/definitions/command"}
_PATTERNS = _some(_TEXT)

_SECTIONS: dict[str, dict[str, Any]] = {
    "search": {
        "policy": _says(
            "How parents are chosen: the best alone (greedy), the best first with exploration (tree), "
            "several populations side by side (islands), what none beats in all metrics (pareto).",
            {"enum": list(sections.POLICIES)},
            default=Search().policy,
        ),
        "parallel": _says(
            "Evaluations at once.", {"const": "auto"}, _whole(1, sections.MAX_PARALLEL), default="auto"
        ),
        "seed": _says("Of everything random.", _whole(0, sections.MAX_SEED), default=0),
        "executor": _says("Where evaluations happen.", {"enum": ["local", "ray"]}, default="local"),
        "repairs": _says("How often llm and agent may mend a failing edit.", _whole(0), default=2),
    },
    "budget": {
        "attempts": _says("So many attempts at most.", _whole(1), default=50),
        "time": _says("So long at most.", _DURATION),
        "cost": _says("So many dollars at most.", {"type": "number", "exclusiveMinimum": 0}),
    },
    "stop": {
        "target": _says("End when the score gets there.", {"type": "number"}),
        "patience": _says("End after so many attempts without a better one.", _whole(1)),
    },
    "sandbox": {
        "level": _says("How strong the walls must be.", {"enum": list(sections.LEVELS)}, default="auto"),
        "network": _says("Whether the program may use the network.", _BOOLEAN, default=False),
        "memory": _says("Of all its processes together; default: RAM / parallel.", _SIZE),
        "processes": _says("How many it may have.", _whole(1), default=512),
        "read": _says("Paths outside the repository that it may read.", _PATTERNS),
        "gpu": _says("Whether it sees a GPU.", {"const": "auto"}, _BOOLEAN, default="auto"),
        "env": _says("Variables of yours that it gets, by name.", _PATTERNS),
    },
    "memory": {
        "recall": _says(
            "Whether lessons, and what earlier runs of the goal found, are recalled.", _BOOLEAN, default=True
        ),
        "user": _says(
            "Whether your own lessons, of all repositories, are recalled and added to.",
            _BOOLEAN,
            default=False,
        ),
        "model": _says(
            "Whether the first model of `llm` is asked, once at the end of a run, what it teaches.",
            _BOOLEAN,
            default=False,
        ),
    },
}

_TOP: dict[str, Any] = {
    "name": _says("Of the goal; default: the folder's.", _NAME),
    "objective": _says("What to improve, in plain words.", _TEXT),
    "repo": _says("The git repository of the program; default: the one that holds this file.", _TEXT),
    "base": _says("The revision to start from.", {"type": ["string", "number"]}, default="HEAD"),
    "edit": _says(
        "What attempts may change, in gitignore syntax.",
        {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
    ),
    "share": _says("Files that git ignores and the evaluation needs; seen read-only.", _PATTERNS),
    "hide": _says("Files that only the scorer sees; default with `run`: the scorer's own.", _PATTERNS),
    "setup": _says("Run once per base, trusted, with network.", _COMMAND),
    "build": _says("Run for each candidate, in the sandbox.", _COMMAND),
    "keep": _says("Caches of `build` that outlive it.", _PATTERNS),
    "check": _says("Gates: each must exit with 0.", _some(_COMMAND)),
    "run": _says("The program itself, in the sandbox; it leaves its result in $KAPSO_OUT.", _COMMAND),
    "evaluate": _says("The scorer; prints its metrics as a JSON object.", _evaluate()),
    "timeout": _says("Of each command.", _DURATION, default="5m"),
    "metrics": _says("What is measured, and which way is better; the first is the score.", _metrics()),
    "constraints": _says("What must hold: METRIC <=|>=|<|> NUMBER [* baseline].", _PATTERNS),
    "repeats": _says(
        "Evaluations a candidate; the median counts. auto: as many as telling it from its parent takes.",
        *_REPEATS,
        default=1,
    ),
    "holdout": _says("Scores each new best on what proposers never see.", _COMMAND),
    "propose": _says("Who has the ideas.", _proposers()),
    "prompts": _says("A folder whose templates replace those of Kapso by name.", _TEXT),
    **{
        section: _says(description, _mapping(_SECTIONS[section], keys.SECTIONS[section]))
        for section, description in {
            "search": "How attempts are chosen and run.",
            "budget": "What the run may use, whichever ends first.",
            "stop": "When to end early.",
            "sandbox": "What the program may use and see.",
            "memory": "What earlier runs taught.",
        }.items()
    },
    "approve": _says(
        "Whether each diff waits for a human before it runs: `kapso approve` and `kapso reject` decide.",
        _BOOLEAN,
        default=False,
    ),
    "knowledge": _says("Sources to learn from first: folders, URLs, arXiv ids.", _PATTERNS),
}
