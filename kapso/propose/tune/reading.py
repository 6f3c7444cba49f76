"""The slots of one file: its language's literals, less what its markers and evolve blocks leave out.

Files that are no UTF-8 or that are huge hold none. Languages without a reader have slots only on
lines that a marker names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kapso.propose.blocks import evolve_blocks
from kapso.propose.checks import is_test_file
from kapso.propose.tune import build, cfamily, config, plain, python, toml
from kapso.propose.tune.compared import named_choices
from kapso.propose.tune.dialects import DIALECTS
from kapso.propose.tune.enums import enumerated
from kapso.propose.tune.found import Found, any_of, name_slots, span
from kapso.propose.tune.markers import Marker, Problem, find_markers
from kapso.propose.tune.orders import find_orders
from kapso.propose.tune.slots import CONFIGURED, NEVER, Domain, Slot, is_same

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LARGEST_BYTES = 400_000

_CPP = "cc cpp cxx cu h hh hpp hxx cuh inl"
_LANGUAGES = {f".{suffix}": "cpp" for suffix in _CPP.split()} | {
    ".c": "c", ".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".rs": "rust", ".go": "go",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript", ".tsx": "tsx",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".toml": "toml", ".java": "java",
}  # fmt: skip
_READERS = {"python": python, "yaml": config, "json": config} | dict.fromkeys(DIALECTS, cfamily)
_COMPARING = {"python", *DIALECTS}
_NO_SETTINGS = {"package-lock.json", "package.json", "composer.json", "tsconfig.json"}
_ONLY_MARKED = {
    "Cargo.toml", "pyproject.toml", "rust-toolchain.toml", "rustfmt.toml", "clippy.toml", "deny.toml",
}  # fmt: skip
_GENERATED = re.compile(r".*\.(d\.[cm]?ts|min\.js)")


@dataclass(frozen=True)
class FileSlots:
    """What one file holds. `is_marked`: a marker there names what to tune, so nothing else counts."""

    slots: tuple[Slot, ...] = ()
    is_marked: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Source:
    """The literals, strings and members of enumerations of one text, and what is a comment there."""

    literals: Callable[[], Iterable[Found]]
    strings: Callable[[], Iterable[Found]]
    is_comment: Callable[[int], bool]
    members: Callable[[str], list[Slot]] = lambda path: []


def read_file(path: str, content: bytes) -> FileSlots:
    """The slots of one file, in order of place; switches of its build flags come last."""
    name = PurePosixPath(path).name
    language = None if name in _ONLY_MARKED else _LANGUAGES.get(PurePosixPath(name).suffix.lower())
    find_flags = build.reader_of(name)
    is_of_use = language or find_flags or b"kapso:" in content
    if not is_of_use or len(content) > LARGEST_BYTES or b"\0" in content:
        return FileSlots()
    if name in _NO_SETTINGS or is_test_file(name) or _GENERATED.fullmatch(name):
        return FileSlots()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return FileSlots()
    markers, problems = find_markers(text)
    source = _source(text, language, markers)
    markers = [marker for marker in markers if source.is_comment(marker.start)]
    problems = [problem for problem in problems if source.is_comment(problem.start)]
    slots = name_slots(path, source.literals())
    switches = named_choices(text, name_slots(path, source.strings())) if language in _COMPARING else []
    members = source.members(path) if b"enum" in content.lower() or b"iota" in content else []
    switches += members
    if any(marker.domain and _is_text(marker.domain) for marker in markers):
        taken = {slot.name for slot in slots}
        words = members + name_slots(path, source.strings(), bare=language in {"yaml", None})
        slots += [replace(s, name=s.name + "'") if s.name in taken else s for s in words if s.is_text]
    slots, unmet = _obey(text, slots, markers)
    orders, disorder = find_orders(path, text, markers)
    slots += orders
    taken_lines = {marker.line for marker in markers}
    slots += [slot for slot in switches if text.count("\n", 0, slot.start) + 1 not in taken_lines]
    if find_flags is not None:
        slots += [replace(slot, name=f"{path}:{slot.name}") for slot in find_flags(text, markers)]
    is_marked = any(marker.domain for marker in markers)
    return FileSlots(tuple(_within_blocks(text, slots)), is_marked, (*problems, *unmet, *disorder))


def _source(text: str, language: str | None, markers: list[Marker]) -> _Source:
    if language == "toml":
        document = toml.read_document(text)
        return _plain(text, markers) if document is None else _toml(text, document)
    return _tree(text, language) if language else _plain(text, markers)


def _toml(text: str, document: toml.Document) -> _Source:
    return _Source(
        lambda: toml.find_literals(text, document),
        lambda: toml.strings(text, document),
        lambda at: any(start <= at < end for start, end in document.comments),
    )


def _tree(text: str, language: str) -> _Source:
    from ast_grep_py import SgRoot  # 5 ms

    root = SgRoot(text, language).root()
    reader = _READERS[language]
    return _Source(
        lambda: reader.find_literals(root, language),
        lambda: reader.strings(root, language),
        lambda at: _is_in_comment(root, language, at),
        lambda path: enumerated(path, root, language),
    )


def _plain(text: str, markers: list[Marker]) -> _Source:
    return _Source(
        lambda: plain.find_literals(text, markers, strings=False),
        lambda: plain.find_literals(text, markers, strings=True),
        lambda at: True,
    )


def _is_in_comment(root: SgNode, language: str, at: int) -> bool:
    kinds = DIALECTS[language].comments if language in DIALECTS else ("comment",)
    places = (span(node) for node in root.find_all(any_of(kinds)))
    return any(start <= at < end for start, end in places)


def _is_text(domain: Domain) -> bool:
    return any(isinstance(choice, str) for choice in domain.choices)


def _obey(text: str, slots: list[Slot], markers: list[Marker]) -> tuple[list[Slot], list[Problem]]:
    """Slots with what markers say of their lines; those of tier NEVER remain only where one names them."""
    obeyed = {slot.start: slot for slot in slots if slot.tier < NEVER and not slot.is_text}
    problems: list[Problem] = []
    for marker in markers:
        if marker.is_order:
            continue
        line_start = text.rfind("\n", 0, marker.start) + 1
        here = [slot for slot in slots if line_start <= slot.start < marker.start]
        here = here or _behind(text, slots, marker)
        if marker.domain is None:
            for slot in here:
                obeyed.pop(slot.start, None)
            continue
        fitting = [slot for slot in here if _fits(slot, marker.domain)]
        named = [slot for slot in fitting if slot.tier < NEVER] or fitting
        problem = _why_not(named, marker.domain)
        if problem:
            problems.append(Problem(marker.start, marker.line, problem))
            continue
        for slot in named:
            obeyed[slot.start] = replace(slot, tier=CONFIGURED, domain=marker.domain)
    return [obeyed[start] for start in sorted(obeyed)], problems


def _behind(text: str, slots: list[Slot], marker: Marker) -> list[Slot]:
    """What follows a `/* … */` that nothing stands before, unless another marker speaks of it."""
    rest = text[marker.start :].split("\n", 1)[0]
    if rest.count("kapso:") > 1:
        return []
    return [slot for slot in slots if marker.start < slot.start < marker.start + len(rest)]


def _fits(slot: Slot, domain: Domain) -> bool:
    """Whether a literal is of the kind that the marker speaks of."""
    if not domain.choices:
        return slot.is_number
    if isinstance(slot.value, bool):
        return all(isinstance(choice, bool) for choice in domain.choices)
    if slot.is_number:
        return all(isinstance(choice, (int, float)) for choice in domain.choices)
    return _is_text(domain)


def _why_not(slots: list[Slot], domain: Domain) -> str | None:
    if not slots:
        return "the marker's line holds no literal of its kind"
    for slot in slots:
        if domain.choices:
            if not any(is_same(slot.value, choice) for choice in domain.choices):
                return f"`{slot.text}` is not among the marker's choices"
        elif domain.low is not None and domain.high is not None:
            if not domain.low <= float(slot.value) <= domain.high:
                return f"`{slot.text}` lies outside the marker's range `{domain.low:g}..{domain.high:g}`"
    return None


def _within_blocks(text: str, slots: list[Slot]) -> list[Slot]:
    blocks = evolve_blocks(text)
    if blocks is None:
        return slots
    return [slot for slot in slots if any(start <= slot.start and slot.end <= end for start, end in blocks)]
