"""The rows of the list of attempts: what columns say, how they sort, what a filter lets through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import cell_len, set_cell_size

from kapso.attempt import BASELINE, Attempt
from kapso.report.tallies import kind_of
from kapso.wording import duration, number, printable, signed
from kapso_tui.glyphs import Glyphs

if TYPE_CHECKING:
    from kapso_tui.watch.flight import Flight
    from kapso_tui.watch.run import RunWatch


class Row(NamedTuple):
    """A line: an attempt, or (`folded`) those children of attempt `number` that led nowhere."""

    number: int
    prefix: str = ""
    folded: tuple[int, ...] = ()
    is_open: bool = False


@dataclass(frozen=True)
class Column:
    """`key` is what it sorts by; `from_width` is how wide the list must be to show it."""

    name: str
    title: str
    width: int
    from_width: int = 0
    is_right: bool = False
    key: Callable[[Attempt, RunWatch], Any] = lambda attempt, watch: attempt.number


def _delta(attempt: Attempt, watch: RunWatch) -> float | None:
    """What it gained over its first parent."""
    parent = watch.attempts.get(attempt.parents[0]) if attempt.parents else None
    if parent is None or parent.score is None or attempt.score is None:
        return None
    return attempt.score - parent.score


COLUMNS = (
    Column("number", "#", 0, is_right=True),
    Column("mark", "", 2, key=lambda attempt, watch: None),
    Column("result", "RESULT", 9, key=lambda attempt, watch: result_of(attempt, watch)),
    Column("score", "SCORE", 9, is_right=True, key=lambda attempt, watch: attempt.score),
    Column("delta", "+/-", 9, 66, is_right=True, key=_delta),
    Column("proposer", "PROPOSER", 8, 56, key=lambda attempt, watch: attempt.proposer),
    Column("time", "TIME", 6, 76, is_right=True, key=lambda attempt, watch: attempt.duration_s),
    Column("title", "TITLE", 0, key=lambda attempt, watch: attempt.title),
)
SORTABLE = tuple(column.name for column in COLUMNS if column.name != "mark")
BY_NAME = {column.name: column for column in COLUMNS}
_BEST_FIRST = ("score", "delta")


def result_of(attempt: Attempt, watch: RunWatch) -> str:
    """In a word: the verdict of a scored attempt, how any other one ended."""
    if attempt.number == BASELINE:
        return "baseline"
    if not attempt.is_scored:
        return str(attempt.outcome)
    if attempt.number in watch.demoted:
        return "demoted"
    return str(attempt.verdict) if attempt.verdict else "scored"


def table_rows(watch: RunWatch, sort: str, is_reversed: bool, shown: Iterable[int]) -> list[Row]:
    """Rows in the order of a column: the latest, the best score first; what is unknown last either way.

    What is in flight comes before all of it.
    """
    key = BY_NAME[sort].key
    known: list[tuple[Any, int]] = []
    unknown: list[int] = []
    for each in shown:
        value = key(watch.attempts[each], watch)
        if value is None:
            unknown.append(each)
        else:
            known.append((value, each))
    is_high_first = sort == "number" or (
        sort in _BEST_FIRST and (not watch.summary or watch.summary.maximize)
    )
    known.sort(reverse=is_high_first is not is_reversed)
    flights = sorted(watch.flights.values(), key=lambda each: (not each.is_waiting, -each.number))
    rows = [Row(each.number) for each in flights]
    rows += [Row(each) for _, each in known]
    return rows + [Row(each) for each in sorted(unknown, reverse=True)]


# Filter

_TERM = re.compile(r'(outcome|proposer|verdict|result):(\S*)|"([^"]*)"|(\S+)')


def matcher(text: str) -> Callable[[Attempt, RunWatch], bool] | None:
    """Whether an attempt fits all words of `text`; None where there are none.

    `outcome:`, `proposer:`, `verdict:` and `result:` ask of a column, other words stand anywhere.
    """
    terms = [(match[1], match[2] or match[3] or match[4] or "") for match in _TERM.finditer(text.lower())]
    if not terms:
        return None

    def fits(attempt: Attempt, watch: RunWatch) -> bool:
        return all(_fits(attempt, watch, field, value) for field, value in terms)

    return fits


def _fits(attempt: Attempt, watch: RunWatch, field: str | None, value: str) -> bool:
    if field == "outcome":
        return str(attempt.outcome).startswith(value)
    if field == "proposer":
        return attempt.proposer.lower().startswith(value)
    if field == "verdict":
        return (str(attempt.verdict) if attempt.verdict else "").startswith(value)
    if field == "result":
        return result_of(attempt, watch).startswith(value)
    return (
        value in attempt.title.lower()
        or value in attempt.hypothesis.lower()
        or value in attempt.proposer
        or value == str(attempt.number)
        or (attempt.reason is not None and value in attempt.reason.lower())
    )


# What stands in the columns


def visible(width: int, first: int) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, with their widths; `first` is the one of the numbers."""
    columns = [
        (column, first if column.name == "number" else column.width)
        for column in COLUMNS
        if column.from_width <= width
    ]
    taken = sum(size for _, size in columns) + len(columns) - 1
    return [(column, max(width - taken, 4) if column.name == "title" else size) for column, size in columns]


