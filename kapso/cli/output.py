"""How commands print: JSON Lines, aligned tables, numbers and durations. Results go to stdout alone."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from kapso.wording import printable, printable_lines

F = TypeVar("F", bound=Callable[..., Any])

COLOURS = {"red": "1;31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}


def json_option(command: F) -> F:
    """`--json`, which every command takes."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")(command)


def print_json(*objects: Mapping[str, Any]) -> None:
    """One line of strict JSON an object, in one write: what is not a finite number is null."""
    sys.stdout.write("".join(f"{_json(value)}\n" for value in objects))


def _json(value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def styled(text: str, colour: str, is_terminal: bool | None = None) -> str:
    """`text` in `colour` on a terminal, as it is elsewhere or where NO_COLOR is set."""
    wanted = sys.stdout.isatty() if is_terminal is None else is_terminal
    if not wanted or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    is_terminal: bool | None = None,
) -> str:
    """Columns two spaces apart; `right` names those aligned to the right; a terminal cuts long lines."""
    wanted = sys.stdout.isatty() if is_terminal is None else is_terminal
    lines = [list(header), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    limit = shutil.get_terminal_size().columns if wanted else None
    text = []
    for line in lines:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(_cut("  ".join(cells).rstrip(), limit))
    text[0] = styled(text[0], "dim", wanted)
    return "\n".join(text)


def _cut(line: str, limit: int | None) -> str:
    return line if limit is None or len(line) <= limit else line[: limit - 1] + "…"


def coloured_diff(text: str) -> list[str]:
    """A diff for a person: coloured on a terminal, with what could steer the terminal escaped."""
    colours = {"+": "green", "-": "red", "@": "dim", "d": "bold"}
    lines = printable_lines(text.rstrip("\n")).split("\n")
    return [styled(line, colours[line[0]]) if line[:1] in colours else line for line in lines]


def write_bytes(data: bytes) -> None:
    """`data` to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def how_called() -> str:
    """What to type for `kapso` here: the name where PATH finds it, else the path that was called."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{Path(sys.executable).name} -m kapso"
    found = shutil.which("kapso")
    if found is None or not called.exists() or not os.path.samefile(found, called):
        relative = os.path.relpath(called)
        return relative if not relative.startswith("..") else str(called.absolute())
    return "kapso"


def crash_log(text: str) -> str:
    """Append `text` to the log of unexpected errors and return where that is."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    try:
        log = Path(base, "kapso", "errors.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
        return str(log)
    except OSError:
        with tempfile.NamedTemporaryFile("w", prefix="kapso-error-", suffix=".log", delete=False) as spare:
            spare.write(text)
        return spare.name
