"""The model that types what is learnt, behind an endpoint as OpenAI's: a choice, never a default.

`KAPSO_TYPIST` names it as `MODEL@URL`, `KAPSO_TYPIST_KEY` holds its key: what is learnt is sent there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kapso_knowledge.by_model import Typist
from kapso_knowledge.errors import KnowledgeError
from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.urls import host_of

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client

_SECONDS = 180.0


def chosen(environ: Mapping[str, str] | None = None) -> Typist | None:
    """The typist that the environment names, if any; KnowledgeError for a name that there is none of."""
    environ = os.environ if environ is None else environ
    name = environ.get("KAPSO_TYPIST", "").strip()
    if not name:
        return None
    model, _, url = name.partition("@")
    if not model or not url.startswith(("http://", "https://")):
        raise KnowledgeError(
            f"`KAPSO_TYPIST={name}` names no model and endpoint",
            help="write it as in `gpt-5-mini@https://api.openai.com/v1`",
            slug="typist",
        )
    return RemoteTypist(url, model, environ.get("KAPSO_TYPIST_KEY", "").strip() or None)


class RemoteTypist:
    """`name` holds model and host, so that a change of either types documents anew."""

    def __init__(self, base_url: str, model: str, key: str | None) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._model = model
        self._key = key
        self.name = f"{model}@{host_of(self._url)}"

    def answer(self, instructions: str, material: str) -> str:
        """Raises Unfetched when the endpoint does not answer as it should."""
        said = self._client.ask(
            self._url,
            body={
                "model": self._model,
                "messages": [
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": material},
                ],
            },
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            secret=self._key,
        )
        try:
            return str(said["choices"][0]["message"]["content"] or "")
        except (TypeError, KeyError, IndexError) as error:
            raise Unfetched("its answer is no message") from error

    @cached_property
    def _client(self) -> Client:
        from kapso_knowledge.net.client import Client  # 120 ms: httpx

        return Client(seconds=_SECONDS)