def cells_of(attempt: Attempt, watch: RunWatch, signs: Glyphs) -> dict[str, str]:
    """What each column says of an attempt that landed."""
    delta = _delta(attempt, watch)
    title = printable(attempt.title)
    if not attempt.is_scored:
        title += f" ({printable(attempt.reason or 'no reason given')})"
    if len(attempt.parents) > 1:
        title += f" (from {' and '.join(map(str, attempt.parents))})"
    return {
        "number": str(attempt.number),
        "mark": mark_of(attempt, watch, signs),
        "result": result_of(attempt, watch),
        "score": short_number(attempt.score, 9),
        "delta": signed(delta) if delta is not None else "",
        "proposer": attempt.proposer if attempt.number != BASELINE else "",
        "time": duration(attempt.duration_s),
        "title": title,
    }


def mark_of(attempt: Attempt, watch: RunWatch, signs: Glyphs) -> str:
    """What sets it apart: the best, one that led, one whose lead did not hold; and a bookmark."""
    facts = watch.facts
    kind = kind_of(attempt, facts) if facts else ""
    if watch.summary and attempt.number == watch.summary.best_attempt:
        mark = signs.best
    elif kind == "demoted":
        mark = signs.demoted
    elif attempt.number in watch.passed_over:
        mark = signs.passed_over
    else:
        mark = signs.leader if kind == "best" else " "
    return mark + (signs.bookmark if attempt.number in watch.bookmarks else " ")


def flight_cells(flight: Flight, watch: RunWatch, signs: Glyphs) -> dict[str, str]:
    """What each column says of an attempt that is under way."""
    since = (datetime.now(UTC) - datetime.fromisoformat(flight.started)).total_seconds()
    return {
        "number": str(flight.number),
        "mark": signs.waiting if flight.is_waiting else signs.flight,
        "result": state_of(flight, watch),
        "score": "",
        "delta": "",
        "proposer": flight.proposer,
        "time": f"{max(since, 0.0):.0f}s" if since < 59.5 else duration(since) if watch.is_live else "",
        "title": printable(flight.title) or "the proposer has not said yet",
    }


def state_of(flight: Flight, watch: RunWatch) -> str:
    """What is being done about an attempt that has not landed."""
    if flight.is_waiting:
        return "waits"
    if not watch.is_live:
        return "pending"
    return "running" if flight.commit else "proposing"


def short_number(value: float | None, width: int) -> str:
    """As many of seven significant digits as fit."""
    text = number(value)
    digits = 7
    while len(text) > width and digits > 1 and value is not None:
        digits -= 1
        text = f"{value:.{digits}g}"
    return text


def fit(text: str, width: int, signs: Glyphs, *, is_right: bool = False) -> str:
    """`text` in exactly `width` cells, wide characters counted as two."""
    if text.isascii():
        if len(text) <= width:
            return text.rjust(width) if is_right else text.ljust(width)
        return text[: max(width - 1, 0)] + signs.cut[:width]
    taken = cell_len(text)
    if taken > width:
        return set_cell_size(text, max(width - 1, 0)) + signs.cut[:width]
    return " " * (width - taken) + text if is_right else text + " " * (width - taken)


def first_width(rows: Sequence[Row]) -> int:
    """Cells that the numbers take, with the lines of the tree before them."""
    return max((len(row.prefix) + len(str(row.number)) for row in rows if not row.folded), default=3)
