"""Two runs side by side: the numbers that the report has of each, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE
from kapso.errors import UsageError
from kapso.memory.live import live_status
from kapso.memory.sync import open_synced
from kapso.wording import dollars, duration, number, plural, signed
from kapso_tui.watch.runs import PATIENCE_S

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary
    from kapso.report.facts import Facts


@dataclass(frozen=True)
class Row:
    """What each of the two has of one thing."""

    name: str
    a: str
    b: str

    @property
    def is_different(self) -> bool:
        return self.a != self.b


@dataclass(frozen=True)
class Side:
    """One run's best so far over its attempts."""

    run: str
    steps: tuple[tuple[int, float], ...]
    last: int
    """The number of its last attempt."""


@dataclass(frozen=True)
class Comparison:
    """`warning` says why the scores must not be compared, where that is so."""

    sides: tuple[Side, Side]
    results: tuple[Row, ...]
    settings: tuple[Row, ...]
    """Those that differ."""
    proposers: tuple[Row, ...]
    warning: str | None


def compare(repository: Repository, a: str, b: str) -> tuple[Comparison, list[str]]:
    """The two runs, and lines for the user. UsageError where git has no such run (any more)."""
    from kapso.report.facts import collect

    notes: list[str] = []
    episodes, summaries = open_synced(repository, say=notes.append, patience_s=PATIENCE_S)
    known = {each.run: each for each in summaries}
    for name in (a, b):
        if name not in known:
            raise UsageError(
                f"there is no run `{name}` any more", help="`1` shows the runs", slug="no-such-run"
            )
    one, other = (collect(repository, episodes, _now(repository, known[name])) for name in (a, b))
    return Comparison(
        sides=(_side(one), _side(other)),
        results=tuple(Row(name, *pair) for name, pair in _paired(_results(one), _results(other)).items()),
        settings=tuple(row for row in _settings(one, other) if row.is_different),
        proposers=tuple(Row(name, *pair) for name, pair in _paired(_shares(one), _shares(other)).items()),
        warning=_warning(one, other),
    ), notes


def _now(repository: Repository, run: RunSummary) -> RunSummary:
    """With the status that its lock tells of."""
    return replace(run, status=live_status(repository.state_dir, run.run) or run.status)


def _paired(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (a.get(name, "-"), b.get(name, "-")) for name in {**a, **b}}


def _side(facts: Facts) -> Side:
    baseline = facts.run.baseline
    steps = [(BASELINE, baseline)] if baseline is not None else []
    for moved in facts.improvements:
        if (score := facts.by_number[moved].score) is not None:
            steps.append((moved, score))
    last = max((each.number for each in facts.attempts), default=0)
    return Side(facts.run.run, tuple(steps), last)


def _results(facts: Facts) -> dict[str, str]:
    """The same numbers as the report's."""
    from kapso.report import page, tallies
    from kapso.report.chart import worked_s

    run = facts.run
    before, after = facts.scores
    gain = None if before is None or after is None else after - before
    ended = ", ".join(f"{count} {kind}" for kind, count in tallies.outcomes(facts).items())
    return {
        "goal": run.goal,
        "objective": " ".join((run.objective or "-").split()),
        "ended": page.ending(facts),
        "trust": page.verdict(facts)[0],
        "baseline": number(before),
        "best": f"{number(after)} (attempt {run.best_attempt})" if facts.is_improved else number(after),
        "gain": "-" if gain is None else signed(gain),
        "attempts": str(run.attempts),
        "of them": ended or "-",
        "time": duration(facts.elapsed_s or max(worked_s(facts), default=None)),
        "cost": dollars(run.cost),
    }


def _shares(facts: Facts) -> dict[str, str]:
    from kapso.report.tallies import shares

    return {
        share.proposer: f"{plural(share.attempts, 'attempt')}, {plural(share.improvements, 'best')}"
        + (f", {signed(share.gain)}" if share.gain else "")
        + (f", {dollars(share.cost)}" if share.cost else "")
        for share in shares(facts)
    }


def _settings(a: Facts, b: Facts) -> list[Row]:
    one, other = _flat(a), _flat(b)
    names = {**one, **other}
    return [Row(name, one.get(name, "-"), other.get(name, "-")) for name in names]


def _flat(facts: Facts) -> dict[str, str]:
    """Every setting by its key; what was decided when the run started comes first."""
    from kapso.goal.dump import as_flow, as_mapping

    found = {"base (commit)": (facts.run.base or "-")[:12]}
    found |= {name: str(facts.start.get(name) or "-") for name in ("file", "parallel")}
    if facts.goal is None:
        return found

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            found[prefix] = value if isinstance(value, str) else as_flow(value)

    walk("", {name: value for name, value in as_mapping(facts.goal).items() if name != "objective"})
    return found


def _warning(a: Facts, b: Facts) -> str | None:
    if a.run.goal != b.run.goal or a.run.metric != b.run.metric:
        return "the goals differ: their scores say nothing about each other"
    if a.start.get("evaluator") != b.start.get("evaluator"):
        return "the evaluation differs between them: their scores are not comparable"
    if a.goal is not None and a.goal.uses_time and a.start.get("machine") != b.start.get("machine"):
        return "the goal compares times, and they were measured on different machines"
    return None
