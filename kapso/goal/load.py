"""Reads a goal: from goal.yaml, from the text that git keeps, or from the options of a command line.

Every mistake ends in a GoalError with file and line; what a later version brings, in NotAvailableYet.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kapso.errors import GoalError
from kapso.goal import sections
from kapso.goal.commands import read_command, read_commands
from kapso.goal.document import read_document
from kapso.goal.item import Item
from kapso.goal.keys import REQUIRED, TOP
from kapso.goal.metrics import read_constraints, read_metrics
from kapso.goal.model import DEFAULT_TIMEOUT_S, Goal
from kapso.goal.names import nearest, quoted
from kapso.goal.overrides import Overrides
from kapso.goal.paths import read_paths, read_patterns
from kapso.goal.scorer import read_evaluate

_LARGEST_BYTES = 1_000_000
_LONGEST_NAME = 100
_NAME = re.compile(r"(?=[^a-z]*[a-z])[a-z0-9-]+", re.ASCII)


def load_goal(path: Path, overrides: Overrides | None = None) -> Goal:
    """The goal in the file at `path` (or in `goal.yaml` of the folder at `path`)."""
    file = path / "goal.yaml" if path.is_dir() else path
    return parse_goal(_read_text(file), file, overrides, shown_as=_shown(file))


def parse_goal(
    text: str, file: Path, overrides: Overrides | None = None, *, shown_as: str | None = None
) -> Goal:
    """The goal in `text`, as if it stood in `file`, which need not exist; its folder anchors all paths."""
    goal = build_goal(read_document(text, shown_as or _shown(file)), file, shown_as or _shown(file))
    return overrides.apply(goal) if overrides else goal


def build_goal(root: Item, file: Path, shown_as: str) -> Goal:
    """The goal whose keys `root` holds, wherever they come from."""
    top = root.mapping(TOP, example="objective: TEXT")
    _check_required(top, shown_as)
    folder = Path(os.path.abspath(file)).parent.resolve()
    readers = {**_SETTINGS, **_file_readers(folder), **_command_readers(top, folder)}
    given = {key: readers[key](item) for key, item in top.items() if key in readers}
    scorer, memory = given.pop("evaluate"), given.pop("memory", {})
    return Goal(
        **scorer._asdict(),
        **memory,
        **given,
        name=_name(top["name"]) if "name" in top else _name_of(folder, shown_as),
        folder=folder,
        file=folder / file.name,
        lines=_lines(root),
        shown_as=shown_as,
    )


_SETTINGS: dict[str, Callable[[Item], Any]] = {
    "objective": Item.text,
    "metrics": read_metrics,
    "constraints": read_constraints,
    "repeats": sections.read_repeats,
    "propose": sections.read_proposers,
    "prompts": partial(Item.text, what="the path of a folder"),
    "search": sections.read_search,
    "budget": sections.read_budget,
    "stop": sections.read_stop,
    "sandbox": sections.read_sandbox,
    "approve": Item.boolean,
    "knowledge": sections.read_knowledge,
    "memory": sections.read_memory,
}


def _file_readers(folder: Path) -> dict[str, Callable[[Item], Any]]:
    """Which files there are and what may happen to them."""
    return {
        "repo": partial(_repository, folder=folder),
        "base": _revision,
        "edit": partial(_edit, folder=folder),
        "hide": partial(read_patterns, folder=folder),
        "share": partial(read_paths, folder=folder),
        "keep": partial(read_paths, folder=folder),
    }


def _command_readers(top: Mapping[str, Item], folder: Path) -> dict[str, Callable[[Item], Any]]:
    """Every command with its own time limit, or the one that `timeout` sets for all."""
    timeout_s = top["timeout"].duration() if "timeout" in top else DEFAULT_TIMEOUT_S
    one = partial(read_command, timeout_s=timeout_s)
    return {
        **dict.fromkeys(("setup", "build", "run", "holdout"), one),
        "check": partial(read_commands, timeout_s=timeout_s),
        "evaluate": partial(read_evaluate, timeout_s=timeout_s, folder=folder, run=top.get("run")),
    }


def _check_required(top: Mapping[str, Item], shown_as: str) -> None:
    missing = [key for key in REQUIRED if key not in top]
    if missing:
        word = "keys" if len(missing) > 1 else "key"
        examples = {"objective": "TEXT", "edit": "FILES", "evaluate": "COMMAND"}
        raise GoalError(
            f"the goal lacks the required {word} {quoted(missing)}",
            where=shown_as,
            help="add " + ", ".join(f"`{key}: {examples[key]}`" for key in missing),
            slug="missing-key",
        )


def is_goal_name(name: str) -> bool:
    """Whether a goal may be called so."""
    return _NAME.fullmatch(name) is not None and len(name) <= _LONGEST_NAME


def _name(item: Item) -> str:
    name = item.word("a name")
    if not is_goal_name(name):
        near = slug(name)
        raise item.error(
            f"`{name}` is no name for a goal",
            help=f"it has a letter, and only the characters `a-z`, `0-9` and `-` (at most {_LONGEST_NAME})"
            + (f"; did you mean `{near}`?" if is_goal_name(near) else ""),
            slug="bad-name",
        )
    return name


def _name_of(folder: Path, shown_as: str) -> str:
    name = slug(folder.name)
    if not is_goal_name(name):
        raise GoalError(
            f"no name can be made of the folder's name `{folder.name}`",
            where=shown_as,
            help="add `name: my-goal`, of the characters `a-z`, `0-9` and `-`",
            slug="bad-name",
        )
    return name


def slug(text: str) -> str:
    """What comes nearest to `text` of the characters that a name may have."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_NAME].strip("-")


