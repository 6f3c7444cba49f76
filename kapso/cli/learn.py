"""`kapso learn`: sources into a library; `--list` and `--forget` for what is there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kapso.attempt import rfc3339
from kapso.cli.output import json_option, print_json, table
from kapso.errors import KapsoError, RepositoryError, UsageError
from kapso.wording import duration, plural, printable

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.recall.learning import Reach
    from kapso_knowledge.learning import Progress
    from kapso_knowledge.library.library import Library

REFRESH_S = 0.1


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--forget", "forgotten", multiple=True, metavar="SOURCE", help="Remove what was learnt of it.")
@click.option("--list", "is_listed", is_flag=True, help="List what was learnt.")
@click.option("--user", is_flag=True, help="Your own library, for all repositories, not this repository's.")
@click.option("--crawl", is_flag=True, help="Follow the links of a page to others of its host, politely.")
@click.option("--depth", type=click.IntRange(0, 20), metavar="N", help="A crawl's: links from the start (3).")
@click.option("--pages", type=click.IntRange(1, 10_000), metavar="N", help="A crawl's: pages at most (100).")
@click.option("--time", "time_", metavar="DURATION", help="A crawl's: how long at most (5m).")
@click.option("--allow-private", is_flag=True, help="Also fetch from addresses of this machine and network.")
@json_option
def learn(
    sources: tuple[str, ...],
    forgotten: tuple[str, ...],
    is_listed: bool,
    user: bool,
    crawl: bool,
    depth: int | None,
    pages: int | None,
    time_: str | None,
    allow_private: bool,
    as_json: bool,
) -> int:
    """Read each SOURCE into the library of this repository, which attempts and `kapso search` draw on.

    \b
    A SOURCE is
      a file, a folder or a git repository, by its path or URL
      history:             the commits of this repository
      arxiv:2601.21526     a paper
      https://…            a page; with --crawl those that it links to on its host
      web:"some words"     what a search provider finds
      playbooks            the playbooks that Kapso ships
    Read are Markdown, HTML, reStructuredText, PDF, notebooks, text and source code. What is learnt
    again replaces what it was.

    \b
    kapso learn docs/
    kapso learn https://example.org/guide/ --crawl --depth 2
    kapso learn --list
    kapso learn --forget docs
    """
    from kapso.recall.learning import Reach

    if not (sources or forgotten or is_listed):
        raise UsageError(
            "no source is given", help="`kapso learn docs/`, or `kapso learn --list`", slug="usage"
        )
    reach = Reach(_limits(crawl, depth, pages, time_), allow_private)
    repository = _repository(user)
    library = _library(repository, user)
    _forget(library, forgotten, as_json)
    failed = _learn(library, None if user else repository, sources, reach, as_json)
    if sources:
        _read_ahead(library)
    if is_listed:
        _list(library, as_json)
    return UsageError.exit_code if failed else 0


def _repository(user: bool) -> Repository | None:
    """The repository around the current folder; the user's own library needs none."""
    from kapso.git.repository import Repository

    try:
        return Repository.open(Path.cwd())
    except RepositoryError as error:
        if user:
            return None
        error.help = f"{error.help + '; ' if error.help else ''}`--user` learns into your own library"
        raise


def _library(repository: Repository | None, user: bool) -> Library:
    from kapso.recall.shelves import of_repository, of_user

    return of_user() if user or repository is None else of_repository(repository)


def _limits(crawl: bool, depth: int | None, pages: int | None, time_: str | None) -> Any:
    given: dict[str, Any] = {"depth": depth, "pages": pages, "seconds": None}
    if time_ is not None:
        from kapso.goal import parse_duration

        given["seconds"] = parse_duration(time_)
    named = {name: value for name, value in given.items() if value is not None}
    if not crawl:
        if named:
            raise UsageError("--depth, --pages and --time limit a crawl", help="add --crawl", slug="usage")
        return None
    from kapso_knowledge.sources.crawl import Limits

    return Limits(**named)


def _forget(library: Library, names: Sequence[str], as_json: bool) -> None:
    from kapso.recall.shelves import library_faults, unknown_source

    for name in names:
        with library_faults():
            known = [each.source for each in library.known()]
            written = (name, name.rstrip("/"), str(Path(name).resolve()))
            name = next((each for each in written if each in known), name)
            if name not in known:
                raise unknown_source(name, known)
            removed = library.forget(name)
        if as_json:
            print_json({"source": name, "removed": removed})
        else:
            click.echo(f"{printable(name)}: forgotten, {plural(removed, 'node')} removed")


