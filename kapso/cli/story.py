"""The text of `kapso show`: a story about one attempt, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.attempt import BASELINE, Attempt, rfc3339
from kapso.cli.output import coloured_diff, styled, table
from kapso.wording import dollars, duration, number, printable, printable_lines, signed, size

if TYPE_CHECKING:
    from kapso.cli.show import Story
    from kapso.memory.episode import Stage
    from kapso.propose.ablate.dissection import Part
    from kapso_knowledge import Node

DIFF_LINES = 60
LOG_LINES = 20


@dataclass(frozen=True)
class Section:
    """A part of the story. Its lines are indented by two, and safe to print."""

    title: str
    lines: Sequence[str]


def render(story: Story, *, full: bool) -> Iterator[str]:
    """The lines that `kapso show` prints; `full` cuts nothing."""
    first, *facts = head(story)
    yield styled(first, "bold")
    yield from facts
    before = [*idea(story), Section("metrics", _metrics(story)), *grounds(story)]
    for section in (*before, *_course(story, full)):
        yield ""
        yield styled(section.title, "bold")
        yield from section.lines


def idea(story: Story) -> Iterator[Section]:
    """What it wanted, and why it failed if it did."""
    attempt = story.episode.attempt
    if attempt.hypothesis:
        yield Section("hypothesis", _indented(attempt.hypothesis))
    if attempt.reason:
        yield Section("reason", _indented(attempt.reason))


def grounds(story: Story) -> Iterator[Section]:
    """What it was made with and told of, and what was said about it."""
    attempt = story.episode.attempt
    if attempt.parameters:
        yield Section("parameters", _mapping(attempt.parameters))
    if attempt.feedback:
        yield Section("feedback", _indented(attempt.feedback))
    told, withheld = attempt.lessons, [each for each in attempt.withheld if each not in attempt.lessons]
    others = [each for each in attempt.predicted if each not in (*told, *withheld)]
    if told:
        yield Section("lessons that were recalled", _lessons(story, told))
    if withheld:
        yield Section("lessons that were left out, to measure them", _lessons(story, withheld))
    if others:
        yield Section("lessons that were about it", _lessons(story, others))
    if story.knowledge:
        yield Section("from the library", _knowledge(story.knowledge))
    if story.hints:
        yield Section("hints to the run", _hints(story))
    if story.holdout is not None:
        yield Section("hold-out (never shown to proposers)", _held_out(story.holdout))


def parts(story: Story, is_terminal: bool | None = None) -> Iterator[Section]:
    """What the parts of its diff earn, where that is known."""
    if story.dissection is not None and story.dissection.is_known:
        yield Section("what each hunk of its diff against the base earns", _parts(story, is_terminal))


def _course(story: Story, full: bool) -> Iterator[Section]:
    """How it was evaluated, where it came from, what it changed, what it printed."""
    if story.episode.stages:
        yield Section("commands", stage_table(story.episode.stages))
    yield Section("lineage", [_ancestor(ancestor) for ancestor in story.lineage])
    if story.patch:
        yield Section(_diff_title(story), _first(coloured_diff(story.patch), None if full else DIFF_LINES))
    yield from parts(story)
    if story.log is not None:
        lines = printable_lines(story.log.rstrip("\n")).split("\n")
        kept = lines if full else lines[-LOG_LINES:]
        yield Section(f"log ({story.log_file})", [f"  {line}" for line in kept])


def head(story: Story) -> Iterator[str]:
    """Who it is, then how it ended, a fact a line."""
    attempt = story.episode.attempt
    name = "baseline" if attempt.number == BASELINE else f"attempt {attempt.number}"
    best = ", the best" if attempt.number == story.run.best_attempt else ""
    yield f"{name} of {story.run.run}: {printable(attempt.title)}"
    if story.front and story.front.is_sought and attempt.number in story.front.numbers:
        best += ", on the front"
    demoted = " (its lead did not hold)" if story.episode.is_demoted else ""
    if story.episode.is_passed_over and not demoted:
        demoted = " (its score leads, which may be luck)"
    yield f"outcome   {attempt.outcome}{f', {attempt.verdict}' if attempt.verdict else ''}{demoted}{best}"
    yield f"score     {number(attempt.score)} (baseline {number(story.run.baseline)})"
    yield f"proposer  {attempt.proposer}"
    yield f"branch    {attempt.branch}"
    yield f"commit    {attempt.commit}"
    cost = f", {dollars(attempt.cost)}" if attempt.cost else ""
    yield f"time      {duration(attempt.duration_s)}, ended {attempt.finished:%Y-%m-%d %H:%M:%S} UTC{cost}"
    if attempt.sandbox:
        yield f"sandbox   {attempt.sandbox}"


def _lessons(story: Story, ids: Iterable[str]) -> list[str]:
    """Each with what it says, and the probability of what it expects as it was set before the result."""
    predicted, lines = story.episode.attempt.predicted, []
    for id in ids:
        lesson = story.lessons.get(id)
        said = printable(lesson.statement) if lesson else "not known here"
        event = f"{lesson.expects}: " if lesson and lesson.expects else ""
        odds = f"; predicted {event}{predicted[id]:.0%}" if id in predicted else ""
        lines.append(f"  {id}  {f'{lesson.kind}: ' if lesson else ''}{said}{odds}")
    return lines


def _metrics(story: Story) -> list[str]:
    """This attempt's metrics beside those of its first parent and of the best."""
    attempt = story.episode.attempt
    columns: dict[str, Mapping[str, float]] = {"this": attempt.metrics}
    shown = {attempt.number}
    for parent in story.parents[:1]:
        is_best = " (best)" if parent.number == story.run.best_attempt else ""
        columns[f"parent {parent.number}{is_best}"] = parent.metrics
        shown.add(parent.number)
    if story.best and story.best.number not in shown:
        columns[f"best {story.best.number}"] = story.best.metrics
    names = sorted({name for metrics in columns.values() for name in metrics})
    if not names:
        return ["  none"]
    rows = [[name, *(number(metrics.get(name)) for metrics in columns.values())] for name in names]
    text = table(["", *columns], rows, right=range(1, len(columns) + 1))
    return [f"  {line}" for line in text.split("\n")]


