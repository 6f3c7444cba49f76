"""Between a file as git stores it and as a checkout writes it: line ends, ident, encodings, filters, LFS.

The attributes of the commit count, not those of the user's working tree. Git is asked once which attributes
a path has, and converts; where they leave nothing to convert, no process is started.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from kapso.git import lfs, trees
from kapso.git.command import Git
from kapso.git.objects import Objects
from kapso.git.trees import Entry

ATTRIBUTES_FILE = ".gitattributes"

_ASKED = ("text", "eol", "ident", "filter", "working-tree-encoding", "crlf")
_ABSENT = ("unspecified", "unset")
_REMEMBERED = 20_000

Attributes = Mapping[str, str]


class Conversion:
    """The conversions of one repository. Thread-safe."""

    def __init__(self, git: Git, git_dir: Path, common_dir: Path, objects: Objects) -> None:
        self._git = git
        self._git_dir = git_dir
        self._common_dir = common_dir
        self._objects = objects
        self._known: dict[tuple[tuple[tuple[str, Entry], ...], str], Attributes] = {}
        self._lock = threading.Lock()

    @cached_property
    def large_files(self) -> lfs.Store:
        return lfs.Store(self._git, self._common_dir)

    def working_bytes(self, commit: str, path: str, entry: Entry) -> bytes:
        """The bytes that a checkout of `commit` writes for the file `entry` at `path`."""
        stored = self._objects.read(entry.oid, path)
        if entry.mode == trees.LINK:
            return stored
        attributes = self._attributes(commit, path)
        if attributes.get("filter") == "lfs":
            pointer = lfs.parse_pointer(stored)
            found = self.large_files.find(pointer) if pointer else None
            return found.read_bytes() if found else stored
        if not (_is_special(attributes) or self._writes_crlf(attributes)):
            return stored
        with self._apart(self._attribute_files(commit, path)) as git:
            return git.output("cat-file", "--filters", f"--path={path}", entry.oid, settings=lfs.OFF)

    def stored_blob(self, commit: str, path: str, data: bytes) -> str:
        """The blob that `git add` makes of `data` at `path` in a checkout of `commit`."""
        attributes = self._attributes(commit, path)
        if attributes.get("filter") == "lfs":
            return self._objects.write_blob(self.large_files.keep(data))
        if not (_is_special(attributes) or (b"\r" in data and self._minds_line_ends(attributes))):
            return self._objects.write_blob(data)
        with self._apart(self._attribute_files(commit, path)) as git:
            standing = self._objects.entry(commit, path)
            if standing and standing.mode in (trees.FILE, trees.EXECUTABLE):  # `text=auto` minds what stands
                git.output("update-index", "--add", "--cacheinfo", f"{standing.mode:o},{standing.oid},{path}")
            _write(git.folder / path, data)
            git.output("update-index", "--add", "--", path, settings=lfs.OFF, what=f"storing `{path}`")
            oid = git.output("ls-files", "--stage").split()[1].decode()
        self._objects.note_written(oid)
        return oid

    @contextmanager
    def _apart(self, attribute_files: list[tuple[str, Entry]]) -> Iterator[Git]:
        """git in a working tree that holds `attribute_files` alone, and with an empty index."""
        with tempfile.TemporaryDirectory(prefix="kapso-git-") as folder:
            tree = Path(folder, "tree")
            tree.mkdir()
            for path, entry in attribute_files:
                _write(tree / path, self._objects.read(entry.oid, path))
            index = os.path.join(folder, "index")
            yield Git(
                tree, {"GIT_DIR": str(self._git_dir), "GIT_WORK_TREE": str(tree), "GIT_INDEX_FILE": index}
            )

    def _attributes(self, commit: str, path: str) -> Attributes:
        files = self._attribute_files(commit, path)
        if not files and not self.has_outside_attributes:
            return {}
        key = (tuple(files), path)
        with self._lock:
            found = self._known.get(key)
        if found is None:
            with self._apart(files) as git:
                out = git.output("check-attr", "-z", *_ASKED, "--", path)
            fields = out.decode("utf-8", "surrogateescape").split("\0")[:-1]
            found = dict(zip(fields[1::3], fields[2::3], strict=True))
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = found
        return found

    def _attribute_files(self, commit: str, path: str) -> list[tuple[str, Entry]]:
        """The commit's attribute files that can speak about `path`, outermost first."""
        found = []
        tree: str | None = self._objects.tree_of(commit)
        prefix = ""
        for name in path.split("/"):
            entries = trees.parse_tree(self._objects.read(tree)) if tree else {}
            entry = entries.get(ATTRIBUTES_FILE)
            if entry and entry.mode in (trees.FILE, trees.EXECUTABLE):
                found.append((prefix + ATTRIBUTES_FILE, entry))
            inner = entries.get(name)
            tree = inner.oid if inner and inner.mode == trees.FOLDER else None
            prefix += f"{name}/"
        return found

    @cached_property
    def has_outside_attributes(self) -> bool:
        """True if the repository's info folder, the user or the system have attributes too."""
        configured = self._settings.get("core.attributesfile")
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        user = Path(configured).expanduser() if configured else Path(home, "git", "attributes")
        return any(
            path.is_file()
            for path in (self._common_dir / "info/attributes", user, Path("/etc/gitattributes"))
        )

    @cached_property
    def _settings(self) -> dict[str, str]:
        out = self._git.run("config", "-z", "--get-regexp", r"^core\.(autocrlf|eol|attributesfile)$").stdout
        lines = (line.partition("\n") for line in os.fsdecode(out).split("\0") if line)
        return {key: value for key, _, value in lines}

    def _minds_line_ends(self, attributes: Attributes) -> bool:
        text = attributes.get("text", "unspecified")
        if text != "unspecified":
            return text != "unset"
        return attributes.get("eol") in ("lf", "crlf") or self._autocrlf in ("input", "true")

    def _writes_crlf(self, attributes: Attributes) -> bool:
        if attributes.get("eol") in ("lf", "crlf"):
            return attributes["eol"] == "crlf" and self._minds_line_ends(attributes)
        configured = self._autocrlf == "true" or self._settings.get("core.eol", "").lower() == "crlf"
        return configured and self._minds_line_ends(attributes)

    @cached_property
    def _autocrlf(self) -> str:
        value = self._settings.get("core.autocrlf", "false").lower()
        return "true" if value in ("true", "yes", "on", "1", "") else value


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _is_special(attributes: Attributes) -> bool:
    """True if more than line ends may change."""
    return any(attributes.get(name, "unspecified") not in _ABSENT for name in _ASKED[2:])
