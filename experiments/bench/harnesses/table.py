"""The tables of the bench, in Markdown, and all figures as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harnesses.killed import Killed
from harnesses.race import Figures, reached_by_all
from harnesses.sides import SIDES

Kills = Mapping[str, Sequence[Killed]]


def page(found: Mapping[str, Figures], kills: Kills, command: str) -> str:
    parts = ["# Harnesses", f"Made by `{command}`."]
    if found:
        parts += [race_table(found), same_score(found)]
    if kills:
        parts += ["## kill -9", kills_table(kills)]
    return "\n\n".join(parts) + "\n"


def race_table(found: Mapping[str, Figures]) -> str:
    """Each harness a row, in the order of the race."""
    head = [
        "harness",
        "an evaluation runs in",
        "replies",
        "seconds in all",
        "of them to start",
        "and to end",
        "ms an iteration, first tenth",
        "last tenth",
        "CPU ms, first tenth",
        "last tenth",
        "MB on disk",
    ]
    rows = [
        [
            SIDES[name].label,
            SIDES[name].isolation,
            f"{each.replies}",
            f"{each.seconds:.1f}",
            f"{each.start_s:.1f}",
            f"{each.end_s:.1f}",
            f"{each.first_ms:.1f}",
            f"{each.last_ms:.1f}",
            f"{each.cpu_first_ms:.0f}",
            f"{each.cpu_last_ms:.0f}",
            f"{each.disk_mb:.1f}",
        ]
        for name, each in found.items()
    ]
    return table(head, rows)


def same_score(found: Mapping[str, Figures]) -> str:
    """Until each of them had the best score that all reached."""
    score = reached_by_all(found)
    rows = []
    for name, each in found.items():
        number, seconds = each.reach(score) or (0, 0.0)
        best = max(score for _, score in each.scores)
        rows.append([SIDES[name].label, f"{number}", f"{seconds:.1f}", f"{best:.4f}"])
    head = ["harness", f"evaluations to reach {score:.4f}", "seconds from the first reply", "best in the end"]
    return table(head, rows)


def kills_table(kills: Kills) -> str:
    """Sums over all kills of a harness."""
    head = ["harness", "kills", "replies paid before", "lost", "evaluations forgotten", "processes left"]
    keys = ("paid", "lost", "forgotten", "processes_left")
    rows = [[SIDES[name].label, f"{len(each)}", *sums(each, *keys)] for name, each in kills.items()]
    return table(head, rows)


def sums(kills: Sequence[Killed], *keys: str) -> list[str]:
    return [str(sum(getattr(each, key) for each in kills)) for key in keys]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(found: Mapping[str, Figures], kills: Kills) -> dict[str, Any]:
    """Everything that was measured, as JSON."""
    race = {
        name: {**asdict(each), "seconds": each.seconds, "first_ms": each.first_ms, "last_ms": each.last_ms}
        for name, each in found.items()
    }
    return {"race": race, "kills": {name: [asdict(one) for one in each] for name, each in kills.items()}}
