"""Where two versions of a file differ, line by line, as `git diff` sees it; nothing of any repository."""

from __future__ import annotations

from typing import NamedTuple


class ChangedLines(NamedTuple):
    """`old` lines from the index `old_at` on gave way to `new` lines from `new_at` on; both count from 0."""

    old_at: int
    old: int
    new_at: int
    new: int


def changed_lines(old: bytes, new: bytes) -> list[ChangedLines]:
    """Every stretch of lines that changed, without context, in order."""
    import pygit2  # 77 ms

    patch = pygit2.Patch.create_from(old, new, context_lines=0, interhunk_lines=0)
    return [
        ChangedLines(
            hunk.old_start - (hunk.old_lines > 0),  # git names the line before where nothing was there
            hunk.old_lines,
            hunk.new_start - (hunk.new_lines > 0),
            hunk.new_lines,
        )
        for hunk in patch.hunks
    ]


def unified(old: bytes, new: bytes, path: str, context: int = 3) -> str:
    """The change of one file as a unified diff; a binary one is only named."""
    import pygit2  # 77 ms

    patch = pygit2.Patch.create_from(old, new, context_lines=context)
    hunks = [
        f"{hunk.header}{''.join(line.origin + line.content for line in hunk.lines)}" for hunk in patch.hunks
    ]
    if not hunks and old != new:
        return f"Binary file {path} differs\n"
    return f"--- {path}\n+++ {path}\n{''.join(hunks)}" if hunks else ""
