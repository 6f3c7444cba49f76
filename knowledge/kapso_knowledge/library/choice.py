"""Which embedder a library has: the one that `KAPSO_EMBEDDER` names, else `wordllama`.

`wordllama` and `minilm` work offline; `MODEL@URL` is a model behind an endpoint as OpenAI's, with the key
that `KAPSO_EMBEDDER_KEY` holds: the library's texts and every query are sent there.
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
    return _remote(name, environ) if "@" in name else embedder(name)


def _remote(name: str, environ: Mapping[str, str]) -> Embedder:
    from kapso_knowledge.library.remote_embedder import RemoteEmbedder

    model, _, url = name.partition("@")
    if not model or not url.startswith(("http://", "https://")):
        raise LibraryError(
            f"`KAPSO_EMBEDDER={name}` names no model and endpoint",
            help="write it as in `text-embedding-3-small@https://api.openai.com/v1`",
            slug="embedder",
        )
    return RemoteEmbedder(url, model, _KEY if environ.get(_KEY) else None, environ=environ)
