"""Where a recipe matches a file, and the edit that carries it out there.

A match is dropped where one of the recipe's conditions does not hold, where a name of the fix means something
else in the file, or where something would change that must not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.propose.mutate.edit import Replacement
from kapso.propose.mutate.languages import BLOCKS, COMMENTS, FUNCTIONS, HOLDERS, LOOPS, STRINGS
from kapso.propose.mutate.tree import Source, digest
from kapso.propose.recipe.filling import METAVARIABLE, Bound, Place, Unfit, filled
from kapso.propose.recipe.finding import find, parsed
from kapso.propose.recipe.imports import places_of, why_not
from kapso.propose.recipe.recipe import USES, Change, Config, Recipe
from kapso.propose.tune.found import last_name, span

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_MATCHES = 200
"""Of one recipe in one file."""
_FIXED = "kapso: fixed"
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_CONDITIONS = frozenset({"while_statement", "if_statement", "elif_clause", "conditional_expression"})
_LOGIC = frozenset({"not_operator", "boolean_operator", "unary_expression"})
_PROSE = STRINGS | COMMENTS | {"string_content", "string_fragment"}


@dataclass(frozen=True)
class Match:
    """A place where a recipe applies. `depth` is how many loops it stands in; `key` names it wherever else in
    the file it moves; `line` counts from 1."""

    recipe: Recipe
    path: str
    region: str
    spans: tuple[Replacement, ...]
    what: str
    line: int
    depth: int
    key: str


def matches(recipes: Iterable[Recipe], source: Source) -> Iterator[Match]:
    """All places of the file where one of the recipes applies, recipe by recipe, in order of place."""
    root = parsed(source.text, source.language.name)
    for recipe in recipes:
        if all(_has_import(need, source.text) for need in recipe.needs):
            yield from _Finder(recipe, source, root).matches()


def _has_import(module: str, text: str) -> bool:
    return (
        re.search(rf"^\s*(import|from|#\s*include)\s.*\b{re.escape(module)}\b", text, re.MULTILINE)
        is not None
    )


class _Finder:
    """One recipe in one file."""

    def __init__(self, recipe: Recipe, source: Source, root: SgNode) -> None:
        self._recipe = recipe
        self._source = source
        self._root = root
        self._seen: Counter[tuple[str, str]] = Counter()

    def matches(self) -> Iterator[Match]:
        recipe, source = self._recipe, self._source
        found = find(self._root, recipe.config)[:MOST_MATCHES]
        if not found or any(find(self._root, each) for each in recipe.unless):
            return
        fixes = [recipe.fix or "", recipe.before, recipe.after, recipe.top, *(e.fix for e in recipe.also)]
        if why_not(source, self._root, fixes, recipe.imports) is not None:
            return
        for node in found:
            region = _region_of(node)
            self._seen[region, node.text()] += 1
            if (spans := self._spans(node)) is None or not self._may_change(spans):
                continue
            key = digest(
                f"{recipe.id}:{source.path}:{region}:{node.text()}:{self._seen[region, node.text()]}"
            )
            line = source.text.count("\n", 0, span(node)[0]) + 1
            yield Match(recipe, source.path, region, spans, node.text(), line, _depth(node), key)

    def _spans(self, node: SgNode) -> tuple[Replacement, ...] | None:
        """The edit for one match; None where a condition does not hold."""
        recipe, source = self._recipe, self._source
        bound = self._bound(node, recipe.config, [recipe.fix or "", recipe.before, recipe.after, recipe.top])
        scope = self._scope(node)
        if not self._is_free(bound):
            return None
        try:
            nested = self._changes(node, scope, bound)
            if nested is None or not self._is_used_as_told(node, scope, bound):
                return None
            spans = [*self._whole(node, bound, nested), *self._beside(node, bound)]
            top = filled(recipe.top, bound, source.text, "") if recipe.top else ""
        except Unfit:
            return None
        added = places_of(source, self._root, recipe.imports, min(e[0] for e in spans), top)
        if added is None:
            return None
        spans = sorted({*spans, *added})
        apart = all(low[1] <= high[0] for low, high in zip(spans, spans[1:], strict=False))
        return tuple(spans) if apart else None

    def _whole(self, node: SgNode, bound: Bound, nested: Sequence[Replacement]) -> list[Replacement]:
        """The match itself replaced, with the changes inside it; those outside of it as they are."""
        start, end = span(node)
        if self._recipe.fix is None:
            return list(nested)
        outside = [each for each in nested if each[1] <= start or end <= each[0]]
        inside = [each for each in nested if each not in outside]
        return [self._replaced(node, self._recipe.fix, bound, inside), *outside]

    def _replaced(
        self,
        node: SgNode,
        fix: str,
        bound: Bound,
        nested: Sequence[Replacement] = (),
    ) -> Replacement:
        """One node replaced; a statement goes with its line where nothing takes its place."""
        start, end = span(node)
        text = self._source.text
        if fix:
            return (start, end, filled(fix, bound, text, self._indent(start) or "", nested))
        low, high = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        high = len(text) if high < 0 else high
        if text[low:start].strip() or text[end:high].strip(" \t\r;"):
            raise Unfit("it does not stand alone on its line")
        return (low - 1, high, "") if low else (low, min(high + 1, len(text)), "")

    def _beside(self, node: SgNode, bound: Bound) -> Iterator[Replacement]:
        """What is put before and behind the statement of the match."""
        recipe, source = self._recipe, self._source
        if not recipe.before and not recipe.after:
            return
        statement = _statement(node)
        indent = self._indent(span(statement)[0]) if statement is not None else None
        if statement is None or indent is None:
            raise Unfit("there is no room for a statement beside it")
        start, end = span(statement)
        if recipe.before:
            new = filled(recipe.before, bound, source.text, indent)
            yield (start, start, f"{new}{source.newline}{indent}")
        if recipe.after:
            new = filled(recipe.after, bound, source.text, indent)
            yield (end, end, f"{source.newline}{indent}{new}")

    def _changes(self, node: SgNode, scope: SgNode, bound: Bound) -> list[Replacement] | None:
        """The further changes; None where one is missing."""
        found: dict[tuple[int, int], Replacement] = {}
        for change in self._recipe.also:
            places = self._places(change, node, scope)
            made = 0
            for place in places:
                own = self._bound(place, change.config, [change.fix])
                if not self._is_same(own, bound):
                    continue
                made += 1
                edit = self._replaced(place, change.fix, {**bound, **own})
                found.setdefault(edit[:2], edit)
            if not made and not change.is_optional:
                return None
        own_span = span(node)
        return [each for each in found.values() if self._recipe.fix is None or each[:2] != own_span]

    def _places(self, change: Change, node: SgNode, scope: SgNode) -> list[SgNode]:
        if change.where == "match":
            return find(node, change.config)
        if change.where == "function":
            return find(scope, change.config)
        if change.where == "file":
            return find(self._root, change.config)
        statement = _statement(node)
        beside = statement and (statement.prev() if change.where == "previous" else statement.next())
        while beside is not None and beside.kind() in COMMENTS:
            beside = beside.prev() if change.where == "previous" else beside.next()
        if not beside:
            return []
        wanted = {span(beside), *(span(each) for each in beside.children()[:1])}
        return [each for each in find(beside, change.config) if span(each) in wanted]

    def _bound(self, node: SgNode, config: Config, templates: Iterable[str]) -> dict[str, Place]:
        """The metavariables of a rule and of the templates, with what they stand for."""
        bound: dict[str, Place] = {"MATCH": span(node)}
        words = METAVARIABLE.findall(f"{config} {' '.join(templates)}")
        for many, one in words:
            name = many or one
            if name in self._recipe.names:
                bound[name] = self._new_name(self._recipe.names[name])
            elif name in config.get("transform", {}):
                bound[name] = node.get_transformed(name) or ""
            elif many:
                if several := node.get_multiple_matches(name):
                    bound[name] = (span(several[0])[0], span(several[-1])[1])
                else:
                    bound.setdefault(name, "")
            elif (single := node.get_match(name)) is not None:
                bound[name] = span(single)
        return bound

    def _new_name(self, prefix: str) -> str:
        """A name that does not occur in the file."""
        number = 1
        while re.search(rf"\b{prefix}{number if number > 1 else ''}\b", self._source.text):
            number += 1
        return f"{prefix}{number if number > 1 else ''}"

    def _text(self, place: Place) -> str:
        return place if isinstance(place, str) else self._source.text[place[0] : place[1]]

    def _is_same(self, own: Bound, bound: Bound) -> bool:
        """Whether the metavariables of both have the same text."""
        shared = own.keys() & bound.keys() - {"MATCH"}
        return all(self._text(own[name]) == self._text(bound[name]) for name in shared)

    def _is_free(self, bound: Bound) -> bool:
        """Whether no metavariable names what it must not."""
        for name, others in self._recipe.without.items():
            text = self._text(bound.get(name, ""))
            for other in others:
                value = self._text(bound.get(other, ""))
                if value and re.search(rf"(?<![\w.]){re.escape(value)}(?!\w)", text):
                    return False
        return True

    def _is_used_as_told(self, node: SgNode, scope: SgNode, bound: Bound) -> bool:
        """Whether every use of the recipe's names is one that it lists, or part of what it changes."""
        for name, uses in self._recipe.uses.items():
            text = self._text(bound.get(name, ""))
            wide = scope if re.fullmatch(r"\w+", text) else self._root
            rules = [self._recipe.config, *(each.config for each in self._recipe.also)]
            rules += [{"rule": {"pattern": use}} for use in uses if use not in USES]
            told = {place for rule in rules for place in self._named(wide, rule, name, text)}
            for use in wide.find_all(regex=f"^{re.escape(text)}$"):
                if use.kind() in _PROSE or not use.is_named():
                    continue
                if span(use) in told or ("truth" in uses and _is_truth(use)):
                    continue
                if not ("loop" in uses and _is_looped_over(use)) and not _is_member_name(use):
                    return False
        return True

    def _named(self, scope: SgNode, rule: Config, name: str, text: str) -> Iterator[tuple[int, int]]:
        """Where a rule's matches name the metavariable: as it is bound, and in the pattern's own words."""
        is_pattern = set(rule["rule"]) == {"pattern"}
        for found in find(scope, rule):
            held = found.get_match(name)
            if held is None or held.text() != text:
                continue
            yield span(held)
            if is_pattern:
                bound = self._bound(found, rule, [])
                others = [e for k, e in bound.items() if k not in (name, "MATCH") and not isinstance(e, str)]
                for each in found.find_all(regex=f"^{re.escape(text)}$"):
                    start, end = span(each)
                    if not any(low <= start and end <= high for low, high in others):
                        yield start, end

    def _scope(self, node: SgNode) -> SgNode:
        """The function around the match, else the file."""
        return next((each for each in node.ancestors() if each.kind() in FUNCTIONS), self._root)

    def _indent(self, start: int) -> str | None:
        """The space before what begins its line."""
        text = self._source.text
        before = text[text.rfind("\n", 0, start) + 1 : start]
        return before if not before.strip() else None

    def _may_change(self, spans: Sequence[Replacement]) -> bool:
        source = self._source
        for start, end, _ in spans:
            if not source.allows(start, end) or _FIXED in _lines(source.text, start, end):
                return False
            if any(start < high and low < end for low, high in source.tests):
                return False
        return True


