"""Replies that are not carried out: the workspace stays as it was, and the model is told what to do."""

from __future__ import annotations

import pytest

from kapso.propose.llm.edits import Unusable, apply
from kapso.propose.llm.reading import MOST_EDITS
from tests.propose.llm.conftest import PACK, Made
from tests.propose.llm.test_edits import BETTER, DIFF, DIRECT, LOOP, PLAIN, TWO, block, swap

BLOCK = {
    "pack.py": "import math\n# EVOLVE-BLOCK-START\ndef area(r):\n    return 1\n# EVOLVE-BLOCK-END\n"
    "print(area(2))\n"
}
RUST = {"main.rs": 'fn main() {\n    println!("1");\n}\n'}
ONE = {"pack.py": PACK}

CASES = {
    "empty": (ONE, " \n", "no edit", ["was empty", "<<<<<<< SEARCH"]),
    "a refusal": (ONE, "I'm sorry, but I can't help with that.", "no edit", ["<<<<<<< SEARCH", "`pack.py`"]),
    "only thoughts": (ONE, f"<think>\npack.py\n{PLAIN}", "no edit", ["no edit"]),
    "a snippet": (ONE, "Use this:\n```python\nreturn math.pi * r * r\n```", "does not say", ["path"]),
    "half a block": (ONE, f"pack.py\n{PLAIN}"[:-30], "does not end", [">>>>>>> REPLACE"]),
    "no divider": (ONE, f"pack.py\n{PLAIN}".replace("=======", ""), "has no line `=======`", ["block 1"]),
    "half a file": (ONE, f"pack.py\n```python\n{BETTER}", "ends in the middle", ["not closed"]),
    "half a block within a fence": (ONE, f"```python\npack.py\n{PLAIN}"[:-30], "does not end", ["REPLACE"]),
    "lines that are not there": (
        ONE,
        f"pack.py\n{block(LOOP.replace('range(3)', 'range(4)'), DIRECT)}",
        "not in `pack.py`",
        ["lines 5 to 8", "for _ in range(3):", "you wrote `for _ in range(4):`"],
    ),
    "lines like no other": (
        ONE,
        f"pack.py\n{swap('zzz', 'y')}",
        "not in `pack.py`",
        ["Nothing in"],
    ),
    "the edit again": (
        {"pack.py": BETTER},
        f"pack.py\n{PLAIN}",
        "not in `pack.py`",
        ["stands there already"],
    ),
    "two places": (
        {"a.py": "f(1)\ng()\nf(1)\n"},
        f"a.py\n{swap('f(1)', 'f(2)')}",
        "fits `a.py` in 2 places",
        ["lines 1, 3", "Repeat more"],
    ),
    "two places by indentation": (
        {"a.py": "if x:\n    f(1)\nif y:\n    f(1)\n"},
        f"a.py\n{swap('f(1)', 'f(2)')}",
        "in 2 places",
        ["lines 2, 4"],
    ),
    "a line number that fits no place": (
        {"a.py": "f(1)\ng()\nf(1)\n"},
        "```diff\n--- a/a.py\n+++ b/a.py\n@@ -2 +2 @@\n-f(1)\n+f(2)\n```",
        "in 2 places",
        ["lines 1, 3"],
    ),
    "part of a line": (
        ONE,
        f"pack.py\n{swap('range(3)', 'range(4)')}",
        "not in",
        ["Copy"],
    ),
    "nothing searched": (
        ONE,
        f"pack.py\n{block('', 'x = 1' + chr(10))}",
        "searches for nothing",
        ["Only a new file"],
    ),
    "a hunk of new lines alone": (
        ONE,
        "```diff\n--- a/pack.py\n+++ b/pack.py\n@@ -1,0 +1 @@\n+x = 1\n```",
        "searches for nothing",
        ["context"],
    ),
    "which of the files": (
        TWO,
        swap("x = 1", "x = 2"),
        "does not say which file",
        ["path on the line before", "`a/one.py`, `b/one.py`"],
    ),
    "a file that there is not": (
        TWO,
        f"a/two.py\n{PLAIN}",
        "which does not exist",
        ["Did you mean `a/one.py`?"],
    ),
    "a file twice": (
        ONE,
        f"pack.py\n```\n{BETTER}```\npack.py\n```\n{PACK}# x\n```",
        "a second time",
        ["once"],
    ),
    "in full and in blocks": (ONE, f"pack.py\n```\n{BETTER}```\npack.py\n{PLAIN}", "a second time", ["once"]),
    "a new file that exists": (
        ONE,
        f"```diff\n{DIFF}```".replace("a/pack.py", "/dev/null"),
        "exists",
        ["whole file"],
    ),
    "no change": (ONE, f"pack.py\n{block(LOOP, LOOP)}", "changes nothing", ["Make a change"]),
    "no program": (
        ONE,
        f"pack.py\n{block(LOOP, '    return (1' + chr(10))}",
        "does not parse",
        ["line 5", "return (1"],
    ),
    "wrong indentation": (
        ONE,
        f"pack.py\n{swap('import math', '  import math')}",
        "does not parse",
        ["IndentationError: unexpected indent"],
    ),
    "no program of Rust": (
        RUST,
        "main.rs\n```rust\nfn main() {\n    let x = ;\n}\n```",
        "does not parse",
        ["line 2"],
    ),
    "code left out": (
        ONE,
        "pack.py\n```python\nimport math\n\n# ... rest of the code unchanged ...\n\nprint(1)\n```",
        "holds only a part of `pack.py`",
        ["by these 3", "stands for the rest", "send all of it"],
    ),
    "code left out in a block": (
        ONE,
        f"pack.py\n{block(LOOP, '    # ... existing code ...' + chr(10) + DIRECT)}",
        "leaves code out",
        ["existing code"],
    ),
    "a marker left": (
        ONE,
        "pack.py\n```python\nimport math\n>>>>>>> REPLACE\nprint(1)\nprint(2)\nprint(3)\n```",
        "marker",
        ["line 2"],
    ),
    "outside the block": (
        BLOCK,
        f"pack.py\n{swap('import math', 'import numpy')}",
        "outside its EVOLVE-BLOCK",
        ["Put whatever is new"],
    ),
    "a whole file that leaves the block": (
        BLOCK,
        f"pack.py\n```python\n{BLOCK['pack.py'].replace('import math', 'import math, os')}```",
        "outside its EVOLVE-BLOCK",
        ["imports too"],
    ),
    "a path that leaves the program": (
        ONE,
        "../pack.py\n```python\nx = 1\n```",
        "may not be changed",
        ["within"],
    ),
    "a file for a folder": (TWO, "notes.md/x.md\n```\nx\n```", "may not be changed", ["in the way"]),
    "the scorer": (
        ONE,
        "evaluate.py\n```python\nprint(9)\n```",
        "may not be changed",
        ["names it", "`pack.py`"],
    ),
    "the scorer by a block": (ONE, f"evaluate.py\n{PLAIN}", "may not be changed", ["names it"]),
    "the scorer by a diff": (
        ONE,
        f"```diff\n{DIFF}```".replace("pack", "evaluate"),
        "may not be changed",
        ["names it"],
    ),
    "the goal": (
        ONE,
        "goal.yaml\n```yaml\nobjective: y\n```",
        "may not be changed",
        ["it is the goal itself"],
    ),
    "git's own": (ONE, ".gitattributes\n```\n* -text\n```", "may not be changed", ["git reads it"]),
    "blocks that go on in the scorer": (
        ONE,
        f"evaluate.py\n{swap('x', 'y')}{PLAIN}",
        "may not be changed",
        ["`pack.py`"],
    ),
    "a file that is deleted and changed": (
        TWO,
        "```diff\n--- a/notes.md\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-# Notes\n-\n-old\n```\n\nnotes.md\n"
        + swap("old", "new"),
        "which another edit deletes",
        ["one or the other"],
    ),
    "a deletion of the scorer": (
        ONE,
        "```diff\n--- a/evaluate.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n```",
        "may not be changed",
        ["names it"],
    ),
    "one of two is wrong": (
        ONE,
        f"pack.py\n{PLAIN}pack.py\n{swap('zzz', 'y')}evaluate.py\n{PLAIN}",
        "block 2",
        ["Nothing was applied", "Leave out the edits of `evaluate.py`"],
    ),
    "all are wrong": (
        ONE,
        "pack.py\n" + "".join(block(f"z{i}\n", "y\n") for i in range(9)),
        "(and 8 more)",
        ["4 more"],
    ),
    "what the prompt did not show": (
        ONE,
        "pack.py\n```python\nimport math\n[… 8 lines not shown …]\nprint(area(2))\nprint(1)\nprint(2)\n```",
        "leaves code out",
        ["line 2"],
    ),
    "endless fences": (ONE, "```python\n" * 2000 + "<<<<<<< SEARCH\n", "more than 1000 fences", ["reply"]),
    "endless dividers": (
        ONE,
        f"pack.py\n{PLAIN}".replace("=======\n", "=======\n" * 99),
        "99 lines",
        ["Block 1"],
    ),
    "endless": (ONE, "a b\n" * 600_000, "longer than", ["blocks"]),
    "too many": (
        ONE,
        "pack.py\n" + "".join(block(f"z{i}\n", "y\n") for i in range(MOST_EDITS)),
        "or more",
        ["fewer"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_reply_is_refused_with_what_to_do(workspace: Made, case: str) -> None:
    given, reply, reason, told = CASES[case]
    files = workspace(given)
    with pytest.raises(Unusable) as caught:
        apply(reply, files)
    failure = caught.value.failure
    assert reason in failure.reason
    assert failure.feedback is not None
    assert [each for each in told if each.lower() not in failure.feedback.lower()] == []
    assert {path: content.decode() for path, content in files.items()} == given
    assert files.tree() == workspace(given).tree()


def test_what_may_not_be_changed_is_left_out_and_named(workspace: Made) -> None:
    files = workspace()
    written = apply(f"pack.py\n{PLAIN}\nevaluate.py\n```python\nprint(9)\n```\n", files)
    assert written.changed == ("pack.py",)
    assert list(written.refused) == ["evaluate.py"]
    assert "the command of `evaluate` names it" in written.refused["evaluate.py"]


def test_edit_bounds_what_may_be_added(workspace: Made) -> None:
    files = workspace(edit="['*.py']")
    written = apply(f"pack.py\n{PLAIN}\nrequirements.txt\n```\nnumpy\n```\n", files)
    assert "`edit` does not match it" in written.refused["requirements.txt"]


@pytest.mark.parametrize(
    "reply",
    [
        "import math\ndef area(r):\n    return 2\nprint(area(2))\n",
        "import math\n\n# EVOLVE-BLOCK-START\ndef area(r):\n    return 2\n# EVOLVE-BLOCK-END\n\n"
        "print(area(2))",
    ],
)
def test_a_whole_file_keeps_what_lies_around_its_block(workspace: Made, reply: str) -> None:
    files = workspace(BLOCK)
    apply(f"pack.py\n```python\n{reply}\n```", files)
    assert files["pack.py"].decode() == BLOCK["pack.py"].replace("return 1", "return 2")
    assert files.why_not() is None


def test_of_two_places_the_one_that_may_change_is_meant(workspace: Made) -> None:
    text = "x = 1\n# EVOLVE-BLOCK-START\nx = 1\ny = 2\n# EVOLVE-BLOCK-END\n"
    files = workspace({"a.py": text})
    apply(f"a.py\n{swap('x = 1', 'x = 3')}", files)
    assert files["a.py"].decode() == text.replace("x = 1\ny", "x = 3\ny")


def test_a_fence_left_open_is_no_fault_of_a_reply_that_ended(workspace: Made) -> None:
    files = workspace()
    apply(f"pack.py\n```python\n{BETTER}", files, is_complete=True)
    assert files["pack.py"].decode() == BETTER


@pytest.mark.parametrize(
    "comment", ["# look for a better one here...", "# wait until the existing ones end …"]
)
def test_a_comment_that_trails_off_leaves_no_code_out(workspace: Made, comment: str) -> None:
    files = workspace({"a.py": "x = 1\n"})
    apply(f"a.py\n```python\n{comment}\nx = 2\n```\n", files)
    assert files["a.py"].decode() == f"{comment}\nx = 2\n"


def test_a_file_that_never_parsed_may_stay_so(workspace: Made) -> None:
    files = workspace({"a.py": "print 'x'\nprint 'y' +\n"})
    apply(f"a.py\n{block(chr(39).join(['print ', 'x', chr(10)]), 'print 2' + chr(10))}", files)
    assert files["a.py"].decode() == "print 2\nprint 'y' +\n"


def test_what_a_newer_python_takes_is_taken(workspace: Made) -> None:
    files = workspace({"a.py": "x = 1\n"})
    apply("a.py\n```python\ntype Pair[T] = tuple[T, T]\nx = 1\n```", files)
    assert b"type Pair" in files["a.py"]


def test_the_feedback_is_bounded(workspace: Made) -> None:
    with pytest.raises(Unusable) as caught:
        apply(f"pack.py\n{block('x' * 1_000_000 + chr(10), 'y')}", workspace())
    assert len(caught.value.failure.feedback or "") <= 12_000
