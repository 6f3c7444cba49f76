"""The committed files of one folder, as a run will see them; vendored and generated ones left out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from kapso.errors import UsageError
from kapso.git.repository import Repository

_LARGEST_BYTES = 400_000
_MOST_LISTED = 8
_FOREIGN = set(
    "node_modules vendor vendored third_party external site-packages dist target .github .kapso-base".split()
)
_TEST_FOLDERS = {"test", "tests", "spec", "specs", "__tests__", "testdata"}


class Folder:
    """Paths are relative to `path`, `/` between their parts."""

    def __init__(self, path: Path, repository: Repository) -> None:
        self.path = path
        self.repository = repository
        self.prefix = _prefix(path, repository)
        self.commit = repository.resolve("HEAD")
        entries = repository.entries(self.commit)
        below = (name for name in entries if name.startswith(self.prefix))
        self.all_files = sorted(name.removeprefix(self.prefix) for name in below)
        self.files = [name for name in self.all_files if not _FOREIGN & set(name.split("/")[:-1])]
        self.text = cache(self._text)

    @classmethod
    def open(cls, path: Path) -> Folder:
        """The folder at `path`. RepositoryError, with the remedy, where it stands in no usable repository."""
        if not path.is_dir():
            raise UsageError(
                f"`{path}` is no folder", help="give the folder of the program", slug="no-such-folder"
            )
        folder = cls(path.resolve(), Repository.open(path))
        if not folder.all_files:
            raise UsageError(
                f"no file in `{path}` is committed, and attempts start from a commit",
                help=f"commit the program: `git add {path} && git commit -m start`",
                slug="nothing-committed",
            )
        return folder

    def has(self, name: str) -> bool:
        return name in self.files

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of these suffixes, those nearest to the top first."""
        found = [name for name in self.files if name.lower().endswith(suffixes)]
        return sorted(found, key=lambda name: (name.count("/"), name))

    def below(self, folder: str) -> list[str]:
        return [name for name in self.files if name.startswith(f"{folder}/")]

    def patterns(self, names: Iterable[str]) -> tuple[str, ...]:
        """Patterns for `edit` that match these files, and others only where they are many.

        A bare name would match in every folder below, so it gets a `/` where there is a namesake.
        """
        listed = sorted(set(names))
        if len(listed) > _MOST_LISTED:
            kinds = {posixpath.split(name)[0] + "/*" + posixpath.splitext(name)[1] for name in listed}
            return tuple(sorted(kinds))
        lasts = [posixpath.basename(name) for name in self.files]
        return tuple(
            f"/{_escaped(name)}" if "/" not in name and lasts.count(name) > 1 else _escaped(name)
            for name in listed
        )

    def _text(self, name: str) -> str:
        """The file's text; empty where it is binary, huge or not there."""
        try:
            content = self.repository.read(self.commit, self.prefix + name)
        except FileNotFoundError:
            return ""
        if len(content) > _LARGEST_BYTES or b"\0" in content:
            return ""
        return content.decode("utf-8", "replace")


def is_test(name: str) -> bool:
    """Whether a path looks like that of a test, in any language."""
    *folders, file = name.lower().split("/")
    stem = file.rsplit(".", 1)[0]
    is_named = stem.startswith(("test_", "test-")) or stem.endswith(("_test", "-test", ".test", ".spec"))
    return bool(_TEST_FOLDERS & set(folders)) or is_named or stem in {"test", "tests", "conftest"}


def stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _escaped(name: str) -> str:
    """A name in gitignore syntax, where these signs mean something."""
    return re.sub(r"([*?\[\]\\]|^[!#]| $)", r"\\\1", name)


def _prefix(path: Path, repository: Repository) -> str:
    relative = path.resolve().relative_to(repository.root.resolve()).as_posix()
    return "" if relative == "." else f"{relative}/"