def _learn(
    library: Library, repository: Repository | None, sources: Sequence[str], reach: Reach, as_json: bool
) -> int:
    """Learn each source, whatever becomes of the others; how many failed.

    Paths are named within `repository`, or whole without one: the user's library tells repositories apart.
    """
    from kapso.recall.learning import failures, learn_source, surroundings, told

    around, failed = surroundings(repository, Path.cwd(), reach), 0
    for spec in sources:
        begun = time.monotonic()
        try:
            with _progress(spec) as show:
                walked = learn_source(library, spec, around, show)
        except KeyboardInterrupt:
            click.echo(f"interrupted: of `{printable(spec)}` the library has what it had", err=True)
            raise
        except KapsoError as error:
            if len(sources) == 1:
                raise
            failed += 1
            click.echo(error.render(), err=True)
            continue
        seconds = time.monotonic() - begun
        if as_json:
            print_json({**_as_json(walked), "seconds": round(seconds, 3)})
        else:
            click.echo(f"{printable(told(walked))} ({duration(seconds)})")
        for line in failures(walked):
            click.echo(f"  not read: {printable(line)}", err=True)
    return failed


def _read_ahead(library: Library) -> None:
    """What `KAPSO_READER` names reads what is new: seconds now that no search needs to spend."""
    from kapso.recall.shelves import library_faults

    begun, done = time.monotonic(), 0
    try:
        with library_faults(), _line() as write:
            for done, total in library.read_ahead():
                write(f"read again: {done} of {plural(total, 'node')} (Ctrl-C leaves the rest to searches)")
    except KeyboardInterrupt:
        click.echo(f"interrupted: {plural(done, 'node')} read again, searches read the rest", err=True)
        raise
    if done:
        click.echo(f"read again: {plural(done, 'node')} ({duration(time.monotonic() - begun)})", err=True)


def _as_json(walked: Any) -> dict[str, Any]:
    change = walked.change
    return {
        "source": walked.source,
        "revision": walked.revision or None,
        "read": walked.read,
        "unchanged": walked.same,
        "unread": [{"path": item.path, "reason": item.reason} for item in walked.unread],
        "nodes": {
            "added": change.added,
            "changed": change.changed,
            "same": change.same,
            "removed": change.removed,
        },
    }


def _list(library: Library, as_json: bool) -> None:
    from kapso.recall.shelves import library_faults

    with library_faults():
        known = library.known()
    if as_json:
        print_json(
            *(
                {
                    "source": each.source,
                    "revision": each.revision or None,
                    "trusted": each.trusted,
                    "documents": len(each.documents),
                    "nodes": each.nodes,
                    "learnt": rfc3339(each.learnt),
                }
                for each in known
            )
        )
    elif known:
        rows = [
            (
                each.source,
                str(len(each.documents)),
                str(each.nodes),
                f"{each.learnt:%Y-%m-%d %H:%M}",
                each.revision[:12] or "-",
            )
            for each in known
        ]
        print(table(("SOURCE", "DOCUMENTS", "NODES", "LEARNT (UTC)", "REVISION"), rows, right={1, 2}))
    else:
        click.echo("nothing was learnt yet: `kapso learn docs/`", err=True)


@contextmanager
def _progress(spec: str) -> Iterator[Any]:
    """Tells on a terminal how far it is; None elsewhere."""
    with _line() as write:

        def show(progress: Progress) -> None:
            count = progress.read + progress.same
            write(f"{spec}: {plural(count, 'document')}, {plural(progress.nodes, 'node')}, {progress.path}")

        yield show if _is_watched() else None


def _is_watched() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


@contextmanager
def _line() -> Iterator[Callable[[str], None]]:
    """A line on a terminal that is written over now and then, and taken away in the end."""
    last = 0.0

    def write(line: str) -> None:
        nonlocal last
        if not _is_watched() or time.monotonic() - last < REFRESH_S:
            return
        last = time.monotonic()
        width = max(os.get_terminal_size(sys.stderr.fileno()).columns - 1, 20)
        sys.stderr.write(f"\r\033[K{printable(line)[:width]}")
        sys.stderr.flush()

    try:
        yield write
    finally:
        if last:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
