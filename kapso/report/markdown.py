"""The report as Markdown for a CI job's summary: the same numbers, the diff folded away.

Text from a run is hostile here, too: every sign that Markdown or HTML could take for markup goes in as a
character reference, and the diff into a fence that nothing in it can close.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.errors import KapsoError
from kapso.report import tallies, words
from kapso.report.facts import Facts
from kapso.report.learnt import what_was_learnt
from kapso.report.page import change, ending, verdict
from kapso.report.words import APART, OPEN_NETWORK, TOGETHER
from kapso.wording import dollars, duration, number, printable, printable_lines, signed

MOST_DIFF_LINES = 400
MOST_DIFF = 60_000
"""Characters; GitHub drops a step's summary beyond 1 MiB."""
_MOST_CAUSES = 8
_MOST_FRONT = 12
_MOST_PROPOSERS = 12
_MOST_PARTS = 40
_MOST_LESSONS = 8
_LONGEST = 300
_MARKUP = re.compile(r"[&<>`*_\[\]|~#@\\:$]|(?<=www)\.", re.IGNORECASE)
"""Emphasis, links, code, tables, HTML; mentions, issues, addresses, emoji and formulas."""


def to_markdown(facts: Facts) -> str:
    """A section about the run, to be appended to whatever stands before."""
    return "\n".join(["", *_lines(facts), ""])


def failure_note(error: KapsoError) -> str:
    """A section that says why there is no result to tell of."""
    lines = ["", "## Kapso failed", "", f"**What failed:** {escaped(error.message)}"]
    if error.where:
        lines += ["", code(error.where)]
    if error.help:
        lines += ["", f"**What to do:** {escaped(error.help)}"]
    return "\n".join([*lines, "", ""])


def escaped(text: str) -> str:
    """`text` on one line, with nothing in it that Markdown, HTML or GitHub would act on."""
    line = printable(" ".join(text[: 4 * _LONGEST].split()))
    cut = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", cut)


def code(text: str) -> str:
    """`text` as code; in an element, because backticks cannot hold every text."""
    return f"<code>{escaped(text)}</code>"


def _lines(facts: Facts) -> Iterator[str]:
    run = facts.run
    gain = change(facts)
    scores = " → ".join(map(number, facts.scores)) + (f" ({gain})" if gain else "")
    yield f"## Kapso: {escaped(run.goal)} {scores}, {verdict(facts)[0]}"
    yield ""
    yield from _warnings(facts)
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _facts(facts):
        yield f"| {name} | {value} |"
    yield from _proposers(facts)
    yield from _front(facts)
    yield from _causes(facts)
    yield from _learnt(facts)
    yield from _diff(facts)
    yield ""
    yield f"`kapso report {run.run}` writes the whole report, `kapso apply {run.run}` brings the best home."


def _warnings(facts: Facts) -> Iterator[str]:
    """What weakens the result stands first."""
    weak = [
        f"Sandbox level `{escaped(level)}`. {words.SANDBOX.get(level, '')}".strip()
        for level, _ in tallies.sandbox_levels(facts)
        if level != "bubblewrap"
    ]
    if facts.goal is not None and facts.goal.sandbox.network:
        weak.append(OPEN_NETWORK)
    if facts.goal is not None and not facts.goal.is_judged_apart:
        weak.append(TOGETHER)
    if weak:
        yield "> [!WARNING]"
        yield from (line for each in weak for line in (f"> {each}", ">"))
        yield ""


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    run = facts.run
    yield "Run", code(run.run)
    if run.objective:
        yield "Objective", escaped(run.objective)
    yield "Score", f"{code(run.metric or 'score')}, {'more' if run.maximize else 'less'} is better"
    yield "Confirmation", escaped(verdict(facts)[1])
    yield "Status", escaped(ending(facts))
    missed = sum(not each.is_scored for each in facts.tried)
    yield "Attempts", f"{run.attempts}: {len(facts.improvements)} new bests, {missed} not scored"
    if staged := tallies.stages(facts):
        yield "Stages", escaped("; ".join(staged))
    if run.cost is not None:
        yield "Cost", f"{dollars(run.cost)}"
    levels = tallies.sandbox_levels(facts)
    yield "Sandbox", ", ".join(code(level) for level, _ in levels) or "unknown"
    if facts.goal is not None and facts.goal.is_judged_apart:
        yield "Judge", APART
    if facts.best is not None and facts.is_improved:
        yield "Best", f"attempt {facts.best.number}, {code(facts.best.title)}"
        yield "Branch", code(facts.best.branch)
    yield from _holdout(facts)


