"""The idea of an attempt: what it wanted, what that rested on, what came of it; as `kapso show` has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kapso.wording import printable
from kapso_tui.widgets.tabs.rows import Row, heading, row, safe, wrapped

if TYPE_CHECKING:
    from kapso.cli.show import Story
    from kapso.cli.story import Section
    from kapso.git.attempts import Pending
    from kapso_tui.watch.flight import Flight


def idea_rows(story: Story, width: int) -> list[Row]:
    """The whole idea of an attempt that landed."""
    from kapso.cli.story import grounds, head, idea, parts

    first, *facts = head(story)
    rows: list[Row] = []
    for line in safe(first):
        rows += wrapped(line, width, "strong")
    for line in facts:
        rows += wrapped(safe(line)[0], width)
    if (found := story.confirmation) is not None:
        from kapso.report.words import how_confirmed

        word = "confirmed" if found.is_confirmed else "not confirmed"
        rows += wrapped(f"held      {word}: {how_confirmed(found)}", width)
    rows += _sections([*idea(story), *grounds(story), *parts(story, is_terminal=False)], width)
    return rows


def flight_rows(flight: Flight, pending: Pending | None, width: int) -> list[Row]:
    """What is known of an attempt that has not landed."""
    state = "waits for your word: `a` approves, `r` rejects" if flight.is_waiting else "under way"
    title = printable(flight.title) or "the idea is on its way"
    rows = list(wrapped(f"attempt {flight.number}: {title}", width, "strong"))
    rows += wrapped(f"outcome   {state}", width, "strong" if flight.is_waiting else "")
    if flight.proposer:
        rows.append(row(f"proposer  {printable(flight.proposer)}"))
    made_from = " + ".join(map(str, flight.parents)) or "the baseline"
    rows.append(row(f"made from {made_from}"))
    if flight.commit:
        rows += wrapped(f"commit    {flight.commit}", width)
    rows.append(row(f"started   {flight.started[:19].replace('T', ' ')} UTC"))
    if flight.hypothesis:
        rows += heading("hypothesis")
        rows += [each for line in safe(flight.hypothesis.strip()) for each in wrapped(f"  {line}", width)]
    if pending is not None and pending.recalled:
        rows += heading("what it was told of")
        rows += wrapped("  " + " ".join(map(printable, pending.recalled)), width)
    return rows


def _sections(sections: Iterable[Section], width: int) -> Iterator[Row]:
    for section in sections:
        yield from heading(section.title)
        for text in section.lines:
            for line in safe(text):
                yield from wrapped(line, width)
