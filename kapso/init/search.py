"""Finds a goal for a folder: programs and ways to score them, tried one after the other until one works."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from kapso.errors import KapsoError, UsageError
from kapso.init import peers
from kapso.init.folder import Folder, stem
from kapso.init.imports import local_imports
from kapso.init.kinds import programs
from kapso.init.program import Draft, Program
from kapso.init.scorers import find_scorers, is_scorer
from kapso.init.scoring import Wishes, drafts
from kapso.init.trial import Choose, Say, Unfit, Works, attempt, prepared

_MOST_TRIALS = 12
_MOST_PROGRAMS = 4
_PATIENCE_S = 300.0
"""No further way is tried after so long; one that is being tried ends by its own time limits."""
_LACKS_PACKAGE = "No module named"
_SCORER = (
    'write a script that judges it and prints one JSON object such as {"score": 1.5} (say evaluate.py), '
    "commit it and call `kapso init` again; or name a command: `kapso init --evaluate 'python3 judge.py'`"
)
_ARGUMENTS = "say how it is started: `kapso init --run 'COMMAND WITH ARGUMENTS'`; or "


@dataclass(frozen=True)
class Failed:
    """A way that was tried, and why it does not work."""

    program: Program
    how: str
    unfit: Unfit


def find_goal(folder: Folder, wishes: Wishes, choose: Choose, say: Say) -> Works:
    """The first goal that works. UsageError with one sentence on what is missing where none does."""
    failures: list[Failed] = []
    until = time.monotonic() + _PATIENCE_S
    if found := peers.look(folder):
        return _try_peers(folder, [_finished(draft, wishes) for draft in found], wishes, choose, say)
    for program in _candidates(folder, wishes)[:_MOST_PROGRAMS]:
        works = _try_program(folder, program, wishes, choose, say, failures)
        if works is not None:
            return works
        if len(failures) >= _MOST_TRIALS or time.monotonic() > until:
            break
    raise _nothing_works(folder, failures)


def _try_peers(folder: Folder, drafts: list[Draft], wishes: Wishes, choose: Choose, say: Say) -> Works:
    *others, last = drafts
    try:
        _check_run(last, wishes)
        for draft in others:
            try:
                return attempt(folder, draft, choose, say)
            except Unfit as unfit:
                say(f"  no: {unfit.reason}")
        return attempt(folder, last, choose, say)
    except Unfit as unfit:
        raise UsageError(
            f"this is a folder in the style of another tool ({last.how}), but {unfit.reason}",
            help=unfit.help or "make the unchanged program run, commit, and call `kapso init` again",
            slug="does-not-run",
        ) from unfit


def _try_program(
    folder: Folder, program: Program, wishes: Wishes, choose: Choose, say: Say, failures: list[Failed]
) -> Works | None:
    say(f"found: {program.kind}")
    try:
        program = prepared(folder, program, say)
    except Unfit as unfit:
        failures.append(Failed(program, "", unfit))
        return None
    start = len(failures)
    for draft in drafts(folder, program, wishes):
        if draft.run and any(each.unfit.is_of_run for each in failures[start:]):
            continue
        try:
            _check_run(draft, wishes)
            return attempt(folder, _finished(draft, wishes), choose, say)
        except Unfit as unfit:
            say(f"  no: {unfit.reason}")
            failures.append(Failed(program, draft.how, unfit))
    if not failures[start:]:
        failures.append(Failed(program, "", Unfit(_unscored(program), _SCORER)))
    lacks_package = any(_LACKS_PACKAGE in each.unfit.reason for each in failures[start:])
    if program.fallback is not None and lacks_package:
        return _try_program(folder, program.fallback, wishes, choose, say, failures)
    return None


def _check_run(draft: Draft, wishes: Wishes) -> None:
    """Raises Unfit where the user said how the program is started, and this way would not start it so."""
    if wishes.run and not draft.run:
        raise Unfit(
            f"`--run '{wishes.run}'` would not be used, as what scores it starts the program by itself",
            "leave `--run` out, or name a scorer that reads what the program leaves: `--evaluate COMMAND`",
        )


def _as_one(command: str) -> str:
    """A command that a redirection may follow."""
    return f"({command})" if set(command) & set(";&|") else command


def _unscored(program: Program) -> str:
    reason = "nothing in the folder scores it"
    return f"{reason}, and its tests fail as it stands: {program.left_out}" if program.left_out else reason


def _candidates(folder: Folder, wishes: Wishes) -> list[Program]:
    """The programs, those first that a scorer of the folder works on."""
    found = list(programs(folder))
    if wishes.edit:
        usual = [each for each in found if each.build or set(each.edit) & set(wishes.edit)]
        base = usual[0] if usual else Program("program", wishes.edit[0], ())
        kind = f"program in `{', '.join(wishes.edit)}`"
        run = _as_one(wishes.run) or base.run
        return [replace(base, kind=kind, edit=wishes.edit, build_files=(), run=run)]
    judged = _judged_modules(folder, found)
    if wishes.run:
        found = [replace(each, run=_as_one(wishes.run)) for each in found]
    return [*judged, *found]


def _judged_modules(folder: Folder, found: list[Program]) -> list[Program]:
    """Modules that a Python scorer imports, where no program is found that they are part of."""
    if any(not each.kind.startswith(("Python", "shell")) for each in found):
        return []
    judged: list[Program] = []
    for scorer in find_scorers(folder, ""):
        names = local_imports(folder, scorer.path) if scorer.path.endswith(".py") else set()
        modules = sorted(name for name in names if not is_scorer(folder, name) and folder.text(name).strip())
        if not modules:
            continue
        covering = [each for each in found if set(modules) & set(each.edit)]
        base = covering[0] if covering else (found[0] if found else Program("", "", (), tools=("python3",)))
        direct = next((name for name in modules if stem(name) in folder.text(scorer.path)), modules[0])
        judged.append(
            replace(base, kind=f"Python module `{direct}`", main=direct, edit=tuple(modules), run="")
        )
    return judged


def _finished(draft: Draft, wishes: Wishes) -> Draft:
    """The draft with an objective, in the words of the user where there are any."""
    about = " ".join(draft.program.about.split())[:300]
    objective = wishes.objective or draft.objective or f"Make `{draft.program.main}` score better."
    if about and not wishes.objective:
        objective += f" What it is: {about.rstrip('.')}."
    return replace(draft, objective=objective)


def _nothing_works(folder: Folder, failures: list[Failed]) -> KapsoError:
    """One sentence: what was found, and what stands in the way of scoring it."""
    if not failures:
        return _nothing_found(folder)
    told = min(failures, key=_how_far)
    kind, unfit = told.program.kind, told.unfit
    if not told.how or unfit.is_of_run:
        rest = f"but {unfit.reason}"
        slug = "does-not-run" if unfit.is_broken or not told.how else "nothing-scores"
    else:
        rest, slug = f"and {told.how}, but {unfit.reason}", "nothing-scores"
    help = unfit.help or (_ARGUMENTS + _SCORER if unfit.is_of_run and unfit.is_broken else _SCORER)
    return UsageError(f"found a {kind}, {rest}", help=help, slug=slug)


def _how_far(failed: Failed) -> int:
    """What stands in the way most of all: a tool or a build, then a scorer that fails, then the rest."""
    if not failed.how:
        return 0
    if "scores it" in failed.how:
        return 1
    return 2 if failed.unfit.is_of_run else 3


def _nothing_found(folder: Folder) -> KapsoError:
    notebooks = folder.ending(".ipynb")
    if notebooks:
        name = notebooks[0]
        return UsageError(
            f"`{name}` is a notebook, whose code and output stand in one file: attempts need a program",
            help=f"`jupyter nbconvert --to script {name}` writes one: commit it and call `kapso init` again",
            slug="notebook",
        )
    shown = ", ".join(f"`{name}`" for name in folder.all_files[:4])
    return UsageError(
        f"no program that `kapso init` knows is committed in `{folder.path}` (it holds {shown})",
        help="it knows Python, C and C++ with make or CMake, Rust with cargo, Node, Go and shell; "
        "for others say `kapso init --edit 'src/**' --evaluate COMMAND`",
        slug="no-program",
    )
