"""Several proposers in one run: each gets its share, and a combination has two parents in git."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

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
