"""Times: a first evaluation that does not count, one core where that hinders nobody, which repeat counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

Demo = Callable[..., Any]

GOAL = """\
name: demo
objective: Be quick.
edit: [params.json]
run: sh work.sh $KAPSO_OUT
evaluate: cat $KAPSO_OUT/said
metrics: {run.seconds: minimize, cores: maximize}
propose: [tune]
budget: {attempts: 1}
"""
WORK = 'grep -q Cpus_allowed_list.*[-,] /proc/self/status && n=2 || n=1\necho "{\\"cores\\": $n}" > $1/said\n'
"""Tells whether it may use more than one core."""

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")


def test_what_uses_one_core_is_timed_on_one_after_a_warm_up(demo: Demo) -> None:
    kapso = demo(base_goal=GOAL, extra={"work.sh": WORK})
    said = kapso("run").stderr
    [log] = (kapso.root / ".git/kapso/runs").glob("*/attempts/0000/log.txt")
    assert log.read_text().count("$ sh work.sh") >= 6, "once to warm up, and five times for the noise"
    if "times are measured on core" not in said:
        pytest.skip("another process holds the core")
    [baseline, attempt] = kapso.json("ls", "demo")
    assert baseline["metrics"]["cores"] == attempt["metrics"]["cores"] == 1


@pytest.mark.slow
def test_what_goes_parallel_is_timed_with_all_cores(demo: Demo) -> None:
    """Only a changed program starts others beside it."""
    more = 'sleep 0.15; grep -qF \'"x": 1.0, "y": 5.0\' params.json || { sleep 0.3 & sleep 0.3 & wait; }\n'
    kapso = demo(base_goal=GOAL, extra={"work.sh": WORK + more})
    said = kapso("run").stderr
    if "times are measured on core" not in said:
        pytest.skip("another process holds the core")
    [baseline, attempt] = kapso.json("ls", "demo")
    assert (baseline["metrics"]["cores"], attempt["metrics"]["cores"]) == (1, 2)


@pytest.mark.slow
def test_what_is_parallel_already_is_not_pinned(demo: Demo) -> None:
    busy = "for i in 1 2; do awk 'BEGIN { while (n++ < 3e6); }' & done; wait\n"
    kapso = demo(base_goal=GOAL, extra={"work.sh": busy + WORK})
    done = kapso("run")
    [baseline, _] = kapso.json("ls", "demo")
    if baseline["metrics"]["run.cpu_seconds"] < 1.2 * baseline["metrics"]["run.seconds"]:
        pytest.skip("the machine is too busy to run two things at once")
    assert "times are measured on core" not in done.stderr
    assert baseline["metrics"]["cores"] == 2


@pytest.mark.slow
def test_the_repeat_that_counts_is_the_one_that_the_goal_names(demo: Demo) -> None:
    """Each repeat gives another number, made of its seed."""
    goal = """\
name: demo
objective: Any.
edit: [params.json]
evaluate: 'echo "{\\"low\\": $KAPSO_SEED, \\"mid\\": $KAPSO_SEED}"'
metrics: {low: {goal: minimize, take: minimum}, mid: minimize}
repeats: 5
propose: [tune]
budget: {attempts: 1}
"""
    kapso = demo(base_goal=goal)
    kapso("run")
    metrics = kapso.json("ls", "demo")[1]["metrics"]
    assert metrics["low"] < metrics["mid"]
