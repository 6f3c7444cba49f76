"""`kapso report`: what came of a run, as one HTML file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json, write_bytes
from kapso.errors import MachineError, UsageError
from kapso.wording import size

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.memory.episode import RunSummary

STDOUT = "-"


@click.command()
@click.argument("run", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write it; `-` is standard output. Default: in the run's folder under .git/kapso.",
)
@json_option
def report(run: str | None, output: str | None, as_json: bool) -> None:
    """Write one self-contained HTML file about RUN (default: the latest) and print where it is.

    Score over attempts and time, what the best changed, how it came about, failures, proposers, hold-out,
    and how to repeat it. It needs no network and nothing beside it: send it, archive it, open it anywhere.

    \b
    kapso report
    kapso report circle-packing -o packing.html
    kapso report -o - > report.html
    xdg-open "$(kapso report)"
    """
    from kapso.cli.pick import open_log

    if output == STDOUT and as_json:
        raise click.UsageError("`--json` and `-o -` both want standard output")
    if output is not None and output != STDOUT:
        check_target(Path(output))
    log = open_log()
    picked = log.run(run)
    if output == STDOUT:
        page = render(log, picked).encode("utf-8", "backslashreplace")
        with _written_to("standard output"):
            write_bytes(page)
        return
    target = Path(output) if output is not None else default_target(log, picked.run)
    count = write_report(log, picked, target)
    if as_json:
        print_json({"run": picked.run, "report": str(target.absolute()), "bytes": count})
        return
    print(target)
    click.echo(f"kapso: {size(count)}, about {picked.run}", err=True)


def render(log: Log, run: RunSummary) -> str:
    """The page about `run`."""
    from kapso.report.facts import collect
    from kapso.report.page import to_html

    return to_html(collect(log.repository, log.episodes, run))


def write_report(log: Log, run: RunSummary, target: Path) -> int:
    """Write the page to `target`, all of it or nothing; how many bytes it has."""
    data = render(log, run).encode("utf-8", "backslashreplace")
    with _written_to(f"`{target}`"):
        if target.exists() and not target.is_file():  # such as /dev/stdout
            target.write_bytes(data)
        else:
            _replace(target, data)
    return len(data)


def check_target(target: Path) -> None:
    """UsageError where no file can be written at `target`, so that nobody learns it after a long run."""
    folder = target.parent
    why = None
    if target.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"there is no folder `{folder}`"
    elif not os.access(target if target.exists() else folder, os.W_OK):
        why = "it may not be written"
    if why is not None:
        raise UsageError(
            f"the report cannot go to `{target}`: {why}",
            help="give a file in a folder that exists, such as `report.html`",
            slug="no-such-place",
        )


def default_target(log: Log, run: str) -> Path:
    """Beside the run's logs: the working tree stays as it is."""
    folder = log.repository.state_dir / "runs" / run
    with _written_to(f"`{folder}`"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / "report.html"


@contextmanager
def _written_to(where: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever read it has seen enough
        raise
    except OSError as error:
        raise MachineError(
            f"the report cannot be written to {where}: {error.strerror}",
            help="name another place with `-o FILE`",
            slug="report-not-written",
        ) from error


def _replace(target: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