def _hints(story: Story) -> list[str]:
    """Each hint of the run; those that came too late for this attempt say so."""
    started = rfc3339(story.episode.attempt.started)
    return [
        f"  {hint.time[:16].replace('T', ' ')}  {printable(hint.text)}"
        + (" (later than this attempt)" if hint.time > started else "")
        for hint in story.hints
    ]


def _knowledge(nodes: Mapping[str, Node | None]) -> list[str]:
    """What the libraries told this attempt: each node with its place."""
    from kapso.recall.hits import where

    return [
        f"  {id}  " + (printable(f"{node.title}  ({where(node)})") if node else "forgotten since")
        for id, node in nodes.items()
    ]


def stage_table(stages: Sequence[Stage]) -> list[str]:
    """The commands as a table."""
    rows = [
        [
            stage.name,
            stage.stopped_by or ("-" if stage.exit_code is None else f"exit {stage.exit_code}"),
            duration(stage.seconds),
            duration(stage.cpu_seconds),
            "-" if stage.rss_bytes is None else size(stage.rss_bytes),
            stage.command,
        ]
        for stage in stages
    ]
    text = table(["STAGE", "ENDED", "TIME", "CPU", "MEMORY", "COMMAND"], rows, right={2, 3, 4})
    return [f"  {line}" for line in text.split("\n")]


def _ancestor(attempt: Attempt) -> str:
    others = "".join(f" + {parent}" for parent in attempt.parents[1:])
    score = number(attempt.score) if attempt.is_scored else str(attempt.outcome)
    return f"  {attempt.number:>5}{others}  {score:>12}  {printable(attempt.title)}"


def _diff_title(story: Story) -> str:
    stat = story.episode.diff
    extent = f", {stat.files} file{'s' * (stat.files != 1)}, +{stat.added} -{stat.removed}" if stat else ""
    return f"diff against attempt {story.parents[0].number}{extent}"


def _parts(story: Story, is_terminal: bool | None) -> list[str]:
    """The hunks with what is known about them, and the smallest diff that keeps the score."""
    assert story.dissection is not None
    rows = []
    for part in story.dissection.parts:
        rows.append([part.what, _gain(part), str(part.effect)])
        rows += [[f"  {edit.what}", _gain(edit), str(edit.effect)] for edit in part.edits]
    text = table(["PART", "GAIN", "EFFECT"], rows, right={1}, is_terminal=is_terminal)
    lines = [f"  {line}" for line in text.split("\n")]
    if (less := story.dissection.smallest) is not None:
        lines.append(
            f"  attempt {less.attempt.number} keeps the score with {less.share}: kapso apply --smallest"
        )
    return lines


def _gain(part: Part) -> str:
    return "" if part.gain is None else signed(part.gain)


def _mapping(values: Mapping[str, object]) -> list[str]:
    return [f"  {key}: {printable(str(value))}" for key, value in values.items()]


def _held_out(said: Mapping[str, object]) -> list[str]:
    """The metrics first, one a line, then whatever else the hold-out command said."""
    metrics = said.get("metrics")
    rest = {key: value for key, value in said.items() if key != "metrics" and value}
    return _mapping(metrics if isinstance(metrics, dict) else {}) + _mapping(rest)


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in printable_lines(text.strip()).split("\n")]


def _first(lines: Sequence[str], count: int | None) -> list[str]:
    if count is None or len(lines) <= count:
        return list(lines)
    return [*lines[:count], styled(f"… {len(lines) - count} more lines: --full shows them", "dim")]
