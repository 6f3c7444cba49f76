"""Which files a shell command names, read from its words alone: nothing is run, no file is looked up.

In doubt a word counts as a name: protecting a file too many is said and mended, one too few lets a
candidate change its judge. A command's own name, `.` and `..`, what lies under `$KAPSO_OUT` and the
folder after `cd`, `-C` or `--directory` (which the words after it start from) are no names.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_SEPARATORS = ";&|()<>\n`"
_FALLBACK_WORDS = re.compile(r"[;&|()<>\n`]+|[^\s;&|()<>`\"']+")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_NUMBER = re.compile(r"[0-9.]+[smhd]?")
_OWN_FOLDER = re.compile(r"\$(?:KAPSO_\w+|\{KAPSO_\w+\}|TMPDIR|\{TMPDIR\}|HOME|\{HOME\})")
_WORKING_FOLDER = re.compile(r"^(?:\$PWD|\$\{PWD\})/")
_BEFORE_PROGRAM = frozenset(
    [
        "!",
        "{",
        "if",
        "then",
        "elif",
        "else",
        "while",
        "until",
        "do",
        "time",
        "timeout",
        "env",
        "nice",
        "nohup",
    ]
    + ["exec", "command", "stdbuf", "uv", "run", "poetry", "xargs"]
)
"""Words after which another program's name follows."""


@dataclass
class Mentions:
    """The paths that commands name, from the repository's root, each with the word that names it."""

    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)

    def word_for(self, path: str) -> str | None:
        """The word that names `path`, or a folder that holds it; None when none does."""
        if path in self.files:
            return self.files[path]
        folder = path
        while folder:
            if folder in self.folders:
                return self.folders[folder]
            folder = folder.rpartition("/")[0]
        return next((word for pattern, word in self.patterns.items() if _is_covered(path, pattern)), None)


def mentions(commands: Iterable[str], prefix: str) -> Mentions:
    """What shell commands that start in the folder `prefix` (from the repository's root) name."""
    reader = _Reader(prefix)
    for command in commands:
        reader.read(command, (prefix,))
    return reader.found


def named_files(command: str, prefix: str, paths: Iterable[str]) -> set[str]:
    """Those of `paths` that a command names, or that lie in a folder it names; all from the root."""
    found = mentions([command], prefix)
    return {path for path in paths if found.word_for(path) is not None}


