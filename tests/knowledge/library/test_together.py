"""Several processes with one library: none fails, none loses what another wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.lock import locked
from tests.knowledge.library.shelf import DOCS

_WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from kapso_knowledge.library.library import Library
    from tests.knowledge.library.shelf import learnt, node

    name = sys.argv[2]
    library = Library.open(Path(sys.argv[1]))
    for turn in range(4):
        source = f"{name}-{turn}"
        found = node("a.md", [source], f"What {source} says of matrices.", source=source)
        library.put(learnt([found], source=source))
        assert any(hit.node.source == source for hit in library.search(f"what {source} says", limit=50))
    library.forget(f"{name}-0")
""")


@pytest.mark.slow
def test_two_writers_and_a_reader(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name], env=environment)
        for name in ("ada", "bob")
    ]
    library = Library.open(tmp_path)
    while any(writer.poll() is None for writer in writers):
        library.known()
        library.search("matrices")
        time.sleep(0.05)
    assert [writer.returncode for writer in writers] == [0, 0]
    expected = {f"{name}-{turn}" for name in ("ada", "bob") for turn in (1, 2, 3)}
    assert {known.source for known in library.known()} == expected
    hits = library.search("linear algebra", limit=50)
    assert {hit.node.source for hit in hits if "meaning" in hit.why} == expected


def test_a_writer_that_is_killed_leaves_the_library_usable(tmp_path: Path) -> None:
    Library.open(tmp_path).put(DOCS)
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from kapso_knowledge.library import store
        from kapso_knowledge.library.library import Library
        from tests.knowledge.library.shelf import learnt, node

        store._replace_addresses = lambda *_: os._exit(9)  # dies within the transaction
        found = node("a.md", ["New"], "New.", source="new")
        Library.open(Path(sys.argv[1])).put(learnt([found], source="new"))
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment)
    assert died.returncode == 9
    library = Library.open(tmp_path)
    assert [known.source for known in library.known()] == ["docs"]
    assert library.search("lru_cache")[0].node.title == "Bounds"


def test_a_lock_that_is_not_given_back_is_named(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(LibraryError, match="held by another process"):
        with locked(tmp_path, patience_s=0.05):
            pass
    with locked(tmp_path, patience_s=0.05):
        pass
