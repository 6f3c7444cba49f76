"""reStructuredText through docutils, with Sphinx's directives and roles taken for what they say.

No file is included, nothing is executed or fetched: what a directive names stays a name.
"""

from __future__ import annotations

import re
from typing import Any

from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document
from kapso_knowledge.reading.rst_blocks import Blocks
from kapso_knowledge.sources.protocol import Raw

_DIRECTIVE = re.compile(r"^\s*\.\. ([\w:+.-]+)::", re.MULTILINE)
_ROLE = re.compile(r":([\w:+.-]+):`")
_SETTINGS: dict[str, Any] = {
    "report_level": 5,
    "halt_level": 5,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "syntax_highlight": "none",
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "smart_quotes": False,
    "_disable_config": True,
    "input_encoding": "unicode",
    "line_length_limit": 100_000,
    "warning_stream": "",
}


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's until a heading says better."""
    from docutils.core import publish_doctree  # 120 ms

    text = decode(raw.content, raw.media)
    _prepare(text)
    tree = publish_doctree(text, settings_overrides=_SETTINGS)
    blocks = Blocks(raw.path, text.count("\n") + 1)
    blocks.visit(tree)
    first = next((passage.place.section[0] for passage in blocks.passages if passage.place.section), None)
    return Document(first or title, tuple(blocks.passages))


def _prepare(text: str) -> None:
    """Let docutils know the directives and roles that stand in the text and that it does not have."""
    from docutils.parsers.rst import directives, roles

    from kapso_knowledge.reading.rst_sphinx import SKIPPED, Described, Skipped, reference

    known = set(directives._directive_registry) | set(directives._directives)
    for name in set(_DIRECTIVE.findall(text)):
        if name.lower() in SKIPPED:
            directives.register_directive(name.lower(), Skipped)
        elif name.lower() not in known:
            directives.register_directive(name.lower(), Described)
    known = set(roles._role_registry) | set(roles._roles)
    for name in set(_ROLE.findall(text)):
        if name.lower() not in known:
            roles.register_local_role(name.lower(), reference)
