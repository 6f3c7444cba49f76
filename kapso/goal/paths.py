"""Reads what names files, all below the folder: patterns (`edit`, `hide`) and paths (`share`, `keep`, …)."""

from __future__ import annotations

import posixpath
from pathlib import Path

from kapso.goal.item import Item


def read_patterns(item: Item, folder: Path) -> tuple[str, ...]:
    """Patterns in gitignore syntax. A leading `/` ties one to the folder of goal.yaml, as in git."""
    patterns = tuple(_pattern(each, folder) for each in item.items("a pattern or a list of patterns"))
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        raise item.error(
            f"`{item.key}` only takes files away: every pattern starts with `!`",
            help="put a pattern that adds files before them, such as `'**'`",
            slug="bad-pattern",
        )
    return patterns


def read_paths(item: Item, folder: Path) -> tuple[str, ...]:
    """Paths below the folder of goal.yaml, without `./` and trailing slashes."""
    return tuple(read_path(each, folder) for each in item.items("a path or a list of paths"))


def _pattern(item: Item, folder: Path) -> str:
    from pathspec import PathSpec  # 95 ms

    pattern = item.text("a pattern")
    positive = pattern.removeprefix("!")
    _check_below(item, positive, folder)
    try:
        PathSpec.from_lines("gitignore", [pattern])
    except ValueError as error:
        raise item.error(
            f"`{pattern}` is no pattern in gitignore syntax",
            help="write patterns such as `src/**`, `*.py` or `!src/vendored/**`",
            slug="bad-pattern",
        ) from error
    if posixpath.normpath(positive) in {".", "/"}:
        raise item.error(f"`{pattern}` matches no file", help="write `**` for every file", slug="bad-pattern")
    if pattern.startswith("#"):
        raise item.error(
            f"`{pattern}` is a comment in gitignore syntax", help=rf"write `\{pattern}`", slug="bad-pattern"
        )
    return ("!" if pattern != positive else "") + (positive[1:] if positive.startswith("./") else positive)


def read_path(item: Item, folder: Path) -> str:
    """One path below the folder of goal.yaml."""
    written = item.text("a path")
    if written.startswith("/"):
        raise item.error(
            f"`{item.key}`: `{written}` is an absolute path",
            help=_relative_help(item, written, folder),
            slug="path-outside",
        )
    _check_below(item, written, folder)
    path = posixpath.normpath(written)
    if path == "." or ".git" in path.split("/"):
        raise item.error(
            f"`{item.key}`: `{written}` cannot be used as a whole",
            help="name what is needed in it",
            slug="bad-path",
        )
    return path


def _check_below(item: Item, path: str, folder: Path) -> None:
    """A pattern with a leading `/` is no absolute path to git, unless it repeats the folder."""
    is_absolute = path == str(folder) or path.startswith((f"{folder}/", "~"))
    if is_absolute or ".." in path.split("/"):
        what = "is an absolute path" if is_absolute else f"leaves {_anchor(item)}"
        raise item.error(
            f"`{item.key}`: `{path}` {what}", help=_relative_help(item, path, folder), slug="path-outside"
        )


def _anchor(item: Item) -> str:
    return "the current folder" if item.where.startswith("--") else "the folder of goal.yaml"


def _relative_help(item: Item, path: str, folder: Path) -> str:
    help = f"paths are relative to {_anchor(item)} and stay below it"
    inside = path.removeprefix(f"{folder}/")
    return f"{help}; did you mean `{inside}`?" if inside != path else help
