"""The program in a prompt: whole files where they fit, else the parts of them that matter most.

A part is a stretch of lines that begins at the outermost indentation behind a blank line: a function, a
class, a group of constants, in any language. What the goal, the feedback and the hints name, what good
attempts changed and what lies between EVOLVE-BLOCK markers comes first; the rest is drawn by the attempt's
seed, so that over many attempts a model sees all of a program that is too large for one prompt.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kapso.propose.blocks import evolve_blocks
from kapso.propose.prompts.text import clip, count_tokens
from kapso.wording import plural

LONGEST_PART = 60
"""Lines; a longer part is divided at what stands furthest left in it."""
MOST_FILES = 400
"""As many are looked into, if there are more: 1 ms each at first."""
WORTH_OPENING = 0.4
"""Of the best part's value: what a part must have for a further file to be shown."""
_GAP_TOKENS, _FILE_TOKENS, _NAMES_TOKENS = 40, 20, 300
"""What a gap, the head of a file and the names of all that is left out take."""
_WORD = re.compile(r"[A-Za-z_]\w{3,}")

_LANGUAGES = {
    "py": "python", "rs": "rust", "js": "javascript", "ts": "typescript", "go": "go", "c": "c", "h": "c",
    "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "cu": "cuda", "java": "java", "jl": "julia", "sh": "sh",
    "json": "json", "yaml": "yaml", "yml": "yaml", "toml": "toml", "sql": "sql", "md": "markdown",
}  # fmt: skip


@dataclass(frozen=True)
class FileView:
    """A file as a prompt shows it, whole or in parts."""

    path: str
    text: str
    is_whole: bool = True

    @property
    def language(self) -> str:
        return _LANGUAGES.get(self.path.rpartition(".")[2].lower(), "")


@dataclass(frozen=True)
class Unseen:
    """A file that is named and not shown; `note` says how large it is, or that it is no text."""

    path: str
    note: str = ""


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

    def of_path(self, path: str) -> float:
        """What the path alone tells."""
        name = path.rpartition("/")[2]
        is_named = name in self.words or name.partition(".")[0] in self.words
        return 3.0 * (path in self.paths) + 3.0 * is_named


@dataclass(frozen=True)
class Part:
    """Lines of a file, from `start` up to `stop`."""

    start: int
    stop: int
    tokens: int
    words: frozenset[str]
    head: str


class Program:
    """The files that are text, the most promising of very many; `rest` is only named.

    `interest` is asked for only where not all can be shown.
    """

    def __init__(self, files: Mapping[str, bytes], interest: Callable[[], Interest]) -> None:
        self._find_interest = interest
        paths = sorted(files)
        if len(paths) > MOST_FILES:
            rng = random.Random(self.interest.seed)
            paths.sort(key=lambda path: (-self.interest.of_path(path), rng.random()))
        self.texts: dict[str, str] = {}
        self.rest: list[Unseen] = []
        for path in sorted(paths[:MOST_FILES]):
            if (text := as_text(files[path])) is None:
                self.rest.append(Unseen(path, "not text"))
            else:
                self.texts[path] = text
        self.rest += [Unseen(path) for path in paths[MOST_FILES:]]
        self.tokens = sum(_tokens(text) + _FILE_TOKENS for text in self.texts.values())
        """What all of it takes."""

    @cached_property
    def interest(self) -> Interest:
        return self._find_interest()

    def within(self, most_tokens: int) -> tuple[list[FileView], list[Unseen]]:
        """What fits into so many tokens, and the files of which nothing is shown."""
        if self.tokens <= most_tokens:
            return [FileView(path, text) for path, text in self.texts.items()], self.rest
        chosen = self._chosen(most_tokens)
        views = [_view(path, self.texts[path], chosen[path]) for path in self.texts if path in chosen]
        left_out = [
            Unseen(path, plural(text.count("\n"), "line"))
            for path, text in self.texts.items()
            if path not in chosen
        ]
        return views, [*left_out, *self.rest]

    def _chosen(self, most_tokens: int) -> dict[str, set[Part]]:
        """The parts of most value that fit, by path. With the first part of a file goes its beginning."""
        room = most_tokens - _NAMES_TOKENS
        chosen: dict[str, set[Part]] = {}
        for value, path, part in self._ranked:
            if path not in chosen and value < WORTH_OPENING * self._ranked[0][0]:
                continue
            parts = {part}
            if path not in chosen:
                parts.add(parts_of(self.texts[path])[0])
            new = parts - chosen.get(path, set())
            cost = sum(each.tokens + _GAP_TOKENS for each in new) + _FILE_TOKENS * (path not in chosen)
            if cost <= room:
                room -= cost
                chosen.setdefault(path, set()).update(new)
        return chosen

    @cached_property
    def _ranked(self) -> list[tuple[float, str, Part]]:
        """Every part with its value, the best first; a good one lifts the others of its file."""
        parts = {path: parts_of(text) for path, text in self.texts.items()}
        weights = self._weights(part for each in parts.values() for part in each)
        ranked = []
        for path, text in self.texts.items():
            values = self._values(path, text, parts[path], weights)
            lift = 0.7 * max(values, default=0.0)
            ranked += [(value + lift, path, part) for value, part in zip(values, parts[path], strict=True)]
        return sorted(ranked, key=lambda each: (-each[0], each[1], each[2].start))

    def _weights(self, parts: Iterable[Part]) -> dict[str, float]:
        """What a word tells that is named: one that stands in every part tells nothing."""
        counts: Counter[str] = Counter()
        total = 0
        for part in parts:
            total += 1
            counts.update(part.words & self.interest.words)
        return {word: math.log(total / count) / math.log(total + 1) for word, count in counts.items()}

    def _values(
        self, path: str, text: str, parts: Sequence[Part], weights: Mapping[str, float]
    ) -> list[float]:
        interest, inside = self.interest, _inside_blocks(text)
        rng = random.Random(f"{interest.seed} {path}")
        lines = text.split("\n")
        of_path = interest.of_path(path)
        values = []
        for part in parts:
            value = of_path + rng.random()
            value += min(4.0, 1.5 * sum(weights[word] for word in part.words & interest.words))
            value += 2.0 * any(line.strip() in interest.lines for line in lines[part.start : part.stop])
            if inside is not None:
                is_open = any(part.start < end and start < part.stop for start, end in inside)
                value += 8.0 if is_open else -4.0
            values.append(value)
        return values


