"""Texts to vectors, offline: `wordllama` (fast, the default) and `minilm` (better, slower, an extra).

Both read the model's files out of an installed package and nothing else: no download, no socket.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.protocol import Embedder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT = "wordllama"


class WordLlama:
    """The mean of its tokens' vectors (WordLlama, 2024: 256 dimensions distilled from large models).

    The files are read without importing `wordllama`, which costs 340 ms (`requests`, a downloader) and
    switches on logging for the whole program.
    """

    name = "wordllama-l2-supercat-256"
    dimensions = 256

    def __init__(self) -> None:
        folder = package("wordllama", remedy="pip install wordllama")
        self._tokenizer = tokenizer(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
        self._vectors = _tensor(folder / "weights" / "l2_supercat_256.safetensors", "embedding.weight")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for first in range(0, len(texts), 256):  # so many at a time: bounds what the tokens take
            encoded = self._tokenizer.encode_batch(list(texts[first : first + 256]), add_special_tokens=False)
            for row, tokens in enumerate(encoded, first):
                if tokens.ids:
                    vectors[row] = self._vectors[tokens.ids].mean(axis=0, dtype=np.float32)
        return unit(vectors)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row at length 1; a row of zeros (an empty text) stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _minilm() -> Embedder:
    from kapso_knowledge.library.minilm import MiniLM

    return MiniLM()


EMBEDDERS: Mapping[str, Callable[[], Embedder]] = {"wordllama": WordLlama, "minilm": _minilm}


@cache
def embedder(name: str = DEFAULT) -> Embedder:
    """The embedder of this name, loaded once; a LibraryError names what there is, or what to install."""
    try:
        return EMBEDDERS[name]()
    except KeyError as error:
        raise LibraryError(
            f"there is no embedder `{name}`", help=f"choose one of {', '.join(EMBEDDERS)}", slug="embedder"
        ) from error


def package(name: str, *, remedy: str) -> Path:
    """The folder of an installed package, found without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise LibraryError(f"the package `{name}` is not installed", help=remedy, slug="embedder")
    return Path(found.origin).parent


def tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a file, as it is: neither padding nor cutting."""
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # `tokenizers` raises nothing more precise
        raise model_error(path, error) from error
    found.no_padding()
    found.no_truncation()
    return found


def _tensor(path: Path, key: str) -> NDArray[np.float16]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as tensors:
            tensor: NDArray[np.float16] = tensors.get_tensor(key)
            return tensor
    except (OSError, SafetensorError) as error:
        raise model_error(path, error) from error


def model_error(path: Path, error: Exception) -> LibraryError:
    return LibraryError(
        f"the embedding model `{path}` cannot be read: {error}",
        help="install its package again",
        slug="embedder",
    )
