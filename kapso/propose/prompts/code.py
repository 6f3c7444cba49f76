"""The program in a prompt: whole files where they fit, else the parts of them that matter most.

A part is a stretch of lines that begins at the outermost indentation behind a blank line: a function, a
class, a group of constants, in any language. What the goal, the feedback and the hints name, what good
attempts changed and what lies between EVOLVE-BLOCK markers comes first; the rest is drawn by the attempt's
seed, so that over many attempts a model sees all of a program that is too large for one prompt.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kapso.propose.blocks import evolve_blocks
from kapso.propose.prompts.text import clip, count_tokens

LONGEST_PART = 60
"""Lines; a longer part is divided at what stands furthest left in it."""
MOST_FILES = 200
"""As many are looked into, if there are more."""
_GAP_TOKENS = 30
_FILE_TOKENS = 15
_WORD = re.compile(r"[A-Za-z_]\w{3,}")

_LANGUAGES = {
    "py": "python", "rs": "rust", "js": "javascript", "ts": "typescript", "go": "go", "c": "c", "h": "c",
    "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "cu": "cuda", "java": "java", "jl": "julia", "sh": "sh",
    "json": "json", "yaml": "yaml", "yml": "yaml", "toml": "toml", "sql": "sql", "md": "markdown",
}  # fmt: skip


@dataclass(frozen=True)
class FileView:
    """A file as a prompt shows it. `lines` counts all of its lines."""

    path: str
    text: str
    lines: int
    is_whole: bool = True

    @property
    def language(self) -> str:
        return _LANGUAGES.get(self.path.rpartition(".")[2].lower(), "")


@dataclass(frozen=True)
class Unseen:
    """A file that is named and not shown."""

    path: str
    lines: int


@dataclass(frozen=True)
class Interest:
    """What makes a part of the program worth its tokens: words that are named, lines that good attempts
    wrote, files that attempts changed."""

    words: frozenset[str] = frozenset()
    lines: Collection[str] = ()
    paths: Collection[str] = ()
    seed: int = 0

    @staticmethod
    def words_of(texts: Iterable[str | None]) -> frozenset[str]:
        return frozenset(word for text in texts if text for word in _WORD.findall(text))


@dataclass
class _Part:
    path: str
    start: int
    stop: int
    tokens: int
    value: float


@dataclass
class _File:
    path: str
    lines: Sequence[str]
    parts: list[_Part] = field(default_factory=list)


def show_files(
    files: Mapping[str, bytes], most_tokens: int, interest: Interest
) -> tuple[list[FileView], list[Unseen]]:
    """What fits of `files` into so many tokens, and the files of which nothing is shown."""
    texts, unreadable = _texts(files, interest)
    if sum(count_tokens(text) + _FILE_TOKENS for text in texts.values()) <= most_tokens:
        views = [FileView(path, text, _count(text)) for path, text in texts.items()]
        return views, unreadable
    parted = [_parted(path, text, interest) for path, text in texts.items()]
    chosen = _chosen(parted, most_tokens)
    views, left_out = [], list(unreadable)
    for file in parted:
        kept = chosen.get(file.path, [])
        if kept:
            views.append(_view(file, kept))
        else:
            left_out.append(Unseen(file.path, len(file.lines)))
    return views, left_out


def size_of(files: Mapping[str, bytes], interest: Interest) -> int:
    """The tokens that all of `files` take."""
    texts, _ = _texts(files, interest)
    return sum(count_tokens(text) + _FILE_TOKENS for text in texts.values())


def _texts(files: Mapping[str, bytes], interest: Interest) -> tuple[dict[str, str], list[Unseen]]:
    """The files that are text, the most promising of very many; the rest is only named."""
    paths = sorted(files)
    if len(paths) > MOST_FILES:
        rng = random.Random(interest.seed)
        paths.sort(key=lambda path: (-_file_value(path, interest), rng.random()))
    texts, rest = {}, [Unseen(path, 0) for path in paths[MOST_FILES:]]
    for path in sorted(paths[:MOST_FILES]):
        try:
            text = files[path].decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            rest.append(Unseen(path, 0))
        else:
            texts[path] = text
    return texts, rest


def _file_value(path: str, interest: Interest) -> float:
    name = path.rpartition("/")[2]
    is_named = name in interest.words or name.partition(".")[0] in interest.words
    return 3.0 * (path in interest.paths) + 3.0 * is_named


def _parted(path: str, text: str, interest: Interest) -> _File:
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    file = _File(path, lines)
    inside = _inside_blocks(text)
    rng = random.Random(f"{interest.seed} {path}")
    whole = _file_value(path, interest)
    for start, stop in _stretches(lines, 0, len(lines)):
        body = "\n".join(lines[start:stop])
        value = whole + 2.0 * rng.random() + 2.0 * (start == 0)
        value += min(3, len(interest.words & set(_WORD.findall(body))) / 2) if interest.words else 0.0
        value += 2.0 * any(line.strip() in interest.lines for line in lines[start:stop])
        if inside is not None:
            value += 8.0 if any(start < end and begin < stop for begin, end in inside) else -4.0
        file.parts.append(_Part(path, start, stop, count_tokens(body) + 1, value))
    return file


def _stretches(lines: Sequence[str], start: int, stop: int) -> list[tuple[int, int]]:
    """The parts between two lines, divided where they are long and can be."""
    widths = [len(line) - len(line.lstrip()) for line in lines[start:stop] if line.strip()]
    if not widths:
        return [(start, stop)] if stop > start else []
    least = min(widths)
    cuts = [
        at
        for at in range(start + 1, stop)
        if lines[at].strip() and not lines[at - 1].strip() and _width(lines[at]) == least
    ]
    if not cuts and stop - start > LONGEST_PART:
        cuts = _inner_cuts(lines, start, stop)
    found = []
    for begin, end in zip([start, *cuts], [*cuts, stop], strict=True):
        if end - begin > LONGEST_PART and (begin, end) != (start, stop):
            found += _stretches(lines, begin, end)
        else:
            found.append((begin, end))
    return found


def _inner_cuts(lines: Sequence[str], start: int, stop: int) -> list[int]:
    """Where a part that has no gap at its own level is divided: at blank lines, else every so often."""
    blank = [at for at in range(start + 1, stop) if lines[at].strip() and not lines[at - 1].strip()]
    cuts, last = [], start
    for at in blank or range(start + LONGEST_PART // 2, stop, LONGEST_PART // 2):
        if at - last >= LONGEST_PART // 2:
            cuts.append(at)
            last = at
    return cuts


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())


def _inside_blocks(text: str) -> list[tuple[int, int]] | None:
    """The lines between EVOLVE-BLOCK markers, None where there is no marker."""
    blocks = evolve_blocks(text)
    if blocks is None:
        return None
    return [(text.count("\n", 0, start), text.count("\n", 0, end) + 1) for start, end in blocks]


def _chosen(files: Sequence[_File], most_tokens: int) -> dict[str, list[_Part]]:
    """The parts of most value that fit, by path and in order."""
    room = most_tokens
    chosen: dict[str, list[_Part]] = {}
    for part in sorted((part for file in files for part in file.parts), key=lambda each: -each.value):
        cost = part.tokens + _GAP_TOKENS + (0 if part.path in chosen else _FILE_TOKENS + _GAP_TOKENS)
        if cost <= room:
            room -= cost
            chosen.setdefault(part.path, []).append(part)
    return {path: sorted(parts, key=lambda each: each.start) for path, parts in chosen.items()}


def _view(file: _File, kept: Sequence[_Part]) -> FileView:
    lines: list[str] = []
    at = 0
    for part in [*kept, _Part(file.path, len(file.lines), len(file.lines), 0, 0.0)]:
        if part.start > at:
            hidden = [each for each in file.parts if at <= each.start < part.start]
            lines.append(_gap(file, hidden, part.start - at))
        lines += file.lines[part.start : part.stop]
        at = part.stop
    is_whole = sum(part.stop - part.start for part in kept) == len(file.lines)
    return FileView(file.path, "\n".join(lines), len(file.lines), is_whole)


def _gap(file: _File, hidden: Sequence[_Part], count: int) -> str:
    """`[… 52 lines not shown: def place(): · def forces(circles): …]`."""
    heads = [clip(file.lines[part.start], 50) for part in hidden if file.lines[part.start].strip()]
    outline = clip(" · ".join(heads), 120)
    return f"[… {count} lines not shown{': ' + outline if outline else ''} …]"


def _count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))
