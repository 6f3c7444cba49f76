"""Which embedder a library has: the one that `KAPSO_EMBEDDER` names, else `wordllama`.

`wordllama` and `minilm` work offline; `MODEL@URL` is a model behind an endpoint as OpenAI's, with the key
that `KAPSO_EMBEDDER_KEY` holds: the library's texts and every query are sent there. `KAPSO_READER` names,
likewise, one that reads the best hits of a query again; none does unless it is set. What it reads is kept: it
reads ahead what is learnt, but where it is behind an endpoint.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.embed import DEFAULT, embedder
from kapso_knowledge.library.protocol import Embedder

_KEY = "KAPSO_EMBEDDER_KEY"


def chosen(environ: Mapping[str, str] | None = None) -> Embedder:
    """Raises LibraryError for a name that there is none of."""
    environ = os.environ if environ is None else environ
    name = environ.get("KAPSO_EMBEDDER", "").strip() or DEFAULT
    return _named(name, "KAPSO_EMBEDDER", environ)


def chosen_reader(environ: Mapping[str, str] | None = None) -> Embedder | None:
    """Raises LibraryError for a name that there is none of."""
    environ = os.environ if environ is None else environ
    name = environ.get("KAPSO_READER", "").strip()
    return _named(name, "KAPSO_READER", environ) if name else None


def _named(name: str, variable: str, environ: Mapping[str, str]) -> Embedder:
    return _remote(name, variable, environ) if "@" in name else embedder(name)


def _remote(name: str, variable: str, environ: Mapping[str, str]) -> Embedder:
    from kapso_knowledge.library.remote_embedder import RemoteEmbedder

    model, _, url = name.partition("@")
    if not model or not url.startswith(("http://", "https://")):
        raise LibraryError(
            f"`{variable}={name}` names no model and endpoint",
            help="write it as in `text-embedding-3-small@https://api.openai.com/v1`",
            slug="embedder",
        )
    return RemoteEmbedder(url, model, _KEY if environ.get(_KEY) else None, environ=environ)
