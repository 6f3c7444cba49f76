"""`kapso lessons`: what was learnt; one lesson with its evidence; what people decide about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.lessons_shared import SHARING
from kapso.cli.output import json_option, print_json, styled, table
from kapso.memory.lessons import in_words
from kapso.memory.lessons.lesson import Kind, Lesson, Status
from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.lessons.lesson import Sighting

ids_argument = click.argument("ids", nargs=-1, required=True, metavar="ID...")


@click.group(invoke_without_command=True)
@click.option(
    "--kind", "kinds", type=click.Choice([*map(str, Kind)]), multiple=True, help="Only such lessons."
)
@click.option(
    "--status", "statuses", type=click.Choice([*map(str, Status)]), multiple=True, help="Only such."
)
@click.option("--goal", metavar="NAME", help="Only what holds for a goal of this name, as it stands for it.")
@click.option("--run", metavar="RUN", help="Only what this run saw.")
@click.option("--user", is_flag=True, help="Your own lessons, of goals with `memory: {user: true}`.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@json_option
@click.pass_context
def lessons(
    ctx: click.Context,
    kinds: tuple[str, ...],
    statuses: tuple[str, ...],
    goal: str | None,
    run: str | None,
    user: bool,
    limit: int | None,
    as_json: bool,
) -> int:
    """What was learnt: lessons with their evidence, most useful first.

    A lesson is counted from attempts; its confidence follows what it predicted before results were known,
    its value what recalling it was worth. One in quarantine is never recalled, one that is retired neither.

    \b
    kapso lessons --status active
    kapso lessons show L4821
    kapso lessons retire L4821 --why "the parser is gone"
    kapso lessons export -o lessons.md
    kapso lessons pull origin
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from kapso.memory.lessons.known import judged, known_lessons
    from kapso.memory.lessons.user import UserMemory

    known = judged(UserMemory().lines(), goal) if user else known_lessons(_open(), goal)
    found = [each for each in known if _is_wanted(each, kinds, statuses, goal, run)][:limit]
    if as_json:
        print_json(*(each.to_json() for each in found))
    elif found:
        print(_table(found))
    else:
        click.echo(
            "no lesson is like that" if known else "nothing was learnt yet: runs learn as they go", err=True
        )
    return 0


def _is_wanted(
    lesson: Lesson, kinds: Sequence[str], statuses: Sequence[str], goal: str | None, run: str | None
) -> bool:
    return (
        (not kinds or lesson.kind in kinds)
        and (not statuses or lesson.status in statuses)
        and (goal is None or not lesson.scope.goals or goal in lesson.scope.goals)
        and (run is None or any(each.startswith(run) for each in lesson.line.sightings))
    )


def _table(found: Sequence[Lesson]) -> str:
    header = ("LESSON", "KIND", "STATUS", "CONFIDENCE", "VALUE", "ATTEMPTS", "STATEMENT")
    rows = [
        (
            each.id,
            str(each.kind),
            in_words.standing(each),
            f"{each.confidence:.2f}",
            "-" if each.value is None else f"{each.value:+.2f}",
            str(in_words.attempts(each)),
            each.statement,
        )
        for each in found
    ]
    return table(header, rows, right={3, 4, 5})


@lessons.command()
@click.argument("id")
@json_option
def show(id: str, as_json: bool) -> None:
    """Everything about one lesson: what each run saw, the attempts and commits that speak for and against it.

    The beginning of an id is enough.

    \b
    kapso lessons show L4821
    """
    from kapso.memory.lessons.known import branches, find_lesson, known_lessons, whole_json

    repository = _open()
    lesson = find_lesson(known_lessons(repository), id)
    branch_of = branches(repository)
    if as_json:
        print_json(whole_json(lesson, branch_of))
    else:
        print("\n".join(_story(lesson, branch_of)))


