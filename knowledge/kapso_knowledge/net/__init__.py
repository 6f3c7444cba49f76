"""The network, as far as knowledge needs it: a client with limits and manners. Knows nothing of sources."""

from kapso_knowledge.net.outcome import Fetched, Unfetched

__all__ = ["Fetched", "Unfetched"]
