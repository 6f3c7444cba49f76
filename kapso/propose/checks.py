"""A program's own tests, which no proposer edits: they are what its `check` asks."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_FILES = re.compile(
    r"(test_.*|.*_test)\.(py|go|rs|c|cc|cpp|cxx)|conftest\.py|.*\.(test|spec)\.[cm]?[jt]sx?|.*tests?\.java",
    re.IGNORECASE,
)
_IS_TEST = re.compile(r"#\[((\w+::)*(test|bench)\b|cfg\(test\))")


def is_test_file(path: str) -> bool:
    """Whether a source file holds tests by its name, as `test_pack.py` and `pack_test.go` do."""
    return _FILES.fullmatch(PurePosixPath(path).name) is not None


def is_test_item(node: SgNode) -> bool:
    """Whether a Rust or Java function is a test by its attributes, or a Rust module by those or its name."""
    kind = node.kind()
    if kind == "method_declaration":
        return bool(re.match(r"\s*(public\s+)?@(\w*Test|Before\w*|After\w*)\b", node.text()))
    if kind not in {"function_item", "mod_item"}:
        return False
    name = node.field("name")
    if kind == "mod_item" and name is not None and name.text() in {"test", "tests"}:
        return True
    before = node.prev()
    while before is not None and before.kind() in {"attribute_item", "line_comment", "block_comment"}:
        if _IS_TEST.match(before.text()):
            return True
        before = before.prev()
    return False
