"""Documents made to do harm: each is named, none hangs, crashes or fills the process that learns."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator

import pytest

from kapso_knowledge.reading import Unreadable
from kapso_knowledge.reading.ahead import Readers
from kapso_knowledge.reading.apart import Reader
from kapso_knowledge.sources import Raw, Same, Unread
from tests.knowledge.reading.pdfs import bomb, pdf

GOOD = Raw("good.md", b"# Good\n\nStill read.", "")


def deep(count: int) -> bytes:
    return b"<div>" * count + b"deep" + b"</div>" * count


HOSTILE = {
    "empty": Raw("a.md", b" \n\t", ""),
    "binary": Raw("a.txt", bytes(range(256)) * 40, ""),
    "picture": Raw("", b"\x89PNG\r\n\x1a\n\0\0", "", "image/png"),
    "huge": Raw("a.html", b"<p>" + b"words " * 2_000_000, ""),
    "no notebook": Raw("a.ipynb", b'{"cells": 3}', ""),
    "no json": Raw("a.ipynb", b"{", ""),
    "json bomb": Raw("a.ipynb", b'{"cells":' + b"[" * 200_000, ""),
    "no pdf": Raw("a.pdf", b"%PDF-1.4\nnothing of that kind", ""),
    "half a pdf": Raw("a.pdf", pdf([["Some words."]])[:300], ""),
    "pdf of nothing": Raw("a.pdf", pdf([[]]), ""),
    "pdf bomb": Raw("a.pdf", bomb(3_000_000_000), ""),
    "made code": Raw("a.js", b"x=1;" * 10_000, ""),
}


def test_each_is_named_and_the_next_is_read() -> None:
    reasons = {}
    with Reader() as reader:
        for name, raw in HOSTILE.items():
            with pytest.raises(Unreadable) as caught:
                reader.read(raw)
            reasons[name] = str(caught.value)
            assert reader.read(GOOD).title == "Good"
    assert reasons["empty"] == "empty"
    assert reasons["binary"] == "binary, not text"
    assert "12 MB are more than the 8 MB" in reasons["huge"]
    assert "only pictures" in reasons["pdf of nothing"]
    assert "made by a machine" in reasons["made code"]
    assert all(reason and "Traceback" not in reason for reason in reasons.values())
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_600_000  # kB


YAML = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 121))
SURROGATES = {"cell_type": "markdown", "source": "\ud800 x"}
SLOW = {
    "deep html": Raw("a.html", deep(100_000), ""),
    "deep lists": Raw("a.html", b"<ul><li>x" * 20_000, ""),
    "deep quotes": Raw("a.md", b"> " * 50_000 + b"x", ""),
    "deep brackets": Raw("a.md", b"[" * 100_000, ""),
    "open links": Raw("a.md", b"[a](" * 50_000, ""),
    "stars": Raw("a.md", b"*a **b " * 50_000, ""),
    "wide table": Raw("a.md", b"|a" * 20_000 + b"\n" + b"|-" * 20_000 + b"\n" + b"|b" * 20_000, ""),
    "yaml bomb": Raw("a.md", b"---\n" + YAML + b"---\ntext", ""),
    "backticks": Raw("a.rst", b"``a " * 30_000, ""),
    "deep code": Raw("a.py", b"(" * 100_000, ""),
    "deep blocks": Raw("a.js", b"{\n" * 50_000, ""),
    "entities": Raw("a.html", b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><p>&c;', ""),
    "half a character": Raw("a.txt", b"caf\xc3", ""),
    "lone surrogates": Raw("a.ipynb", json.dumps({"cells": [SURROGATES]}).encode(), ""),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_what_is_made_to_be_slow_ends_in_time(name: str) -> None:
    started = time.monotonic()
    with Reader(seconds=20) as reader:
        try:
            document = reader.read(SLOW[name])
        except Unreadable as error:
            assert str(error)
        else:
            assert all(passage.text for passage in document.passages)
        assert reader.read(GOOD).title == "Good"
    assert time.monotonic() - started < 60


def test_a_reader_that_hangs_is_ended() -> None:
    slow = Raw("a.pdf", pdf([["words " * 30] * 40] * 400), "")
    with Reader(seconds_pdf=0.2) as reader:
        with pytest.raises(Unreadable, match=r"reading it takes more than 0 s"):
            reader.read(slow)
        assert reader.read(GOOD).title == "Good"


def test_the_reader_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    with Reader() as reader:
        reader.read(GOOD)
        assert reader._process is not None
        with open(f"/proc/{reader._process.pid}/environ", "rb") as environ:
            assert b"hunter2" not in environ.read()


def test_documents_read_at_once_come_in_their_order_and_leave_no_process() -> None:
    items: list[Raw | Same | Unread] = []
    for number in range(6):
        text = b"# Page\n\n" + b"Many words. " * (20_000 if number % 2 else 2)
        items += [Raw(f"{number}.md", text, ""), Same(f"same{number}"), Raw(f"{number}.pdf", b"%PDF-", "")]
    with Readers() as readers:
        found = list(readers.read(items))
        processes = [reader._process for reader in readers._readers if reader._process is not None]
        assert processes
    paths = [each[0].path if isinstance(each, tuple) else each.path for each in found]
    assert paths == [item.path for item in items]
    assert [type(each) for each in found[:3]] == [tuple, Same, Unread]
    assert all(process.poll() is not None for process in processes)


def test_a_source_that_fails_halfway_ends_the_readers() -> None:
    def items() -> Iterator[Raw]:
        yield from (Raw(f"{number}.md", b"# Page\n\nWords.", "") for number in range(4))
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"), Readers() as readers:
        list(readers.read(items()))
    assert all(reader._process is None for reader in readers._readers)
