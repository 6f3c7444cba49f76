"""What is in the tables: a source's walk goes in as one change; nodes, edges and sources come out."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from kapso_knowledge.library import addresses
from kapso_knowledge.library.database import insert
from kapso_knowledge.library.protocol import Change, Known, Learnt
from kapso_knowledge.library.words import plain, terms
from kapso_knowledge.nodes import Edge, Node, Place

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SEPARATOR = "\x1f"
_COLUMNS = (
    "id, kind, title, text, source, path, first_line, last_line, page, section, revision, learnt, hash, "
    "language, trust"
)


@dataclass
class Written:
    """What a change did: the counts, the stamps before and after, and which nodes need which vectors."""

    change: Change
    before: str
    after: str
    fresh: list[Node] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def put(connection: DuckDBPyConnection, learnt: Learnt) -> Written:
    """Replace what the library has of a source by what a walk brought. Runs inside a transaction."""
    held = _held(connection, learnt.source)
    kept = set(learnt.kept) - set(learnt.documents)
    brought = {node.id: node for node in learnt.nodes}
    stay = {id for id, old in held.items() if old.path in kept and id not in brought}
    gone = [id for id in held if id not in brought and id not in stay]
    fresh = [node for node in brought.values() if node.id not in held or not held[node.id].is_as(node)]
    added = sum(node.id not in held for node in fresh)
    same = len(stay) + len(brought) - len(fresh)
    change = Change(added=added, changed=len(fresh) - added, same=same, removed=len(gone))

    _replace_edges(connection, learnt, stay)
    _delete(connection, [*gone, *brought])
    _insert_nodes(connection, list(brought.values()), held)
    _replace_source(connection, learnt, kept)
    _replace_addresses(connection, learnt.source)
    connection.execute(_LINKS)
    before = stamp(connection)
    after = _new_stamp(connection) if fresh or gone else before
    return Written(change, before, after, fresh, gone)


def forget(connection: DuckDBPyConnection, source: str) -> Written:
    """Remove a source: its nodes, and the edges that it says."""
    gone = list(_held(connection, source))
    _delete(connection, gone)
    for table in ("edges", "documents", "sources", "addresses"):
        connection.execute(f"DELETE FROM {table} WHERE source = ?", [source])
    connection.execute("DELETE FROM addresses WHERE node IN (SELECT unnest($1::VARCHAR[]))", [gone])
    connection.execute(_LINKS)
    before = stamp(connection)
    after = _new_stamp(connection) if gone else before
    return Written(Change(removed=len(gone)), before, after, gone=gone)


def stamp(connection: DuckDBPyConnection) -> str:
    [(found,)] = connection.execute("SELECT stamp FROM library").fetchall()
    return str(found)


def known(connection: DuckDBPyConnection) -> list[Known]:
    """The sources, by name."""
    rows = connection.execute(
        "SELECT source, revision, trusted, learnt, (SELECT count(*) FROM nodes n WHERE n.source = s.source) "
        "FROM sources s ORDER BY source"
    ).fetchall()
    return [
        Known(source, revision, trusted, _utc(learnt), documents(connection, source), count)
        for source, revision, trusted, learnt, count in rows
    ]


def documents(connection: DuckDBPyConnection, source: str) -> dict[str, str]:
    query = "SELECT path, revision FROM documents WHERE source = ? ORDER BY path"
    return dict(connection.execute(query, [source]).fetchall())


def nodes(connection: DuckDBPyConnection, ids: Sequence[str]) -> dict[str, Node]:
    """The nodes that there are among these, by id."""
    query = f"SELECT {_COLUMNS} FROM nodes WHERE id IN (SELECT unnest($1::VARCHAR[]))"
    found = (_node(row) for row in connection.execute(query, [list(ids)]).fetchall())
    return {node.id: node for node in found}


def hashes(connection: DuckDBPyConnection, source: str) -> dict[str, str]:
    """The hash of each node of a source, by id."""
    return dict(connection.execute("SELECT id, hash FROM nodes WHERE source = ?", [source]).fetchall())


def all_nodes(connection: DuckDBPyConnection, batch: int = 1000) -> Iterator[list[Node]]:
    cursor = connection.execute(f"SELECT {_COLUMNS} FROM nodes ORDER BY key")
    while rows := cursor.fetchmany(batch):
        yield [_node(row) for row in rows]


def edges(connection: DuckDBPyConnection, ids: Sequence[str]) -> list[Edge]:
    """The edges from and to these nodes, addresses resolved; those whose other end is not there are not."""
    rows = connection.execute(_EDGES, [list(ids)]).fetchall()
    return [Edge(origin, relation, target, source) for origin, relation, target, source in rows]


_EDGES = """
WITH wanted AS (SELECT unnest($1::VARCHAR[]) AS id)
SELECT origin, relation, target, source FROM links
WHERE origin IN (SELECT id FROM wanted) OR target IN (SELECT id FROM wanted)
ORDER BY ALL
"""

_LINKS = """
DELETE FROM links;
INSERT INTO links
SELECT DISTINCT e.origin, e.relation, coalesce(n.id, a.node, w.node) AS target, e.source
FROM edges e
JOIN nodes o ON o.id = e.origin
LEFT JOIN nodes n ON n.id = e.target
LEFT JOIN addresses a ON a.source = e.source AND a.address = e.target
LEFT JOIN addresses w ON w.source = '' AND w.address = e.target
WHERE coalesce(n.id, a.node, w.node) IS NOT NULL AND coalesce(n.id, a.node, w.node) <> e.origin
"""


@dataclass(frozen=True)
class _Held:
    path: str
    key: int
    learnt: datetime
    look: tuple[str, str, str, str | None]

    def is_as(self, node: Node) -> bool:
        return self.look == (node.hash, node.kind, node.title, node.language)


def _held(connection: DuckDBPyConnection, source: str) -> dict[str, _Held]:
    query = "SELECT id, path, key, learnt, hash, kind, title, language FROM nodes WHERE source = ?"
    rows = connection.execute(query, [source]).fetchall()
    return {id: _Held(path, key, _utc(learnt), tuple(look)) for id, path, key, learnt, *look in rows}


def _delete(connection: DuckDBPyConnection, ids: Sequence[str]) -> None:
    wanted = "SELECT unnest($1::VARCHAR[])"
    connection.execute(
        f"DELETE FROM postings WHERE key IN (SELECT key FROM nodes WHERE id IN ({wanted}))", [list(ids)]
    )
    connection.execute(f"DELETE FROM nodes WHERE id IN ({wanted})", [list(ids)])


def _insert_nodes(connection: DuckDBPyConnection, fresh: Sequence[Node], held: Mapping[str, _Held]) -> None:
    [(last,)] = connection.execute("SELECT coalesce(max(key), -1) FROM nodes").fetchall()
    first = max([last, *(old.key for old in held.values())]) + 1
    keys = [held[node.id].key if node.id in held else first + at for at, node in enumerate(fresh)]
    counts = [_counts(node) for node in fresh]
    columns: dict[str, Any] = {
        "key": np.array(keys, dtype=np.int32),
        "first_line": _numbers(node.place.lines[0] if node.place.lines else None for node in fresh),
        "last_line": _numbers(node.place.lines[1] if node.place.lines else None for node in fresh),
        "page": _numbers(node.place.page for node in fresh),
        "trust": np.array([node.trust for node in fresh], dtype=bool),
        "title_terms": np.array([sum(title.values()) for title, _ in counts], dtype=np.int32),
        "text_terms": np.array([sum(text.values()) for _, text in counts], dtype=np.int32),
        "learnt": np.array([_learnt(node, held) for node in fresh], dtype="datetime64[us]"),
        "section": _strings(_SEPARATOR.join(node.place.section) for node in fresh),
        "path": _strings(node.place.path for node in fresh),
    }
    for name in ("id", "kind", "title", "text", "source", "revision", "hash", "language"):
        columns[name] = _strings(getattr(node, name) for node in fresh)
    insert(
        connection,
        "nodes",
        columns,
        section=f"CASE WHEN section = '' THEN [] ELSE string_split(section, '{_SEPARATOR}') END",
    )
    _insert_postings(connection, keys, counts)


def _insert_postings(
    connection: DuckDBPyConnection, keys: Sequence[int], counts: Sequence[tuple[Counter[str], Counter[str]]]
) -> None:
    rows = [
        (term, key, title[term], text[term])
        for key, (title, text) in zip(keys, counts, strict=True)
        for term in title.keys() | text.keys()
    ]
    rows.sort()  # so that DuckDB can skip what holds no such term
    columns: dict[str, Any] = {"term": _strings(row[0] for row in rows)}
    columns["key"] = np.array([row[1] for row in rows], dtype=np.int32)
    for at, name in ((2, "in_title"), (3, "in_text")):
        columns[name] = np.array([min(row[at], 0xFFFF) for row in rows], dtype=np.uint16)
    insert(connection, "postings", columns)


def _counts(node: Node) -> tuple[Counter[str], Counter[str]]:
    """How often each term stands in its title, with the headings above it, and in its text."""
    above = " ".join(heading for heading in node.place.section if heading != node.title)
    return Counter(terms(f"{node.title} {above}")), Counter(terms(node.text))


def _learnt(node: Node, held: Mapping[str, _Held]) -> datetime:
    """When it was learnt as it is: an unchanged text keeps its time."""
    old = held.get(node.id)
    when = old.learnt if old and old.is_as(node) else node.learnt
    return when.astimezone(UTC).replace(tzinfo=None)


def _replace_edges(connection: DuckDBPyConnection, learnt: Learnt, stay: set[str]) -> None:
    """What the source says now, and what its documents that were not read again said before."""
    connection.execute(
        "DELETE FROM edges WHERE source = $1 AND origin NOT IN (SELECT unnest($2::VARCHAR[]))",
        [learnt.source, list(stay)],
    )
    said = sorted({(e.origin, e.relation, addresses.normal(e.target), e.source) for e in learnt.edges})
    names = ("origin", "relation", "target", "source")
    insert(connection, "edges", {name: _strings(row[at] for row in said) for at, name in enumerate(names)})


def _replace_source(connection: DuckDBPyConnection, learnt: Learnt, kept: set[str]) -> None:
    earlier = documents(connection, learnt.source)
    now = {path: earlier[path] for path in kept if path in earlier} | dict(learnt.documents)
    for table in ("sources", "documents"):
        connection.execute(f"DELETE FROM {table} WHERE source = ?", [learnt.source])
    when = datetime.now(UTC).replace(tzinfo=None)
    values = [learnt.source, learnt.revision, learnt.trusted, when]
    connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?)", values)
    columns = {"source": _strings(learnt.source for _ in now), "path": _strings(now)}
    insert(connection, "documents", {**columns, "revision": _strings(now.values())})


def _replace_addresses(connection: DuckDBPyConnection, source: str) -> None:
    """The first node of a document, or under a heading, stands at its address."""
    connection.execute(
        "DELETE FROM addresses WHERE source = $1 OR (source = '' AND node IN "
        "(SELECT id FROM nodes WHERE source = $1) OR node NOT IN (SELECT id FROM nodes))",
        [source],
    )
    query = "SELECT id, path, section FROM nodes WHERE source = ? ORDER BY path, first_line, page, key"
    own: dict[str, str] = {}
    wide: dict[str, str] = {}
    for id, path, section in connection.execute(query, [source]).fetchall():
        place = Place(path=path, section=tuple(section))
        for address in addresses.within(place):
            own.setdefault(address, id)
        for address in addresses.worldwide(source, place):
            wide.setdefault(address, id)
    for owner, table in ((source, own), ("", wide)):
        columns = {"source": _strings(owner for _ in table), "address": _strings(table)}
        insert(connection, "addresses", {**columns, "node": _strings(table.values())})


def _new_stamp(connection: DuckDBPyConnection) -> str:
    after = secrets.token_hex(8)
    connection.execute("UPDATE library SET stamp = ?", [after])
    return after


def _node(row: tuple[Any, ...]) -> Node:
    id, kind, title, text, source, path, first, last, page, section, revision, learnt, hash, lang, trust = row
    lines = None if first is None else (first, last)
    place = Place(path=path, lines=lines, page=page, section=tuple(section))
    return Node(id, kind, title, text, source, place, revision, _utc(learnt), hash, lang, trust)


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC)


def _strings(values: Iterable[str | None]) -> Any:
    return np.array([value if value is None else plain(value) for value in values], dtype=object)


def _numbers(values: Iterable[int | None]) -> Any:
    plain = list(values)
    return np.ma.masked_array(
        [value or 0 for value in plain], mask=[value is None for value in plain], dtype=np.int32
    )