def as_text(content: bytes) -> str | None:
    """A file's text with plain line ends; None where it is none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n")


@lru_cache(maxsize=2 * MOST_FILES)
def _tokens(text: str) -> int:
    return count_tokens(text)


@lru_cache(maxsize=2 * MOST_FILES)
def parts_of(text: str) -> tuple[Part, ...]:
    """The parts of a file, in order; all of its lines are in one."""
    lines = text.removesuffix("\n").split("\n")
    parts = []
    for start, stop in _stretches(lines, 0, len(lines)):
        body = "\n".join(lines[start:stop])
        words = frozenset(_WORD.findall(body))
        parts.append(Part(start, stop, count_tokens(body) + 1, words, clip(lines[start], 50)))
    return tuple(parts)


def _stretches(lines: Sequence[str], start: int, stop: int) -> list[tuple[int, int]]:
    """The parts between two lines, divided where they are long and can be."""
    widths = [_width(line) for line in lines[start:stop] if line.strip()]
    least = min(widths, default=0)
    cuts = [at for at in _behind_gaps(lines, start, stop) if _width(lines[at]) == least]
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
    """Where a part that has no gap at its own level is divided: at other gaps, else every so often."""
    gaps = _behind_gaps(lines, start, stop) or range(start + LONGEST_PART // 2, stop, LONGEST_PART // 2)
    cuts, last = [], start
    for at in gaps:
        if at - last >= LONGEST_PART // 2:
            cuts.append(at)
            last = at
    return cuts


def _behind_gaps(lines: Sequence[str], start: int, stop: int) -> list[int]:
    return [at for at in range(start + 1, stop) if lines[at].strip() and not lines[at - 1].strip()]


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())


def _inside_blocks(text: str) -> list[tuple[int, int]] | None:
    """The lines between EVOLVE-BLOCK markers, None where there is no marker."""
    blocks = evolve_blocks(text) if "EVOLVE-BLOCK" in text else None
    if blocks is None:
        return None
    return [(text.count("\n", 0, start), text.count("\n", 0, end) + 1) for start, end in blocks]


def _view(path: str, text: str, kept: Collection[Part]) -> FileView:
    """The file with a line in the place of each stretch that is left out."""
    lines = text.removesuffix("\n").split("\n")
    shown: list[str] = []
    hidden: list[Part] = []
    for part in parts_of(text):
        if part not in kept:
            hidden.append(part)
            continue
        shown += _gap(hidden)
        hidden = []
        shown += lines[part.start : part.stop]
    shown += _gap(hidden)
    return FileView(path, "\n".join(shown), len(kept) == len(parts_of(text)))


def _gap(hidden: Sequence[Part]) -> list[str]:
    """`[… 52 lines not shown: def place(): · def forces(circles): …]`, or nothing."""
    if not hidden:
        return []
    count = hidden[-1].stop - hidden[0].start
    outline = clip(" · ".join(part.head for part in hidden if part.head), 120)
    return [f"[… {plural(count, 'line')} not shown{': ' + outline if outline else ''} …]"]
