"""Real runs with `recipe`: what stands in a playbook is found, and the default list has it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """\
def walk(n):
    queue = [0]
    total = 0
    while queue:
        at = queue.pop(0)
        total += at
        if at < n:
            queue.append(at + 1)
    return total
"""
SCORE = """\
import json, sys
text = open(sys.argv[1]).read()
names = {}
exec(text, names)
assert names["walk"](50) == 1275
print(json.dumps({"moves": text.count("pop(0)") + text.count("BOUND")}))
"""
GOAL = """\
objective: A faster walk.
edit: walk.py
run: cp walk.py $KAPSO_OUT/
evaluate: python3 score.py $KAPSO_OUT/walk.py
metrics: {moves: minimize}
timeout: 5s
"""
OWN = """\
# Ours

```yaml recipe
id: ours
title: A bound named
language: python
rule: total = 0
fix: total = 0 * 1
example: {before: total = 0, after: total = 0 * 1, run: total}
```
"""


def kapso(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kapso", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_run_carries_out_what_stands_in_a_playbook(make_repository: Callable[..., Path]) -> None:
    goal = f"{GOAL}propose: [{{recipe: {{from: [kapso, own.md]}}}}]\nbudget: {{attempts: 5}}\n"
    files = {"walk.py": PROGRAM, "score.py": SCORE, "goal.yaml": goal, "own.md": OWN}
    root = make_repository(files, name="walks")
    done = kapso(root, "run")
    assert done.returncode == 0, done.stderr
    best = kapso(root, "show", "walks", "best").stdout
    assert "A list as a queue, by a deque" in best
    assert "recipe `list-as-queue` of playbooks/python-containers.md" in best
    assert "from collections import deque" in kapso(root, "diff", "walks").stdout
    assert "A bound named" in kapso(root, "ls", "walks").stdout
    assert "no proposer has anything left to try" in done.stderr + done.stdout


@pytest.mark.slow
def test_the_default_list_has_it(make_repository: Callable[..., Path]) -> None:
    files = {"walk.py": PROGRAM, "score.py": SCORE, "goal.yaml": GOAL}
    root = make_repository(files, name="walks")
    kapso(root, "run", "--attempts", "4")
    assert " recipe " in kapso(root, "ls", "walks").stdout


def test_a_folder_that_is_not_there_is_told_before_anything_runs(
    make_repository: Callable[..., Path],
) -> None:
    goal = f"{GOAL}propose: [{{recipe: {{from: [nowhere]}}}}]\n"
    root = make_repository({"walk.py": PROGRAM, "score.py": SCORE, "goal.yaml": goal}, name="walks")
    done = kapso(root, "run")
    assert done.returncode == 2
    assert "names `nowhere`, which is not there" in done.stderr
    assert "goal.yaml:7" in done.stderr and "Traceback" not in done.stderr
