"""A program's own tests, which no proposer edits: they are what its `check` asks."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_FILES = re.compile(
    r"(test_.*|.*_test)\.(py|go|rs|c|cc|cpp|cxx)|conftest\.py|.*\.(test|spec)\.[cm]?[jt]sx?"
    r"|(Test[A-Z_]?\w*|\w+Tests?)\.java",
    re.IGNORECASE,
)
TEST_ITEMS = {
    "python": ("function_definition", "class_definition"),
    "rust": ("function_item", "mod_item"),
    "java": ("method_declaration",),
}
"""What may be a test within an ordinary file, by language."""
_JUNIT = re.compile(r"@(Test|ParameterizedTest|RepeatedTest|BeforeEach|AfterEach|BeforeAll|AfterAll)\b")
_IS_TEST = re.compile(r"#\[((\w+::)*(test|bench)\b|cfg\(test\))")


def is_test_file(path: str) -> bool:
    """Whether a source file holds tests by its name, as `test_pack.py` and `pack_test.go` do."""
    return _FILES.fullmatch(PurePosixPath(path).name) is not None


def is_test_item(node: SgNode) -> bool:
    """Whether a function, class or module is a test: of pytest or unittest, of JUnit, or of Rust."""
    kind = node.kind()
    if kind in {"function_item", "mod_item"}:
        return _is_rust_test(node, kind)
    if kind == "method_declaration":
        return _JUNIT.search(node.text().split("{", 1)[0]) is not None
    name = node.field("name")
    if kind == "class_definition" and name is not None:
        bases = node.field("superclasses")
        return _is_test_name(name.text(), "Test") or (bases is not None and "TestCase" in bases.text())
    return kind == "function_definition" and name is not None and _is_pytest(node, name.text())


def _is_pytest(node: SgNode, name: str) -> bool:
    """Whether a function of Python is called as tests are and asserts something."""
    return _is_test_name(name, "test") and re.search(r"\bassert\b|\.assert", node.text()) is not None


def _is_test_name(name: str, word: str) -> bool:
    return name == word or re.match(rf"{word}(_|[A-Z])", name) is not None


def _is_rust_test(node: SgNode, kind: str) -> bool:
    name = node.field("name")
    if kind == "mod_item" and name is not None and name.text() in {"test", "tests"}:
        return True
    before = node.prev()
    while before is not None and before.kind() in {"attribute_item", "line_comment", "block_comment"}:
        if _IS_TEST.match(before.text()):
            return True
        before = before.prev()
    return False
