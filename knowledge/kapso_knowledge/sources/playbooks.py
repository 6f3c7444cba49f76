"""The playbooks that Kapso ships, and folders of playbooks that users write: Markdown with front matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from kapso_knowledge.errors import SourceError
from kapso_knowledge.sources.folder import Folder
from kapso_knowledge.sources.protocol import Raw, Same, Unread


class Playbooks(Folder):
    """The folder's Markdown, without its README."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "playbooks", trusted=True)

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        if not self.path.is_dir():
            raise SourceError(f"the shipped playbooks are not in `{self.path}`", slug="playbooks-missing")
        for item in super().documents(known):
            if item.path.endswith(".md") and not item.path.lower().endswith("readme.md"):
                yield item
