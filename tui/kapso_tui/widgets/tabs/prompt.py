"""What models and agents were asked for an attempt and answered, as `kapso show --prompt` has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kapso_tui.widgets.tabs.rows import EMPTY, Row, heading, row, safe, wrapped

MOST_LINES = 5_000


def prompt_rows(calls: Mapping[int, Mapping[str, Any]], proposer: str, width: int) -> list[Row]:
    """Each call with its messages and its reply."""
    from kapso.cli.calls import told_calls

    if not calls:
        told = "no call of a model or an agent is kept for it"
        return list(wrapped(f"{told} (it is by `{proposer}`)" if proposer else told, width, "dim"))
    rows: list[Row] = []
    for piece in told_calls(calls):
        if piece.kind == "call":
            rows += wrapped(safe(piece.text)[0], width, "file")
        elif piece.kind == "heading":
            rows += heading(f"--- {piece.text}")
        else:
            rows += (each for line in safe(piece.text) for each in wrapped(line, width))
        if len(rows) > MOST_LINES:
            return [
                *rows[:MOST_LINES],
                EMPTY,
                row("and more: `kapso show --prompt`", "strong"),
            ]
    return rows
