"""goal.yaml: the model, its loading, and which files it lets an attempt change. Reads no repository."""

from kapso.goal.dump import dump_goal
from kapso.goal.load import load_goal, parse_goal
from kapso.goal.model import (
    Budget,
    Command,
    Constraint,
    EvaluationStage,
    Function,
    Goal,
    Metric,
    ProposerSpec,
    SandboxSettings,
    Search,
    Stop,
)
from kapso.goal.overrides import Overrides
from kapso.goal.units import format_duration, parse_duration, parse_size

__all__ = [
    "Budget",
    "Command",
    "Constraint",
    "EvaluationStage",
    "Function",
    "Goal",
    "Metric",
    "Overrides",
    "ProposerSpec",
    "SandboxSettings",
    "Search",
    "Stop",
    "dump_goal",
    "format_duration",
    "load_goal",
    "parse_duration",
    "parse_goal",
    "parse_size",
]
