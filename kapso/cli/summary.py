"""The last thing that `kapso run` prints: what came of it, what confirmed it, and what to type next."""

from __future__ import annotations

from pathlib import Path

from kapso.attempt import BASELINE
from kapso.cli.output import how_called, styled
from kapso.loop.campaign import Ending
from kapso.loop.confirm import Confirmation
from kapso.loop.session import Result
from kapso.report.matters import sentence
from kapso.report.words import ENDINGS, how_confirmed, how_it_held, how_staged
from kapso.wording import dollars, duration, number, percent, plural, printable


def summary(result: Result) -> str:
    """Some ten lines for a person."""
    lines = [
        "",
        f"{result.run}: {plural(result.attempts, 'attempt')} in {duration(result.elapsed_s)}{_cost(result)}; "
        f"{ENDINGS[result.ending]}",
        *(f"  {line}" for line in how_staged(result.stages)),
    ]
    if count := len(result.waiting):
        lines.append(f"  {plural(count, 'attempt')} still wait{'s' * (count == 1)} for approval")
    if result.ending is Ending.INTERRUPTED:
        lines += _so_far(result)
        lines += ["", f"nothing is lost; go on with: {how_called()} resume {result.run}"]
        if result.waiting:
            lines.append(f"decide meanwhile with: {how_called()} approve {result.run}")
        return "\n".join(lines)
    if result.confirmation is None or not result.confirmation.is_confirmed:
        lines += [_not_improved(result), *_learnt(result), "", *_next(result, _after_nothing(result))]
        return "\n".join(lines)
    lines += [*_improved(result, result.confirmation), *_learnt(result)]
    smaller = ("smallest",) if result.smallest else ()
    lines += ["", *_next(result, ("diff", "apply", *smaller, "graph"))]
    if result.best_left_in:
        branch = f"kapso/{result.run}/best"
        lines.append(f"note: {branch} is checked out in {result.best_left_in}, so it was left where it is")
    return "\n".join(lines)


def _cost(result: Result) -> str:
    return f" for {dollars(result.cost)}" if result.cost else ""


def _so_far(result: Result) -> list[str]:
    if result.baseline is None or result.best is None:
        return ["  the baseline has not been scored yet"]
    return [f"  best so far: {number(result.baseline.score)} → {number(result.best.score)} (not confirmed)"]


def _after_nothing(result: Result) -> tuple[str, ...]:
    """What helps where nothing was gained: looking at what was tried, if anything was, and trying more."""
    if result.attempts == 0:
        return ("doctor",)
    return ("ls", "show") if result.ending is Ending.EXHAUSTED else ("ls", "show", "resume")


def _not_improved(result: Result) -> str:
    baseline = number(result.baseline.score if result.baseline else None)
    if result.ending is Ending.TARGET and result.best is not None and result.best.number == BASELINE:
        return f"  the baseline of {baseline} meets the target already"
    return f"  no improvement over the baseline of {baseline} was confirmed"


def _improved(result: Result, found: Confirmation) -> list[str]:
    assert result.best is not None and result.baseline is not None
    before = result.baseline.score if found.before is None else found.before
    after = result.best.score if found.after is None else found.after
    scores = f"  {number(before)} → {number(after)}{percent(before, after)}"
    chosen = "" if after == result.best.score else f" (scored {number(result.best.score)} when it was tried)"
    lines = [
        styled(scores, "green") + f"  confirmed: {how_confirmed(found)}",
        f"  attempt {result.best.number}: {printable(result.best.title)}{chosen}",
        f"  branch  {result.best.branch}",
    ]
    if (changed := _size(result)) is not None:
        lines.append(f"  diff    {changed}")
    if (less := result.smallest) is not None:
        lines.append(f"  attempt {less.attempt} keeps that score with {less.share}{how_it_held(less)}")
    if result.importance:
        lines.append(f"  matters {sentence(result.importance)}")
    return lines


def _learnt(result: Result) -> list[str]:
    """What it learnt, in a line; nothing where that is nothing or cannot be read."""
    from kapso.errors import KapsoError
    from kapso.git.repository import Repository
    from kapso.memory.lessons.known import known_lessons
    from kapso.report import learnt

    try:
        with Repository.open(Path(result.repository)) as repository:
            goal = result.run.rpartition("-")[0]
            found = learnt.lessons_of(known_lessons(repository, goal), result.run)
    except KapsoError:
        return []
    return [f"  learnt  {learnt.sentence(found)}"] if found else []


def _size(result: Result) -> str | None:
    from kapso.errors import KapsoError
    from kapso.git.landing import base_of
    from kapso.git.repository import Repository

    try:
        with Repository.open(Path(result.repository)) as repository:
            assert result.best is not None
            changed = repository.diff_stat(base_of(repository, result.run), result.best.commit)
    except (KapsoError, KeyError):
        return None
    return (
        f"{plural(changed.files, 'file')}, {plural(changed.added, 'line')} added, {changed.removed} removed"
    )


def _next(result: Result, names: tuple[str, ...]) -> list[str]:
    kapso = how_called()
    commands = {
        "best": (f"{kapso} best {result.run}", f"the {result.front} attempts on the front"),
        "diff": (f"{kapso} diff {result.run}", "what changed"),
        "apply": (f"{kapso} apply {result.run}", "bring it home as one clean commit"),
        "smallest": (f"{kapso} apply {result.run} --smallest", "only what earns the score"),
        "graph": (f"git log --graph --oneline kapso/{result.run}/best", "how it came about"),
        "ls": (f"{kapso} ls {result.run} --sort score", "what was tried"),
        "show": (f"{kapso} show {result.run} 1", "one attempt in full"),
        "doctor": (f"{kapso} doctor", "whether there is anything to try, and how noisy the score is"),
        "resume": (f"{kapso} resume {result.run} --attempts {2 * max(result.attempts, 1)}", "search on"),
        "approve": (f"{kapso} approve {result.run}", "decide about what waits, then:"),
        "decided": (f"{kapso} resume {result.run}", "go on with it"),
    }
    if result.waiting:
        names = (*(name for name in names if name != "resume"), "approve", "decided")
    if result.front > 1:
        names = ("best", *names)
    width = max(len(commands[name][0]) for name in names)
    return ["next:", *(f"  {commands[name][0].ljust(width)}  {commands[name][1]}" for name in names)]
