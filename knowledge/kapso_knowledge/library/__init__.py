"""What was learnt: kept in DuckDB, with vectors in Chroma as a projection; searched by words and meaning."""

from kapso_knowledge.library.protocol import Change, Embedder, Filter, Hit, Known, Learnt

__all__ = ["Change", "Embedder", "Filter", "Hit", "Known", "Learnt"]
