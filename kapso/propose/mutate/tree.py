"""A source file as mutate sees it: regions (functions, and what stands between them) of light nodes.

A file is parsed once per content; the nodes of a region are made when it is first looked at, so that large
files cost little. Offsets are characters of the decoded text.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from kapso.propose.blocks import evolve_blocks
from kapso.propose.checks import TEST_ITEMS, is_test_file, is_test_item
from kapso.propose.mutate.languages import (
    BINDINGS,
    BLOCKS,
    CASES,
    COMMENTS,
    FUNCTIONS,
    HOLDERS,
    NEVER,
    STRINGS,
    Language,
    language_of,
)
from kapso.propose.tune.found import last_name
from kapso.propose.tune.found import span as _span

if TYPE_CHECKING:
    from ast_grep_py import Config, SgNode

Span = tuple[int, int]
LARGEST_BYTES = 400_000
LONGEST_LINE = 5_000
"""A longer line was made by a machine."""
_GROUP = 4_000
"""Characters of module level that make one region."""


class Node:
    """One node of the syntax tree."""

    __slots__ = ("_sg", "children", "end", "is_named", "kind", "parent", "source", "start")

    def __init__(self, sg: SgNode, parent: Node | None, source: Source) -> None:
        self._sg = sg
        self.kind = sg.kind()
        self.start, self.end = _span(sg)
        self.is_named = sg.is_named()
        self.children: list[Node] = []
        self.parent = parent
        self.source = source

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def language(self) -> Language:
        return self.source.language

    @property
    def named(self) -> list[Node]:
        """Named children, comments left out."""
        return [each for each in self.children if each.is_named and each.kind not in COMMENTS]

    @property
    def tokens(self) -> list[Node]:
        """Children that are words or signs of the grammar, such as operators."""
        return [each for each in self.children if not each.is_named]

    @property
    def line(self) -> int:
        return self.source.text.count("\n", 0, self.start) + 1

    @property
    def above(self) -> Iterator[Node]:
        """The nodes around this one within its region, from the inside outwards."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def statement(self) -> Node | None:
        """The innermost statement that this is or lies in."""
        return next((each for each in (self, *self.above) if each.is_statement), None)

    @property
    def is_statement(self) -> bool:
        """Whether it stands in a block as something that is done; docstrings are none."""
        if self.parent is None or self.parent.kind not in BLOCKS or not self.is_named:
            return False
        if self.parent.kind in CASES and not self.kind.endswith(("statement", "declaration")):
            return False
        if self.kind in COMMENTS or self.kind in BLOCKS - {"case_statement", "switch_case"}:
            return False
        return not (self.kind == "expression_statement" and [n.kind in STRINGS for n in self.named] == [True])

    def field(self, name: str) -> Node | None:
        """The child that plays this part."""
        sg = self._sg.field(name)
        if sg is None:
            return None
        span = _span(sg)
        return next((each for each in self.children if (each.start, each.end) == span), None)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in order of place."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    def blocks(self) -> list[Node]:
        """The blocks of a compound statement, its own alone."""
        found, waiting = [], list(self.children)
        while waiting:
            node = waiting.pop(0)
            if node.kind in BLOCKS and not (node.children and node.children[0].kind in BLOCKS):
                if not any(child.kind == "statement_list" for child in node.children):
                    found.append(node)
                    continue
            if not node.is_statement or node.kind == "statement_list":
                waiting = [*node.children, *waiting]
        return found

    def statements(self) -> list[Node]:
        """The statements of a block."""
        return [each for each in self.children if each.is_statement]


