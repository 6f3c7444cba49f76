"""What the shell completes: runs, attempts and lessons, asked of git alone, as a key press must not wait."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_NAMED = {"best": "the best so far", "baseline": "the unchanged program"}
_GOALS = "refs/kapso/*/goal"
_BRANCHES = "refs/heads/kapso/"
_LESSONS = "refs/kapso/memory:lessons.jsonl"
_LESSON = re.compile(r'\{"lesson": "(L\d{8})".*?"statement": "([^"\\]*)')


class _Completed(click.types.StringParamType):
    """Text that `complete` knows the beginnings of."""

    name = "text"

    def __init__(self, complete: Completer) -> None:
        self._complete = complete

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return self._complete(ctx, param, incomplete)


def complete(group: click.Group, instruction: str) -> int:
    """What the completion of a shell asks for (`bash_source`, `zsh_complete`, …), by click's own protocol."""
    from click.shell_completion import shell_complete

    return shell_complete(group, {}, "kapso", "_KAPSO_COMPLETE", instruction)


def with_completion(command: click.Command) -> click.Command:
    """The command, its parameters completed by what their names stand for on every command."""
    for parameter in command.params:
        if parameter.name in _COMPLETERS:
            parameter.type = _Completed(_COMPLETERS[parameter.name])
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            with_completion(inner)
    return command


def _complete_run(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of runs, the latest first."""
    return _items(_runs(ctx), incomplete)


def _complete_run_and_attempts(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`[RUN] [ATTEMPT]…`: both at first, then the attempts of the run that was named."""
    given: Sequence[str] = ctx.params.get(parameter.name or "") or ()
    runs = _runs(ctx)
    named = _meant(runs, given[0]) if given else next(iter(runs), None)
    attempts = _attempts(ctx, named) if named else {}
    return [*([] if given else _items(runs, incomplete)), *_items(attempts, incomplete)]


def _complete_run_and_candidates(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`[RUN] [ATTEMPT]…` where the attempts are those that have not landed."""
    given: Sequence[str] = ctx.params.get(parameter.name or "") or ()
    runs = _runs(ctx)
    named = _meant(runs, given[0]) if given else next(iter(runs), None)
    candidates = _candidates(ctx, named) if named else {}
    fresh = {number: title for number, title in candidates.items() if number not in given}
    return [*([] if given else _items(runs, incomplete)), *_items(fresh, incomplete)]


def _complete_lessons(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of lessons with what they say."""
    found = map(_LESSON.match, _git(ctx, "cat-file", "blob", _LESSONS))
    return _items({each[1]: each[2] for each in found if each}, incomplete)


def _complete_proposers(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names after the last comma."""
    from kapso.goal.sections import PROPOSERS

    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    names = [name for name in PROPOSERS if name.startswith(last) and name not in taken]
    return [CompletionItem(f"{before}{comma}{name}") for name in names]


_COMPLETERS: dict[str | None, Completer] = {
    "run": _complete_run,
    "runs": _complete_run,
    "arguments": _complete_run_and_attempts,
    "candidates": _complete_run_and_candidates,
    "from_run": _complete_run,
    "propose": _complete_proposers,
    "id": _complete_lessons,
    "ids": _complete_lessons,
}


def _items(names: dict[str, str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=help) for name, help in names.items() if name.startswith(incomplete)]


def _runs(ctx: click.Context) -> dict[str, str]:
    """Run id → when it started."""
    lines = _refs(ctx, "--sort=-creatordate", "--format=%(refname) %(creatordate:relative)", _GOALS)
    found = (line.split(" ", 1) for line in lines)
    return {name.split("/")[2]: when for name, when in found}


def _attempts(ctx: click.Context, run: str) -> dict[str, str]:
    """`best`, `baseline` and every number, each with its title as far as its branch tells."""
    names = (line.rpartition("/")[2] for line in _refs(ctx, "--format=%(refname)", f"{_BRANCHES}{run}/"))
    numbered = (name.partition("-") for name in names if name[:1].isdigit())
    numbers = {str(int(number)): title.replace("-", " ") for number, _, title in numbered}
    numbers.pop("0", None)
    return {**_NAMED, **numbers}


def _candidates(ctx: click.Context, run: str) -> dict[str, str]:
    """The number of every candidate that has not landed, with its title."""
    lines = _refs(ctx, "--format=%(refname:lstrip=-1) %(subject)", f"refs/kapso/{run}/pending/")
    found = (line.split(" ", 1) for line in lines)
    return {str(int(number)): title for number, title in found}


def _meant(runs: dict[str, str], text: str) -> str | None:
    """The run that `text` means: its id, its goal's name or the start of it; the latest for an attempt."""
    if text in runs:
        return text
    if text in _NAMED or text.isdigit():
        return next(iter(runs), None)
    by_goal = (run for run in runs if run.rpartition("-")[0] == text)
    return next(by_goal, None) or next((run for run in runs if run.startswith(text)), None)


def _refs(ctx: click.Context, *arguments: str) -> Iterable[str]:
    """Lines of `git for-each-ref`, none where there is no repository."""
    return _git(ctx, "for-each-ref", *arguments)


def _git(ctx: click.Context, *arguments: str) -> Iterable[str]:
    """The lines that git prints, none where it cannot."""
    folders = ctx.find_root().params.get("folders") or ()
    places = [part for folder in folders for part in ("-C", str(folder))]
    command = ["git", *places, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()
