"""What a run takes over from earlier runs of its goal: chosen once, at its start, and kept beside the goal.

So a resumed run goes on with what it began with, and a seed reproduces what started from the same memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kapso.attempt import BASELINE, Outcome, Verdict
from kapso.errors import KapsoError
from kapso.git import attempts as commits
from kapso.git import landing, ledger
from kapso.git.repository import Repository
from kapso.goal.protection import Editable
from kapso.loop.setting import Say, Setting
from kapso.loop.workspace import EditableIndex
from kapso.propose.earlier import EarlierAttempt, EarlierRun, Recalls
from kapso.propose.protocol import Proposer

FILE = "earlier.json"
_RUNS = 3
_BEST, _LATEST = 40, 120
_MOST_VALUES = 20_000
_SAYING = {Outcome.SCORED, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.INVALID}


def earlier_files(setting: Setting, also: str | None, say: Say) -> dict[str, bytes]:
    """The file to keep with the goal; none where nothing is recalled. `also` names a run of any goal."""
    goal, repository = setting.goal, setting.repository
    if not goal.recall or not any(spec.name == "tune" for spec in goal.propose):
        return {}
    found: list[EarlierRun] = []
    for run, facts in _candidates(repository, goal.name, also):
        if (facts.get("metric"), facts.get("direction")) != (goal.primary.name, goal.primary.goal):
            continue
        try:
            told = _read(setting, run, facts)
        except (KapsoError, AttributeError, KeyError, TypeError, ValueError):
            continue  # a run that was pulled may say anything
        if told is not None:
            found.append(told)
        if len(found) == _RUNS:
            break
    if not found:
        return {}
    names = ", ".join(each.run for each in found)
    say(f"tune begins with what earlier runs found: {names}; `memory: {{recall: false}}` begins anew")
    return {FILE: (json.dumps([asdict(each) for each in found], sort_keys=True) + "\n").encode()}


def recall(proposers: Sequence[Proposer], repository: Repository, run: str) -> None:
    """Tell the proposers what `run` took over when it started."""
    kept = landing.read_goal(repository, run).get(FILE)
    if kept is None:
        return
    runs = [
        EarlierRun(**{**told, "attempts": [EarlierAttempt(**each) for each in told["attempts"]]})
        for told in json.loads(kept)
    ]
    for proposer in proposers:
        if isinstance(proposer, Recalls):
            proposer.recall(runs)


def _candidates(repository: Repository, goal: str, also: str | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Runs of the goal, the latest first; before them the one that is named."""
    told: list[tuple[bool, str, str, Mapping[str, Any]]] = []
    for run in commits.runs(repository):
        try:
            facts = json.loads(landing.read_goal(repository, run)["run.json"])
        except (KapsoError, KeyError, ValueError):
            continue
        if isinstance(facts, dict) and (run == also or facts.get("goal") == goal):
            told.append((run == also, str(facts.get("started") or ""), run, facts))
    return [(run, facts) for _, _, run, facts in sorted(told, key=lambda each: each[:3], reverse=True)]


def _read(setting: Setting, run: str, facts: Mapping[str, Any]) -> EarlierRun | None:
    """What its records tell; None where they hold no parameters."""
    records = _records(setting.repository, run)
    attempts = _chosen([each for number in records if (each := _attempt(number, records)) is not None])
    if not attempts:
        return None
    base = str(facts["base"])
    is_same = base == setting.base or _tree(setting.repository, base) == _tree(
        setting.repository, setting.base
    )
    return EarlierRun(
        run=run,
        is_comparable=facts.get("evaluator") == setting.identity,
        is_same_base=is_same,
        baseline=_number(records.get(BASELINE, {}).get("score")),
        base={} if is_same else _parameters(setting, base),
        attempts=attempts,
    )


def _records(repository: Repository, run: str) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for name, data in ledger.read_records(repository, run).items():
        stem = name.removesuffix(".json")
        if stem.isdigit():
            try:
                found[int(stem)] = json.loads(data)
            except ValueError:
                continue
    return found


def _attempt(number: int, records: Mapping[int, Mapping[str, Any]]) -> EarlierAttempt | None:
    record = records[number]
    parameters, parents = record.get("parameters"), record.get("parents")
    if record.get("proposer") != "tune" or not parameters or not parents:
        return None
    if record.get("outcome") not in _SAYING or record.get("demoted"):
        return None
    return EarlierAttempt(
        number=number,
        parent=parents[0],
        parameters=dict(parameters),
        score=_number(record.get("score")),
        is_better=record.get("verdict") == Verdict.BETTER,
        is_broken=record.get("outcome") != Outcome.SCORED,
        is_plain=_is_plain(number, records),
        arm=str(record.get("hypothesis") or "").split(":", 1)[0],
    )


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _is_plain(number: int, records: Mapping[int, Mapping[str, Any]]) -> bool:
    while number != BASELINE:
        record = records.get(number, {})
        if record.get("proposer") != "tune" or not record.get("parents"):
            return False
        number = record["parents"][0]
    return True


def _chosen(attempts: list[EarlierAttempt]) -> list[EarlierAttempt]:
    """The best and the latest, in order, so many that what is kept stays small."""
    if not attempts:
        return []
    room = max(8, _MOST_VALUES // max(len(each.parameters) for each in attempts))
    ranked = [each for each in attempts if each.is_better]  # each better one beat its parent: the ladder up
    chosen = {each.number: each for each in (*ranked[-_BEST:], *attempts[-_LATEST:])}
    return sorted(list(chosen.values())[:room], key=lambda each: each.number)


def _tree(repository: Repository, commit: str) -> str | None:
    try:
        return repository.tree_of(commit)
    except (KapsoError, KeyError):
        return None


def _parameters(setting: Setting, base: str) -> dict[str, Any]:
    """The parameters of another base, as far as it is still there."""
    from kapso.propose.tune.program import Reader  # numpy: 80 ms

    goal, repository = setting.goal, setting.repository
    try:
        index = EditableIndex(repository, base, Editable.of(goal, goal.prefix(repository.root)))
        return dict(Reader().read(index.files(base)).values())
    except (KapsoError, KeyError):
        return {}
