"""What a reply says: title, hypothesis, and edits as search/replace blocks, unified diffs or whole files.

Reads what was written and judges nothing but its form: whether an edit fits the files is not known here.
"""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from kapso.propose.llm.asked import Broken, Change, Edit, Whole
from kapso.propose.llm.diffs import ends_diff, read_diff, starts_diff, with_headers
from kapso.propose.llm.paths import Paths
from kapso.propose.syntax import faults

_START = re.compile(r"^(\s*)<{5,9}\s*(?:SEARCH|ORIGINAL|HEAD|OLD|BEFORE|FIND)\b:?(.*)$", re.I)
_DIVIDER = re.compile(r"^\s*={5,9}\s*$")
_END = re.compile(r"^\s*(?:[<>]{5,9}\s*REPLACE\b.*|>{5,9}\s*(?:(?:UPDATED|NEW|AFTER|END)\b.*)?)$", re.I)
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`]*)$")
_THOUGHT = re.compile(r"\A\s*<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.I | re.S)
_END_OF_THOUGHT = re.compile(r"\A.*?^</think(?:ing)?>\s*$", re.I | re.M | re.S)
_LABEL = r"^[\s#>*_`-]*(?:{})[*_`]*\s*:[*_`]*\s*"
_LABELS = {
    "Title": re.compile(_LABEL.format("title"), re.I),
    "Hypothesis": re.compile(_LABEL.format("hypothesis|idea|rationale"), re.I),
    "What": re.compile(_LABEL.format("what|change"), re.I),
    "Why": re.compile(_LABEL.format("why"), re.I),
    "Expect": re.compile(_LABEL.format("expect(?:ation|ed|s)?"), re.I),
}
"""The lines that a reply is asked for, and `Hypothesis` from models that know better."""
_ANY_LABEL = re.compile(r"^[\s#>*_`-]*[A-Z][\w ]{2,24}[*_`]*:[*_`]*\s*")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*]+\*\*\s*$)")
_LONGEST_TITLE = 100
_LONGEST_HYPOTHESIS = 4000
_DIFFS = frozenset(("diff", "patch", "udiff"))
_COMMENT = re.compile(r"\s*(#|//|/\*|<!--|--|;|%)")
_FEWEST_LINES = 3
MOST_EDITS = 200
_MOST_FENCES = 1000
_MOST_DIVIDERS = 8


@dataclass
class Reading:
    """All that a reply says."""

    title: str = ""
    hypothesis: str = ""
    edits: list[Edit] = field(default_factory=list)


def read_reply(reply: str, paths: Paths) -> Reading:
    """What the reply says; what a model thought aloud before it is no part of it."""
    text = _THOUGHT.sub("", reply.replace("\r\n", "\n").replace("\r", "\n"))
    text = _END_OF_THOUGHT.sub("", text)
    lines = with_headers(text.split("\n"))
    if sum(_FENCE.match(line) is not None for line in lines) > _MOST_FENCES:
        return Reading(edits=[Broken(f"has more than {_MOST_FENCES} fences", "reply")])
    reader = _Reader(lines, paths)
    reader.read()
    if not reader.edits and paths.only is not None and _is_code(text, paths.only):
        reader.edits.append(Whole(tuple(text.strip("\n").split("\n")), "reply"))
        reader.prose = []
    said = [line for line in reader.prose if paths.named(line) is None]
    title, hypothesis = _told(said)
    return Reading(title, hypothesis, reader.edits)


