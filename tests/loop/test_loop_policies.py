"""Each policy leads a real run; after a kill, islands and all that follows from them are as without it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kapso as api
from kapso.goal import Metric
from kapso.search import Islands
from kapso.search.front import front
from kapso.search.islands import EVERY, ISLANDS

Demo = Callable[..., Any]
BOTH = (Metric("score"), Metric("size", "minimize"))
FILES = {
    "params.json": '{"x": 1.0, "y": 5.0}\n',
    "score.sh": """awk -F'[:,}]' '{ d = ($2 - 3)^2 + ($4 - 20)^2 / 100
printf "{\\"score\\": %.12g, \\"size\\": %.12g}\\n", 10 - d, $2 * $2 + $4 }' "$1"\n""",
    "goal.yaml": """\
objective: Bring x to 3 and y to 20, and stay small.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
metrics: {score: maximize, size: minimize}
propose: [tune]
search: {policy: POLICY, parallel: 1, seed: 2}
budget: {attempts: 12}
""",
}


@pytest.fixture
def lead(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], api.Run]:
    """`lead(policy)`: a run of twelve attempts."""

    def run(policy: str) -> api.Run:
        files = {**FILES, "goal.yaml": FILES["goal.yaml"].replace("POLICY", policy)}
        monkeypatch.chdir(make_repository(files))
        return api.run("goal.yaml")

    return run


@pytest.mark.slow
def test_greedy_leads_a_run(lead: Callable[[str], api.Run]) -> None:
    best = 0
    attempts = lead("greedy").attempts()
    for number, attempt in attempts.items():
        assert number == 0 or attempt.parents == (best,)
        if attempt.is_scored and (attempt.score or 0) > (attempts[best].score or 0):
            best = number
    assert best > 0


@pytest.mark.slow
def test_pareto_leads_a_run_and_its_front_is_told(lead: Callable[[str], api.Run]) -> None:
    run = lead("pareto")
    attempts = run.attempts()
    for number in range(1, 13):
        known = {each.number for each in front((attempts[n] for n in range(number)), BOTH)}
        assert set(attempts[number].parents) <= known
    assert len({each.parents for each in attempts.values()}) > 3
    assert run.front == tuple(front(attempts.values(), BOTH)) and len(run.front) > 1
    assert run.best == run.front[0] and run.is_improved


def test_islands_lead_a_run(lead: Callable[[str], api.Run]) -> None:
    attempts = lead("islands").attempts()
    islands = Islands(BOTH)
    for number, attempt in attempts.items():
        assert number == 0 or attempt.parents[0] in islands.members(number)
        islands.observe(attempt)
    lines = [{n for n in range(1, 13) if islands.home(n) == each} for each in range(ISLANDS)]
    assert all(lines) and sum(map(len, lines)) == 12
    assert all(set(attempts[n].parents) <= line | {0} for line in lines for n in line)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_islands(demo: Demo) -> None:
    attempts = EVERY + 6
    search = "search: {policy: islands, parallel: 1, seed: 7}\nmemory: {recall: false}\n"
    kapso = demo(f"budget: {{attempts: {attempts}}}\n{search}")
    process = kapso.start("run")
    run = kapso.wait_for(process, EVERY + 1)  # there has been a migration
    process.kill()
    process.communicate()
    kapso("resume", run, check=0)
    kapso.check_whole(run, attempts)
    kapso("run", check=0)
    facts = ("parents", "title", "score", "outcome")
    killed, whole = (
        [[each[f] for f in facts] for each in kapso.json("ls", *which)] for which in ([run], ["demo"])
    )
    assert len(killed) == len(whole) == attempts + 1
    assert killed == whole


@pytest.mark.slow
def test_what_did_not_hold_is_never_built_on_again(demo: Demo) -> None:
    first = int.from_bytes(hashlib.sha256(b"3:0").digest()[:4], "big") >> 1
    lucky = (
        f'test "$KAPSO_SEED" = {first} && ! grep -q "1.0, .*5.0" "$1" && echo \'{{"score": 99}}\' && exit\n'
    )
    kapso = demo(
        "budget: {attempts: 2}\nmetrics: {score: maximize, run.seconds: minimize}\n"
        "search: {policy: greedy, parallel: 1, seed: 3}\n",
        extra={"score.sh": lucky + "echo '{\"score\": 1}'\n"},
    )
    kapso("run", check=3)
    kapso("resume", "--attempts", "5", check=3)
    attempts = kapso.json("ls", "demo")
    assert [each["score"] for each in attempts] == [1, 99, 99, 99, 99, 99]
    demoted = next(each["attempt"] for each in attempts if each["verdict"] == "same")
    assert all(demoted not in each["parents"] for each in attempts[3:])
