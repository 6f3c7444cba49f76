"""What docutils does not know of Sphinx: its code blocks, descriptions, notes and cross-references."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives

SKIPPED = frozenset(
    "toctree index highlight currentmodule module only ifconfig tabularcolumns autosummary automodule"
    " autoclass autofunction automethod autodata autoattribute autoexception include literalinclude image"
    " figure plot raw meta contents sectnum default-role role default-domain py:module py:currentmodule grid"
    " button-ref button-link inheritance-diagram graphviz mermaid csv-table bibliography testsetup"
    " testcleanup".split()
)
"""Directives that make or bring something from elsewhere: their content is not text of this document."""
_CODE = (
    "code-block",
    "sourcecode",
    "code",
    "ipython",
    "testcode",
    "doctest",
    "parsed-literal",
    "prompt",
    "try_examples",
)
_NOTES = re.compile(
    r"(?:note|tip|warning|seealso|versionadded|versionchanged|deprecated|versionremoved|rubric|topic|admonition|"
    r"epigraph|container|dropdown|tab-set|tab-item|tab|card|details|important|hint|caution|danger|attention|"
    r"hlist|centered|div|glossary|productionlist|todo|math|rst-class|cssclass|grid-item-card|sidebar|compound)"
)
_STATEMENT = re.compile(
    r"[:({\[,;)}\]]\Z|^(?:@|import |from \w+ import|def |class |return |\$ |>>> )|^[\w.]+ = "
)
_TARGET = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>\s*\Z", re.DOTALL)


class _Free(Directive):  # type: ignore[misc]
    """Any arguments, any options, any content."""

    optional_arguments = 100
    final_argument_whitespace = True
    has_content = True
    option_spec: Any = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)


class _AnyOption(dict[str, Any]):
    """Takes every option as it is written."""

    def __getitem__(self, key: str) -> Any:
        return directives.unchanged

    def __bool__(self) -> bool:
        return True


_Free.option_spec = _AnyOption()


class Skipped(_Free):
    """Nothing of it is read."""

    def run(self) -> Sequence[nodes.Node]:
        return []


class Described(_Free):
    """Code where the name says so, a note's content, or a description under its signature."""

    def run(self) -> Sequence[nodes.Node]:
        name = self.name.lower()
        if name in _CODE:
            return [self._code()]
        if _NOTES.fullmatch(name):
            said = [nodes.paragraph("", self._note(name))] if self.arguments else []
            return [*said, *self._content()]
        if self.arguments:
            return [self._description()]
        return [self._code()] if _looks_like_code(self.content) else self._content()

    def _code(self) -> nodes.literal_block:
        text = "\n".join(self.content)
        language = self.arguments[0].split()[0] if self.arguments else ""
        if self.name in ("ipython", "testcode", "doctest", "try_examples"):
            language = "python"
        if not text and self.arguments:
            text = self.block_text
        block = nodes.literal_block(text, text, classes=["code", language] if language else ["code"])
        block.line = self.content_offset + 1
        return block

    def _note(self, name: str) -> str:
        mark = {
            "versionadded": "New in",
            "versionchanged": "Changed in",
            "deprecated": "Deprecated since",
        }.get(name)
        text = " ".join(self.arguments[0].split())
        return f"{mark} {text}" if mark else text

    def _description(self) -> nodes.Node:
        """A section named by the signature, as HTML has it too."""
        signature = self.arguments[0].strip()
        name = re.split(
            r"[\s(\[{;=]", signature.split("\n")[0].removeprefix("class ").removeprefix("async ")
        )[0]
        section = nodes.section(classes=["signature"])
        section.line = self.lineno
        section += nodes.title(name, name or signature[:80])
        block = nodes.literal_block(signature, signature, classes=["code"])
        block.line = self.lineno
        section += block
        section += self._content()
        return section

    def _content(self) -> list[nodes.Node]:
        inside = nodes.Element()
        inside.document = self.state.document
        self.state.nested_parse(self.content, self.content_offset, inside, match_titles=True)
        return list(inside.children)


def _looks_like_code(lines: Sequence[str]) -> bool:
    """Whether most lines end or begin as statements do."""
    told = [line.strip() for line in lines if line.strip()]
    return sum(bool(_STATEMENT.search(line)) for line in told) > len(told) * 0.4


def reference(
    role: str, rawtext: str, text: str, lineno: int, inliner: Any,
    options: Mapping[str, Any] | None = None, content: Sequence[str] | None = None,
) -> tuple[list[nodes.Node], list[nodes.system_message]]:  # fmt: skip
    """A cross-reference: its words, in code font where it names code, and its target."""
    found = _TARGET.match(text)
    shown = found["text"] if found else text.lstrip("!~") if not text.startswith("~") else text.split(".")[-1]
    kind = role.rsplit(":", 1)[-1].lower()
    target = (found["target"] if found else text).lstrip("!~")
    if kind == "doc":
        return [nodes.reference(rawtext, shown, refuri=f"{target.lstrip('/')}.rst")], []
    if kind in ("ref", "term", "numref", "keyword"):
        return [nodes.reference(rawtext, shown, refuri=f"#{target}")] if kind == "ref" else [
            nodes.inline("", shown)
        ], []
    return [nodes.literal(rawtext, shown)], []
