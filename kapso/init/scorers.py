"""Scripts that score: found by their name, and how they get at what they judge, read from their text."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum

from kapso.init.folder import Folder, is_test, stem
from kapso.init.imports import local_imports

_NAMES = (
    "evaluate evaluator score scorer scoring eval judge grade grader benchmark bench measure metric metrics "
    "fitness perf".split()
)
_RUNNERS = {
    ".py": "python3",
    ".sh": "sh",
    ".bash": "bash",
    ".js": "node",
    ".mjs": "node",
    ".pl": "perl",
    ".rb": "ruby",
}
_ARGUMENT = re.compile(
    r"sys\.argv\[1\]|sys\.argv\[1:\]|add_argument\(\s*['\"][a-z]|process\.argv\[2\]|process\.argv\.slice"
    r"|\$\{?1\b|\$ARGV\[0\]|ARGV\[0\]|@click\.argument|ARGV\.first|\bshift\b"
)
_STDIN = re.compile(
    r"sys\.stdin|\binput\(\)|process\.stdin|fileinput|/dev/stdin|\bread -r|<STDIN>|STDIN\.read"
)
_PARTS = re.compile(r"[_\-. ]")


class Reads(StrEnum):
    """How a scorer gets at what it judges."""

    OUT = "out"
    ARGUMENT = "argument"
    STDIN = "stdin"
    FILE = "file"
    PROGRAM = "program"
    PROGRAM_ARGUMENT = "program-argument"


@dataclass(frozen=True)
class Scorer:
    """A script; `command` starts it, `file` is the output file that it reads, where it names one."""

    path: str
    command: str
    reads: Reads
    file: str = ""


def is_scorer(folder: Folder, name: str) -> bool:
    """Whether a file's name says that it scores: `evaluate.py`, `run_benchmark.sh`."""
    return _rank(name) is not None and not is_test(name)


def find_scorers(folder: Folder, main: str, python: str = "python3") -> list[Scorer]:
    """The scorers of the folder, the likeliest first; `main` is the file of the program."""
    ranked = sorted((_rank(name), name.count("/"), name) for name in folder.files if is_scorer(folder, name))
    return [_scorer(folder, name, main, python) for _, _, name in ranked]


def _rank(name: str) -> int | None:
    suffix = name[name.rfind(".") :] if "." in name.rsplit("/", 1)[-1] else ""
    if suffix not in _RUNNERS:
        return None
    words = _PARTS.split(stem(name).lower())
    return next((rank for rank, each in enumerate(_NAMES) if each in words), None)


def _scorer(folder: Folder, name: str, main: str, python: str) -> Scorer:
    text = folder.text(name)
    runner = _RUNNERS[name[name.rfind(".") :]]
    command = f"{python if runner == 'python3' else runner} {shlex.quote(name)}"
    takes_argument = bool(_ARGUMENT.search(text))
    if "KAPSO_OUT" in text:
        return Scorer(name, command, Reads.OUT)
    if takes_argument and _loads_what_it_is_given(text):
        return Scorer(name, command, Reads.PROGRAM_ARGUMENT)
    if _names_program(folder, name, text, main):
        return Scorer(name, command, Reads.PROGRAM)
    if takes_argument:
        return Scorer(name, command, Reads.ARGUMENT)
    if _STDIN.search(text):
        return Scorer(name, command, Reads.STDIN)
    if (file := _shared_file(folder.text(main), text)) and not folder.has(file):
        return Scorer(name, command, Reads.FILE, file)
    return Scorer(name, command, Reads.PROGRAM)


def _loads_what_it_is_given(text: str) -> bool:
    return bool(re.search(r"spec_from_file_location|runpy\.|import_module\(|exec\(|compile\(", text))


def _names_program(folder: Folder, scorer: str, text: str, main: str) -> bool:
    """Whether a scorer imports the program, or starts it."""
    if scorer.endswith(".py"):
        imported = local_imports(folder, scorer)
        if main in imported or any(each.startswith(f"{main}/") for each in imported):
            return True
    if not main:
        return True
    last = main.rsplit("/", 1)[-1]
    if re.search(rf"(?<![\w.-]){re.escape(last)}(?![\w-])", _without_comments(text)):
        return True
    return bool(re.search(rf"(?:require\(|from )\s*['\"]\./(?:[\w/]*/)?{re.escape(stem(main))}['\"]", text))


def _without_comments(text: str) -> str:
    """Prose about a program does not start it."""
    text = re.sub(r'^\s*("""|\'\'\').*?\1', "", text, count=1, flags=re.DOTALL)
    return re.sub(r"^\s*(?:#|//).*$", "", text, flags=re.MULTILINE)


_WRITTEN = re.compile(r"['\"]((?:[\w-]+/)*[\w-]+\.(?:json|csv|txt|npy|npz|tsv|out|dat|bin|png|pkl))['\"]")


def written_files(text: str) -> list[str]:
    """The data files that a program's text names."""
    return list(dict.fromkeys(_WRITTEN.findall(text)))


def _shared_file(program: str, scorer: str) -> str:
    """The data file that both of them name: what one writes and the other reads."""
    named = written_files(scorer)
    return next((each for each in written_files(program) if each in named), "")
