"""The library over `kapso mcp`: hits with their places, nodes with their links, nothing that a goal hides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.loop.conftest import Kapso
from tests.mcp.conftest import ask_server, call

if TYPE_CHECKING:
    from mcp import Client  # 700 ms of every collection

CACHING = """\
# Caching

Bound every cache: one that grows without a limit takes all memory in the end.

```python
@functools.lru_cache(maxsize=1024)
def distance(a, b):
    return abs(a - b)
```
"""


@pytest.mark.slow
def test_search_and_read(finished: Kapso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (finished.root / "docs").mkdir(exist_ok=True)
    (finished.root / "docs" / "caching.md").write_text(CACHING)
    finished("learn", "docs", ".", check=0)

    async def read(client: Client) -> dict[str, Any]:
        hits = await call(client, "search_library", query="bound the cache", sources=["docs"])
        code = await call(client, "search_library", query="lru_cache", kinds=["implementation"])
        return {
            "hits": hits["hits"],
            "code": code["hits"],
            "node": await call(client, "read_node", node=hits["hits"][0]["node"]),
            "scorer": await call(client, "search_library", query="awk printf score", limit=30),
            "wrong": await call(client, "read_node", node="000000000000"),
            "empty": await call(client, "search_library", query=" "),
            "long": await call(client, "search_library", query="word " * 1000),
            "kind": await call(client, "search_library", query="x", kinds=["poem"]),
        }

    told = ask_server(finished.root, read)
    assert told["hits"] == finished.json("search", "bound the cache", "--source", "docs", "--limit", "8")
    assert told["code"][0]["language"] == "python"
    node = told["node"]
    assert node["source"] == "docs/caching.md" and "Bound every cache" in node["text"]
    assert all(link.keys() == {"relation", "node", "kind", "title"} for link in node["links"])
    assert "has no node `000000000000`" in told["wrong"] and "empty" in told["empty"]
    assert "poem" in told["kind"] and "more than 4000 characters" in told["long"]
    assert "awk" in json.dumps(finished.json("search", "awk printf score", "--limit", "50"))
    assert "awk -F" not in json.dumps(told["scorer"]) and "score.sh" not in json.dumps(told["scorer"])


@pytest.mark.slow
def test_outside_of_a_repository_there_is_still_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    async def read(client: Client) -> Any:
        return await call(client, "search_library", query="a membership test in a list is slow: use a set")

    hits = ask_server(tmp_path, read)["hits"]
    assert any(hit["source"].startswith("playbooks/") for hit in hits)