class Region:
    """A function, or a stretch of module level: `parts` are those of `top`'s children that belong to it."""

    def __init__(
        self, source: Source, name: str, top: SgNode, parts: list[SgNode], nested: set[Span]
    ) -> None:
        self.source = source
        self.name = name
        self._top = top
        self.parts = parts
        self._nested = nested
        self.start, self.end = _span(parts[0])[0], _span(parts[-1])[1]

    @cached_property
    def size(self) -> int:
        return sum(high - low for low, high in map(_span, self.parts))

    @cached_property
    def root(self) -> Node:
        """The tree, without regions of their own and what is never looked into."""
        root = Node(self._top, None, self.source)
        waiting = [(sg, self._add(sg, root)) for sg in self.parts]
        while waiting:
            sg, node = waiting.pop()
            if node.kind not in NEVER and (node.start, node.end) not in self._nested:
                waiting += [(each, self._add(each, node)) for each in sg.children()]
        return root

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes, in order of place."""
        return list(self.root.walk())

    @cached_property
    def names(self) -> dict[str, list[Node]]:
        """Where each variable of the region is bound or used; what is merely called is left out."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            if node.kind == "identifier" and is_variable(node):
                found.setdefault(node.text, []).append(node)
        return found

    @cached_property
    def locals(self) -> set[str]:
        """The variables that get their value in this region, parameters among them."""
        found = {name for name, nodes in self.names.items() if any(map(is_binding, nodes))}
        for part in self.parts:
            if "parameter" in part.kind() or part.kind() == "function_declarator":
                words = re.findall(r"[^\W\d]\w*", part.text().split("(", 1)[-1])
                found |= {word for word in words if word in self.names}
        return found - {"self", "this", "cls", "_"}

    @cached_property
    def keys(self) -> dict[Node, str]:
        """A short name for each statement, which stays when the text around it changes."""
        seen: Counter[str] = Counter()
        keys: dict[Node, str] = {}
        for node in self.nodes:
            if node.is_statement:
                head = " ".join(node.text.split("\n", 1)[0].split())
                text = f"{self.source.path}:{self.name}:{head}"
                seen[text] += 1
                keys[node] = digest(f"{text}:{seen[text]}")
        return keys

    def forget(self) -> None:
        """Drop the nodes, which are many; they are made again when asked for."""
        for name in ("root", "nodes", "names", "locals", "keys"):
            self.__dict__.pop(name, None)

    def _add(self, sg: SgNode, parent: Node) -> Node:
        node = Node(sg, parent, self.source)
        parent.children.append(node)
        return node


class Source:
    """One file that can be mutated."""

    def __init__(self, path: str, text: str, language: Language) -> None:
        from ast_grep_py import SgRoot  # 5 ms

        self.path = path
        self.text = text
        self.language = language
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.blocks = evolve_blocks(text)
        self._root = SgRoot(text, language.name).root()

    @cached_property
    def regions(self) -> list[Region]:
        """Functions that are longer than a line, and the stretches of module level."""
        found = functions_of(self._root, self.language)
        tests = self.tests
        nested = {_span(sg) for sg in found} | tests
        if tests:
            found = [sg for sg in found if tests.isdisjoint(map(_span, [sg, *sg.ancestors()]))]
        regions = [Region(self, name_of(sg), sg, sg.children(), nested) for sg in found]
        for number, group in enumerate(self._groups(nested)):
            regions.append(Region(self, f"top{number or ''}", self._root, group, nested))
        return [each for each in regions if self.allows(each.start, each.end, partly=True)]

    @cached_property
    def arities(self) -> dict[str, int]:
        """How many parameters each function of the file has."""
        found: dict[str, int] = {}
        for region in self.regions:
            parts = [
                each
                for each in region.parts
                if "parameter" in each.kind() or each.kind() == "function_declarator"
            ]
            if parts:
                inner = parts[0].text().split("(", 1)[-1].strip("() \n")
                found[region.name.rsplit(".", 1)[-1]] = inner.count(",") + 1 if inner else 0
        return found

    def allows(self, start: int, end: int, partly: bool = False) -> bool:
        """Whether what stands there may change: all of it, or with `partly` some of it."""
        if self.blocks is None:
            return True
        if partly:
            return any(start < high and low < end for low, high in self.blocks)
        return any(low <= start and end <= high for low, high in self.blocks)

    def item(self, start: int, end: int) -> tuple[int, int]:
        """The span of the top-level nodes that `start`..`end` touches."""
        spans = self._items
        inside = [(low, high) for low, high in spans if low <= end and start <= high]
        return (min([start, *(low for low, _ in inside)]), max([end, *(high for _, high in inside)]))

    @cached_property
    def tests(self) -> set[Span]:
        """Where the program's own tests stand."""
        kinds = TEST_ITEMS.get(self.language.name)
        items = self._root.find_all(_any_of(kinds)) if kinds else []
        return {_span(each) for each in items if is_test_item(each)}

    @cached_property
    def _items(self) -> list[tuple[int, int]]:
        return [_span(each) for each in self._root.children()]

    def _groups(self, nested: set[tuple[int, int]]) -> Iterator[list[SgNode]]:
        group: list[SgNode] = []
        start = 0
        for sg in self._root.named_children():
            low, high = _span(sg)
            if (low, high) in nested or sg.kind() in NEVER:
                continue
            if group and high - start > _GROUP:
                yield group
                group = []
            start = start if group else low
            group.append(sg)
        if group:
            yield group


