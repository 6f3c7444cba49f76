"""The rules by which lessons are learnt, each in a module of its own."""

from __future__ import annotations

from collections.abc import Mapping

from kapso.memory.lessons.lesson import About
from kapso.memory.lessons.rules.base import Rule
from kapso.memory.lessons.rules.changes import Changes
from kapso.memory.lessons.rules.errors import Errors
from kapso.memory.lessons.rules.operators import Operators
from kapso.memory.lessons.rules.pairs import Pairs
from kapso.memory.lessons.rules.parameters import Parameters
from kapso.memory.lessons.rules.places import Places
from kapso.memory.lessons.rules.stated import Stated


def rules(parameters: Parameters) -> Mapping[About, Rule]:
    """New ones, that have seen nothing."""
    return {
        About.OPERATOR: Operators(),
        About.PLACE: Places(),
        About.PARAMETER: parameters,
        About.ERROR: Errors(),
        About.CHANGE: Changes(),
        About.PAIR: Pairs(),
        About.STATED: Stated(),
    }