def _is_code(text: str, path: str) -> bool:
    """Whether a reply without a fence is nothing but a program."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) >= _FEWEST_LINES and faults(path, text.encode("utf-8", "replace")) == 0


class _Reader:
    """Goes through the lines once; `prose` is what belongs to no edit.

    `_above` is the last line of prose since the last edit, where a path is looked for; `_fence` the fence
    that is open around search/replace blocks, `_info` what stands behind it.
    """

    def __init__(self, lines: Sequence[str], paths: Paths) -> None:
        self.edits: list[Edit] = []
        self.prose: list[str] = []
        self._lines = lines
        self._paths = paths
        self._above = self._info = ""
        self._fence: re.Match[str] | None = None
        self._fences = [(at, found) for at, line in enumerate(lines) if (found := _FENCE.match(line))]
        self._starts = [at for at, line in enumerate(lines) if _START.match(line)]
        self._at = 0

    def read(self) -> None:
        while self._at < len(self._lines) and len(self.edits) < MOST_EDITS:
            line = self._lines[self._at]
            before = len(self.edits)
            if (start := _START.match(line)) is not None:
                self._block(start)
            elif (fence := _FENCE.match(line)) is not None:
                self._fenced(fence)
            elif self._fence is None and starts_diff(self._lines, self._at):
                self._diff(self._at, ends_diff(self._lines, self._at))
            else:
                self.prose.append(line)
                self._above = line if line.strip() else self._above
                self._at += 1
            if len(self.edits) > before:
                self._above = ""

    def _heading(self) -> tuple[str | None, bool]:
        """The path that stands above or behind the fence, or in the sentence above, which is less sure."""
        paths = self._paths
        path = paths.named(self._above) or paths.in_info(self._info) or paths.announced(self._above)
        return path or self._paths.mentioned(self._above), path is not None

    # Search/replace blocks

    def _block(self, start: re.Match[str]) -> None:
        label = f"block {len(self.edits) + 1}"
        stop = self._at + 1
        while stop < len(self._lines) and not (
            _END.match(self._lines[stop]) or _START.match(self._lines[stop])
        ):
            stop += 1
        is_ended = stop < len(self._lines) and _END.match(self._lines[stop]) is not None
        body = [line.removeprefix(start[1]) for line in self._lines[self._at + 1 : stop]]
        self._at = stop + is_ended
        dividers = [at for at, line in enumerate(body) if _DIVIDER.match(line)]
        if not 0 < len(dividers) <= _MOST_DIVIDERS:
            number = "no line" if not dividers else f"{len(dividers)} lines"
            what = f"has {number} `=======` between what is searched and what replaces it"
            self.edits.append(Broken(what, label))
            return
        if not is_ended:
            close = next((at for at in range(dividers[-1], len(body)) if self._closes(body[at])), None)
            if close is None:
                self.edits.append(Broken("does not end with a line `>>>>>>> REPLACE`", label))
                return
            body, self._fence, self._info = body[:close], None, ""
        path = self._paths.in_info(start[2]) or self._heading()[0]
        sides = [(body[:at], body[at + 1 :]) for at in reversed(dividers)]
        readings = [(tuple(search), tuple(replace)) for search, replace in sides]
        readings += [(tuple(_unfenced(search)), tuple(_unfenced(replace))) for search, replace in sides]
        self.edits.append(Change(tuple(dict.fromkeys(readings)), label, path))

    # Fences

    def _fenced(self, fence: re.Match[str]) -> None:
        if self._closes(self._lines[self._at]):
            self._fence, self._info = None, ""
            self._at += 1
            return
        self._info = fence[3].strip()
        stop, is_closed = self._end_of_fence(fence)
        if bisect(self._starts, self._at) < bisect_left(self._starts, stop):  # a block lies in it
            self._fence = fence
            self._at += 1
            return
        body = [line.removeprefix(fence[1]) for line in self._lines[self._at + 1 : stop]]
        full = [at for at, line in enumerate(body) if line.strip()]
        if len(full) == 1 and is_closed and self._paths.named(body[full[0]]) is not None:
            self._above, self._info = body[full[0]], ""  # the path has a fence of its own
            self._at = stop + 1
            return
        first = full[0] if full else 0
        if self._info.split(" ")[0].lower() in _DIFFS or starts_diff(body, first):
            self._diff(self._at + 1, stop)
        else:
            self._whole(body, is_closed)
        self._info = ""
        self._at = stop + is_closed

    def _whole(self, body: Sequence[str], is_closed: bool) -> None:
        path, is_headed = self._heading()
        if not is_headed and body and _COMMENT.match(body[0]) and (named := self._paths.named(body[0])):
            path, is_headed = named, True
        label = f"file {len(self.edits) + 1}"
        self.edits.append(Whole(tuple(body), label, path, is_headed, is_closed))

    def _closes(self, line: str) -> bool:
        """Whether the line closes the fence that is open around blocks."""
        found = _FENCE.match(line)
        return bool(self._fence and found and not found[3].strip() and found[2].startswith(self._fence[2]))

    def _end_of_fence(self, fence: re.Match[str]) -> tuple[int, bool]:
        """The line that closes it, and whether there is one; fences that open within are closed within."""
        depth, first = 1, None
        for at, found in self._fences:
            if at <= self._at or not found[2].startswith(fence[2]):
                continue
            depth += 1 if found[3].strip() else -1
            if not found[3].strip() and first is None:
                first = at
            if depth == 0:
                return at, True
        return (len(self._lines), False) if first is None else (first, True)

    def _diff(self, start: int, stop: int) -> None:
        path, _ = self._heading()
        self.edits += read_diff(self._lines[start:stop], self._paths, path, len(self.edits))
        self._at = stop


def _unfenced(lines: list[str]) -> list[str]:
    """The lines without a fence around all of them."""
    is_fenced = len(lines) > 1 and _FENCE.match(lines[0]) and re.fullmatch(r"\s*(`{3,}|~{3,})\s*", lines[-1])
    return lines[1:-1] if is_fenced else lines


def _told(prose: Sequence[str]) -> tuple[str, str]:
    """Title and hypothesis, as they are labelled, or else as the first sentence and all that is said."""
    parts = {name: text for name, label in _LABELS.items() if (text := _labelled(prose, label))}
    title = parts.pop("Title", "").split("\n")[0]
    hypothesis = parts.pop("Hypothesis", "")
    told = [hypothesis] if hypothesis else []
    told += [text if name == "What" and not told else f"{name}: {text}" for name, text in parts.items()]
    if not told:
        told = [line.strip() for line in prose if line.strip() and not _LABELS["Title"].match(line)]
    if not title:
        title = re.split(r"(?<=[.!?])\s", " ".join(told).strip(), maxsplit=1)[0]
        title = "" if title.endswith(":") or title.count(" ") < 1 else title  # `Here is the new code:`
    return _plain(title), "\n".join(told).strip()[:_LONGEST_HYPOTHESIS]


def _labelled(prose: Sequence[str], label: re.Pattern[str]) -> str:
    """What follows a label, to the next label, heading or empty line."""
    found: list[str] | None = None
    for line in prose:
        if found is None:
            if (match := label.match(line)) is not None:
                found = [line[match.end() :].strip()]
        elif _ANY_LABEL.match(line) or _HEADING.match(line) or (not line.strip() and any(found)):
            break
        else:
            found.append(line.strip())
    return "\n".join(found or []).strip()


def _plain(title: str) -> str:
    """A title on one line, without decoration."""
    line = " ".join(title.split()).strip("#*_\"' ").rstrip(".:")
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"
