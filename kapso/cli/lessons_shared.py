"""`kapso lessons export, merge, push, pull`: lessons that leave this repository and come to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json
from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.memory.lessons.sharing import SharedMemory

trust_option = click.option(
    "--trust", "is_trusted", is_flag=True, help="Let what they saw count as if it were seen here."
)


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@json_option
def export(ids: tuple[str, ...], output: Path | None, as_json: bool) -> int:
    """Write lessons as a playbook, to stdout or FILE.

    By default those that are active, and candidates that are more likely true than not.

    A change that lessons tell whole becomes a recipe in it, which `propose: [{recipe: {from: [FILE]}}]`
    applies elsewhere; `kapso learn FILE` takes it into a library.

    \b
    kapso lessons export -o lessons.md
    kapso lessons export L4821 L0715
    """
    from kapso.errors import UsageError
    from kapso.git.repository import Repository
    from kapso.memory.lessons.export import likely, playbook
    from kapso.memory.lessons.known import find_lesson, known_lessons

    known = known_lessons(Repository.open(Path.cwd()))
    chosen = [find_lesson(known, id) for id in ids] or likely(known)
    if not chosen:
        help = "name lessons: `kapso lessons` lists them" if known else None
        raise UsageError("there is no lesson that is likely enough to export", help=help, slug="no-lessons")
    book = playbook(chosen)
    if output is not None:
        output.write_text(book.text, encoding="utf-8")
    if as_json:
        told = {"file": str(output) if output else None, "text": None if output else book.text}
        print_json({"lessons": [each.id for each in chosen], "recipes": list(book.recipes), **told})
    elif output is None:
        click.echo(book.text, nl=False)
    else:
        count = f"{plural(len(chosen), 'lesson')}, {plural(len(book.recipes), 'recipe')}"
        click.echo(f"{printable(str(output))}: {count}")
    return 0


@click.command()
@click.argument("source", metavar="FILE|REF")
@trust_option
@json_option
def merge(source: str, is_trusted: bool, as_json: bool) -> int:
    """Join the lessons of a file of JSON Lines, or of a ref of this repository, with those here.

    They are in quarantine until attempts of one's own agree, unless you vouch for them.

    \b
    git -C ../other show refs/kapso/memory:lessons.jsonl > lessons.jsonl
    kapso lessons merge lessons.jsonl
    """
    from kapso.git.repository import Repository
    from kapso.memory.lessons.sharing import merge_from

    shared = merge_from(Repository.open(Path.cwd()), source, Path(source), is_trusted=is_trusted)
    return tell(shared, as_json)


@click.command()
@click.argument("remote", required=False, metavar="[REMOTE]")
@json_option
def push(remote: str | None, as_json: bool) -> int:
    """Bring the lessons to REMOTE (default: the only one, else origin) and join them with those there.

    \b
    kapso lessons push origin
    """
    from kapso.git.remote import find_remote
    from kapso.git.repository import Repository
    from kapso.memory.lessons.sharing import push_lessons

    repository = Repository.open(Path.cwd())
    return tell(push_lessons(repository, find_remote(repository.git, remote)), as_json)


@click.command()
@click.argument("remote", required=False, metavar="[REMOTE]")
@trust_option
@json_option
def pull(remote: str | None, is_trusted: bool, as_json: bool) -> int:
    """Join the lessons of REMOTE (default: the only one, else origin) with those here.

    They are in quarantine until attempts of one's own agree, unless you vouch for them.

    \b
    kapso lessons pull
    kapso lessons pull origin --trust
    """
    from kapso.git.remote import find_remote
    from kapso.git.repository import Repository
    from kapso.memory.lessons.sharing import pull_lessons

    repository = Repository.open(Path.cwd())
    repository.check_writable()
    found = find_remote(repository.git, remote)
    return tell(pull_lessons(repository, found, is_trusted=is_trusted), as_json)


def tell(shared: SharedMemory, as_json: bool) -> int:
    """Print what became of the lessons; the exit code."""
    if as_json:
        print_json(shared.to_json())
    elif shared.status == "none":
        click.echo(f"kapso: there are no lessons to share with {printable(shared.remote)}", err=True)
    else:
        changed = f" ({shared.changed} of {shared.lessons})" if shared.changed else ""
        print(f"lessons: {shared.status.replace('-', ' ')}{changed}")
    if shared.error is not None:
        click.echo(shared.error.render(), err=True)
        return shared.error.exit_code
    return 0


SHARING = (export, merge, push, pull)
