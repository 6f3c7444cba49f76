"""`kapso learn` and `kapso search`, on real folders and a real library."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import pytest

from kapso.cli.search import KINDS
from kapso.git.repository import Repository
from kapso_knowledge import Kind

Kapso = Callable[..., Any]

CACHING = """\
# Caching

A cache that is never bounded grows until memory is gone: give every cache a size limit.

## Bounds

Use `functools.lru_cache(maxsize=1024)` for pure functions that are called again with equal arguments.

```python
@functools.lru_cache(maxsize=1024)
def distance(a, b):
    return abs(a - b)
```
"""
SORTING = "# Sorting\n\nSort once and bisect, instead of a linear scan at every lookup.\n"
HIT = {"node", "kind", "title", "snippet", "source", "place", "score", "why"}


@pytest.fixture
def docs(repository: Repository, monkeypatch: pytest.MonkeyPatch, private_home: Path) -> Path:
    """Two documents in the repository of the current folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(private_home / "data"))
    folder = repository.root / "docs"
    folder.mkdir()
    (folder / "caching.md").write_text(CACHING)
    (folder / "sorting.md").write_text(SORTING)
    return folder


def lines(result: Any) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_what_is_learnt_is_found_with_its_place(kapso: Kapso, docs: Path) -> None:
    (told,) = lines(kapso("learn", "docs", "--json"))
    assert (told["source"], told["read"], told["unread"]) == ("docs", 2, [])
    assert told["nodes"]["added"] >= 3
    hits = lines(kapso("search", "bound the size of a cache", "--source", "docs/", "--json"))
    assert all(hit.keys() >= HIT for hit in hits)
    best = hits[0]
    assert best["source"] == "docs/caching.md" and "Caching" in best["place"] and best["why"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    shown = kapso("search", "lru_cache", "--kind", "implementation", "--language", "python", "--limit", "1")
    assert "docs/caching.md" in shown.out and "lru_cache" in shown.out
    assert "\x1b" not in shown.out


def test_learning_twice_adds_nothing_and_forgetting_takes_all(kapso: Kapso, docs: Path) -> None:
    first, again = lines(kapso("learn", "docs", "--json")), lines(kapso("learn", "docs/", "--json"))
    assert again[0]["nodes"] == {"added": 0, "changed": 0, "same": first[0]["nodes"]["added"], "removed": 0}
    assert again[0]["read"] == 0 and again[0]["unchanged"] == 2
    (listed,) = lines(kapso("learn", "--list", "--json"))
    assert (listed["source"], listed["documents"], listed["trusted"]) == ("docs", 2, True)
    assert "docs" in kapso("learn", "--list").out
    wrong = kapso("learn", "--forget", "manual")
    assert wrong.code == 2 and "nothing was learnt of `manual`" in wrong.err and "`docs`" in wrong.err
    (gone,) = lines(kapso("learn", "--forget", "docs/", "--json"))
    assert gone == {"source": "docs", "removed": first[0]["nodes"]["added"]}
    assert not any("docs" in hit["source"] for hit in lines(kapso("search", "cache", "--json")))


def test_an_interruption_is_said(kapso: Kapso, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kapso.recall.learning.learn_source", interrupted)
    done = kapso("learn", "docs")
    assert done.code == 130 and "interrupted: of `docs` the library has what it had" in done.err


def test_a_source_that_fails_does_not_stop_the_others(kapso: Kapso, docs: Path) -> None:
    (docs / "broken.md").write_bytes(bytes(range(256)) * 20)
    done = kapso("learn", "manual", "docs", "nobody:knows")
    assert done.code == 2
    assert "`manual` does not exist" in done.err and "help: " in done.err and "nobody:" in done.err
    assert "docs: " in done.out and "broken.md: " in done.err
    assert "Traceback" not in done.err
    assert lines(kapso("search", "cache", "--json"))


def test_the_shipped_playbooks_are_there_from_the_start(kapso: Kapso, docs: Path) -> None:
    hits = lines(kapso("search", "membership test in a list is slow in python, use a set", "--json"))
    assert any(hit["source"].startswith("playbooks/") for hit in hits)
    assert lines(kapso("learn", "--list", "--json")) == []


@pytest.mark.slow
def test_ones_own_library_is_there_in_every_repository(
    kapso: Kapso, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lines(kapso("learn", "docs", "--user", "--json"))
    monkeypatch.chdir(elsewhere)
    refused = kapso("learn", "anything")
    assert refused.code == 2 and "--user" in refused.err
    assert lines(kapso("search", "bound a cache", "--user", "--json"))[0]["title"]
    assert any("caching.md" in hit["source"] for hit in lines(kapso("search", "bound a cache", "--json")))


def test_ones_own_library_tells_folders_of_one_name_apart(
    kapso: Kapso, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "1 node added" in kapso("learn", "docs/sorting.md", "--user").out
    lines(kapso("learn", "docs", "--user", "--json"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(SORTING)
    lines(kapso("learn", "docs", "--user", "--json"))
    known = {each["source"] for each in lines(kapso("learn", "--list", "--user", "--json"))}
    assert known == {str(docs), str(docs / "sorting.md"), str(tmp_path / "docs")}
    assert lines(kapso("learn", "--forget", "docs/", "--user", "--json"))[0]["source"] == str(
        tmp_path / "docs"
    )


def test_mistakes_are_named(kapso: Kapso, docs: Path) -> None:
    for words, said in (
        (("learn",), "no source is given"),
        (("learn", "docs", "--depth", "2"), "add --crawl"),
        (("learn", "docs", "--crawl"), "leave `--crawl` out for it"),
        (("search",), "QUERY"),
        (("search", " "), "the query is empty"),
        (("search", "x", "--kind", "poem"), "poem"),
    ):
        done = kapso(*words)
        assert done.code == 2 and said in done.err, done.err
    assert "nothing was learnt yet" in kapso("learn", "--list").err


def test_words_that_stand_in_every_text_find_nothing_and_it_is_said(kapso: Kapso, docs: Path) -> None:
    kapso("learn", "docs")
    done = kapso("search", "what is it about")
    assert done.code == 0 and not done.out and "name what it is about" in done.err


def test_filters_take_names_as_people_write_them(kapso: Kapso, docs: Path) -> None:
    kapso("learn", "docs")
    for language in ("python", "Python", "py"):
        (hit, *_) = lines(kapso("search", "bound", "--source", "docs/", "--language", language, "--json"))
        assert hit["title"] == "Bounds"
    wrong = kapso("search", "bound", "--source", "doc")
    assert wrong.code == 2 and "nothing was learnt of `doc`" in wrong.err and "`docs`" in wrong.err


def test_kinds_are_those_of_the_library() -> None:
    assert KINDS == get_args(Kind)


@pytest.fixture
def site() -> Iterator[str]:
    """Two pages on loopback, the second linked from the first."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bodies = {
                "/": "<main><h1>Guide</h1><p>Whole arrays beat loops.</p><a href='/two'>two</a></main>",
                "/two": "<main><h1>Second</h1><p>Views of an array copy nothing at all.</p></main>",
            }
            body = bodies.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_pages_of_this_machine_only_where_they_are_allowed(kapso: Kapso, docs: Path, site: str) -> None:
    refused = kapso("learn", site)
    assert refused.code == 2 and "--allow-private" in refused.err
    (page,) = lines(kapso("learn", site, "--allow-private", "--json"))
    assert page["read"] == 1
    (crawl,) = lines(kapso("learn", site, "--allow-private", "--crawl", "--depth", "1", "--json"))
    assert crawl["read"] == 2 and crawl["source"] == f"crawl:{site}"
    hits = lines(kapso("search", "views copy nothing", "--json"))
    assert any(hit["source"].endswith("/two") and hit["trusted"] is False for hit in hits)


def test_neither_command_imports_what_it_does_not_need() -> None:
    code = "import sys, kapso.cli.learn, kapso.cli.search; print([m for m in sys.modules if m in " + (
        "{'chromadb', 'duckdb', 'kapso_knowledge', 'numpy', 'pygit2', 'mcp'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_chosen_reader_reads_what_is_learnt_and_a_hit_says_so(
    kapso: Kapso, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wordllama` stands for any reader: it is always there."""
    kapso("learn", "docs")
    monkeypatch.setenv("KAPSO_READER", "wordllama")
    nodes = lines(kapso("learn", "--list", "--json"))[0]["nodes"]
    assert f"read again: {nodes} nodes" in kapso("learn", "docs").err
    assert "read again" not in kapso("learn", "docs").err
    hits = lines(kapso("search", "bound the size of a cache", "--source", "docs", "--json"))
    assert all(any(why.startswith("read again by wordllama") for why in hit["why"]) for hit in hits)
    monkeypatch.setenv("KAPSO_READER", "glove")
    assert "`glove`" in kapso("search", "cache").err
