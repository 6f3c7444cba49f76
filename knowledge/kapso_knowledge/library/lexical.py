"""BM25 over the postings in DuckDB, the title a field of its own (BM25F: Robertson, Zaragoza, Taylor 2004).

The postings change in the same transaction as the nodes: they are never behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kapso_knowledge.library.protocol import Filter

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

K1 = 1.2
B_TEXT = 0.4
B_TITLE = 0.3
TITLE = 3.0
"""A term in the title or a heading counts as much as three in the text."""

_QUERY = f"""
WITH asked AS (SELECT unnest($1::VARCHAR[]) AS term, unnest($2::DOUBLE[]) AS weight),
found AS (SELECT p.*, a.weight FROM postings p JOIN asked a USING (term)),
every AS (SELECT count(*) AS n, greatest(avg(title_terms), 1) AS title, greatest(avg(text_terms), 1) AS text
          FROM nodes),
rarity AS (SELECT term, ln(1 + (any_value(n) - count(*) + 0.5) / (count(*) + 0.5)) AS idf
           FROM found, every GROUP BY term),
weighed AS (
    SELECT n.id, f.term, f.weight * r.idf AS idf,
           {TITLE} * f.in_title / (1 - {B_TITLE} + {B_TITLE} * n.title_terms / e.title)
           + f.in_text / (1 - {B_TEXT} + {B_TEXT} * n.text_terms / e.text) AS tf
    FROM found f JOIN rarity r USING (term) JOIN nodes n USING (key), every e
    WHERE ($3::VARCHAR[] = [] OR list_contains($3, n.kind))
      AND ($4::VARCHAR[] = [] OR list_contains($4, n.source))
      AND ($5::VARCHAR[] = [] OR list_contains($5, n.language))
)
SELECT id, sum(idf * tf * ({K1} + 1) / (tf + {K1})) AS score, list(term ORDER BY idf DESC)
FROM weighed GROUP BY id ORDER BY score DESC, id LIMIT $6
"""


def rank(
    connection: DuckDBPyConnection, asked: Mapping[str, float], filter: Filter, limit: int
) -> list[tuple[str, float, tuple[str, ...]]]:
    """The best nodes for these weighted terms: id, score, and which terms it has, the rarest first."""
    if not asked:
        return []
    wanted = [list(filter.kinds), list(filter.sources), list(filter.languages)]
    rows = connection.execute(_QUERY, [list(asked), list(asked.values()), *wanted, limit]).fetchall()
    return [(id, score, tuple(found)) for id, score, found in rows]