def _story(lesson: Lesson, branch_of: dict[tuple[str, int], str]) -> Iterator[str]:
    from kapso.memory.lessons.guard import foreign_runs

    yield styled(f"{lesson.id}: {printable(lesson.statement)}", "bold")
    why = f": {printable(lesson.why)}" if lesson.why else ""
    yield f"kind        {lesson.kind}{', pinned' if lesson.is_pinned else ''}"
    yield f"status      {lesson.status}{why}"
    yield f"confidence  {lesson.confidence:.2f}"
    if lesson.expects is not None:
        yield f"value       {in_words.worth(lesson)}"
    yield f"scope       {printable(in_words.scope(lesson))}"
    yield f"about       {lesson.line.subject.about}: {printable(in_words.brief(lesson.line.subject.told))}"
    if lesson.expects is not None:
        yield f"predicted   {in_words.record(lesson)}"
    foreign = foreign_runs(lesson.line)
    for run, sighting in lesson.line.sightings.items():
        yield ""
        pulled = ", pulled" if run in foreign else ""
        yield styled(f"{printable(run)} ({printable(sighting.goal)}{pulled})", "bold")
        yield from _seen(sighting, branch_of)
    if lesson.line.marks:
        yield ""
        yield styled("history", "bold")
        for mark in lesson.line.marks:
            said = f": {printable(mark.why)}" if mark.why else ""
            when = mark.time[:19].replace("T", " ")
            yield f"  {printable(when)}  {printable(mark.change)} by {printable(mark.by)}{said}"


def _seen(sighting: Sighting, branch_of: dict[tuple[str, int], str]) -> Iterator[str]:
    yield f"  concerned {in_words.ends(sighting.concerned)}"
    if sighting.others.total:
        yield f"  others    {in_words.ends(sighting.others)}"
    if sighting.detail:
        yield f"  found     {printable(in_words.brief(sighting.detail))}"
    for each in sighting.examples:
        branch = branch_of.get((sighting.run, each.attempt), "not here: `kapso pull` brings runs")
        yield f"  {each.speaks:<7}  attempt {each.attempt}  {each.commit[:12]}  {branch}"


def _open() -> Repository:
    from kapso.git.repository import Repository

    return Repository.open(Path.cwd())


@lessons.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--quarantined", is_flag=True, help="All that are in quarantine.")
@json_option
def forget(ids: tuple[str, ...], quarantined: bool, as_json: bool) -> None:
    """Drop lessons for good, and take from others no more what they say of the same.

    What attempts here show again is learnt again.

    \b
    kapso lessons forget L4821
    kapso lessons forget --quarantined
    """
    from kapso.errors import UsageError
    from kapso.memory.lessons.known import find_lesson, known_lessons
    from kapso.memory.lessons.ledger import Ledger

    if not ids and not quarantined:
        raise UsageError(
            "nothing is said to be forgotten", help="name lessons, or `--quarantined`", slug="no-lesson-named"
        )
    repository = _open()
    repository.check_writable()
    known = known_lessons(repository) if ids else []
    keys = {find_lesson(known, each).line.subject.key for each in ids}
    ledger = Ledger(repository)
    keys |= set(ledger.quarantined()) if quarantined else set()
    count = ledger.forget(keys, "Lessons forgotten")
    if as_json:
        print_json({"forgotten": count})
    else:
        print(f"{plural(count, 'lesson')} forgotten")


def _decision(change: str, help: str) -> None:
    """A command that marks lessons with `change`."""

    @json_option
    @click.option("--why", default="", metavar="TEXT", help="Kept with the decision.")
    @ids_argument
    def decide(ids: tuple[str, ...], why: str, as_json: bool) -> None:
        _mark(change, ids, why, as_json)

    lessons.command(change, help=help)(decide)


def _mark(change: str, ids: Sequence[str], why: str, as_json: bool) -> None:
    from kapso.memory.lessons.known import decide

    decided = decide(_open(), change, ids, " ".join(why.split()))
    if as_json:
        print_json(*(each.to_json() for each in decided))
        return
    for each in decided:
        why = f" ({printable(each.why)})" if each.why else ""
        print(f"{each.id}: {in_words.standing(each)}{why}")


for _change, _help in {
    "retire": "Let no attempt be told of these lessons any more.",
    "restore": "Take back that lessons were retired or put into quarantine.",
    "pin": "Hold lessons to be true and never let them retire by themselves.",
    "unpin": "Let evidence decide about pinned lessons again.",
    "trust": "Let what others saw of these lessons count as if it were seen here.",
    "quarantine": "Keep lessons, and let no attempt be told of them, until they are restored.",
}.items():
    _decision(_change, f'{_help}\n\n\b\nkapso lessons {_change} L4821 --why "what you know"')

for _command in SHARING:
    lessons.add_command(_command)
