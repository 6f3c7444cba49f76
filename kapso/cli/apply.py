"""`kapso apply`: one attempt brought home, as one clean commit, as a patch, or into the working tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kapso.attempt import BASELINE, Attempt
from kapso.cli.output import json_option, print_json, write_bytes
from kapso.errors import UsageError
from kapso.wording import plural

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary


@click.command()
@click.argument("arguments", nargs=-1, metavar="[RUN] [ATTEMPT]")
@click.option("--patch", "as_patch", is_flag=True, help="Print a patch for `git apply`, change nothing.")
@click.option(
    "--worktree", is_flag=True, help="Change the working tree, which must be clean; commit nothing."
)
@click.option("--smallest", is_flag=True, help="The smallest diff that keeps the score of the best.")
@json_option
def apply(arguments: tuple[str, ...], as_patch: bool, worktree: bool, smallest: bool, as_json: bool) -> None:
    """Bring ATTEMPT (default: the best) of RUN home as one clean commit on the run's base.

    The commit goes to a new branch `kapso-apply/RUN-NNNN`, whose name is printed; merge it as you
    like. Neither HEAD nor the working tree is touched without --worktree.

    \b
    kapso apply                                   the best of the latest run
    git merge $(kapso apply circle-packing 7)
    kapso apply circle-packing --patch | git apply
    kapso apply --worktree                        into the files that you have before you
    kapso apply --smallest                        only what earns the score, as far as `ablate` found
    """
    from kapso.cli.pick import open_log, split, trace
    from kapso.loop.bring_home import apply_to_branch, apply_to_worktree, base_under

    if as_patch and worktree:
        raise click.UsageError("--patch and --worktree exclude each other")
    run, names = split(arguments, 1)
    name = names[0] if names else "best"
    if smallest and name != "best":
        raise click.UsageError("--smallest chooses the attempt itself: leave out ATTEMPT")
    log = open_log()
    picked = log.run(run)
    attempt = _pick(log, picked, name, smallest)
    base = base_under(log.repository, log.attempt(picked, "baseline"))
    if attempt.tree == log.repository.tree_of(base):
        raise UsageError(
            f"attempt `{attempt.number}` of `{picked.run}` has the same files as the base",
            help=f"`kapso ls {picked.run} --sort score` lists what there is to bring home",
            slug="nothing-to-apply",
        )
    if not attempt.is_scored:
        click.echo(f"kapso: attempt {attempt.number} was not scored: {attempt.outcome}", err=True)
    result = {"run": picked.run, "attempt": attempt.number, "base": base}
    if not as_patch:
        log.repository.check_writable()
    if as_patch:
        _patch(log.repository, base, attempt, result if as_json else None)
        return
    if worktree:
        paths = apply_to_worktree(log.repository, base, attempt, picked)
        done = {**result, "worktree": str(log.repository.root), "paths": paths}
        count = plural(len(paths), "file")
        line = f"attempt {attempt.number} of {picked.run} is in the working tree, staged: {count}"
    else:
        known = {each.number: each for each in log.episodes.attempts(picked.run)}
        steps = [each for each in reversed(trace(attempt, known)) if each.number != BASELINE]
        home = apply_to_branch(log.repository, base, attempt, picked, steps)
        if not home.is_new:
            click.echo(f"kapso: `{home.branch}` is there already, with the same content", err=True)
        done, line = {**result, "branch": home.branch, "commit": home.commit}, home.branch
    print_json(done) if as_json else print(line)


def _pick(log: Log, run: RunSummary, name: str, wants_smallest: bool) -> Attempt:
    """The attempt that is meant; beside the best, what keeps its score with less is offered."""
    attempt = log.attempt(run, name)
    less = log.smallest(run) if name == "best" else None
    if less is not None and wants_smallest:
        return less.attempt
    if less is not None:
        remedy = f"`kapso apply {run.run} --smallest`"
        click.echo(
            f"kapso: attempt {less.attempt.number} keeps the score with {less.share}: {remedy}", err=True
        )
    elif wants_smallest:
        click.echo(f"kapso: nothing smaller is known to keep the score of attempt {attempt.number}", err=True)
    return attempt


def _patch(repository: Repository, base: str, attempt: Attempt, result: dict[str, object] | None) -> None:
    patch = repository.patch(base, attempt.tree)
    if result is None:
        write_bytes(patch)
    else:
        print_json({**result, "patch": patch.decode("utf-8", "surrogateescape")})
