"""A folder through the whole pipeline: nodes with exact places, again without change, and after changes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from kapso_knowledge import SourceError
from kapso_knowledge.learning import Progress, learn
from kapso_knowledge.sources import Surroundings, parse
from kapso_knowledge.sources.folder import _closed
from tests.knowledge.conftest import Shelf

GUIDE = """\
---
title: A guide to caching
---
# Caching

Caching keeps what was computed, because computing it again costs more than looking it up.

## Bounds

You should bound every cache; an unbounded one grows until memory is gone. Prefer 1,024 entries:

```py
from functools import lru_cache

@lru_cache(maxsize=1024)
def area(r): return 3.14 * r * r
```

See [the source](src/area.py) and [the details](https://example.org/lru#bounds).

## Requirements

Requires Python >= 3.9 and 2 GB of memory.
"""
CODE = '''\
"""Areas of simple shapes."""

import math


# The unit disc scaled by r.
def disc(r):
    """The area of a disc."""
    return math.pi * r * r


class Square:
    """A square."""

    def area(self):
        return self.side ** 2
'''


def docs(home: Path) -> Path:
    folder = home / "docs"
    (folder / "src").mkdir(parents=True)
    (folder / "guide.md").write_text(GUIDE)
    (folder / "src" / "area.py").write_text(CODE)
    return folder


def test_a_folder_becomes_nodes_that_cite_their_lines(around: Surroundings, shelf: Shelf) -> None:
    folder = docs(around.base)
    walked = learn(parse("docs", around), shelf)
    assert (walked.source, walked.read, walked.unread) == ("docs", 2, ())
    assert walked.change.added == len(shelf.nodes) > 5
    for node in shelf.nodes.values():
        assert node.place.lines
        first, last = node.place.lines
        lines = (folder / node.place.path).read_text().splitlines()[first - 1 : last]
        words = re.findall(r"\w+", node.text.replace("```python", ""))
        assert set(words) <= set(re.findall(r"\w+", "\n".join(lines)))
        assert node.trust
    by_title = {node.title: node for node in shelf.nodes.values()}
    bounds = by_title["Bounds"]
    assert bounds.place.section == ("Caching", "Bounds")
    assert bounds.language == "python"
    assert bounds.kind == "heuristic"
    assert by_title["Caching: Requirements"].kind == "environment"
    disc = by_title["disc (area.py)"]
    assert disc.kind == "implementation"
    assert disc.text.startswith("# The unit disc")


def test_links_are_edges_to_addresses(around: Surroundings, shelf: Shelf) -> None:
    docs(around.base)
    learn(parse("docs", around), shelf)
    cited = {target for _, relation, target in shelf.written if relation == "cites"}
    assert cited == {"src/area.py", "https://example.org/lru#bounds"}
    bounds = next(node for node in shelf.nodes.values() if node.title == "Bounds")
    ends = [
        shelf.nodes[edge.target].place.path for edge in shelf.edges(bounds.id) if edge.relation == "cites"
    ]
    assert ends == ["src/area.py"]


def test_learning_again_changes_nothing(around: Surroundings, shelf: Shelf) -> None:
    docs(around.base)
    learn(parse("docs", around), shelf)
    before, written = shelf.nodes, shelf.written
    walked = learn(parse("docs", around), shelf)
    assert (walked.read, walked.same, walked.change.added, walked.change.removed) == (0, 2, 0, 0)
    assert (shelf.nodes, shelf.written) == (before, written)


def test_a_changed_document_replaces_its_own_nodes_alone(around: Surroundings, shelf: Shelf) -> None:
    folder = docs(around.base)
    learn(parse("docs", around), shelf)
    (folder / "guide.md").write_text(GUIDE.replace("1,024", "4,096"))
    walked = learn(parse("docs", around), shelf)
    assert (walked.read, walked.same, walked.change.changed, walked.change.added) == (1, 1, 1, 0)
    (folder / "guide.md").unlink()
    walked = learn(parse("docs", around), shelf)
    assert walked.change.removed > 0
    assert {node.place.path for node in shelf.nodes.values()} == {"src/area.py"}


def test_a_document_that_fails_is_named_and_what_was_known_of_it_stays(
    around: Surroundings, shelf: Shelf
) -> None:
    folder = docs(around.base)
    learn(parse("docs", around), shelf)
    before = shelf.nodes
    (folder / "guide.md").write_bytes(bytes(range(32)) * 100)
    seen: list[Progress] = []
    walked = learn(parse("docs", around), shelf, on_progress=seen.append)
    assert [(item.path, item.reason) for item in walked.unread] == [("guide.md", "binary, not text")]
    assert shelf.nodes == before
    assert seen[-1].unread == 1


def test_a_source_of_which_nothing_can_be_read_is_an_error(around: Surroundings, shelf: Shelf) -> None:
    (around.base / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no document"):
        learn(parse("empty", around), shelf)
    (around.base / "empty" / "a.md").write_text("\n")
    with pytest.raises(SourceError, match=r"empty \(`a.md`\)"):
        learn(parse("empty", around), shelf)
    assert not shelf.nodes


def test_what_git_ignores_and_what_lies_outside_is_passed_over(
    around: Surroundings, shelf: Shelf, tmp_path: Path
) -> None:
    folder = docs(around.base)
    (tmp_path / "secret.md").write_text("# Secret\n\nOutside the folder.\n")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    (folder / ".gitignore").write_text("drafts/\n*.txt\n!keep.txt\n")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "a.md").write_text("A draft of no use.")
    (folder / "a.txt").write_text("An ignored text.")
    (folder / "keep.txt").write_text("A text that is kept.")
    (folder / "picture.png").write_bytes(b"\x89PNG\0\0")
    learn(parse("docs", around), shelf)
    assert {node.place.path for node in shelf.nodes.values()} == {"guide.md", "src/area.py", "keep.txt"}


def test_names_are_relative_to_the_repository_and_only_that_is_trusted(
    around: Surroundings, tmp_path: Path
) -> None:
    docs(around.base)
    (tmp_path / "else.md").write_text("Something.")
    inside, outside = parse("./docs/../docs/", around), parse("../else.md", around)
    assert (inside.name, inside.trusted) == ("docs", True)
    assert (outside.name, outside.trusted) == ((tmp_path / "else.md").as_posix(), False)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere/", "`nowhere/` does not exist"),
        ("ftp://x/y", "unknown kind of source `ftp:`"),
        (" ", "name"),
    ],
)
def test_a_name_that_names_nothing_is_told(around: Surroundings, spec: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        parse(spec, around)
    assert "arxiv:ID" in (caught.value.help or "")


@pytest.mark.parametrize(
    ("name", "text", "kind", "shown"),
    [
        ("sums.py", CODE, "implementation", "def disc(r):"),
        ("requirements.txt", "numpy>=2.0\nduckdb\n", "environment", "numpy>=2.0"),
        (
            "a.ipynb",
            '{"cells": [{"cell_type": "code", "source": "x = 1"}]}',
            "implementation",
            "```python\nx = 1",
        ),
    ],
)
def test_a_single_file_is_read_by_its_name(
    around: Surroundings, shelf: Shelf, name: str, text: str, kind: str, shown: str
) -> None:
    (around.base / name).write_text(text)
    assert learn(parse(name, around), shelf).source == name
    node = next(node for node in shelf.nodes.values() if shown in node.text)
    assert (node.kind, node.place.path) == (kind, "")


def test_a_folder_that_cannot_be_looked_into_is_named(around: Surroundings, shelf: Shelf) -> None:
    folder = docs(around.base)
    learn(parse("docs", around), shelf)
    before = shelf.nodes
    inner = os.open(folder / "src", os.O_RDONLY)
    (folder / "src" / "area.py").unlink()
    name = "n" * 250
    for _ in range(20):  # a path longer than the system takes: the walk cannot follow it
        os.mkdir(name, dir_fd=inner)
        next_one = os.open(name, os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = next_one
    os.close(inner)
    walked = learn(parse("docs", around), shelf)
    assert [item.reason for item in walked.unread] == ["File name too long"]
    assert {node.place.path for node in shelf.nodes.values()} == {"guide.md"}
    assert before.keys() >= shelf.nodes.keys()
    closed = OSError(13, "Permission denied", str(folder / "src"))
    known = {"src/area.py": "1", "guide.md": "2"}
    named = [(item.path, item.reason) for item in _closed(closed, folder, known)]
    assert named == [("src", "Permission denied"), ("src/area.py", "Permission denied")]
    subprocess.run(["rm", "-rf", str(folder / "src")], check=True)
