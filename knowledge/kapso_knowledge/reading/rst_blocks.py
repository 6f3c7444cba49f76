"""The blocks of a docutils tree as passages, under the titles of their sections."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.document import Passage
from kapso_knowledge.reading.formats import guessed_language, known_language

_SILENT = (
    nodes.comment,
    nodes.system_message,
    nodes.target,
    nodes.substitution_definition,
    nodes.pending,
    nodes.title,
)
_CODE = (nodes.literal_block, nodes.doctest_block)


class Blocks:
    """Collects the passages of the nodes that it visits; `length` is the file's, in lines."""

    def __init__(self, path: str, length: int) -> None:
        self.path = path
        self.passages: list[Passage] = []
        self._length = length
        self._section: tuple[str, ...] = ()

    def visit(self, node: Any) -> None:
        for child in node.children:
            if isinstance(child, _SILENT):
                continue
            if isinstance(child, nodes.section):
                self._visit_section(child)
            elif isinstance(child, _CODE):
                self._code(child)
            elif isinstance(child, nodes.bullet_list | nodes.enumerated_list) and not _holds_code(child):
                form = "steps" if isinstance(child, nodes.enumerated_list) else "list"
                self._add("\n".join(_items(child, 0)), form, child)
            elif isinstance(child, nodes.table):
                self._add("\n".join(_rows(child)), "table", child)
            elif isinstance(child, nodes.definition_list_item | nodes.field):
                self._pair(child)
            elif isinstance(child, nodes.paragraph | nodes.line_block | nodes.attribution | nodes.rubric):
                self._add(_inline(child), "prose", child)
            elif isinstance(child, nodes.math_block):
                self._add(child.astext(), "prose", child)
            elif isinstance(child, nodes.Element):
                self.visit(child)

    def _visit_section(self, section: Any) -> None:
        before = self._section
        title = next((each for each in section.children if isinstance(each, nodes.title)), None)
        name = " ".join(title.astext().split()) if title is not None else ""
        self._section = (*before, name[:200]) if name else before
        self.visit(section)
        self._section = before

    def _pair(self, item: Any) -> None:
        """A term and what is said of it: one passage, unless that holds more than paragraphs."""
        term, *rest = item.children
        said = [paragraph for each in rest for paragraph in getattr(each, "children", ())]
        if len(said) <= 2 and all(isinstance(each, nodes.paragraph) for each in said):
            self._add(f"{_inline(term)}: {' '.join(_inline(each) for each in said)}", "list", item)
            return
        self._add(_inline(term), "prose", term)
        for each in rest:
            self.visit(each)

    def _add(self, text: str, form: Any, node: Any) -> None:
        if text.strip():
            links = [each.get("refuri") for each in node.findall(nodes.reference)]
            self.passages.append(
                Passage(
                    text.strip("\n"), self._place(node), form, links=tuple(dict.fromkeys(filter(None, links)))
                )
            )

    def _code(self, node: Any) -> None:
        text = node.astext().strip("\n")
        if text.strip():
            told = [name for name in node.get("classes", ()) if name not in ("code", "highlight")]
            language = known_language(told[0]) if told else guessed_language(text)
            if isinstance(node, nodes.doctest_block):
                language = "python"
            self.passages.append(Passage(text, self._place(node), "code", language))

    def _place(self, node: Any) -> Place:
        """From the first to the last line that docutils remembers of the node and what is in it."""
        spans = [_span(each) for each in node.findall() if isinstance(each, nodes.Element) and each.line]
        if not spans:
            return Place(self.path, section=self._section)
        first = min(min(start for start, _ in spans), self._length)
        last = min(max(end for _, end in spans), self._length)
        return Place(self.path, (first, max(first, last)), section=self._section)


def _span(node: Any) -> tuple[int, int]:
    text = node.rawsource if isinstance(node, nodes.TextElement) else ""
    return node.line, node.line + text.strip("\n").count("\n")


def _inline(node: Any) -> str:
    """The text as it reads within a line: literals in backticks."""
    parts = []
    for child in node.children if not isinstance(node, _SILENT) else ():
        if isinstance(child, nodes.literal):
            text = child.astext()
            parts.append(text if "`" in text else f"`{text}`")
        elif isinstance(child, nodes.Text):
            parts.append(child.astext())
        elif not isinstance(child, nodes.system_message | nodes.image):
            parts.append(_inline(child))
    separator = "\n" if isinstance(node, nodes.line_block) else ""
    return separator.join(parts)


def _items(node: Any, level: int) -> list[str]:
    lines = []
    for number, item in enumerate(node.children, 1):
        mark = f"{number}." if isinstance(node, nodes.enumerated_list) else "-"
        own = [
            each for each in item.children if not isinstance(each, nodes.bullet_list | nodes.enumerated_list)
        ]
        text = " ".join(" ".join(_inline(each).split()) for each in own if isinstance(each, nodes.Element))
        lines.append(f"{'  ' * level}{mark} {text}")
        for each in item.children:
            if isinstance(each, nodes.bullet_list | nodes.enumerated_list):
                lines += _items(each, level + 1)
    return lines


def _rows(table: Any) -> list[str]:
    rows = []
    for row in table.findall(nodes.row):
        cells = (
            " ".join(" ".join(_inline(each).split()) for each in entry.children) for entry in row.children
        )
        rows.append(" | ".join(cells))
    return rows


def _holds_code(node: Any) -> bool:
    return (
        next(node.findall(lambda each: isinstance(each, (*_CODE, nodes.table, nodes.section))), None)
        is not None
    )
