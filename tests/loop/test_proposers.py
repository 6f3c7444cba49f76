"""Several proposers in one run: each gets its share, and a combination has two parents in git."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from kapso.search.allocation import FLOOR

Demo = Callable[..., Any]
GOAL = """\
name: demo
objective: Bring four numbers to their places.
edit: [params.json]
run: sleep 0.4; cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: [tune, combine]
search: {parallel: 4}
budget: {attempts: 12}
"""
PARAMS = '{"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0}\n'
SCORE = """\
awk -F'[:,}]' '{ printf "{\\"score\\": %.12g}\\n", -($2-13)^2 - ($4-27)^2 - ($6-22)^2 - ($8-51)^2 }' "$1"
"""


def test_a_combination_has_two_parents(demo: Demo) -> None:
    kapso = demo(base_goal=GOAL, extra={"params.json": PARAMS, "score.sh": SCORE})
    kapso("run", check=0)
    attempts = kapso.json("ls", "demo")
    by_number = {each["attempt"]: each for each in attempts}
    shares = Counter(each["proposer"] for each in attempts)
    assert shares["tune"] >= 6 and shares["combine"] >= 1, shares
    for each in attempts:
        parents = kapso.git("rev-parse", f"{each['branch']}^@").split()
        if each["proposer"] == "combine":
            assert len(each["parents"]) == 2
            assert parents == [by_number[number]["commit"] for number in each["parents"]]
    assert len({kapso.git("rev-parse", f"{each['branch']}^{{tree}}") for each in attempts[1:]}) == 12


CODE = """\
RATE = 3
STEP = 2


def solve(n):
    total = 0
    for i in range(1, n):
        if i % 2 == 0:
            total += i * RATE
    return total + STEP
"""
CODE_GOAL = """\
name: code
objective: Make the total large.
edit: [code.py]
run: cp code.py $KAPSO_OUT/
evaluate: python3 judge.py $KAPSO_OUT/code.py
"""
ANEW = "search: {parallel: 1}\nmemory: {recall: false}\n"
JUDGE = """\
import json, sys
names = {}
exec(open(sys.argv[1]).read(), names)
print(json.dumps({"score": names["solve"](9)}))
"""


@pytest.mark.slow
def test_every_proposer_that_has_ideas_gets_its_share(demo: Demo) -> None:
    propose = "propose: [combine, mutate, tune]\nsearch: {parallel: 1}\nbudget: {attempts: 18}\n"
    kapso = demo(base_goal=CODE_GOAL, goal=propose, extra={"code.py": CODE, "judge.py": JUDGE})
    kapso("run")
    turns = [each["proposer"] for each in kapso.json("ls", "code")[1:]]
    assert all({"tune", "mutate"} <= set(turns[start : start + FLOOR + 2]) for start in range(8)), turns


@pytest.mark.slow
def test_the_default_is_all_that_apply_and_a_resumed_run_keeps_the_turns(demo: Demo) -> None:
    extra = {"code.py": CODE, "judge.py": JUDGE}
    kapso = demo(base_goal=CODE_GOAL, goal=ANEW, extra=extra)
    kapso("run", "--attempts", "12")
    expected = [each["title"] for each in kapso.json("ls", "code")]
    kapso("run", "--attempts", "5")
    assert len(kapso.json("ls", "code")) == 6
    kapso("resume", "--attempts", "12")
    attempts = kapso.json("ls", "code")
    assert [each["title"] for each in attempts] == expected and len(expected) == 13
    assert {"tune", "mutate"} <= {each["proposer"] for each in attempts}
    mutated = next(each for each in attempts if each["proposer"] == "mutate")
    assert kapso.git("diff", "--stat", f"{mutated['branch']}^", mutated["branch"]).startswith(" code.py")


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_turns_that_it_would_have_had(demo: Demo) -> None:
    code = {
        "code.py": CODE,
        "judge.py": JUDGE.replace("import json, sys", "import json, sys, time; time.sleep(0.2)"),
    }
    kapso = demo(base_goal=CODE_GOAL, goal=ANEW, extra=code)
    kapso("run", "--attempts", "14")
    expected = [(each["proposer"], each["title"]) for each in kapso.json("ls", "code")]
    process = kapso.start("run", "--attempts", "14")
    runs = kapso.root / ".git/kapso/runs"
    while not any(path.read_text().count('"attempt.evaluated"') == 7 for path in runs.glob("*/events.jsonl")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kapso("resume", "--attempts", "14")
    assert [(each["proposer"], each["title"]) for each in kapso.json("ls", "code")] == expected


def test_where_there_is_no_code_the_others_go_on(demo: Demo) -> None:
    goal = GOAL.replace("propose: [tune, combine]\n", "").replace("attempts: 12", "attempts: 4")
    kapso = demo(base_goal=goal.replace("sleep 0.4; ", ""), extra={"params.json": PARAMS, "score.sh": SCORE})
    done = kapso("run", check=0)
    assert "mutate: no code to change" in done.stderr
    assert {each["proposer"] for each in kapso.json("ls", "demo")[1:]} <= {"tune", "combine"}


@pytest.mark.slow
def test_edits_outside_of_a_block_are_never_proposed(demo: Demo) -> None:
    code = CODE.replace("    for i", "    # EVOLVE-BLOCK-START\n    for i")
    code = code.replace("    return", "    # EVOLVE-BLOCK-END\n    return")
    kapso = demo(base_goal=CODE_GOAL, goal="propose: [mutate]\n", extra={"code.py": code, "judge.py": JUDGE})
    kapso("run", "--attempts", "10")
    attempts = kapso.json("ls", "code")
    assert len(attempts) == 11
    for each in attempts:
        text = kapso.git("show", f"{each['branch']}:code.py")
        assert text.startswith(code.split("START")[0]) and text.endswith(code.split("EVOLVE-BLOCK-END")[1])
