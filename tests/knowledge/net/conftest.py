"""A site and a client for the network's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kapso_knowledge.net.client import Client
from tests.knowledge.net.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """May ask loopback, and loses no time between tries."""
    with Client(tmp_path / "pages", allow_private=True, backoff_s=0.01) as client:
        yield client
