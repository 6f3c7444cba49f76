"""The files that a reply's edits make, before anything is written: each edit finds its file and its place,
or what is wrong with it is noted.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import accumulate

from kapso.propose.blocks import evolve_blocks
from kapso.propose.llm.asked import Broken, Change, Deletion, Edit, Whole
from kapso.propose.llm.matching import Place, nearest, places, without_numbers
from kapso.propose.llm.parts import why_only_a_part
from kapso.propose.llm.paths import Paths
from kapso.propose.llm.soundness import Wrong, within_blocks
from kapso.propose.llm.text import Text
from kapso.propose.protocol import Workspace

MOST_TOLD = 5
"""What is wrong with more edits than these is not told in full."""
_MOST_SEARCHED = 200
"""Files that are searched for lines whose file is not named."""


class Draft:
    """`wrong` is what cannot be carried out, `refused` the paths that may not be changed, with the reason."""

    def __init__(self, workspace: Workspace, paths: Paths, is_complete: bool) -> None:
        self.wrong: list[Wrong] = []
        self.refused: dict[str, str] = {}
        self._workspace = workspace
        self._paths = paths
        self._is_complete = is_complete
        self._made: dict[str, bytes | None] = {}
        self._touched: set[str] = set()

    def changes(self) -> dict[str, bytes | None]:
        """What becomes of each path that is not left as it was; None: deleted."""
        return {path: content for path, content in self._made.items() if self._workspace.get(path) != content}

    def take(self, edits: Sequence[Edit]) -> None:
        """Carry out the edits, whole files first."""
        changes: dict[str, list[Change]] = {}
        previous: str | None = None
        edits = list(dict.fromkeys(edits))  # some models say the same twice
        for edit in edits:
            if isinstance(edit, Broken):
                self._note(edit.label, edit.what, "")
            elif isinstance(edit, Change):
                previous = self._file_of(edit, previous)
                must_exist = previous not in changes and not _is_blank(edit)
                if previous is not None and self._may_change(previous, edit.label, must_exist=must_exist):
                    changes.setdefault(previous, []).append(edit)
            elif isinstance(edit, Deletion) and self._may_change(edit.path, edit.label, must_exist=True):
                self._made[edit.path] = None
        wholes = self._wholes([each for each in edits if isinstance(each, Whole)], changes)
        self._touched = {*changes, *self._made, *(path for path, _ in wholes)}
        for path, whole in wholes:
            self._rewrite(path, whole, changes)
        for path, wanted in changes.items():
            self._change(path, wanted)

    # Files

    def _file_of(self, change: Change, previous: str | None) -> str | None:
        """The file of a change: the one it names, the only one, the one before it, the only one it fits."""
        if change.path is not None or previous in self.refused:
            return change.path or previous
        if self._paths.only is not None:
            return self._paths.only
        if previous is not None and previous in self._workspace and _found(self._text(previous), change):
            return previous
        fits = [
            path
            for path in self._paths.editable[:_MOST_SEARCHED]
            if _found(Text.of(self._workspace[path]), change)
        ]
        if len(fits) == 1 or (not fits and previous is not None):
            return fits[0] if fits else previous
        among = f" It fits {', '.join(f'`{path}`' for path in fits[:5])}." if fits else ""
        self._note(
            change.label, "does not say which file it is for", f"Put the path on the line before it.{among}"
        )
        return None

    def _may_change(self, path: str, label: str, *, must_exist: bool = False) -> bool:
        """Whether the path may change; where it may not, that is noted."""
        if path in self._workspace:
            return True
        if (why := self._why_refused(path)) is not None:
            self.refused[path] = why
            return False
        if must_exist:
            near = get_close_matches(path, self._paths.editable, n=1)
            meant = (
                f"Did you mean `{near[0]}`?"
                if near
                else "Name a file that exists, or send the whole new one."
            )
            self._note(label, f"is for `{path}`, which does not exist", meant)
        return not must_exist

    def _why_refused(self, path: str) -> str | None:
        """Why a path that there is not may not be added."""
        if posixpath.isabs(path) or path.split("/")[0] == ".." or not path.isprintable():
            return f"`{path}` is no path within the program"
        if any(path.startswith(f"{each}/") or each.startswith(f"{path}/") for each in self._paths.editable):
            return f"`{path}` is in the way of a file or folder that there is"
        try:
            self._workspace[path] = b""
        except PermissionError as error:
            return str(error)
        del self._workspace[path]
        return None

    def _text(self, path: str) -> Text:
        return Text.of(self._made.get(path) or self._workspace.get(path, b""))

    # Whole files

    def _wholes(self, wholes: Sequence[Whole], changes: Iterable[str]) -> list[tuple[str, Whole]]:
        """The files in full, with their paths. A block of code that nothing heads counts only where there is
        no other edit and it can be the whole of a file; beside others it is an illustration."""
        headed = [each for each in wholes if each.is_headed]
        if headed or changes or self._made or self.wrong or self.refused:
            taken = [(each.path, each) for each in headed if each.path is not None]
            return [
                (path, each) for path, each in taken if path not in changes or self._can_be_all(path, each)
            ]
        named = [(each.path or self._paths.only, each) for each in wholes]
        likely = [(path, each) for path, each in named if path is not None and self._can_be_all(path, each)]
        if wholes and len(likely) != 1 and len({path for path, _ in likely}) != len(wholes):
            self.wrong.append(
                Wrong(
                    "a block of code does not say what it replaces",
                    "Your reply holds code in a fenced block, but not which file it is in full. If it is a "
                    "whole file, put its path on the line before the fence; if it is a part of one, send a "
                    "SEARCH/REPLACE block with the lines that it replaces.",
                )
            )
            return []
        return likely

    def _can_be_all(self, path: str, whole: Whole) -> bool:
        """Whether it has so many lines that it can be the file in full."""
        there = sum(1 for line in Text.of(self._workspace.get(path, b"")).lines if line.strip())
        return 2 * sum(1 for line in whole.lines if line.strip()) >= there

    def _rewrite(self, path: str, whole: Whole, changes: Iterable[str]) -> None:
        if not self._may_change(path, whole.label):
            return
        if not whole.is_closed and not self._is_complete:
            self._note(
                whole.label,
                f"ends in the middle of `{path}`",
                "Its fence is not closed: send less, or blocks.",
            )
        elif path in self._made or (path in changes and path in self._workspace):
            self._note(
                whole.label, f"gives `{path}` a second time", "Send a file once: in full, or in blocks."
            )
        elif whole.is_new and self._workspace.get(path, b"").strip():
            self._note(
                whole.label, f"adds `{path}`, which exists", "Send what changes in it, or the whole file."
            )
        else:
            before = self._workspace.get(path, b"")
            lines = within_blocks(before, without_numbers(whole.lines))
            part = why_only_a_part(path, Text.of(before).lines, lines, self._workspace, self._touched)
            if part is not None:
                self._note(whole.label, part.what, part.feedback)
            else:
                self._made[path] = Text.of(before).anew(lines).encoded()

    # Changes

    def _change(self, path: str, wanted: Sequence[Change]) -> None:
        """All at once where each finds its place in the file as it is, else one after the other."""
        if path in self._made and self._made[path] is None:
            self._note(
                wanted[0].label, f"changes `{path}`, which another edit deletes", "Do one or the other."
            )
            return
        text = self._text(path)
        found = [_found(text, change) for change in wanted]
        alone = [each[0] for each in found if len(each) == 1]
        if len(alone) == len(wanted) and _are_apart(alone):
            self._made[path] = text.with_places(alone).encoded()
            return
        as_it_was = text
        for change, at_first in zip(wanted, found, strict=True):
            now = at_first if text is as_it_was else _found(text, change)
            if len(now) == 1 and len(at_first) < 2:
                text = text.with_places(now)
            else:
                self._explain(path, change, text, at_first if len(at_first) > 1 else now)
        self._made[path] = text.encoded()

    def _explain(self, path: str, change: Change, text: Text, found: Sequence[Place]) -> None:
        """What the model has to know to put right a change that has no place, or several."""
        search, replace = change.readings[-1] if change.at is None else change.readings[0]
        if _is_blank(change):
            self._note(
                change.label,
                f"searches for nothing in `{path}`",
                "Only a new file takes that. Repeat the line before the new ones in the SEARCH part (or as "
                "context of the hunk) and in the REPLACE part.",
            )
        elif found:
            lines = ", ".join(str(place.start + 1) for place in found[:8])
            self._note(
                change.label,
                f"fits `{path}` in {len(found)} places",
                f"They begin at the lines {lines}. Repeat more of the lines around the one that you mean.",
            )
        elif len(self.wrong) >= MOST_TOLD:
            self._note(change.label, f"searches for lines that are not in `{path}`", "")
        elif places(text.lines, replace, replace) and any(line.strip() for line in replace):
            self._note(
                change.label,
                f"searches for lines that are not in `{path}`",
                "What should replace them stands there already: leave this edit out, or search for what is "
                "there.",
            )
        else:
            self._note(
                change.label, f"searches for lines that are not in `{path}`", _nearest(path, text, search)
            )

    def _note(self, label: str, what: str, feedback: str) -> None:
        self.wrong.append(
            Wrong(f"{label} {what}", f"{label.capitalize()} of your reply {what}. {feedback}".strip())
        )


def _is_blank(change: Change) -> bool:
    return all(not line.strip() for search, _ in change.readings for line in search)


def _found(text: Text, change: Change) -> list[Place]:
    """Where the change fits by the first of its readings that fits at all; of several places, those that may
    change, and of these the one at the line that a diff claims."""
    for search, replace in change.readings:
        if not any(line.strip() for line in search):
            if not any(line.strip() for line in text.lines):
                return [Place(0, len(text.lines), replace)]
            continue
        if found := places(text.lines, search, replace):
            found = _within_blocks(text, found) if len(found) > 1 else found
            claimed = [place for place in found if place.start + 1 == change.at]
            return claimed if len(found) > 1 and claimed else found
    return []


def _within_blocks(text: Text, found: list[Place]) -> list[Place]:
    """The places that lie in blocks which may change, where the file has any; all of them if none does."""
    blocks = evolve_blocks("".join(f"{line}\n" for line in text.lines))
    if blocks is None:
        return found
    starts = list(accumulate((len(line) + 1 for line in text.lines), initial=0))
    inside = [
        place
        for place in found
        if any(start <= starts[place.start] and starts[place.stop] <= stop for start, stop in blocks)
    ]
    return inside or found


def _are_apart(found: Sequence[Place]) -> bool:
    inner = sorted((place.start, place.stop) for place in found)
    return all(a[1] <= b[0] for a, b in zip(inner, inner[1:], strict=False))


def _nearest(path: str, text: Text, search: Sequence[str]) -> str:
    near = nearest(text.lines, search)
    if near is None:
        return f"Nothing in `{path}` is like them: copy the lines to be replaced from the file as it is now."
    shown = "\n".join(near.lines)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", shown)), 3)
    first, last = near.start + 1, near.start + len(near.lines)
    where = f"is its line {first}" if first == last else f"are its lines {first} to {last}"
    return (
        f"Nearest {where}:\n"
        f"{fence}\n{shown}\n{fence}\n"
        f"The first that differs: you wrote `{near.asked}`, the file has `{near.has}`. Copy them exactly."
    )