def _holdout(facts: Facts) -> Iterator[tuple[str, str]]:
    said = facts.holdout.get(facts.run.best_attempt) if facts.run.best_attempt is not None else None
    if said is not None:
        metrics = tallies.held_out(said)
        told = ", ".join(f"{code(name)} {number(value)}" for name, value in list(metrics.items())[:8])
        yield "Hold-out of the best", told or escaped(str(said.get("reason") or "no metric"))


def _proposers(facts: Facts) -> Iterator[str]:
    shares = tallies.shares(facts)
    if not shares:
        return
    yield ""
    yield "| Proposer | Attempts | Better | New bests | Gain | Time | Cost |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for share in shares[:_MOST_PROPOSERS]:
        cost = "-" if share.cost is None else dollars(share.cost)
        yield (
            f"| {code(share.proposer)} | {share.attempts} | {share.better} | {share.improvements} "
            f"| {number(share.gain)} | {duration(share.seconds)} | {cost} |"
        )


def _front(facts: Facts) -> Iterator[str]:
    """What none beats in every metric, where the run is after that."""
    if not facts.front or facts.goal is None:
        return
    metrics = facts.goal.metrics
    yield ""
    yield f"| On the front | {' | '.join(f'{code(each.name)}, {each.goal}' for each in metrics)} | |"
    yield f"| ---: |{' ---: |' * len(metrics)} --- |"
    for attempt in facts.front[:_MOST_FRONT]:
        values = " | ".join(number(attempt.metrics[each.name]) for each in metrics)
        best = " (best)" if attempt.number == facts.run.best_attempt else ""
        yield f"| {attempt.number}{best} | {values} | {code(attempt.title)} |"


def _causes(facts: Facts) -> Iterator[str]:
    causes = tallies.causes(facts.tried)
    if not causes:
        return
    yield ""
    yield "| Not scored | Outcome | Why | First |"
    yield "| ---: | --- | --- | ---: |"
    for cause in causes[:_MOST_CAUSES]:
        yield f"| {cause.count} | {cause.outcome} | {code(cause.cause)} | {cause.first} |"


def _parts(facts: Facts) -> Iterator[str]:
    """What each hunk earns, and what keeps the score with less."""
    found = facts.dissection
    if found is None or not found.is_known:
        return
    yield "| Hunk | Gain | Effect |"
    yield "| --- | ---: | --- |"
    for part in found.parts[:_MOST_PARTS]:
        gain = "-" if part.gain is None else signed(part.gain)
        yield f"| {code(part.what)} | {gain} | {part.effect} |"
    yield ""
    if found.smallest is not None:
        less = found.smallest
        yield (
            f"Attempt {less.attempt.number} keeps the score with {less.share}: "
            f"`kapso apply {facts.run.run} --smallest`"
        )
        yield ""


def _learnt(facts: Facts) -> Iterator[str]:
    learnt = what_was_learnt(facts)
    if not learnt:
        return
    yield ""
    yield "| Learnt | Sure | Value | Attempts |"
    yield "| --- | ---: | ---: | ---: |"
    for each in learnt[:_MOST_LESSONS]:
        value = "-" if each.lesson.value is None else signed(each.lesson.value)
        said, sure = escaped(each.lesson.statement), f"{100 * each.lesson.confidence:.0f} %"
        yield f"| {each.lesson.id} {said} | {sure} | {value} | {each.attempts} |"


def _diff(facts: Facts) -> Iterator[str]:
    if not facts.diff:
        return
    lines = printable_lines(facts.diff[:MOST_DIFF].rstrip("\n")).split("\n")
    longest = max((len(run) for run in re.findall("`+", facts.diff)), default=0)
    fence = "`" * max(longest + 1, 3)
    extent = facts.extent
    files = "1 file" if extent and extent.files == 1 else f"{extent.files if extent else 0} files"
    size = f": {files}, +{extent.added} −{extent.removed} lines" if extent else ""
    yield ""
    yield f"<details><summary>What the best changed{size}</summary>"
    yield ""
    yield from _parts(facts)
    yield f"{fence}diff"
    yield from lines[:MOST_DIFF_LINES]
    yield fence
    if len(lines) > MOST_DIFF_LINES or len(facts.diff) > MOST_DIFF:
        yield f"The diff is longer: `kapso diff {facts.run.run}` shows all of it."
    yield ""
    yield "</details>"
