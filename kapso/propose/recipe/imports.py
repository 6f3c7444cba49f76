"""What a fix names beside its metavariables: imports that it needs, names that must mean what it thinks."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kapso.propose.mutate.edit import Replacement
from kapso.propose.mutate.tree import Source
from kapso.propose.recipe.filling import METAVARIABLE
from kapso.propose.tune.found import span

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_IMPORTS = frozenset({"import_statement", "import_from_statement"})
_IDENTIFIER = re.compile(r"(?<![\w.\"'])[^\W\d]\w*(?!\s*=[^=])")
_ALWAYS = frozenset({
    "parameters", "lambda_parameters", "typed_parameter", "as_pattern_target", "global_statement",
    "nonlocal_statement", "list_splat_pattern", "dictionary_splat_pattern",
})  # fmt: skip
_FIRST = frozenset({"default_parameter", "typed_default_parameter", "named_expression"})
_NAMED = frozenset({"function_definition", "class_definition"})
_LEFT = frozenset({"assignment", "augmented_assignment", "for_statement", "for_in_clause"})
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern"})


def why_not(source: Source, root: SgNode, fixes: Iterable[str], imports: Sequence[str]) -> str | None:
    """Why a name of the fixes does not mean in this file what the recipe thinks; None where all do.

    Looked at in Python alone: elsewhere a compiler tells.
    """
    if not source.language.is_python:
        return None
    given = {name for line in imports for name in _names_of(line)}
    words = {w for fix in fixes for w in _IDENTIFIER.findall(METAVARIABLE.sub(" ", _bare(fix)))}
    for name in sorted(words & (given | set(dir(builtins)))):
        if any(_is_bound_at(node) for node in root.find_all(kind="identifier", regex=f"^{name}$")):
            return f"`{name}` is a name of the program's own"
        for line in _imports(root):
            if name in _names_of(line.text()) and not _gives(line.text(), name, imports):
                return f"`{name}` is imported from elsewhere"
    return None


def places_of(
    source: Source, root: SgNode, lines: Sequence[str], at: int, top: str = ""
) -> list[Replacement] | None:
    """The edits that add those imports that the file has not, and `top` behind them; None where none may."""
    missing = [line for line in lines if not _is_there(source, root, line)]
    if not missing and not top:
        return []
    newline = source.newline
    if source.language.is_python:
        place = _python_place(source, root, at, is_after=bool(top))
        text = newline.join([*missing, *([top] if top else [])]) + newline
    else:
        place = _c_place(source, root)
        text = newline.join(missing) + newline
    if place is None or not source.allows(place, place):
        return None
    return [(place, place, text)]


def _is_there(source: Source, root: SgNode, line: str) -> bool:
    if not source.language.is_python:
        wanted = re.sub(r"\s", "", line)
        return any(re.sub(r"\s", "", each) == wanted for each in source.text.splitlines())
    return all(any(_gives(e.text(), name, [line]) for e in _imports(root)) for name in _names_of(line))


def _gives(have: str, name: str, wanted: Sequence[str]) -> bool:
    """Whether an import gives a name the meaning that one of the `wanted` lines gives it."""
    return any(_meaning(have, name) == _meaning(each, name) is not None for each in wanted)


def _meaning(line: str, name: str) -> str | None:
    """`collections.deque` for `deque` in `from collections import deque`."""
    line = " ".join(line.replace("(", " ").replace(")", " ").replace("\\", " ").split())
    found = re.fullmatch(r"(?:from (\S+) )?import (.+?),?", line)
    if found is None:
        return None
    for each in found[2].split(","):
        what, _, alias = each.strip().partition(" as ")
        bound = alias.strip() or (what if found[1] else what.split(".")[0])
        if bound == name:
            return f"{found[1]}.{what}" if found[1] else (what if alias else what.split(".")[0])
    return None


def _names_of(line: str) -> set[str]:
    found = re.search(r"import\s+(.+)", line.replace("\n", " "))
    parts = found[1].strip("() ").split(",") if found else []
    return {re.split(r"\s+as\s+", each.strip())[-1].split(".")[0] for each in parts if each.strip()}


def _imports(root: SgNode) -> list[SgNode]:
    """The imports at the top level."""
    return [each for each in root.children() if each.kind() in _IMPORTS]


def _python_place(source: Source, root: SgNode, at: int, *, is_after: bool) -> int | None:
    """Where an import goes: before the first one, or behind the last where something stands upon it."""
    imports = _imports(root)
    if imports:
        place = _line_end(source, span(imports[-1])[1]) if is_after else span(imports[0])[0]
    else:
        rest = [e for e in root.children() if e.kind() not in {"comment", "future_import_statement"}]
        rest = rest[1:] if rest and _is_docstring(rest[0]) else rest
        place = span(rest[0])[0] if rest else 0
    if source.allows(place, place) and place <= at:
        return place
    return _start_of_block(source, at)


def _start_of_block(source: Source, at: int) -> int | None:
    """The start of the evolve block around `at`, if it is at module level."""
    for low, high in source.blocks or []:
        if low <= at < high:
            first = next((line for line in source.text[low:high].splitlines() if line.strip()), "")
            return low if first[:1].strip() else None
    return None


def _c_place(source: Source, root: SgNode) -> int | None:
    """Behind the last of the includes at the top, else at the start."""
    if source.language.name not in {"c", "cpp"}:
        return None
    includes = root.find_all(kind="preproc_include")
    outer = [
        each for each in includes if (up := each.parent()) is not None and up.kind() == "translation_unit"
    ]
    return _line_end(source, span(outer[-1])[1] - 1) if outer else 0


def _line_end(source: Source, at: int) -> int:
    """The start of the next line."""
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end + 1


def _is_docstring(node: SgNode) -> bool:
    return node.kind() == "expression_statement" and [e.kind() for e in node.children()] == ["string"]


def _is_bound_at(node: SgNode) -> bool:
    """Whether a name gets a value of the program's own here."""
    parent = node.parent()
    while parent is not None and parent.kind() in _PATTERNS:
        node, parent = parent, parent.parent()
    if parent is None:
        return False
    kind = parent.kind()
    if kind in _ALWAYS:
        return True
    field = "left" if kind in _LEFT else "name" if kind in _FIRST | _NAMED else None
    held = parent.field(field) if field else None
    return held is not None and span(held) == span(node)


def _bare(fix: str) -> str:
    """A fix without what stands in quotes."""
    return re.sub(r"\"[^\"]*\"|'[^']*'", " ", fix)
