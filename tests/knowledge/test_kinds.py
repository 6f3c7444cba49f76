"""What kind a passage is, by its headings, its words and its form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kapso_knowledge.nodes import Edge, Node
from kapso_knowledge.reading import read
from kapso_knowledge.rules import Origin, nodes_of
from kapso_knowledge.sources import Raw

FILL = "The matrix is kept in memory as it was read from the file. "


def made(path: str, text: str) -> tuple[list[Node], list[Edge]]:
    raw = Raw(path, text.encode(), "")
    return nodes_of(read(raw), Origin("s", path, "1", datetime(2026, 11, 1, tzinfo=UTC), name=raw.name))


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("a.md", "# Tips\n\nPrefer whole arrays; you should avoid loops, which are slower.", "heuristic"),
        ("a.md", "# Requirements\n\nRequires Python >= 3.9, CUDA 12 and 16 GB of memory.", "environment"),
        ("a.md", "# How to build it\n\n1. Clone it\n2. Run `make`\n3. Copy the binary", "workflow"),
        (
            "a.md",
            "# Why it works\n\nThe sum is exact because every bit is kept; therefore it follows.",
            "principle",
        ),
        ("a.md", "# Example\n\n```python\nx = 1\ny = 2\nprint(x + y)\n```", "implementation"),
        ("a.md", f"# The matrix\n\n{FILL}", "principle"),
        ("a.md", "---\nkind: heuristic\n---\n# The matrix\n\n" + FILL, "heuristic"),
        ("a.md", "---\nkind: wisdom\n---\n# The matrix\n\n" + FILL, "principle"),
        ("CHANGELOG.md", "# 2.0\n\nYou should avoid the old loop, which is slower.", "environment"),
        ("1.2.0-notes.rst", f"Notes\n=====\n\n{FILL}", "environment"),
        ("changepoints.md", f"# Points\n\n{FILL}", "principle"),
        ("history_of_sorting.md", f"# Sorting\n\n{FILL}", "principle"),
        ("2601.21526.md", f"# A paper\n\n{FILL}", "principle"),
        ("LICENSE", "Permission is hereby granted to any person to use this.", "environment"),
        ("a.py", "def f():\n    return 1\n", "implementation"),
        ("pyproject.toml", "[project]\nname = 'x'\n", "environment"),
    ],
)
def test_the_kind_is_told_by_headings_words_and_form(path: str, text: str, kind: str) -> None:
    nodes, _ = made(path, text)
    assert nodes[0].kind == kind


def test_edges_follow_the_tree_the_code_the_needs_and_the_sentences() -> None:
    text = f"""# Sums

{FILL}

## Requirements

Requires Python >= 3.9.

## In code

```python
total = math.fsum(values)
```

## Old

The hand-written loop of [the old page](old.md) is deprecated. See [others](other.md#more).
It is faster instead of [the slow way](slow.md).
"""
    nodes, edges = made("docs/sums.md", text)
    title = {node.id: node.title for node in nodes}
    found = {(title[edge.origin], edge.relation, title.get(edge.target, edge.target)) for edge in edges}
    assert found == {
        ("Sums: Requirements", "part-of", "Sums"),
        ("In code", "part-of", "Sums"),
        ("Sums: Old", "part-of", "Sums"),
        ("In code", "implements", "Sums"),
        ("In code", "requires", "Sums: Requirements"),
        ("Sums: Old", "contradicts", "docs/old.md"),
        ("Sums: Old", "cites", "docs/other.md#more"),
        ("Sums: Old", "refines", "docs/slow.md"),
    }


def test_nodes_are_of_a_size_to_read_and_code_stays_with_its_prose() -> None:
    paragraphs = "\n\n".join(f"{number} " + FILL * 8 for number in range(12))
    text = f"# Long\n\n{paragraphs}\n\nAs here:\n\n```python\nx = 1\n```\n\n" + "word " * 3_000
    nodes, _ = made("a.md", text)
    assert all(len(node.text.split()) <= 410 for node in nodes)
    assert sum(node.text.count("word") for node in nodes) == 3_000
    assert any("As here:\n\n```python" in node.text for node in nodes)
    assert len({node.id for node in nodes}) == len(nodes)


def test_a_file_of_code_requires_its_manifest() -> None:
    nodes, edges = made("src/a.py", "import numpy\n\n\ndef f():\n    return 1\n")
    assert Edge(nodes[0].id, "requires", "pyproject.toml", "s") in edges