def read_source(path: str, content: bytes) -> Source | None:
    """The file as something to mutate; None for other kinds, tests, and what is no text of a sane size."""
    language = language_of(path)
    if language is None or is_test_file(path) or len(content) > LARGEST_BYTES or b"\0" in content:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if max(map(len, text.splitlines()), default=0) > LONGEST_LINE:
        return None
    return Source(path, text, language)


def is_variable(node: Node) -> bool:
    """Whether an identifier stands for a value: no callee, no member, no name of a function or keyword."""
    parent = node.parent
    if parent is None or parent.kind in FUNCTIONS | HOLDERS:
        return False
    first = parent.children[0] is node
    if parent.kind in {"call", "call_expression", "attribute", "scoped_identifier", "macro_invocation"}:
        return first and parent.kind == "attribute"
    if parent.kind in {"method_invocation", "field_access"}:
        return first and len(parent.named) == 2 + (parent.kind == "method_invocation")
    return not (parent.kind == "keyword_argument" and first)


def called(arguments: Node) -> str:
    """What the arguments are given to, as it is written: `np.clip`."""
    call = arguments.parent
    return arguments.source.text[call.start : arguments.start] if call is not None else ""


def is_binding(node: Node) -> bool:
    """Whether a variable gets its value here: a target of an assignment or a loop."""
    while node.parent is not None and node.parent.kind in _PATTERNS:
        node = node.parent
    parent = node.parent
    if parent is None or parent.kind not in BINDINGS | _TARGETED:
        return False
    signs = (each for each in parent.tokens if each.text.endswith("=") or each.text in {"in", "of", ":"})
    return all(each.start > node.start for each in signs)


def digest(text: str) -> str:
    """Twelve hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


_PATTERNS = {
    "pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple", "array_pattern",
    "pointer_declarator", "reference_declarator", "array_declarator",
}  # fmt: skip
_TARGETED = {
    "for_statement", "for_in_statement", "for_expression", "for_range_loop", "for_in_clause", "range_clause",
    "declaration", "enhanced_for_statement",
}  # fmt: skip


_KINDS = {
    "python": ("function_definition",),
    "c": ("function_definition",),
    "cpp": ("function_definition", "lambda_expression"),
    "rust": ("function_item", "closure_expression"),
    "go": ("function_declaration", "method_declaration", "func_literal"),
    "java": ("method_declaration", "constructor_declaration", "lambda_expression"),
}


def _kinds(language: Language) -> tuple[str, ...]:
    """A grammar knows its own kinds alone, and asking for another is an error."""
    scripts = ("function_declaration", "function_expression", "method_definition", "arrow_function")
    return _KINDS.get(language.name, (*scripts, "generator_function_declaration"))


def _any_of(kinds: Iterable[str]) -> Config:
    return {"rule": {"any": [{"kind": kind} for kind in kinds]}}


def functions_of(root: SgNode, language: Language) -> list[SgNode]:
    """The functions that are regions of their own."""
    return [sg for sg in root.find_all(_any_of(_kinds(language))) if _is_region(sg)]


def _is_region(sg: SgNode) -> bool:
    place = sg.range()
    is_named = sg.kind() in {
        "function_definition", "function_item", "function_declaration", "method_declaration",
    }  # fmt: skip
    return is_named or place.end.line - place.start.line >= 2


def name_of(sg: SgNode) -> str:
    """`Packer.grow` for a method, `grow` for a function, `function` for one without a name."""
    own = sg.field("name") or sg.field("declarator")
    parent = sg.parent()
    if own is None and parent is not None:
        own = parent.field("name") or parent.field("key")
    names = [last_name(own.text()) if own is not None else "function"]
    for each in sg.ancestors():
        if each.kind() in HOLDERS:
            holder = each.field("name") or each.field("type")
            names.append(last_name(holder.text()) if holder is not None else "")
    return ".".join(name for name in reversed(names) if name)
