"""Episodes and run summaries as rows of the tables in `schema`, and back. No connection is opened here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.episode import DiffSize, Episode, RunSummary, Stage
from kapso.memory.schema import COLUMNS, PER_ATTEMPT
from kapso.memory.signatures import signature_of

if TYPE_CHECKING:
    from kapso.memory.hunks import Hunk

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
        list(attempt.lessons),
        list(attempt.knowledge),
        list(attempt.withheld),
        list(attempt.predicted),
        list(attempt.predicted.values()),
        attempt.evaluator,
        attempt.sandbox,
        json.dumps(dict(attempt.parameters), sort_keys=True),
        attempt.feedback,
        signature_of(attempt),
        _to_utc(attempt.started),
        _to_utc(attempt.finished),
        episode.is_demoted,
        episode.is_passed_over,
        episode.source,
    )


def _attempt(told: Mapping[str, Any], metrics: Mapping[str, float]) -> Attempt:
    started, finished = _from_utc(told["started"]), _from_utc(told["finished"])
    assert started is not None and finished is not None, "every attempt has its times"
    return Attempt(
        run=told["run"],
        number=told["attempt"],
        branch=told["branch"],
        commit=told["commit"],
        tree=told["tree"],
        parents=tuple(told["parents"]),
        proposer=told["proposer"],
        title=told["title"],
        hypothesis=told["hypothesis"],
        outcome=Outcome(told["outcome"]),
        verdict=Verdict(told["verdict"]) if told["verdict"] else None,
        score=told["score"],
        metrics=dict(metrics),
        reason=told["reason"],
        duration_s=told["duration"],
        cost=told["cost"],
        recalled=(*told["lessons"], *told["knowledge"]),
        withheld=tuple(told["withheld"]),
        predicted=dict(zip(told["predicted"], told["probabilities"], strict=True)),
        evaluator=told["evaluator"],
        sandbox=told["sandbox"],
        parameters=json.loads(told["parameters"]),
        feedback=told["feedback"],
        started=started,
        finished=finished,
    )


def to_episode(
    row: Row, metrics: Mapping[str, float], diffs: Sequence[Row] = (), stages: Sequence[Row] = ()
) -> Episode:
    """Without its hunks, which queries alone look at. Metrics come in the order of their names, so that a
    rebuilt log prints the same."""
    told = dict(zip(COLUMNS["attempts"], row, strict=True))
    return Episode(
        _attempt(told, metrics),
        diff=DiffSize(*diffs[0][2:5]) if diffs else None,
        stages=tuple(Stage(*stage[3:10]) for stage in stages),
        is_demoted=bool(told["is_demoted"]),
        is_passed_over=bool(told["is_passed_over"]),
        source=told["source"],
    )


def rows_of(episodes: Iterable[Episode]) -> dict[str, list[Row]]:
    """What to insert, by table."""
    rows: dict[str, list[Row]] = {table: [] for table in PER_ATTEMPT}
    for episode in episodes:
        rows["attempts"].append(attempt_row(episode))
        rows["metrics"] += _metrics(episode)
        rows["stages"] += _stages(episode)
        rows["hunks"] += hunk_rows(episode.key, episode.hunks or ())
        if episode.diff:
            hunks = None if episode.hunks is None else len(episode.hunks)
            diff = episode.diff
            rows["diffs"].append((*episode.key, diff.files, diff.added, diff.removed, hunks))
    return rows


def hunk_rows(key: tuple[str, int], hunks: Iterable[Hunk]) -> list[Row]:
    """The rows of an attempt's hunks."""
    return [
        (
            *key,
            position,
            hunk.path,
            hunk.regions[0],
            hunk.old_line,
            hunk.new_line,
            hunk.removed,
            hunk.added,
            list(hunk.kinds),
            list(hunk.names),
            hunk.before,
            hunk.after,
        )
        for position, hunk in enumerate(hunks)
    ]


def replaced_by(episodes: Iterable[Episode], table: str) -> list[tuple[str, int]]:
    """The attempts whose rows in `table` give way: stages, hunks and a diff not given are kept."""
    return [
        episode.key
        for episode in episodes
        if (table != "stages" or episode.stages)
        and (table != "diffs" or episode.diff)
        and (table != "hunks" or episode.hunks is not None)
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


def _stages(episode: Episode) -> list[Row]:
    """The error that ended the attempt stands with the last of its commands."""
    last = len(episode.stages) - 1
    signature = signature_of(episode.attempt)
    return [
        (*episode.key, position, *_stage(stage), signature if position == last else None)
        for position, stage in enumerate(episode.stages)
    ]


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