def _statement(node: SgNode) -> SgNode | None:
    """The innermost statement that a node is or lies in."""
    for each in (node, *node.ancestors()):
        parent = each.parent()
        if parent is not None and parent.kind() in BLOCKS:
            return each
    return None


def _depth(node: SgNode) -> int:
    """How many loops there are around a node, its own counted where it is one."""
    inside = sum(each.kind() in LOOPS | _COMPREHENSIONS for each in node.ancestors())
    return inside + (node.kind() in LOOPS)


def _region_of(node: SgNode) -> str:
    """`Packer.grow` in a method, `grow` in a function, `top` elsewhere."""
    names = []
    for each in (node, *node.ancestors()):
        if each.kind() in FUNCTIONS | HOLDERS:
            held = each.field("name") or each.field("declarator") or each.field("type")
            names.append(last_name(held.text().split("(")[0]) if held is not None else "function")
    return ".".join(reversed(names)) or "top"


def _is_truth(use: SgNode) -> bool:
    """Whether it is asked whether there is anything in it: `while queue:`."""
    parent = use.parent()
    while parent is not None and parent.kind() in _LOGIC | {"parenthesized_expression"}:
        use, parent = parent, parent.parent()
    if parent is None or parent.kind() not in _CONDITIONS:
        return False
    asked = parent.field("condition")
    return parent.kind() == "conditional_expression" or (asked is not None and span(asked) == span(use))


def _is_looped_over(use: SgNode) -> bool:
    parent = use.parent()
    if parent is None or parent.kind() not in {"for_statement", "for_in_clause", "for_in_statement"}:
        return False
    given = parent.field("right")
    return given is not None and span(given) == span(use)


def _is_member_name(use: SgNode) -> bool:
    """Whether it is the name of something's member, or of an argument: not the variable that is meant."""
    parent = use.parent()
    if parent is None:
        return False
    held = parent.field("attribute") or parent.field("property") or parent.field("field")
    if held is not None and span(held) == span(use):
        return True
    named = parent.field("name") if parent.kind() == "keyword_argument" else None
    return named is not None and span(named) == span(use)


def _lines(text: str, start: int, end: int) -> str:
    """The lines that a span touches."""
    high = text.find("\n", end)
    return text[text.rfind("\n", 0, start) + 1 : high if high >= 0 else len(text)]
