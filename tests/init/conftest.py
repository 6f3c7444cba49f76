"""Programs as strangers wrote them, unpacked from `folders/`: files follow lines `=== path`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.init.folder import Folder

FOLDERS = Path(__file__).with_name("folders")


def read_files(name: str) -> dict[str, str]:
    parts = f"\n{(FOLDERS / f'{name}.txt').read_text()}".split("\n=== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2].rstrip("\n") + "\n" for part in parts}


@pytest.fixture
def unpack(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """`unpack("c-make")` → a repository with these files, which is the current folder then."""

    def make(name: str) -> Path:
        root = make_repository(read_files(name), name=name)
        monkeypatch.chdir(root)
        return root

    return make


@pytest.fixture
def look(make_repository: Callable[..., Path]) -> Callable[[dict[str, str]], Folder]:
    """`look({path: text})` → the folder of a repository with these files."""

    def make(files: dict[str, str]) -> Folder:
        return Folder.open(make_repository(files))

    return make
