"""Replies that are carried out: every form of edit, with the slips that models make."""

from __future__ import annotations

from textwrap import dedent

import pytest

from kapso.propose.llm.edits import apply
from tests.propose.llm.conftest import PACK, Made

LOOP = "    total = 0\n    for _ in range(3):\n        total += math.pi * r * r\n    return total / 3\n"
DIRECT = "    return math.pi * r * r\n"
BETTER = PACK.replace(LOOP, DIRECT)


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def swap(old: str, new: str) -> str:
    """A block of one line."""
    return block(f"{old}\n", f"{new}\n")


def moved(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" for line in text.splitlines(keepends=True))


def numbered(text: str, first: int = 1) -> str:
    return "".join(f"{i:4} | {line}" for i, line in enumerate(text.splitlines(keepends=True), first))


PLAIN = block(LOOP, DIRECT)
DIFF = (
    "--- a/pack.py\n+++ b/pack.py\n@@ -4,5 +4,2 @@\n def area(r):\n"
    + "".join(f"-{line}\n" for line in LOOP.splitlines())
    + f"+{DIRECT}"
)
ENVELOPE = "*** Begin Patch\n*** Update File: pack.py\nDIFF*** End Patch\n"

SLIPS = {
    "as asked": f"pack.py\n{PLAIN}",
    "path in a fence": f"```python\npack.py\n{PLAIN}```\n",
    "path before a fence": f"pack.py\n```python\n{PLAIN}```\n",
    "path in the fence's info": f"```python pack.py\n{PLAIN}```\n",
    "path with a colon in the info": f"```python:pack.py\n{PLAIN}```\n",
    "a title in the info": f'```python title="pack.py"\n{PLAIN}```\n',
    "bold path": f"**pack.py**\n{PLAIN}",
    "heading": f"### `pack.py`\n\n{PLAIN}",
    "file label": f"File: pack.py\n{PLAIN}",
    "numbered item": f"1. `pack.py`:\n{PLAIN}",
    "comment with the path": f"```python\n# pack.py\n{PLAIN}```\n",
    "note behind the path": f"pack.py (modified)\n{PLAIN}",
    "relative path": f"./pack.py\n{PLAIN}",
    "absolute path": f"/workspace/pack.py\n{PLAIN}",
    "path behind the marker": PLAIN.replace("SEARCH", "SEARCH pack.py"),
    "no path": PLAIN,
    "a sentence before": f"In `pack.py` the loop goes:\n{PLAIN}",
    "line ends of Windows": f"pack.py\n{PLAIN}".replace("\n", "\r\n"),
    "trailing space": f"pack.py\n{PLAIN}".replace("(3):", "(3):   "),
    "too little indentation": f"pack.py\n{block(dedent(LOOP), dedent(DIRECT))}",
    "too much indentation": f"pack.py\n{block(moved(LOOP, 4), moved(DIRECT, 4))}",
    "other indentation": f"pack.py\n{block(LOOP.replace('    ', '  '), DIRECT.replace('    ', '  '))}",
    "tabs": f"pack.py\n{block(LOOP.replace('    ', chr(9)), DIRECT.replace('    ', chr(9)))}",
    "blank lines around": f"pack.py\n{block(chr(10) + LOOP + chr(10), chr(10) + DIRECT + chr(10))}",
    "line numbers": f"pack.py\n{block(numbered(LOOP, 5), DIRECT)}",
    "line numbers in both": f"pack.py\n{block(numbered(LOOP, 5), numbered(DIRECT, 5))}",
    "other marker lengths": f"pack.py\n{PLAIN}".replace("<<<<<<<", "<<<<<").replace("=======", "========="),
    "small letters": f"pack.py\n{PLAIN}".replace("SEARCH", "search").replace("REPLACE", "replace"),
    "other words": f"pack.py\n{PLAIN}".replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
    "no word at the end": f"pack.py\n{PLAIN}".replace("> REPLACE", ">"),
    "wrong end marker": f"pack.py\n{PLAIN}".replace(">>>>>>> REPLACE", "<<<<<<< REPLACE"),
    "fence instead of the end": f"pack.py\n```python\n{PLAIN}```\nDone.\n".replace(">>>>>>> REPLACE\n", ""),
    "closing fence alone": f"pack.py\n{PLAIN}```\nThat is all.\n",
    "path in a fence of its own": f"```python\npack.py\n```\n```python\n{PLAIN}```\n",
    "sides in fences": "pack.py\n" + block(f"```python\n{LOOP}```\n", f"```python\n{DIRECT}```\n"),
    "within a list": moved(f"pack.py\n```python\n{PLAIN}```\n", 3),
    "twice the same": f"pack.py\n{PLAIN}\npack.py\n{PLAIN}",
    "thought aloud": f"<think>\npack.py\n{block(LOOP, 'nonsense')}</think>\npack.py\n{PLAIN}",
    "end of a thought": f"Perhaps:\n{block(LOOP, 'nonsense')}\n</think>\npack.py\n{PLAIN}",
    "an illustration beside": f"The core is:\n```python\nmath.pi * r * r\n```\n\npack.py\n{PLAIN}",
    "a command beside": f"pack.py\n{PLAIN}\nRun it:\n```bash\npython pack.py\n```\n",
    "diff": f"```diff\n{DIFF}```\n",
    "diff without a fence": f"I take the loop out.\n\n{DIFF}\nIt is the same value.\n",
    "diff of git": f"```diff\ndiff --git a/pack.py b/pack.py\nindex 1..2 100644\n{DIFF}```\n",
    "diff with wrong counts": f"```diff\n{DIFF}```\n".replace("-4,5 +4,2", "-40,50 +41,7"),
    "diff without counts": f"```diff\n{DIFF}```\n".replace(" -4,5 +4,2 @@", " ... @@"),
    "diff without a header": f"pack.py\n```diff\n{DIFF[DIFF.index('@@') :]}```\n",
    "diff without a hunk header": f"pack.py\n```diff\n{DIFF[DIFF.index(' def') :]}```\n",
    "diff with plain names": f"```diff\n{DIFF}```\n".replace("a/pack", "pack").replace("b/pack", "pack"),
    "diff with times": f"```diff\n{DIFF}```\n".replace("/pack.py\n", "/pack.py\t2026-11-28 10:00:00\n"),
    "diff without leading space": f"```diff\n{DIFF}```\n".replace("\n def area", "\ndef area"),
    "diff in a fence of python": f"```python\n{DIFF}```\n",
    "patch of OpenAI": f"```\n{ENVELOPE.replace('DIFF', DIFF[DIFF.index('@@') :])}```\n",
    "patch of OpenAI without a fence": ENVELOPE.replace("DIFF", DIFF[DIFF.index("@@") :]),
    "diff with empty lines": f"```diff\n{DIFF}\n\n```\n",
    "whole file": f"pack.py\n```python\n{BETTER}```\n",
    "whole file, path in info": f"```pack.py\n{BETTER}```\n",
    "whole file, bold": f"Here is it:\n\n**`pack.py`**\n\n```python\n{BETTER}```\nIt is shorter.\n",
    "whole file, no path": f"The new program:\n```python\n{BETTER}```\n",
    "whole file, twice": f"pack.py\n```\n{BETTER}```\n\npack.py\n```\n{BETTER}```\n",
    "whole file, no path, a command beside": f"```python\n{BETTER}```\nRun:\n```sh\npython pack.py\n```\n",
    "whole file, longer fence": f"pack.py\n````python\n{BETTER}````\n",
    "whole file, tildes": f"pack.py\n~~~python\n{BETTER}~~~\n",
    "whole file, spaced": f"pack.py\n```python\n{BETTER}\n\n```\n",
    "whole file, numbered": f"pack.py\n```python\n{numbered(BETTER)}```\n",
    "nothing but the file": BETTER,
}


@pytest.mark.parametrize("slip", SLIPS)
def test_an_edit_is_carried_out_however_it_is_written(workspace: Made, slip: str) -> None:
    files = workspace()
    assert apply(SLIPS[slip], files).changed == ("pack.py",)
    assert files["pack.py"].decode() == BETTER


TWO = {"a/one.py": "x = 1\ny = 2\n", "b/one.py": "x = 1\nz = 3\n", "notes.md": "# Notes\n\nold\n"}
SEVERAL: dict[str, tuple[str, dict[str, str | None]]] = {
    "two files": (
        f"a/one.py\n{block('y = 2', '')}b/one.py\n".replace("y = 2=", "y = 2\n=") + swap("z = 3", "z = 4"),
        {"a/one.py": "x = 1\n", "b/one.py": "x = 1\nz = 4\n"},
    ),
    "a second block without a path": (
        f"a/one.py\n{swap('y = 2', 'y = 3')}{swap('x = 1', 'x = 0')}",
        {"a/one.py": "x = 0\ny = 3\n"},
    ),
    "no path, but lines of one file": (swap("z = 3", "z = 4"), {"b/one.py": "x = 1\nz = 4\n"}),
    "a block on what another wrote": (
        f"a/one.py\n{swap('y = 2', 'q = 5')}{swap('q = 5', 'q = 6')}",
        {"a/one.py": "x = 1\nq = 6\n"},
    ),
    "a block whose lines another adds elsewhere": (
        f"a/one.py\n{swap('x = 1', 'y = 2')}{swap('y = 2', 'y = 9')}",
        {"a/one.py": "y = 2\ny = 9\n"},
    ),
    "a new file": (
        f"c/new.py\n```python\nw = 1\n```\na/one.py\n{swap('y = 2', 'y = 0')}",
        {"c/new.py": "w = 1\n", "a/one.py": "x = 1\ny = 0\n"},
    ),
    "a new file in a sentence": (
        f"Add `c/new.py` for that:\n```python\nw = 1\n```\na/one.py\n{swap('y = 2', 'y = 0')}",
        {"c/new.py": "w = 1\n", "a/one.py": "x = 1\ny = 0\n"},
    ),
    "a new file, and more of it": (
        f"c/new.py\n{block('', 'w = 1' + chr(10))}{swap('w = 1', 'w = 2')}",
        {"c/new.py": "w = 2\n"},
    ),
    "a patch of OpenAI that adds and deletes": (
        "*** Begin Patch\n*** Add File: c/new.py\n+w = 1\n*** Delete File: b/one.py\n*** End Patch\n",
        {"c/new.py": "w = 1\n", "b/one.py": None},
    ),
    "a path of Windows": (f"a\\one.py\n{swap('y = 2', 'y = 0')}", {"a/one.py": "x = 1\ny = 0\n"}),
    "a label in a heading": (
        "### File: `a/one.py` (new version):\n```\ny = 9\n```",
        {"a/one.py": "y = 9\n"},
    ),
    "a new file by an empty search": (f"c/new.py\n{block('', 'w = 1' + chr(10))}", {"c/new.py": "w = 1\n"}),
    "a new file by a diff": (
        "```diff\n--- /dev/null\n+++ b/c/new.py\n@@ -0,0 +1,2 @@\n+w = 1\n+v = 2\n```",
        {"c/new.py": "w = 1\nv = 2\n"},
    ),
    "a deletion": (
        "```diff\n--- a/notes.md\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-# Notes\n-\n-old\n```",
        {"notes.md": None},
    ),
    "a diff of two files": (
        "```diff\n--- a/a/one.py\n+++ b/a/one.py\n@@ -2 +2 @@\n-y = 2\n+y = 3\n"
        "--- a/b/one.py\n+++ b/b/one.py\n@@ -2 +2 @@\n-z = 3\n+z = 4\n```",
        {"a/one.py": "x = 1\ny = 3\n", "b/one.py": "x = 1\nz = 4\n"},
    ),
    "a fence within a file": (
        "notes.md\n```markdown\n# Notes\n\n```python\nx = 1\n```\n\nnew\n```\n",
        {"notes.md": "# Notes\n\n```python\nx = 1\n```\n\nnew\n"},
    ),
    "the divider within what is searched": (
        f"notes.md\n{block('# Notes' + chr(10), 'Notes' + chr(10) + '=======' + chr(10))}",
        {"notes.md": "Notes\n=======\n\nold\n"},
    ),
    "the end of a path": (
        f"notes.md\n{swap('old', 'new')}",
        {"notes.md": "# Notes\n\nnew\n"},
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_edits_find_their_files(workspace: Made, case: str) -> None:
    reply, expected = SEVERAL[case]
    files = workspace(TWO)
    written = apply(reply, files)
    assert written.changed == tuple(sorted(expected))
    assert {path: content.decode() for path, content in files.items()} == {
        path: text for path, text in {**TWO, **expected}.items() if text is not None
    }


def test_a_line_number_tells_two_equal_places_apart(workspace: Made) -> None:
    files = workspace({"a.py": "f(1)\ng()\nf(1)\n"})
    apply("```diff\n--- a/a.py\n+++ b/a.py\n@@ -3 +3 @@\n-f(1)\n+f(2)\n```", files)
    assert files["a.py"] == b"f(1)\ng()\nf(2)\n"


def test_untouched_lines_keep_every_byte(workspace: Made) -> None:
    files = workspace({"a.txt": "\ufeffone\r\ntwo  \nthree\r\nfour"})
    apply(
        "a.txt\n" + block("two\nthree\n", "two\n3\n3b\n"),
        files,
    )
    assert files["a.txt"].decode() == "\ufeffone\r\ntwo  \n3\r\n3b\r\nfour"
    apply(f"a.txt\n{swap('four', 'five')}", files)
    assert files["a.txt"].decode() == "\ufeffone\r\ntwo  \n3\r\n3b\r\nfive"


def test_title_and_hypothesis_are_read(workspace: Made) -> None:
    told = (
        "**Title:** Take the loop out.\n\n"
        "Hypothesis: the mean of equal values is the value,\nso it is quicker.\n"
        f"\npack.py\n{PLAIN}"
    )
    written = apply(told, workspace())
    assert written.title == "Take the loop out"
    assert written.hypothesis == "the mean of equal values is the value,\nso it is quicker."


def test_what_is_said_stands_in_for_them(workspace: Made) -> None:
    written = apply(f"The loop is useless. It costs time.\n\npack.py\n{PLAIN}", workspace())
    assert (written.title, written.hypothesis) == (
        "The loop is useless",
        "The loop is useless. It costs time.",
    )


def test_the_four_lines_are_read(workspace: Made) -> None:
    lines = (
        "Title: No loop\nWhat: the loop goes.\nWhy: it repeats itself.\nExpect: run.seconds falls by half\n"
    )
    written = apply(f"{lines}\npack.py\n{PLAIN}", workspace())
    assert written.title == "No loop"
    assert written.hypothesis == (
        "the loop goes.\nWhy: it repeats itself.\nExpect: run.seconds falls by half"
    )


def test_without_a_word_there_is_neither(workspace: Made) -> None:
    written = apply(f"pack.py\n{PLAIN}", workspace())
    assert (written.title, written.hypothesis) == ("", "")


def test_an_edit_can_be_undone(workspace: Made) -> None:
    files = workspace(TWO)
    deletion = "```diff\n--- a/notes.md\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-# Notes\n-\n-old\n```\n"
    written = apply(f"{deletion}\nc/new.py\n```\nw = 1\n```\na/one.py\n{swap('y = 2', 'y = 0')}", files)
    assert written.changed == ("a/one.py", "c/new.py", "notes.md")
    written.undo(files)
    assert files.tree() == workspace(TWO).tree()
