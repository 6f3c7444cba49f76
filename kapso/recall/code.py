"""What code is about, in the words that one would search a library with: one pass over its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kapso.propose.protocol import Files

MOST_FILES, MOST_FILE_BYTES = 40, 100_000
LONGEST_LINE = 1000
"""Characters; longer ones were made by a machine."""
MOST_IMPORTS, MOST_CALLS = 8, 12

_LANGUAGES = {
    "py": "python", "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "rs": "rust", "go": "go",
    "js": "javascript", "ts": "typescript", "java": "java", "rb": "ruby", "sh": "bash", "sql": "sql",
}  # fmt: skip
_IMPORT = re.compile(
    r"""\s*(?:from\s+([\w.]+)\s+import|import\s+([\w., ]+)|\#\s*include\s*[<"]([\w./+-]+)[>"]"""
    r"""|use\s+([\w:]+)|.*\b(?:require|from)\s*\(?\s*['"]([\w@./-]+)['"])""",
    re.VERBOSE,
)
_CALL = re.compile(r"\b([A-Za-z_][A-Za-z0-9_.]{2,40})\s*\(")
_NO_CALLS = frozenset(
    "if elif while for return switch not and print len range int str float min max sizeof main".split()
)
_LOOP = re.compile(r"\s*(?:for|while)\b")
_OWN = re.compile(r"\s*(?:[\w<>*&]+\s+)*?(?:def|fn|func|function)\s+([A-Za-z_]\w*)")
_CONSTRUCTS = {
    "membership test": re.compile(
        r"\bif\b.*\s(?:not\s+)?in\s+\w+\s*(?::|and\b|or\b)|\.contains\(|\.includes\("
    ),
    "sorting": re.compile(r"\bsort(?:ed)?\("),
    "growing list": re.compile(r"\.append\(|\.push(?:_back)?\("),
    "reading files": re.compile(r"\.read(?:line|lines)?\(|\bf?open\("),
    "random numbers": re.compile(r"\brandom\b|\brand\("),
}


def languages_of(files: Files) -> frozenset[str]:
    """The programming languages of a program."""
    suffixes = {path.rpartition(".")[2].lower() for path in files}
    return frozenset(_LANGUAGES[each] for each in suffixes if each in _LANGUAGES)


def about_code(files: Files) -> str | None:
    """The languages, what is imported and called, and what the code is made of; None if that is nothing."""
    scan = _Scan()
    for path in [path for path in files if path.rpartition(".")[2].lower() in _LANGUAGES][:MOST_FILES]:
        scan.take(files[path][:MOST_FILE_BYTES].decode("utf-8", "replace"))
    told = scan.told()
    return " ".join(dict.fromkeys([*sorted(languages_of(files)), *told])) if told else None


class _Scan:
    def __init__(self) -> None:
        self._imports: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._own: set[str] = set()
        self._made_of: dict[str, None] = {}

    def take(self, text: str) -> None:
        """Read a file. What is further to the right than a line stands within it, in most code."""
        loops: list[int] = []
        functions: list[tuple[int, str]] = []
        for line in text.splitlines():
            if not line.strip() or len(line) > LONGEST_LINE:
                continue
            width = len(line) - len(line.lstrip())
            loops = [each for each in loops if each < width]
            functions = [each for each in functions if each[0] < width]
            self._note(line, {name for _, name in functions})
            if _LOOP.match(line):
                if loops:
                    self._made_of["nested loops"] = None
                loops.append(width)
            if own := _OWN.match(line):
                self._own.add(own[1])
                functions.append((width, own[1]))

    def _note(self, line: str, within: set[str]) -> None:
        if found := _IMPORT.match(line):
            self._imports.update(_names(found))
        for name in _CALL.findall(line):
            self._calls[name] += name not in _NO_CALLS
            if name in within:
                self._made_of["recursion"] = None
        for words, pattern in _CONSTRUCTS.items():
            if words not in self._made_of and pattern.search(line):
                self._made_of[words] = None

    def told(self) -> list[str]:
        calls = [name for name, count in self._calls.most_common() if count and name not in self._own]
        imports = [name for name, _ in self._imports.most_common(MOST_IMPORTS)]
        return [*imports, *calls[:MOST_CALLS], *self._made_of]


def _names(found: re.Match[str]) -> Iterator[str]:
    """The packages that an import names, without what is below them."""
    for name in ",".join(group for group in found.groups() if group).split(","):
        if word := name.split(" as ")[0].strip():
            yield re.split(r"[.:/]", word)[0] or word
