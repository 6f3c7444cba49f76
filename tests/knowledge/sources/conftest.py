"""A site and a client for the sources' tests."""

from tests.knowledge.net.conftest import client, site

__all__ = ["client", "site"]
