"""Growth: a little more in an expression, so that a formula is found step by step.

A step hardly moves the value, so that its sign alone tells whether it helps, and it writes a number with
which `tune` goes on. A step and the one the other way know of each other: where one hurts, the other may
help (as in a gradient's estimate by differences).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import (
    ASSIGNMENTS,
    BINARY,
    CALLS,
    FLOATS,
    INTEGERS,
    MEMBERS,
    STRINGS,
    SUBSCRIPTS,
    UNARY,
)
from kapso.propose.mutate.scope import Atom, scope_of, visible
from kapso.propose.mutate.terms import is_numeric, nearest, wrapped
from kapso.propose.mutate.tree import Node, Region, called
from kapso.propose.tune.found import last_name

_SMALL, STEP = "0.1", 0.1
"""Small beside most values, and a number that `tune` moves in straight steps, through 0 too."""
_SIGNS = (("+", STEP), ("-", -STEP))
_MOST_ATOMS = 5
_MOST_FACTORS = 3
_LONGEST = 300
VALUED = ASSIGNMENTS | {
    "init_declarator", "let_declaration", "variable_declarator", "return_statement", "return_expression",
    "short_var_declaration",
}  # fmt: skip
"""What holds a value that may grow."""
INNER = BINARY | {"lambda", "arrow_function", "closure_expression"}
_EXTREMES = {
    "python": "{which}({one}, {other})", "javascript": "Math.{which}({one}, {other})",
    "c": "f{which}({one}, {other})", "cpp": "std::f{which}({one}, {other})",
    "rust": "({one}).{which}({other})", "java": "Math.{which}({one}, {other})",
}  # fmt: skip
_EXTREMES |= dict.fromkeys(("typescript", "tsx"), _EXTREMES["javascript"])
_SIZES = {
    "python": "abs({})", "javascript": "Math.abs({})", "typescript": "Math.abs({})", "tsx": "Math.abs({})",
    "c": "fabs({})", "cpp": "std::fabs({})", "rust": "({}).abs()", "java": "Math.abs({})",
}  # fmt: skip
_ROOTS = {
    "python": "({}) ** 0.5", "javascript": "Math.sqrt({})", "typescript": "Math.sqrt({})",
    "c": "sqrt({})", "cpp": "std::sqrt({})", "rust": "({}).sqrt()", "java": "Math.sqrt({})",
}  # fmt: skip


@dataclass(frozen=True)
class _Site:
    """An expression that may grow, how readily, and what there is to grow by."""

    value: Node
    weight: float
    atoms: tuple[Atom, ...]
    name: str = ""

    def grown(self, new: str, what: str, weight: float, theme: str = "", step: float = 0.0) -> Edit:
        made = edit(what, (self.value.start, self.value.end, new), weight=weight * self.weight)
        return replace(made, theme=f"{self.name}{theme}" if theme else "", step=step)


def add(node: Node, region: Region) -> Iterator[Edit]:
    """`e` to `e + 0.1 * x`, to `e - 0.1 * x * y`, to `e + 0.1`, to `e - x`."""
    for site in _sites(node, region):
        text, own = wrapped(site.value, "+"), site.value.text
        for terms, weight in _products(site.atoms):
            if not re.search(rf"\* {re.escape(terms)}(?! *[*/.\[(\w])", own):
                for sign, step in _SIGNS:
                    grown = f"{sign} {_SMALL} * {terms}"
                    yield site.grown(f"{text} {grown}", f"`{own}` {grown}", weight, f"+{terms}", step)
        for sign, step in _SIGNS:
            if not re.search(r"[+-] \d+\.\d+$", own):
                yield site.grown(f"{text} {sign} {_SMALL}", f"`{own}` {sign} {_SMALL}", 0.6, "+", step)
            for atom in site.atoms:
                if atom.text != own:
                    new, what = f"{text} {sign} {atom.text}", f"`{own}` {sign} `{atom.text}`"
                    yield site.grown(new, what, 0.25, f"+{atom.text}", 10 * step)


def scale(node: Node, region: Region) -> Iterator[Edit]:
    """`e` to `e * 1.1`, to `e * (1 + 0.1 * x)`, to `e / x`."""
    one = "1.0" if node.language.name == "rust" else "1"
    for site in _sites(node, region):
        text, own = wrapped(site.value, "*"), site.value.text
        if not re.search(r"(^|[-+] |\()\d+\.\d+ \*|\* \d+\.\d+$", own):
            for factor in ("1.1", "0.9", "2.0", "0.5"):
                weight = 0.5 if factor in {"1.1", "0.9"} else 0.2
                step = float(factor) - 1
                yield site.grown(f"{text} * {factor}", f"`{own}` times {factor}", weight, "*", step)
        for x in [each.text for each in site.atoms]:
            for sign, step in _SIGNS:
                factor = f"* ({one} {sign} {_SMALL} * {x})"
                yield site.grown(f"{text} {factor}", f"`{own}` {factor}", 0.4, f"*{x}", step)
            over = f"/ ({one} + {_SMALL} * {x})"
            yield site.grown(f"{text} {over}", f"`{own}` {over}", 0.3, f"/{x}", 0.1)
            if x != own:
                yield site.grown(f"{text} * {x}", f"`{own}` * `{x}`", 0.3)
                yield site.grown(f"{text} / {x}", f"`{own}` / `{x}`", 0.4)


def resized(given: Edit, step: float) -> Edit | None:
    """The same edit with another number before the term; None where it has none of its own."""
    old = f"{'-' if given.step < 0 else '+'} {_SMALL}"
    new = f"{'-' if step < 0 else '+'} {abs(step):.4g}"
    new += ".0" if re.fullmatch(r". \d+", new) else ""
    (start, end, text), what = given.spans[0], given.what
    if len(given.spans) != 1 or abs(given.step) != STEP or old not in text or old not in what:
        return None
    text = new.join(text.rsplit(old, 1))
    return replace(given, what=new.join(what.rsplit(old, 1)), spans=((start, end, text),), step=step)


def clip(node: Node, region: Region) -> Iterator[Edit]:
    """`e` to `max(e, x)`, to `max(e, 0)`, to its size, its square and its root."""
    form, size = _EXTREMES.get(node.language.name), _SIZES.get(node.language.name)
    for site in _sites(node, region):
        own = site.value.text
        if form is None or size is None or re.match(r"(max|min|abs|fmax|fmin|Math\.m|std::f)", own):
            continue
        for which in ("max", "min"):
            for other in ["0.0", *(each.text for each in site.atoms[:3] if each.text != own)]:
                new = form.format(which=which, one=own, other=other)
                yield site.grown(new, f"`{own}` to `{which}` of it and {other}", 0.3)
        yield site.grown(size.format(own), f"size of `{own}`", 0.2)
        square = wrapped(site.value, "*")
        if len(square) <= 20:
            yield site.grown(f"{square} * {square}", f"`{own}` squared", 0.2)
        if (root := _ROOTS.get(node.language.name)) is not None:
            yield site.grown(root.format(own), f"root of `{own}`", 0.2)


def _sites(node: Node, region: Region) -> Iterator[_Site]:
    """The expressions at this node that may grow: what it gives to a name or returns, or its operands."""
    scope = scope_of(region)
    general = 1.0 if scope.is_real else 0.12
    if node.kind in VALUED or node.kind not in BINARY:
        value = node.named[-1] if len(node.named) > (not node.kind.startswith("return")) else None
        found = [] if value is None else [(value, 1.0)]
        if node.kind in {"assignment", "assignment_expression"} and _is_place(node.named[0], region):
            return
    else:
        signs = {each.text for each in node.tokens}
        if signs & {"<", "<=", ">", ">="}:
            found = [(each, 0.2) for each in node.named[-1:]]
        elif signs & {"*", "/"} and not _is_index(node):  # what grows a term grows the sum around it
            found = [(each, 0.03) for each in node.named if not re.match(r"\(?\d", each.text)]
        else:
            return
    for value, weight in found:
        if value.kind == "expression_list" and len(value.named) == 1:
            value = value.named[0]
        if _may_grow(value, region):
            place = "" if weight >= 1 else value.text
            yield _Site(value, weight * general, _atoms(value, region), f"{_target(node)}{place}")


def _target(node: Node) -> str:
    """What the value is for: the name that it is given to."""
    return node.named[0].text if node.kind in VALUED and len(node.named) > 1 else node.kind


def _may_grow(value: Node, region: Region) -> bool:
    """Whether an expression looks like a number that a fraction may be added to."""
    scope = scope_of(region)
    if len(value.text) > _LONGEST or "\n" in value.text or value.kind in INTEGERS | FLOATS | STRINGS:
        return False
    inside = [each.text for each in value.walk() if each.kind == "identifier"]
    if value.language.is_checked and not any(scope.evidence(each) > 0 for each in inside):
        return re.search(r"\d\.\d", value.text) is not None and is_numeric(value)
    if value.kind == "identifier" or value.kind in MEMBERS | SUBSCRIPTS:
        return scope.evidence(value.text) >= 0
    if value.kind in CALLS:
        name = last_name(called(value.children[-1]))
        known = name in {"sum", "abs", "sqrt", "exp", "log", "min", "max", "pow", "float"}
        return known or name in region.source.arities
    if value.kind in UNARY:
        return value.text.startswith("-")
    return is_numeric(value) and "//" not in value.text


def _is_place(name: Node, region: Region) -> bool:
    """Whether a variable is asked for a place anywhere."""
    return name.kind == "identifier" and any(map(_is_index, region.names.get(name.text, [])))


def _is_index(node: Node) -> bool:
    """Whether an expression stands for a place, or counts."""
    inner = node
    for above in node.above:
        if above.kind in SUBSCRIPTS | {"slice"}:
            return above.children[0] is not inner
        if above.kind in CALLS:
            return last_name(called(above.children[-1])) in {"range", "len"}
        if above.is_statement:
            return False
        inner = above
    return False


def _atoms(site: Node, region: Region) -> tuple[Atom, ...]:
    """The likeliest numbers that have a value there."""
    scope = scope_of(region)
    is_checked = site.language.is_checked
    found = [
        each
        for each in scope.atoms
        if each.evidence >= (1 if is_checked else 0) and visible(each, site, region)
    ]
    order = {text: place for place, text in enumerate(nearest(site.text, [each.text for each in found]))}
    found.sort(key=lambda each: (-min(each.evidence, 2), order[each.text]))
    return tuple(found[:_MOST_ATOMS])


def _products(atoms: tuple[Atom, ...]) -> Iterator[tuple[str, float]]:
    """What a small number is multiplied with: single atoms, squares and products of two."""
    for atom in atoms:
        yield atom.text, 1.0
    for place, one in enumerate(atoms[:_MOST_FACTORS]):
        for other in atoms[place:_MOST_FACTORS]:
            yield " * ".join(sorted((one.text, other.text))), 0.7
