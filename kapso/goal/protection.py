"""What an attempt may change and what it may not see, told from the goal and a list of paths alone.

Trust rests on this module: whatever `edit` says, goal.yaml, the files that `check`, `evaluate` and
`holdout` name, what `hide` hides and git's own files are never editable. Paths are relative to the
repository's root; `prefix` is the goal's folder seen from there (`Goal.prefix`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.errors import GoalError
from kapso.goal.mentions import Mentions, mentions
from kapso.goal.model import Goal
from kapso.goal.names import is_near, nearest

if TYPE_CHECKING:
    from pathspec import PathSpec

VIRTUAL_ENVIRONMENT = ".venv"
"""Where the Python of a function that judges is looked for, in the folder of goal.yaml."""

_MOST_COMPARED = 2000
"""Comparing two paths takes some 30 us; a help text may not take seconds."""


@dataclass(frozen=True)
class Editable:
    """What attempts may change: what `edit` matches, new files too, less what is protected."""

    prefix: str
    goal_file: str
    patterns: PathSpec[Any]
    judges: Mapping[str, Mentions]
    program: str | None = None
    hidden: PathSpec[Any] | None = None

    @classmethod
    def of(cls, goal: Goal, prefix: str) -> Editable:
        """The editable files of a goal whose folder is `prefix`."""
        commands = {
            "check": [each.command for each in goal.check],
            "evaluate": [stage.words for stage in goal.all_stages],
            "holdout": [goal.holdout.command] if goal.holdout else [],
        }
        judges = {key: mentions(given, prefix) for key, given in commands.items()}
        if any(stage.function for stage in goal.all_stages):
            judges["evaluate"].folders[posixpath.join(prefix, VIRTUAL_ENVIRONMENT)] = VIRTUAL_ENVIRONMENT
        program = None if goal.program is None else posixpath.join(prefix, goal.program)
        hidden = _compile(goal.hide) if goal.hide else None
        goal_file = posixpath.join(prefix, goal.file.name)
        return cls(prefix, goal_file, _compile(goal.edit), judges, program, hidden)

    def matches(self, path: str) -> bool:
        """Whether an attempt may change, add or delete the file at `path`."""
        return self.is_wanted(path) and self.why_protected(path) is None

    def is_wanted(self, path: str) -> bool:
        """Whether `edit` matches `path`, protected or not."""
        return _is_matched(self.patterns, self.prefix, path)

    def why_protected(self, path: str) -> str | None:
        """Why `path` may never be changed; None when it may."""
        if path == self.goal_file:
            return "it is the goal itself"
        if "/.git" in f"/{path}".casefold():
            return "git reads it"
        if path == self.program:
            return None
        for key, found in self.judges.items():
            if (word := found.word_for(path)) is not None:
                return f"the command of `{key}` names it (`{word}`)"
        if self.hidden is not None and _is_matched(self.hidden, self.prefix, path):
            return "`hide` keeps it from the program and its proposers"
        return None


def protected_paths(goal: Goal, prefix: str, tracked: Iterable[str]) -> dict[str, str]:
    """The tracked paths that no attempt may change, each with the reason."""
    editable = Editable.of(goal, prefix)
    reasons = {path: editable.why_protected(path) for path in tracked}
    return {path: reason for path, reason in reasons.items() if reason is not None}


def editable_paths(goal: Goal, prefix: str, tracked: Collection[str]) -> list[str]:
    """The tracked paths that attempts may change, sorted; GoalError when there is none."""
    editable = Editable.of(goal, prefix)
    if goal.program is not None and editable.program not in tracked:
        raise _no_program(goal, goal.program, prefix, tracked)
    wanted = sorted(filter(editable.is_wanted, tracked))
    paths = [path for path in wanted if editable.why_protected(path) is None]
    if not paths:
        raise _all_protected(goal, editable, wanted) if wanted else _nothing_matched(goal, prefix, tracked)
    if editable.program is not None and not editable.matches(editable.program):
        raise _program_not_editable(goal, editable, editable.program)
    return paths


def hidden_paths(goal: Goal, prefix: str, paths: Iterable[str]) -> set[str]:
    """Those of `paths`, tracked or shared, that only the scorer sees.

    By default, what the commands of `evaluate` and `holdout` name when the candidate runs apart.
    """
    if goal.hide is not None:
        patterns = _compile(goal.hide)
        return {path for path in paths if _is_matched(patterns, prefix, path)}
    if not goal.is_judged_apart:
        return set()
    judges = [stage.words for stage in goal.all_stages]
    found = mentions([*judges, goal.holdout.command] if goal.holdout else judges, prefix)
    return {path for path in paths if found.word_for(path) is not None}


def check_hide(goal: Goal, prefix: str, paths: Collection[str]) -> None:
    """GoalError when a pattern of `hide` matches none of `paths`: a slip there would lay the answers open.

    `paths` are the tracked and the shared ones together.
    """
    for pattern in goal.hide or ():
        one = _compile([pattern.removeprefix("!")])
        if not any(_is_matched(one, prefix, path) for path in paths):
            raise GoalError(
                f"`hide: [{pattern}]` matches no tracked or shared file, so it hides nothing",
                where=goal.where("hide"),
                help=_relative_help(pattern, goal, prefix, paths),
                slug="hide-matches-nothing",
            )


def _compile(patterns: Iterable[str]) -> PathSpec[Any]:
    """The last pattern that matches a path or a folder above it decides: `!vendored/` takes all below away.

    Git's own reading would keep the files of a folder whose parent an earlier pattern has matched.
    """
    from pathspec import PathSpec  # 95 ms

    return PathSpec.from_lines("gitignore", patterns)


def _is_matched(patterns: PathSpec[Any], prefix: str, path: str) -> bool:
    inside = _below(prefix, path)
    return inside is not None and patterns.match_file(inside)


def _below(prefix: str, path: str) -> str | None:
    """The path from the folder `prefix`; None when it does not lie below."""
    if not prefix:
        return path
    return path.removeprefix(f"{prefix}/") if path.startswith(f"{prefix}/") else None


def _nothing_matched(goal: Goal, prefix: str, tracked: Collection[str]) -> GoalError:
    wanted = [pattern for pattern in goal.edit if not pattern.startswith("!")]
    missing = next((each for each in wanted if (goal.folder / each.lstrip("/")).exists()), None)
    if missing is not None:
        help = f"`{missing}` exists but is not in `{goal.base}`: commit it, or run with `--dirty`"
    else:
        help = _relative_help(wanted[0], goal, prefix, tracked)
    return GoalError(
        f"`edit: [{', '.join(goal.edit)}]` matches no file at `{goal.base}`",
        where=goal.where("edit"),
        help=help,
        slug="edit-matches-nothing",
    )


def _all_protected(goal: Goal, editable: Editable, wanted: list[str]) -> GoalError:
    path = wanted[0]
    reason = editable.why_protected(path)
    files = f"`{path}`" if len(wanted) == 1 else f"every file ({len(wanted)}, such as `{path}`)"
    help = (
        "a file that a judge names cannot be changed: edit others, or judge them without naming them "
        "(a folder after `cd` does not count; the candidate itself belongs in `run`)"
    )
    named = editable.judges["evaluate"].word_for(path)
    if editable.hidden is not None and _is_matched(editable.hidden, editable.prefix, path):
        help = "what is hidden cannot be changed: take it out of `hide`, or edit others"
    elif named and not goal.is_judged_apart and path != editable.goal_file:
        program = _below(editable.prefix, path) or path
        in_file = f"`evaluate: {{command: …, program: {program}}}`"
        said = in_file if goal.has_file else f"`--program {program}`"
        help += f"; if it is what the scorer judges, say so: {said}"
    return GoalError(
        f"`edit: [{', '.join(goal.edit)}]` matches {files}, which is protected: {reason}",
        where=goal.where("edit"),
        help=help,
        slug="edit-matches-nothing",
    )


def _no_program(goal: Goal, program: str, prefix: str, tracked: Collection[str]) -> GoalError:
    is_there = (goal.folder / program).exists()
    return GoalError(
        f"`evaluate.program`: there is no `{program}` at `{goal.base}`",
        where=goal.where("evaluate.program"),
        help=f"it exists but is not in `{goal.base}`: commit it, or run with `--dirty`"
        if is_there
        else _relative_help(program, goal, prefix, tracked),
        slug="no-program",
    )


def _program_not_editable(goal: Goal, editable: Editable, path: str) -> GoalError:
    reason = editable.why_protected(path) or "`edit` does not match it"
    return GoalError(
        f"`evaluate.program`: `{goal.program}` may not be changed: {reason}",
        where=goal.where("evaluate.program"),
        help=f"add it to `edit: [{', '.join(goal.edit)}]`, or name the program that attempts change",
        slug="program-not-editable",
    )


def _relative_help(pattern: str, goal: Goal, prefix: str, paths: Collection[str]) -> str:
    help = f"paths are relative to {goal.anchor}"
    meant = _meant(pattern.removeprefix("!"), prefix, paths)
    return f"{help}; did you mean `{meant}`?" if meant else help


def _meant(pattern: str, prefix: str, paths: Collection[str]) -> str | None:
    """The pattern or file that comes nearest to one that matches nothing."""
    plain = pattern.lstrip("/")
    inside = [each for each in (_below(prefix, path) for path in paths) if each is not None]
    if prefix and plain.startswith(f"{prefix}/") and _compile([plain[len(prefix) :]]).match_files(inside):
        return plain.removeprefix(f"{prefix}/")
    last = posixpath.basename(plain.rstrip("/"))
    if last.strip("*"):
        same_kind = _compile([last])
        folders = {
            posixpath.dirname(path) for path in inside if same_kind.match_file(posixpath.basename(path))
        }
        candidates = {posixpath.join(folder, last) for folder in folders} | set(inside[:_MOST_COMPARED])
    else:
        candidates = {posixpath.join(posixpath.dirname(path), last) for path in inside} - {last}
    near = nearest(plain, sorted(candidates)[:_MOST_COMPARED]) if candidates else None
    return near if near and is_near(plain, near) else None
