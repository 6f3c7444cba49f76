"""The report about a run, written from the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kapso.memory.sync import open_synced

if TYPE_CHECKING:
    from kapso.git.repository import Repository


def write_page(repository: Repository, run: str) -> Path:
    """Write the HTML report where `kapso report` puts it; the file."""
    from kapso.cli.pick import Log
    from kapso.cli.report import default_target, write_report

    log = Log(repository, *open_synced(repository, say=lambda line: None))
    target = default_target(log, run)
    write_report(log, log.run(run), target)
    return target
