"""What a run takes over from earlier runs: chosen once, at its start, and kept beside the goal.

Those of its own goal count; where there are none, those of other goals that tuned the same parameters.

So a resumed run goes on with what it began with, and a seed reproduces what started from the same memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
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
_KIN, _KIN_ASKED = 2, 8
"""Of runs of other goals so many are taken over, of so many goals that ran last."""
_KIN_SHARE = 0.5
"""Of the parameters here such a run has to have had."""
_BEST, _LATEST = 40, 120
_MOST_VALUES = 20_000
_SAYING = {Outcome.SCORED, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.INVALID}


def earlier_files(setting: Setting, also: str | None, say: Say) -> dict[str, bytes]:
    """The file to keep with the goal; none where nothing is recalled. `also` names a run of any goal."""
    goal, repository = setting.goal, setting.repository
    if not goal.recall or not any(spec.name == "tune" for spec in goal.propose):
        return {}
    runs = _candidates(repository)
    own = [each for each in runs if each[0] == also or each[1].get("goal") == goal.name]
    own.sort(key=lambda each: each[0] != also)
    same = (goal.primary.name, goal.primary.goal)
    own = [each for each in own if (each[1].get("metric"), each[1].get("direction")) == same]
    found = _taken(setting, own, _RUNS) or _kin(setting, runs)
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


def _candidates(repository: Repository) -> list[tuple[str, Mapping[str, Any]]]:
    """All runs with their facts, the latest first."""
    told: list[tuple[str, str, Mapping[str, Any]]] = []
    for run in commits.runs(repository):
        try:
            facts = json.loads(landing.read_goal(repository, run)["run.json"])
        except (KapsoError, KeyError, ValueError):
            continue
        if isinstance(facts, dict):
            told.append((str(facts.get("started") or ""), run, facts))
    return [(run, facts) for _, run, facts in sorted(told, key=lambda each: each[:2], reverse=True)]


def _taken(setting: Setting, runs: Iterable[tuple[str, Mapping[str, Any]]], most: int) -> list[EarlierRun]:
    """The first of these that tell of parameters."""
    found: list[EarlierRun] = []
    for run, facts in runs:
        try:
            told = _read(setting, run, facts)
        except (KapsoError, AttributeError, KeyError, TypeError, ValueError):
            continue  # a run that was pulled may say anything
        if told is not None:
            found.append(told)
        if len(found) == most:
            break
    return found


def _kin(setting: Setting, runs: Sequence[tuple[str, Mapping[str, Any]]]) -> list[EarlierRun]:
    """The latest runs of other goals, one of each, that began with this base and tuned what is tuned here."""
    latest: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for run, facts in runs:
        other = str(facts.get("goal"))
        if other != setting.goal.name and facts.get("direction") in ("minimize", "maximize"):
            latest.setdefault(other, (run, facts))
    found = _taken(setting, list(latest.values())[:_KIN_ASKED], _KIN_ASKED)
    here = _parameters(setting, setting.base).keys() if found else frozenset()
    return [each for each in found if _is_alike(each, here)][:_KIN]


def _is_alike(run: EarlierRun, here: Collection[str]) -> bool:
    tuned = {name for each in run.attempts for name in each.parameters}
    return len(tuned.intersection(here)) >= max(1.0, _KIN_SHARE * len(here))


def _read(setting: Setting, run: str, facts: Mapping[str, Any]) -> EarlierRun | None:
    """What its records tell; None where they hold no parameters."""
    records = _records(setting.repository, run)
    sign = 1.0 if facts.get("direction") == setting.goal.primary.goal else -1.0
    told = [_attempt(number, records, sign) for number in records]
    beside = _beside(records, sign)
    attempts = _chosen([replace(each, beside=beside.get(each.number)) for each in told if each is not None])
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
        baseline=_number(records.get(BASELINE, {}).get("score"), sign),
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


def _attempt(number: int, records: Mapping[int, Mapping[str, Any]], sign: float) -> EarlierAttempt | None:
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
        score=_number(record.get("score"), sign),
        is_better=record.get("verdict") == Verdict.BETTER,
        is_broken=record.get("outcome") != Outcome.SCORED,
        is_plain=_is_plain(number, records),
        arm=str(record.get("hypothesis") or "").split(":", 1)[0],
    )


def _number(value: Any, sign: float = 1.0) -> float | None:
    return None if value is None or not math.isfinite(value) else sign * float(value)


def _is_plain(number: int, records: Mapping[int, Mapping[str, Any]]) -> bool:
    while number != BASELINE:
        record = records.get(number, {})
        if record.get("proposer") != "tune" or not record.get("parents"):
            return False
        number = record["parents"][0]
    return True


def _beside(records: Mapping[int, Mapping[str, Any]], sign: float) -> dict[int, float]:
    """What edits of other proposers gained on the way from the base, step by step; of attempts of which that
    is known."""
    scores = {number: _number(record.get("score"), sign) for number, record in records.items()}
    found = {BASELINE: 0.0}
    for number in sorted(records):
        parents = records[number].get("parents")
        if not parents or parents[0] not in found:
            continue
        before, after = scores.get(parents[0]), scores[number]
        if records[number].get("proposer") == "tune":
            found[number] = found[parents[0]]
        elif before is not None and after is not None:
            found[number] = found[parents[0]] + after - before
    return found


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
