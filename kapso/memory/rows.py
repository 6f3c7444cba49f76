"""Episodes and run summaries as rows of the tables in `schema`, and back. No connection is opened here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.episode import DiffSize, Episode, RunSummary, Stage
from kapso.memory.schema import COLUMNS

Row = Sequence[Any]


def run_row(summary: RunSummary, source: str) -> Row:
    return (
        summary.run,
        summary.goal,
        summary.objective,
        summary.metric,
        summary.maximize,
        summary.base,
        summary.status,
        summary.reason,
        summary.baseline,
        summary.best_score,
        summary.best_attempt,
        summary.attempts,
        summary.cost,
        _to_utc(summary.started),
        _to_utc(summary.finished),
        source,
    )


def to_summary(row: Row) -> RunSummary:
    facts = dict(zip(COLUMNS["runs"], row, strict=True))
    del facts["source"]
    facts |= {"started": _from_utc(facts["started"]), "finished": _from_utc(facts["finished"])}
    return RunSummary(**facts)


def attempt_row(episode: Episode) -> Row:
    attempt = episode.attempt
    return (
        attempt.run,
        attempt.number,
        attempt.branch,
        attempt.commit,
        attempt.tree,
        list(attempt.parents),
        attempt.proposer,
        attempt.title,
        attempt.hypothesis,
        str(attempt.outcome),
        str(attempt.verdict) if attempt.verdict else None,
        attempt.score,
        attempt.reason,
        attempt.duration_s,
        attempt.cost,
        list(attempt.recalled),
        attempt.evaluator,
        attempt.sandbox,
        json.dumps(dict(attempt.parameters), sort_keys=True),
        attempt.feedback,
        _to_utc(attempt.started),
        _to_utc(attempt.finished),
        episode.is_demoted,
        episode.is_passed_over,
        episode.source,
    )


def to_attempt(row: Row, metrics: Mapping[str, float]) -> Attempt:
    """Metrics come in the order of their names, so that a rebuilt log prints the same."""
    started, finished = _from_utc(row[20]), _from_utc(row[21])
    assert started is not None and finished is not None, "every attempt has its times"
    return Attempt(
        run=row[0],
        number=row[1],
        branch=row[2],
        commit=row[3],
        tree=row[4],
        parents=tuple(row[5]),
        proposer=row[6],
        title=row[7],
        hypothesis=row[8],
        outcome=Outcome(row[9]),
        verdict=Verdict(row[10]) if row[10] else None,
        score=row[11],
        metrics=dict(metrics),
        reason=row[12],
        duration_s=row[13],
        cost=row[14],
        recalled=tuple(row[15]),
        evaluator=row[16],
        sandbox=row[17],
        parameters=json.loads(row[18]),
        feedback=row[19],
        started=started,
        finished=finished,
    )


def to_episode(
    row: Row, metrics: Mapping[str, float], diffs: Sequence[Row] = (), stages: Sequence[Row] = ()
) -> Episode:
    return Episode(
        to_attempt(row, metrics),
        diff=DiffSize(*diffs[0][2:]) if diffs else None,
        stages=tuple(Stage(*stage[3:]) for stage in stages),
        is_demoted=bool(row[22]),
        is_passed_over=bool(row[23]),
        source=row[24],
    )


def rows_of(episodes: Iterable[Episode]) -> dict[str, list[Row]]:
    """What to insert, by table."""
    rows: dict[str, list[Row]] = {"attempts": [], "metrics": [], "stages": [], "diffs": []}
    for episode in episodes:
        rows["attempts"].append(attempt_row(episode))
        rows["metrics"] += _metrics(episode)
        rows["stages"] += [(*episode.key, position, *_stage(s)) for position, s in enumerate(episode.stages)]
        if episode.diff:
            rows["diffs"].append((*episode.key, episode.diff.files, episode.diff.added, episode.diff.removed))
    return rows


def replaced_by(episodes: Iterable[Episode], table: str) -> list[tuple[str, int]]:
    """The attempts whose rows in `table` give way: stages and a diff that are not given are kept."""
    return [
        episode.key
        for episode in episodes
        if (table != "stages" or episode.stages) and (table != "diffs" or episode.diff)
    ]


def storable(value: Any) -> Any:
    """`value` with what is no text in UTF-8 (half a surrogate pair) escaped."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    return [storable(each) for each in value] if isinstance(value, list) else value


def _metrics(episode: Episode) -> list[Row]:
    """Without what is not finite, as in git."""
    metrics = episode.attempt.metrics
    return [(*episode.key, name, value) for name, value in metrics.items() if math.isfinite(value)]


def _stage(stage: Stage) -> Row:
    return (
        stage.name,
        stage.command,
        stage.exit_code,
        stage.seconds,
        stage.cpu_seconds,
        stage.rss_bytes,
        stage.stopped_by,
    )


def _to_utc(moment: datetime | None) -> datetime | None:
    """DuckDB's TIMESTAMP has no zone: ours are UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _from_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
