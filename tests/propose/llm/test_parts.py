"""A file in full replaces the whole file only where it is one; a part of it goes back, a rewrite does not."""

from __future__ import annotations

import pytest

from kapso.propose.llm.edits import Unusable, apply
from tests.propose.llm.conftest import Made

PYTHON = """\
import math

STEPS = 3


def area(r):
    total = 0
    for _ in range(STEPS):
        total += math.pi * r * r
    return total / STEPS


def ring(r, s):
    return area(s) - area(r)


def main():
    print(ring(1, 2))


main()
"""
C = """\
#include <stdio.h>

static int twice(int x)
{
    return x + x;
}

static int sum(int n)
{
    int s = 0;
    for (int i = 0; i < n; i++)
        s += twice(i);
    return s;
}

int main(void)
{
    printf("%d\\n", sum(9));
    return 0;
}
"""
USER = "from pack import ring\n\n\nprint(ring(1, 2))\n"
LIBRARY = PYTHON.replace("\n\nmain()\n", "\n")
AREA = "import math\n\n\ndef area(r):\n    return math.pi * r * r\n"

PARTS = {
    "a mark that is no comment": (PYTHON, "pack.py", AREA + "\n\n...\n", "`...` stands for the rest"),
    "a mark in a word": (PYTHON, "pack.py", AREA + "\n\n# main as before\n", "stands for the rest"),
    "unchanged": (PYTHON, "pack.py", AREA + "\n# unchanged\n", "stands for the rest"),
    "a function that calls another": (
        PYTHON,
        "pack.py",
        "def ring(r, s):\n    return area(s) - area(r)\n\n\nprint(ring(1, 2))\n",
        "without `area`",
    ),
    "a constant": (
        PYTHON,
        "pack.py",
        "import math\n\n\ndef area(r):\n    return math.pi * r * r * STEPS / STEPS\n\n\nprint(area(2))\n",
        "without `STEPS`",
    ),
    "nothing runs": (PYTHON, "pack.py", AREA, "without `main()`"),
    "what another file imports": (LIBRARY, "pack.py", AREA, "without `ring`"),
    "a function of C": (C, "pack.c", C[C.index("static int sum") : C.index("int main")], "`main`, `twice`"),
}
REWRITES = {
    "shorter": (PYTHON, "pack.py", "import math\n\nprint(math.pi * (2 * 2 - 1 * 1))\n"),
    "one function for all": (PYTHON, "pack.py", "def main():\n    print(9.42477796076938)\n\n\nmain()\n"),
    "what the other file imports is kept": (
        LIBRARY,
        "pack.py",
        "import math\n\n\ndef ring(r, s):\n    return math.pi * (s * s - r * r)\n",
    ),
    "a parameter of that name": (
        LIBRARY,
        "pack.py",
        "def ring(area, main):\n    STEPS = main * main\n    return 3.14 * (STEPS - area * area)\n",
    ),
    "taken from a module": (
        LIBRARY,
        "pack.py",
        "from math import pi as area\n\n\ndef ring(r, s):\n    return area * (s * s - r * r)\n",
    ),
    "C in one function": (C, "pack.c", '#include <stdio.h>\n\nint main(void)\n{\n    puts("72");\n}\n'),
    "a loop that runs": (
        PYTHON,
        "pack.py",
        "import math\n\nfor s, r in [(2, 1)]:\n    print(math.pi * (s * s - r * r))\n",
    ),
    "a call that starts nothing is gone": (
        LIBRARY.replace("STEPS = 3", "math.fsum([])\nSTEPS = 3"),
        "pack.py",
        "def main():\n    print(9.42477796076938)\n",
    ),
    "half of it": (PYTHON, "pack.py", PYTHON[: PYTHON.index("def main")]),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_part_goes_back_with_what_is_missing(workspace: Made, case: str) -> None:
    before, path, part, told = PARTS[case]
    files = workspace({path: before, "use.py": USER})
    with pytest.raises(Unusable, match="holds only a part") as caught:
        apply(f"{path}\n```\n{part}```\n", files)
    feedback = caught.value.failure.feedback or ""
    assert told in feedback and "SEARCH/REPLACE" in feedback
    assert files[path].decode() == before


@pytest.mark.parametrize("case", REWRITES)
def test_a_rewrite_is_taken_however_short(workspace: Made, case: str) -> None:
    before, path, after = REWRITES[case]
    files = workspace({path: before, "use.py": USER if before == LIBRARY else "print(1)\n"})
    apply(f"{path}\n```\n{after}```\n", files)
    assert files[path].decode() == after.rstrip("\n") + "\n"


def test_what_the_same_reply_changes_too_is_not_missed(workspace: Made) -> None:
    files = workspace({"pack.py": LIBRARY, "use.py": USER})
    block = "<<<<<<< SEARCH\nfrom pack import ring\n=======\nfrom pack import area as ring\n>>>>>>> REPLACE\n"
    apply(f"pack.py\n```python\n{AREA}```\n\nuse.py\n{block}", files)
    assert files["pack.py"].decode() == AREA


BLOCK = (
    "import math\n\nSCALE = 2\n\n# EVOLVE-BLOCK-START\ndef area(r):\n    return 1\n# EVOLVE-BLOCK-END\n\n"
    "print(area(SCALE))\n"
)


@pytest.mark.parametrize(
    "part",
    [
        "def area(r):\n    return 2\n",
        "# EVOLVE-BLOCK-START\ndef area(r):\n    return 2\n# EVOLVE-BLOCK-END\n",
    ],
)
def test_a_block_alone_is_put_in_its_place(workspace: Made, part: str) -> None:
    files = workspace({"pack.py": BLOCK})
    apply(f"pack.py\n```python\n{part}```\n", files)
    assert files["pack.py"].decode() == BLOCK.replace("return 1", "return 2")
    assert files.why_not() is None
