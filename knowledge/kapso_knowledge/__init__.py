"""The library: knowledge from outside, as typed nodes with provenance. Knows nothing about attempts.

source (where it comes from) → reading (bytes to passages) → rules (passages to nodes and edges) → library
(what is stored and searched). `learning` walks a source through all four.
"""

from kapso_knowledge.errors import KnowledgeError, LibraryError, SourceError
from kapso_knowledge.nodes import KINDS, RELATIONS, Edge, Kind, Node, Place, Relation

__all__ = [
    "KINDS",
    "RELATIONS",
    "Edge",
    "Kind",
    "KnowledgeError",
    "LibraryError",
    "Node",
    "Place",
    "Relation",
    "SourceError",
]
