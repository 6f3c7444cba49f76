"""Noisy scorers: what is not there is not reported, what is there is found, and pairs survive a kill."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kapso as api
from tests.loop.conftest import SCORE

Demo = Callable[..., Any]

SEEDED = """\
printf '%s %s' "$KAPSO_SEED" "$(cat "$1")" | cksum |
awk '{ printf "{\\"score\\": %.9f}\\n", 10 + $1 / 4294967296 }'
"""
"""Noise alone, as random as any and the same for the same seed and program."""
NOISY = """\
set -- "$1" $(od -An -N8 -tu4 /dev/urandom)
awk -F'[:,}]' -v u="$2" -v v="$3" '{ d = ($2 - 3)^2 + ($4 - 20)^2 / 100
  noise = sqrt(-2 * log((u + 1) / 4294967297)) * cos(6.283185307 * v / 4294967296)
  printf "{\\"score\\": %.12g}\\n", 10 - d + SIGMA * noise }' "$1"
"""


def evaluations(kapso: Any, run: str, attempt: int) -> int:
    log = kapso.root / ".git/kapso/runs" / run / f"attempts/{attempt:04d}/log.txt"
    return int(log.read_text().count("$ sh score.sh"))


@pytest.mark.slow
@pytest.mark.parametrize("repeats", ["1", "auto"])
def test_an_improvement_that_is_not_there_is_not_reported(demo: Demo, repeats: str) -> None:
    """The same seed and program score the same, so that nothing but another seed shows the noise."""
    kapso = demo(f"budget: {{attempts: 8}}\nrepeats: {repeats}\n", extra={"score.sh": SEEDED})
    done = kapso("run", check=3)
    assert "no improvement over the baseline" in done.stdout
    [run] = kapso.json("ls")
    attempts = kapso.json("ls", run["run"])
    assert max(each["score"] for each in attempts[1:]) > attempts[0]["score"], "a naive loop would report it"
    assert run["best_attempt"] == 0
    if repeats == "auto":
        assert {each["verdict"] for each in attempts[1:]} <= {"same", "worse"}


@pytest.mark.slow
def test_pairs_find_what_is_there_and_spare_what_is_bad(demo: Demo) -> None:
    scorer = NOISY.replace("SIGMA", "0.2")
    kapso = demo("budget: {attempts: 16}\nrepeats: auto\nsearch: {parallel: 1}\n", extra={"score.sh": scorer})
    done = kapso("run", check=0)
    [run] = kapso.json("ls")
    attempts = kapso.json("ls", run["run"])
    best = attempts[run["best_attempt"]]
    [shown] = kapso.json("show", run["run"], "best")
    assert "better against attempt" in shown["feedback"] and "95 % interval" in shown["feedback"]
    assert sum(stage["name"] == "evaluate" for stage in shown["stages"]) >= 3
    for each in attempts[1:]:
        if each["score"] < attempts[each["parents"][0]]["score"] - 2:
            assert evaluations(kapso, run["run"], each["attempt"]) == 1

    found = api.open(kapso.root).runs()[0].confirmation
    assert found is not None and found.is_confirmed and found.attempt == best["attempt"]
    assert found.gain is not None and found.low is not None and found.high is not None
    assert 0 < found.low < found.gain < found.high and found.pairs >= 3
    assert found.after is not None and found.before is not None
    assert found.after - found.before == pytest.approx(found.gain)
    assert f"in {found.pairs} fresh pairs (95 % interval" in done.stdout
    assert f"{found.after:.7g}" in done.stdout, "the score without the luck that it was chosen for"


@pytest.mark.slow
def test_a_scorer_without_noise_pays_nothing(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 6}\nrepeats: auto\n")
    kapso("run", check=0)
    [run] = kapso.json("ls")
    numbers = set(range(1, 7)) - {run["best_attempt"]}
    assert {evaluations(kapso, run["run"], number) for number in numbers} == {1}
    assert evaluations(kapso, run["run"], 0) == 3, "twice before the first attempt, once before the end"


@pytest.mark.slow
def test_a_failing_repeat_fails_the_attempt(demo: Demo) -> None:
    """A changed program scores well with the first seed, and crashes the scorer with every other."""
    first = int.from_bytes(hashlib.sha256(b"0:0").digest()[:4], "big") >> 1
    changed = f"test $KAPSO_SEED = {first} || exit 7; echo '{{\"score\": 50}}'; exit"
    crash = f'grep -qF \'"x": 1.0, "y": 5.0\' "$1" || {{ {changed}; }}\n'
    noise = SCORE.replace("10 - d", '10 - d + ENVIRON["KAPSO_SEED"] / 2147483648')
    kapso = demo("budget: {attempts: 1}\nrepeats: auto\n", extra={"score.sh": crash + noise})
    kapso("run", check=3)
    [run] = kapso.json("ls")
    attempt = kapso.json("ls", run["run"])[1]
    assert evaluations(kapso, run["run"], 1) == 4, "two pairs"
    assert attempt["outcome"] == "crashed" and attempt["verdict"] is None and "7" in attempt["reason"]


@pytest.mark.slow
def test_pairs_survive_a_kill(demo: Demo) -> None:
    scorer = NOISY.replace("SIGMA", "0.2")
    kapso = demo("budget: {attempts: 14}\nrepeats: auto\nsearch: {parallel: 2}\n", extra={"score.sh": scorer})
    process = kapso.start("run")
    run = kapso.wait_for(process, 5)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kapso("resume", run)
    kapso.check_whole(run, 14)
    [before] = kapso.json("ls")
    assert "better against" in (kapso.json("show", run, "best")[0]["feedback"] or "better against")
    (kapso.root / ".git/kapso/kapso.duckdb").unlink()
    kapso("reindex", check=0)
    assert kapso.json("ls")[0] == before
    assert not list(Path(os.environ["XDG_CACHE_HOME"]).glob("kapso/demo-*/out/*/*beside*"))
