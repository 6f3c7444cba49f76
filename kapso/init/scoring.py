"""Ways to score a program, the most telling first: a scorer of its own, what it prints, its speed, its tests.

Wherever a scorer can do without the program itself, the program runs apart from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kapso.init.folder import Folder
from kapso.init.program import Draft, Metric, Program
from kapso.init.scorers import Reads, Scorer, find_scorers, written_files

_PRINTED = "$KAPSO_OUT/printed.txt"
_SPEED = Metric("run.cpu_seconds", "minimize")
_LEAST_CPU_S, _LEAST_TEST_CPU_S = 0.1, 1.0
_BASE = ".kapso-base"
_TIMES = "time|elapsed|took|second|[0-9] ?ms"


@dataclass(frozen=True)
class Wishes:
    """What the user has said already; empty where nothing was said."""

    objective: str = ""
    edit: tuple[str, ...] = ()
    run: str = ""
    evaluate: str = ""


def drafts(folder: Folder, program: Program, wishes: Wishes) -> Iterator[Draft]:
    """The ways to score `program`, to be tried one after the other."""
    if wishes.evaluate:
        yield _asked(program, wishes)
        return
    for scorer in find_scorers(folder, program.main, program.python):
        yield from _scored(folder, program, scorer)
    for target in program.targets:
        yield _target(program, target)
    if program.run:
        yield _self_scored(program)
        yield _faster(program, _same(program), "what it prints must stay the same")
        yield _faster(program, _same_but_times(program), "what it prints, times aside, must stay the same")
        if program.suite:
            yield _faster(program, "true", "its tests must pass")
    if program.suite:
        yield _faster_tests(program)


def _asked(program: Program, wishes: Wishes) -> Draft:
    return Draft(
        program,
        how=f"`{wishes.evaluate}` scores it",
        evaluate=wishes.evaluate,
        run=wishes.run,
        check=(program.suite,) if program.suite else (),
    )


def _scored(folder: Folder, program: Program, scorer: Scorer) -> Iterator[Draft]:
    """By a script of its own, apart from it where the script reads what the program leaves."""
    check = (program.suite,) if program.suite else ()
    how = f"`{scorer.path}` scores it"

    def apart(run: str, evaluate: str, hide: tuple[str, ...] = ()) -> Draft:
        return Draft(program, f"{how}, from what it leaves in $KAPSO_OUT", evaluate, run, check, hide=hide)

    run, command = program.run, scorer.command
    if run and scorer.reads is Reads.OUT:
        yield apart(run, command)
    elif run and scorer.reads is Reads.ARGUMENT:
        for file in written_files(folder.text(program.main)):
            if not folder.has(file):
                name = file.rsplit("/", 1)[-1]
                yield apart(f'{run} && cp {file} "$KAPSO_OUT/"', f'{command} "$KAPSO_OUT/{name}"')
        yield apart(f'{run} > "{_PRINTED}"', f'{command} "{_PRINTED}"')
    elif run and scorer.reads is Reads.STDIN:
        yield apart(f'{run} > "{_PRINTED}"', f'{command} < "{_PRINTED}"')
    elif run and scorer.reads is Reads.FILE:
        yield apart(f'{run} && cp {scorer.file} "$KAPSO_OUT/"', _where_it_looks(scorer), hide=(scorer.path,))
    elif scorer.reads is Reads.PROGRAM_ARGUMENT:
        start, dot, suffix = program.main.rpartition(".")
        command = f'program={start}; {command} "$program{dot}{suffix}"'
        note = "the program's name in two parts: a file that a judge names whole may not change"
        yield Draft(program, f"{how}, loading it", command, check=check, notes={"evaluate": note})
    if scorer.reads in (Reads.PROGRAM, Reads.FILE):
        yield Draft(program, f"{how}, running it", command, check=check)


def _where_it_looks(scorer: Scorer) -> str:
    """A scorer that opens a file by name finds it in a copy of the folder, as it may not write in its own."""
    name = scorer.file.rsplit("/", 1)[-1]
    return (
        f'cp -r . "$TMPDIR/judge" && cp "$KAPSO_OUT/{name}" "$TMPDIR/judge/{scorer.file}" && '
        f'cd "$TMPDIR/judge" && {scorer.command}'
    )


def _target(program: Program, target: str) -> Draft:
    return Draft(
        program,
        how=f"`{target}` scores it",
        evaluate=target,
        check=(program.suite,) if program.suite else (),
    )


def _self_scored(program: Program) -> Draft:
    note = (
        "the program says itself how good it is, and any change may change what it says: a scorer apart is "
        "better, or mark what may be tuned, such as `RATE = 0.1  # kapso: 0.001..1 log`"
    )
    return Draft(
        program,
        how="it prints how good it is",
        run=f'{program.run} > "{_PRINTED}"',
        evaluate=f'cat "{_PRINTED}"',
        check=(program.suite,) if program.suite else (),
        notes={"evaluate": note, "metrics": "self-reported"},
    )


def _faster(program: Program, evaluate: str, kept: str) -> Draft:
    is_compared = evaluate != "true"
    program = _with_open_build(program)
    return Draft(
        _with_built_base(program) if is_compared else program,
        how=f"its speed is measured, {kept}",
        run=f'{program.run} > "{_PRINTED}"',
        evaluate=evaluate,
        check=(program.suite,) if program.suite else (),
        metrics=(_SPEED,),
        constraints=("same >= 1",) if is_compared else (),
        objective=f"Make {_name(program)} faster; {kept}.",
        notes={"evaluate": "the unchanged program, run beside it, says what is right"} if is_compared else {},
        least_cpu_s=_LEAST_CPU_S,
    )


def _same(program: Program) -> str:
    return _in_copy(program, f'{program.run} | cmp -s - "{_PRINTED}"')


def _same_but_times(program: Program) -> str:
    keep = f"grep -viE '{_TIMES}'"
    right = '"$TMPDIR/right"'
    return _in_copy(program, f'{program.run} | {keep} > {right} && {keep} "{_PRINTED}" | cmp -s - {right}')


def _in_copy(program: Program, compare: str) -> str:
    """Runs the base's own program in a copy of it, where it may write, and compares what it prints.

    In a copy also because a file that a judge names is protected from any change.
    """
    folder = _BASE if program.build else "."
    return (
        f'cp -r {folder} "$TMPDIR/base" && cd "$TMPDIR/base" && '
        f"if {compare}; then echo '{{\"same\": 1}}'; else echo '{{\"same\": 0}}'; fi"
    )


def _with_built_base(program: Program) -> Program:
    """Once, `setup` builds the unchanged program aside: a second build an attempt would cost too much."""
    if not program.build:
        return program
    aside = (
        f"mkdir -p {_BASE} && tar -c --exclude=./{_BASE} . | tar -x -C {_BASE} && cd {_BASE} && "
        f"{program.build}"
    )
    setup = f"({program.setup}) && {aside}" if program.setup else aside
    return replace(program, setup=setup)


def _with_open_build(program: Program) -> Program:
    """Compiler flags may be tried, unless a check is made and run by the file that holds them."""
    if program.suite:
        return program
    return replace(program, edit=(*program.edit, *program.build_files), build_files=())


def _faster_tests(program: Program) -> Draft:
    return Draft(
        program,
        how="the speed of its tests is measured",
        evaluate=program.suite,
        metrics=(_SPEED,),
        objective=f"Make {_name(program)} faster; its tests must pass.",
        notes={"evaluate": "its tests are all that measures it: a benchmark of its own would say more"},
        least_cpu_s=_LEAST_TEST_CPU_S,
    )


def _name(program: Program) -> str:
    return f"`{program.main}`"
