"""Where knowledge comes from: one module a source, all behind one protocol; the catalogue reads a name."""

from kapso_knowledge.sources.catalogue import Surroundings, parse
from kapso_knowledge.sources.protocol import Raw, Same, Source, Unread

__all__ = ["Raw", "Same", "Source", "Surroundings", "Unread", "parse"]
