"""Goal files of a repository, and what is wrong with one: read afresh each time, as the user edits them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import KapsoError, UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal, Overrides
    from kapso_tui.actions.processes import Options


@dataclass(frozen=True)
class Checked:
    """A goal file as it stands. `line` is where `error` is, None where that is not in the file."""

    file: Path
    text: str
    goal: Goal | None
    error: KapsoError | None
    line: int | None = None


def find_goals(repository: Repository) -> list[str]:
    """The goal files that git knows of or would take in, by their paths from the root; the topmost first."""
    patterns = ":(glob)**/goal.yaml", ":(glob)**/*goal.yaml"
    out = repository.git.output(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns
    )
    found = {name for name in out.decode("utf-8", "surrogateescape").split("\0") if name}
    return sorted(found, key=lambda name: (name.count("/"), name))


def check_goal(file: Path, options: Options) -> Checked:
    """Read the goal and the options beside it."""
    from kapso.goal import load_goal  # 60 ms

    if "\0" in str(file):
        nothing = UsageError("no file is called so", help="type the path of a goal.yaml", slug="no-such-file")
        return Checked(file, "", None, nothing)
    try:
        file = file / "goal.yaml" if file.is_dir() else file
        text = file.read_bytes()[:1_000_000].decode("utf-8", "replace")
    except OSError:  # said by `load_goal`
        text = ""
    try:
        goal = load_goal(file)
        overrides = overrides_of(options)
        return Checked(file, text, overrides.apply(goal), None)
    except KapsoError as error:
        return Checked(file, text, None, error, line_of(error))


def is_dirty(repository: Repository, checked: Checked) -> bool:
    """Whether there are uncommitted changes beside the goal, which is read from the working tree anyway."""
    goal = os.path.relpath(checked.file, repository.root)
    try:
        return repository.has_uncommitted_changes(None if goal.startswith("..") or "\0" in goal else goal)
    except KapsoError:
        return False


def line_of(error: KapsoError) -> int | None:
    """The line that the error is about."""
    line = (error.where or "").rpartition(":")[2]
    return int(line) if line.isascii() and line.isdigit() else None


def overrides_of(options: Options) -> Overrides:
    """What was typed, as the goal takes it; UsageError names what cannot be read."""
    from kapso.goal import Overrides, parse_duration

    time, parallel, propose = (each.strip() for each in (options.time, options.parallel, options.propose))
    return Overrides(
        attempts=_whole("attempts", options.attempts),
        time_s=parse_duration(time) if time else None,
        cost=_number("cost", options.cost),
        parallel="auto" if parallel == "auto" else _whole("parallel", parallel),
        seed=_whole("seed", options.seed),
        propose=[each.strip() for each in propose.split(",")] if propose else None,
    )


def _whole(name: str, typed: str) -> int | None:
    try:
        return int(typed) if typed.strip() else None
    except ValueError as error:
        raise UsageError(f"`{name}`: a whole number is needed, found `{typed}`", slug="usage") from error


def _number(name: str, typed: str) -> float | None:
    try:
        return float(typed) if typed.strip() else None
    except ValueError as error:
        raise UsageError(f"`{name}`: a number is needed, found `{typed}`", slug="usage") from error