@dataclass
class _Reader:
    """Walks over the words of a command. `bases` are the folders that relative words may start from."""

    prefix: str
    found: Mentions = field(default_factory=Mentions)

    def read(self, command: str, bases: tuple[str, ...]) -> None:
        outer: list[tuple[str, ...]] = []
        for words, separator in _statements(command):
            bases = self._statement(words, bases)
            for sign in separator:
                if sign == "(":
                    outer.append(bases)
                elif sign == ")" and outer:
                    bases = outer.pop()

    def _statement(self, words: list[str], bases: tuple[str, ...]) -> tuple[str, ...]:
        """Notes what the words name; gives the bases of the next statement."""
        module_bases = bases
        position = 0
        while position < len(words) and self._comes_before_program(words, position):
            if assignment := _ASSIGNMENT.fullmatch(words[position]):
                module_bases += self._assignment(assignment[1], assignment[2], bases)
            position += 1
        if position == len(words):
            return bases
        program, arguments = words[position], words[position + 1 :]
        if program in {"cd", "pushd"}:
            return self._after_cd(arguments, bases)
        self._note(program, bases, with_folder=False)
        self._arguments(arguments, bases, module_bases)
        return bases

    def _comes_before_program(self, words: list[str], position: int) -> bool:
        word = words[position]
        if _ASSIGNMENT.fullmatch(word) or word in _BEFORE_PROGRAM:
            return True
        return position > 0 and (word.startswith("-") or _NUMBER.fullmatch(word) is not None)

    def _assignment(self, name: str, value: str, bases: tuple[str, ...]) -> tuple[str, ...]:
        """A search path (`PYTHONPATH=src`) names no file, but modules are found below it."""
        if not name.endswith("PATH"):
            self._word(value, bases)
            return ()
        return tuple(
            joined for part in value.split(":") for base in bases if (joined := _join(base, part)) is not None
        )

    def _after_cd(self, arguments: list[str], bases: tuple[str, ...]) -> tuple[str, ...]:
        folder = next((each for each in arguments if not each.startswith("-")), "~")
        if folder.startswith(("/", "~")) or _OWN_FOLDER.match(folder):
            return ()
        if "$" in folder:
            return (self.prefix, "")
        return tuple(joined for base in bases if (joined := _join(base, folder)) is not None)

    def _arguments(self, words: list[str], bases: tuple[str, ...], module_bases: tuple[str, ...]) -> None:
        waiting = iter(words)
        is_unittest = False
        for word in waiting:
            option, folder = _folder_option(word, waiting)
            if option:
                self._note(folder, bases, with_folder=False)
                bases += self._after_cd([folder], bases)
            elif word == "-m" or (word.startswith("-m") and _MODULE.fullmatch(word[2:])):
                module = word[2:] or next(waiting, "")
                is_unittest = module == "unittest"
                self._module(module, module_bases)
                self._note(module, bases, with_folder=False)
            else:
                if is_unittest:
                    self._module(word, module_bases, attributes=2)
                self._word(word, bases)

    def _word(self, word: str, bases: tuple[str, ...]) -> None:
        """A word and what stands in it: `--data=FILE`, `FILE:name`, `FILE,FILE`, `-fFILE`, a command."""
        if _OWN_FOLDER.match(word):
            return
        if any(character.isspace() or character in _SEPARATORS for character in word):
            self._note(word, bases, with_folder=True)
            self._quoted(word, bases)
            return
        for part in dict.fromkeys([word, *re.split(r"[=,:@]", word)]):
            self._note(part, bases, with_folder=True, word=word)
        if word.startswith("-") and not word.startswith("--"):
            self._note(word[2:], bases, with_folder=False, word=word)

    def _quoted(self, text: str, bases: tuple[str, ...]) -> None:
        """A command within a word (`sh -c '…'`); a word that a second reading leaves as it is ends it."""
        if [text] != [word for words, _ in _statements(text) for word in words]:
            self.read(text, bases)

    def _module(self, name: str, bases: tuple[str, ...], *, attributes: int = 0) -> None:
        """A dotted module; up to `attributes` of its last parts may be names inside it."""
        if not _MODULE.fullmatch(name):
            return
        parts = name.split(".")
        for length in range(len(parts), max(0, len(parts) - attributes - 1), -1):
            for end in (".py", "/__main__.py", "/__init__.py"):
                self._note("/".join(parts[:length]) + end, bases, with_folder=False, word=name)

    def _note(self, part: str, bases: tuple[str, ...], *, with_folder: bool, word: str | None = None) -> None:
        part = _WORKING_FOLDER.sub("", part)
        if not part or part in {".", ".."} or part.startswith(("/", "~")) or "$" in part:
            return
        for base in bases:
            path = _join(base, part)
            if path is None or f"{self.prefix}/".startswith(f"{path}/") or path == "":
                continue
            found = self.found.folders if with_folder else self.found.files
            found.setdefault(path, word or part)
            if any(sign in path for sign in "*?["):
                self.found.patterns.setdefault(path, word or part)


def _statements(command: str) -> Iterator[tuple[list[str], str]]:
    """The words of each simple command, and the separator after it; a redirection separates nothing."""
    words: list[str] = []
    for token in _tokens(command.replace("\\\n", "")):
        if not all(sign in _SEPARATORS for sign in token):
            words.append(token)
        elif not set(token) <= set("<>&") or token in {"&", "&&"}:
            yield words, token
            words = []
    yield words, ""


def _tokens(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return [token for token in lexer if token]
    except ValueError:  # a quote that does not end: take every word that could be a name
        return _FALLBACK_WORDS.findall(command)


def _folder_option(word: str, following: Iterator[str]) -> tuple[str, str]:
    """`-C DIR`, `-CDIR`, `--directory DIR` or `--directory=DIR`, taken apart; nothing for other words."""
    if word in {"-C", "--directory"}:
        return word, next(following, "")
    if word.startswith("--directory="):
        return "--directory", word.removeprefix("--directory=")
    if word.startswith("-C") and not word.startswith("-C="):
        return "-C", word[2:]
    return "", ""


def _join(base: str, path: str) -> str | None:
    """A path from the repository's root; None when it leaves the repository."""
    joined = posixpath.normpath(posixpath.join(base, path))
    if joined == ".":
        return ""
    return None if joined == ".." or joined.startswith(("../", "/")) else joined


def _is_covered(path: str, pattern: str) -> bool:
    """Whether a shell pattern, whose `*` stops at `/`, matches the path or a folder that holds it."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))
