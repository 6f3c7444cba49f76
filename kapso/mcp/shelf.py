"""The library as agents may read it: nothing of what the goals of this repository's runs hide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kapso.attempt import rfc3339
from kapso.errors import RepositoryError, UsageError
from kapso.mcp.runs import Runs
from kapso.recall.hits import cited, to_json

if TYPE_CHECKING:
    from kapso.recall.secrecy import Secrecy
    from kapso.recall.shelves import Shelves
    from kapso_knowledge import Edge, Kind, Node

MOST_HITS = 30
LONGEST_QUERY = 4_000
"""Characters: a hundred thousand words kept a processor busy for half a minute."""


class Shelf:
    """The libraries around the repository of `runs`; only the user's own and the playbooks outside of one."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._secrecies: dict[tuple[str, ...], Secrecy] = {}

    def search(
        self, query: str, kinds: Sequence[Kind], sources: Sequence[str], languages: Sequence[str], limit: int
    ) -> dict[str, Any]:
        """The best hits, as `kapso search --json` prints them."""
        if not query.strip():
            raise UsageError("the query is empty", slug="usage")
        if len(query) > LONGEST_QUERY:
            raise UsageError(
                f"the query has more than {LONGEST_QUERY} characters", help="ask shorter", slug="usage"
            )
        shelves, secrecy = self._open()
        wanted = shelves.filter(kinds, sources, languages)
        limit = min(max(limit, 1), MOST_HITS)
        hits = shelves.search(query, limit + MOST_HITS, wanted)
        seen = [hit for hit in hits if secrecy is None or not secrecy.hides(hit.node)]
        return {"hits": [to_json(hit) for hit in seen[:limit]]}

    def node(self, id: str) -> dict[str, Any]:
        """A node whole, with what it is linked to."""
        shelves, secrecy = self._open()

        def found(id: str) -> Node | None:
            node = shelves.node(id)
            return None if node is None or (secrecy is not None and secrecy.hides(node)) else node

        node = found(id)
        if node is None:
            raise UsageError(
                f"the library has no node `{id}`", help="`search_library` finds nodes", slug="no-such-node"
            )
        links = [_link(edge, id, found) for edge in shelves.edges(id)]
        return {
            "node": node.id,
            "kind": node.kind,
            "title": node.title,
            "text": node.text,
            "source": cited(node.source, node.place.path),
            "place": node.place.within(),
            "revision": node.revision or None,
            "learnt": rfc3339(node.learnt),
            "language": node.language,
            "trusted": node.trust,
            "links": [link for link in links if link is not None],
        }

    def _open(self) -> tuple[Shelves, Secrecy | None]:
        from kapso.git.repository import Repository
        from kapso.recall.shelves import Shelves

        try:
            repository = Repository.open(self._runs.folder)
        except RepositoryError:
            return Shelves.around(None), None
        return Shelves.around(repository), self._secrecy(repository)

    def _secrecy(self, repository: Any) -> Secrecy:
        """Read anew when a run was added: goals do not change."""
        from kapso.git.attempts import runs
        from kapso.recall.secrecy import Secrecy

        names = tuple(runs(repository))
        if names not in self._secrecies:
            self._secrecies = {names: Secrecy.of_runs(repository, names)}
        return self._secrecies[names]


def _link(edge: Edge, id: str, found: Any) -> dict[str, Any] | None:
    """The other end of an edge, in the words of the relation as it reads from the node."""
    is_origin = edge.origin == id
    other = found(edge.target if is_origin else edge.origin)
    if other is None:
        return None
    relation = edge.relation if is_origin else f"{edge.relation}, the other way"
    return {"relation": relation, "node": other.id, "kind": other.kind, "title": other.title}
