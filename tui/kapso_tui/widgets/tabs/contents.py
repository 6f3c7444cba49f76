"""What each tab shows, read and laid out; takes its time, so it is called from a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapso.errors import UsageError
from kapso.memory.history import holdout_result
from kapso_tui.widgets.tabs import diff, idea, logs, metrics, prompt
from kapso_tui.widgets.tabs.lineage import Family, Relative
from kapso_tui.widgets.tabs.rows import Row, row, wrapped

if TYPE_CHECKING:
    from kapso_tui.watch.attempt import AttemptReader


def read(
    reader: AttemptReader, number: int, tab: str, width: int, *, to_base: bool = False
) -> list[Row] | list[Relative]:
    """The rows of a tab. KapsoError where it cannot be read."""
    if tab == "lineage":
        watch = reader.watch
        best = watch.summary.best_attempt if watch.summary else None
        return list(Family(dict(watch.attempts), dict(watch.flights), best).lines(number))
    if tab == "diff":
        return _diff(reader, number, width, to_base)
    return {"idea": _idea, "metrics": _metrics, "logs": _logs, "prompt": _prompt}[tab](reader, number, width)


def _idea(reader: AttemptReader, number: int, width: int) -> list[Row]:
    flight = reader.watch.flights.get(number)
    if number not in reader.watch.attempts and flight is not None:
        return idea.flight_rows(flight, reader.pending(number), width)
    return idea.idea_rows(reader.story(number), width)


def _diff(reader: AttemptReader, number: int, width: int, to_base: bool) -> list[Row]:
    change = reader.change(number, to_base=to_base)
    if change is None:
        is_landed = number in reader.watch.attempts
        told = "the baseline is the unchanged program" if is_landed else "its candidate is being written"
        return [row(told, "dim")]
    return diff.diff_rows(change, width)


def _metrics(reader: AttemptReader, number: int, width: int) -> list[Row]:
    watch = reader.watch
    attempts = dict(watch.attempts)
    if number not in attempts:
        if number not in watch.flights:
            raise UsageError(f"`{watch.run}` has no attempt {number} any more", slug="no-such-attempt")
        return list(wrapped("nothing is measured yet: it is under way", width, "dim"))
    best = watch.summary.best_attempt if watch.summary else None
    holdout = holdout_result(watch.repository, watch.run, number)
    return metrics.metric_rows(metrics.company(number, attempts, best, watch.goal, holdout), width)


def _logs(reader: AttemptReader, number: int, width: int) -> list[Row]:
    is_live = number in reader.watch.flights
    stages = () if number not in reader.watch.attempts else reader.stages(number)
    return logs.log_rows(stages, reader.log(number), width, is_live=is_live)


def _prompt(reader: AttemptReader, number: int, width: int) -> list[Row]:
    found = reader.watch.attempts.get(number) or reader.watch.flights.get(number)
    return prompt.prompt_rows(reader.calls(number), found.proposer if found else "", width)