def _edit(item: Item, folder: Path) -> tuple[str, ...]:
    patterns = read_patterns(item, folder)
    if not patterns:
        raise item.error("`edit` names no file", help="name what attempts may change", slug="empty-value")
    return patterns


def _repository(item: Item, folder: Path) -> Path:
    return (folder / os.path.expanduser(item.text("a path"))).resolve()


def _revision(item: Item) -> str:
    revision = item.word("a revision")
    if revision.startswith("-"):
        raise item.error(
            f"`{revision}` is no revision",
            help="name a branch, a tag or a commit, such as `HEAD`",
            slug="bad-name",
        )
    return revision


def _lines(root: Item) -> dict[str, int]:
    lines: dict[str, int] = {}
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item.value, dict | list):
            inner = item.value if isinstance(item.value, list) else list(item.value.values())
            lines |= {each.key: each.line for each in inner if each.line}
            waiting += inner
    return lines


def _shown(file: Path) -> str:
    """The path from the current folder when it lies below it, as people read it."""
    try:
        return str(Path(os.path.abspath(file)).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)


def _read_text(file: Path) -> str:
    if not file.exists():
        raise GoalError(
            f"there is no goal file `{_shown(file)}`", help=_nearest_file(file), slug="no-such-file"
        )
    if not file.is_file():
        raise GoalError(
            f"`{_shown(file)}` is no regular file", help="give the path of a goal.yaml", slug="no-such-file"
        )
    try:
        content = file.read_bytes()
    except OSError as error:
        raise GoalError(
            f"`{_shown(file)}` cannot be read: {error.strerror}",
            help="check its permissions",
            slug="unreadable",
        ) from error
    if len(content) > _LARGEST_BYTES:
        raise GoalError(
            f"`{_shown(file)}` is too large for a goal", help="is it the right file?", slug="unreadable"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise GoalError(
            "this is no UTF-8 text",
            where=f"{_shown(file)}:{line}",
            help="save the file as UTF-8",
            slug="yaml-syntax",
        ) from error


def _nearest_file(file: Path) -> str:
    folder = file.parent
    try:
        found = [each.name for each in folder.iterdir() if each.suffix in {".yaml", ".yml"}]
    except OSError:
        return f"there is no folder `{_shown(folder)}`"
    if found:
        return f"did you mean `{_shown(folder / nearest(file.name, found))}`?"
    return "give the path of a goal.yaml, or start without one: `kapso run --edit FILES --evaluate COMMAND`"
