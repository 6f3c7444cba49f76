"""Source code: one passage a function or class, with the comments above it, under the names it stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Passage, Unreadable
from kapso_knowledge.reading.formats import language_of
from kapso_knowledge.sources.protocol import Raw

if TYPE_CHECKING:
    from ast_grep_py import SgNode

PARSED = frozenset(
    "python c cpp rust go javascript typescript tsx java csharp kotlin swift ruby php scala haskell lua bash"
    " json yaml".split()
)
"""Languages that ast-grep is asked about: it panics at others."""
_LARGEST_PARSED = 1_000_000
_LONGEST_LINE = 5_000
"""Characters; a longer line was made by a machine: nothing to learn from it."""
_LARGE = 60
"""Lines; a class or namespace that is longer is taken apart into its members."""
_DEFINES = (
    *(
        "function",
        "class",
        "method",
        "struct",
        "interface",
        "trait",
        "enum",
        "impl_item",
        "mod_item",
        "module",
    ),
    *("namespace", "decorated_definition", "template_declaration", "type_declaration", "object_declaration"),
    *("constructor", "instance_declarations", "macro_definition", "type_item", "record_declaration"),
)
_BODIES = ("body", "block", "declaration_list", "class_body", "field_declaration_list", "decl_list")


def read(raw: Raw, title: str) -> Document:
    text = decode(raw.content, raw.media)
    if max(map(len, text.split("\n")), default=0) > _LONGEST_LINE:
        raise Unreadable(f"a line of more than {_LONGEST_LINE} characters: made by a machine")
    language = language_of(raw.name)
    passages = tuple(_passages(text, raw.path, language))
    return Document(title, passages)


def _passages(text: str, path: str, language: str | None) -> Iterator[Passage]:
    lines = text.split("\n")
    if language not in PARSED or len(text) > _LARGEST_PARSED or language in ("json", "yaml"):
        yield from _chunks(lines, 0, len(lines), path, language, ())
        return
    from ast_grep_py import SgRoot  # 5 ms

    if language == "python":
        yield from _module_docstring(text, path)
    yield from _walk(SgRoot(text, language).root(), lines, 0, len(lines), path, language, ())


def _walk(
    node: SgNode, lines: list[str], first: int, end: int, path: str, language: str, names: tuple[str, ...]
) -> Iterator[Passage]:
    """The passages of the lines `first` to `end` (from 0, end excluded), which `node` spans."""
    at = first  # everything above is done
    pending = first  # where the comments and loose statements that wait begin
    for child in node.children():
        if not _defines(child):
            continue
        span = child.range()
        start, stop = span.start.line, min(span.end.line + (1 if span.end.column else 0), end)
        if start < at:
            continue  # a second definition on the same line
        above = _comments_above(lines, start, pending)
        yield from _chunks(lines, pending, above, path, language, names)
        inner = (*names, _name(child))
        body = _body(child) if stop - start > _LARGE else None
        if body is None:
            yield from _chunks(lines, above, stop, path, language, inner, together=True)
        else:
            yield from _walk(body, lines, above, stop, path, language, inner)
        at = pending = stop
    yield from _chunks(lines, pending, end, path, language, names)


def _defines(node: SgNode) -> bool:
    kind = node.kind()
    if kind in ("export_statement", "lexical_declaration"):
        return any(word in _deep_kinds(node) for word in ("function", "class", "interface", "arrow_function"))
    return not kind.endswith(("_call", "call")) and any(
        kind.startswith(word) or word in kind for word in _DEFINES
    )


def _deep_kinds(node: SgNode) -> str:
    near = [child for outer in node.children() for child in (outer, *outer.children())]
    return " ".join(child.kind() for child in near)


def _name(node: SgNode) -> str:
    """What the definition is called; of what has no name, how its first line begins."""
    queue = [node] if node.kind() != "impl_item" else []
    for _ in range(4):
        for candidate in queue:
            for field in ("name", "declarator"):
                found = candidate.field(field)
                if found is not None:
                    text = found.text().split("(")[0].split("\n")[0].strip("*& ")
                    if text:
                        return text[:80]
        queue = [child for candidate in queue for child in candidate.children()][:40]
    return node.text().split("\n")[0].split("{")[0].strip()[:80] or node.kind()


def _body(node: SgNode) -> SgNode | None:
    """The members of a class, an implementation or a namespace; None for a function, which stays whole."""
    kind = node.kind()
    if kind in ("decorated_definition", "export_statement", "template_declaration", "type_declaration"):
        inner = next((child for child in node.children() if _defines(child)), None)
        return _body(inner) if inner is not None else None
    if "function" in kind or "method" in kind:
        return None
    found = node.field("body")
    return found or next((child for child in node.children() if child.kind() in _BODIES), None)


def _comments_above(lines: list[str], start: int, floor: int) -> int:
    """Where the comments begin that stand directly above line `start`."""
    while start > floor and lines[start - 1].lstrip().startswith(("//", "#", "*", "/*", "--", "@", "%")):
        if lines[start - 1].lstrip().startswith(("#include", "#define", "#if", "#endif", "#pragma", "#!")):
            break
        start -= 1
    return start


_CHUNK = 50  # lines


def _chunks(
    lines: list[str],
    first: int,
    end: int,
    path: str,
    language: str | None,
    names: tuple[str, ...],
    *,
    together: bool = False,
) -> Iterator[Passage]:
    """The lines as passages: whole if `together`, else cut at the empty line nearest below every fiftieth."""
    while first < end:
        while first < end and not lines[first].strip():
            first += 1
        stop = end
        if not together and end - first > _CHUNK:
            stop = next((n for n in range(first + _CHUNK, end) if not lines[n].strip()), end)
        last = stop
        while last > first and not lines[last - 1].strip():
            last -= 1
        if last > first:
            text = "\n".join(lines[first:last])
            yield Passage(text, Place(path, (first + 1, last), section=names), "code", language)
        first = stop


def _module_docstring(text: str, path: str) -> Iterator[Passage]:
    """What a Python module says of itself, as prose."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        if isinstance(body[0].value.value, str) and body[0].value.value.strip():
            place = Place(path, (body[0].lineno, body[0].end_lineno or body[0].lineno))
            yield Passage(body[0].value.value.strip(), place)
