"""The catalogue of operators, one line each, and the edits that they see in a region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kapso.propose.mutate import faster, growth, python_only, signs, statements, terms, together
from kapso.propose.mutate.edit import Edit
from kapso.propose.mutate.languages import (
    ARGUMENTS,
    ASSIGNMENTS,
    BINARY,
    CALLS,
    FALLING,
    FUNCTIONS,
    IFS,
    INTEGERS,
    LOOPS,
    MEMBERS,
    SUBSCRIPTS,
    UNARY,
    UPDATES,
    WHILES,
)
from kapso.propose.mutate.tree import Node, Region

_STATEMENTS = frozenset({"*"})
_ROOTS = FUNCTIONS | {"module", "program", "translation_unit", "source_file"}


@dataclass(frozen=True)
class Operator:
    """`see` yields the edits at one node of these `kinds`; `prior` is its worth before anything is known."""

    name: str
    prior: float
    kinds: frozenset[str]
    see: Callable[[Node, Region], Iterator[Edit]]
    is_for_python: bool = False


OPERATORS = (
    Operator("compare", 1.0, BINARY, signs.compare),
    Operator("step", 0.8, BINARY, signs.step),
    Operator(
        "bound", 1.0, BINARY | ARGUMENTS | {"range_expression", "slice", "slice_expression"}, signs.bound
    ),
    Operator("index", 0.5, SUBSCRIPTS, signs.index),
    Operator("integer", 0.7, INTEGERS, signs.integer),
    Operator("arithmetic", 0.8, BINARY, signs.arithmetic),
    Operator("logic", 0.8, BINARY, signs.logic),
    Operator("assign", 0.8, ASSIGNMENTS | UPDATES, signs.assign),
    Operator("condition", 0.7, IFS | WHILES, terms.condition),
    Operator("negation", 0.7, UNARY | BINARY, terms.negation),
    Operator("operands", 0.8, BINARY, terms.operands),
    Operator("term", 0.5, BINARY, terms.term),
    Operator("arguments", 0.8, ARGUMENTS, terms.arguments),
    Operator("callee", 0.8, CALLS, terms.callee),
    Operator("name", 0.5, frozenset({"identifier"}), terms.name),
    Operator("member", 0.5, MEMBERS, terms.member),
    Operator("grow", 0.5, growth.VALUED | growth.INNER, growth.add),
    Operator("scale", 0.4, growth.VALUED | growth.INNER, growth.scale),
    Operator("clip", 0.3, growth.VALUED | growth.INNER, growth.clip),
    Operator("delete", 0.7, _STATEMENTS, statements.delete),
    Operator("swap", 0.6, _STATEMENTS, statements.swap),
    Operator("move", 0.6, _STATEMENTS, statements.move),
    Operator("exit", 0.6, _STATEMENTS, statements.leave),
    Operator("break", 1.0, FALLING, statements.end_case),
    Operator("copy", 0.4, _STATEMENTS, statements.copy),
    Operator("exchange", 0.7, _STATEMENTS, together.exchange),
    Operator("rename", 0.3, _STATEMENTS, together.rename),
    Operator("both", 0.4, _ROOTS, together.both),
    Operator("pair", 0.2, _ROOTS, together.pair),
    Operator("hoist", 1.2, CALLS, faster.hoist),
    Operator("first", 1.5, SUBSCRIPTS | {"assignment"}, faster.first_of, True),
    Operator("power", 0.5, BINARY | ARGUMENTS, faster.power),
    Operator("less", 0.4, BINARY | ARGUMENTS, faster.less),
    Operator("precision", 0.6, _ROOTS, faster.precision),
    Operator("guard", 0.4, LOOPS, faster.guard),
    Operator("cache", 1.0, frozenset({"function_definition"}), python_only.cache, True),
    Operator("lazy", 1.0, frozenset({"list_comprehension"}), python_only.lazy, True),
    Operator("set", 1.0, frozenset({"comparison_operator"}), python_only.member_set, True),
)


def edits_of(region: Region) -> Iterator[tuple[Operator, Node, Edit]]:
    """Every edit of every operator, with the node at which it was seen, in order of place."""
    by_kind: dict[str, list[Operator]] = {}
    for operator in OPERATORS:
        if not operator.is_for_python or region.source.language.is_python:
            for kind in operator.kinds:
                by_kind.setdefault(kind, []).append(operator)
    for node in region.nodes:
        seers = by_kind.get(node.kind, [])
        if node.is_statement:
            seers = [*seers, *by_kind["*"]]
        for operator in seers:
            for each in operator.see(node, region):
                yield operator, node, each
