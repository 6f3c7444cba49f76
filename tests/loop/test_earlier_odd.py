"""Earlier runs that cannot be read are passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.git import landing, ledger
from kapso.goal import load_goal
from kapso.loop.earlier import earlier_files
from kapso.loop.setting import settle

GOAL = "name: demo\nobjective: x\nedit: [a.py]\nevaluate: python score.py\npropose: [tune]\n"

FINE = {"proposer": "tune", "parents": [0], "parameters": {"a:x": 1}, "outcome": "scored", "score": 2.0}


@pytest.mark.parametrize(
    "broken",
    [
        {"0001.json": b"[1]"},
        {"0001.json": json.dumps({**FINE, "score": "high"}).encode()},
        {"0001.json": json.dumps({**FINE, "parameters": [3]}).encode()},
        {"0001.json": b"not json"},
        {"run.json": b"{}"},
    ],
)
def test_records_that_make_no_sense_take_nothing_over(
    make_repository: Callable[..., Path], broken: dict[str, bytes]
) -> None:
    root = make_repository({"goal.yaml": GOAL, "a.py": "x = 1\n", "score.py": "print(1)\n"})
    setting = settle(load_goal(root / "goal.yaml"), say=lambda line: None)
    facts = {"goal": "demo", "metric": "score", "direction": "maximize", "base": setting.base}
    told = {"demo-0001": broken, "demo-0002": {"0001.json": json.dumps(FINE).encode()}}
    for run, records in told.items():
        kept = {"run.json": json.dumps(facts | {"started": run}).encode()}
        landing.start_run(setting.repository, run, kept, setting.base)
        ledger.write_records(setting.repository, run, records)
    said: list[str] = []
    files = earlier_files(setting, None, said.append)
    assert [run["run"] for run in json.loads(files["earlier.json"])] == ["demo-0002"]
    assert "demo-0002" in said[0] and "demo-0001" not in said[0]
