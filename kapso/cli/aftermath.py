"""What a session leaves for people who were not there: the report, and the summary of a step on GitHub.

Neither may change how the run ended: what cannot be written is said on stderr, and that is all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.errors import KapsoError

if TYPE_CHECKING:
    from kapso.loop.session import Result

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The file that GitHub Actions names for a step's summary in Markdown."""


@contextmanager
def aftermath(report: Path | None) -> Iterator[Callable[[Result], None]]:
    """Yields what hands out the result of a session; a failure before that goes to the step's summary.

    UsageError at once where the report could not be written in the end.
    """
    from kapso.cli.report import check_target

    if report is not None:
        check_target(report)
        report = report.absolute()
    summary = os.environ.get(STEP_SUMMARY)
    try:
        yield lambda result: _hand_out(result, report, Path(summary) if summary else None)
    except KapsoError as error:
        if summary:
            from kapso.report.markdown import failure_note

            _append(Path(summary), failure_note(error))
        raise


def _hand_out(result: Result, report: Path | None, summary: Path | None) -> None:
    if report is None and summary is None:
        return
    from kapso.cli.pick import open_log
    from kapso.cli.report import write_report
    from kapso.report import collect
    from kapso.report.markdown import to_markdown

    try:
        log = open_log(Path(result.repository))
        picked = log.run(result.run)
        if report is not None:
            write_report(log, picked, report)
            click.echo(f"kapso: report: {report}", err=True)
        if summary is not None:
            _append(summary, to_markdown(collect(log.repository, log.episodes, picked)))
    except Exception as error:  # noqa: BLE001 - the run has ended well or badly already
        why = error.message if isinstance(error, KapsoError) else f"{type(error).__name__}: {error}"
        click.echo(f"kapso: no report: {why}; `kapso report {result.run}` tries again", err=True)


def _append(summary: Path, text: str) -> None:
    try:
        with summary.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        click.echo(f"kapso: `{summary}` ({STEP_SUMMARY}) cannot be written: {error.strerror}", err=True)
