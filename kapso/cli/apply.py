"""`kapso apply`: one attempt brought home, as one clean commit, as a patch, or into the working tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kapso.attempt import BASELINE, Attempt, now
from kapso.cli.output import json_option, print_json, write_bytes
from kapso.errors import MachineError, UsageError
from kapso.wording import number, plural, printable

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

_SUBJECT_LENGTH = 72
_MOST_STEPS = 30
_EXACTLY = {"apply.ignoreWhitespace": "no", "apply.whitespace": "nowarn"}


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

    if as_patch and worktree:
        raise click.UsageError("--patch and --worktree exclude each other")
    run, names = split(arguments, 1)
    name = names[0] if names else "best"
    if smallest and name != "best":
        raise click.UsageError("--smallest chooses the attempt itself: leave out ATTEMPT")
    log = open_log()
    picked = log.run(run)
    attempt = _pick(log, picked, name, smallest)
    base = _base(log.repository, log.attempt(picked, "baseline"))
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
        branch, commit = apply_to_branch(log.repository, base, attempt, picked, steps)
        done, line = {**result, "branch": branch, "commit": commit}, branch
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


def apply_to_branch(
    repository: Repository, base: str, attempt: Attempt, run: RunSummary, steps: Sequence[Attempt]
) -> tuple[str, str]:
    """Create the branch, or find it as it should be; its name and its commit."""
    branch = f"kapso-apply/{run.run}-{attempt.number:04d}"
    ref = f"refs/heads/{branch}"
    existing = repository.refs.get(ref)
    if existing is not None:
        _check_same(repository, branch, existing, base, attempt)
        click.echo(f"kapso: `{branch}` is there already, with the same content", err=True)
        return branch, existing
    moment = now()
    message = _message(attempt, run, steps)
    commit = repository.commit(attempt.tree, [base], message, repository.committer(), moment, moment)
    repository.sync()
    with repository.refs.transaction() as transaction:
        transaction.create(ref, commit)
    return branch, commit


def apply_to_worktree(repository: Repository, base: str, attempt: Attempt, run: RunSummary) -> list[str]:
    """Change working tree and index, all or nothing; the paths that changed."""
    if repository.has_uncommitted_changes():
        raise UsageError(
            f"the working tree `{repository.root}` is not clean",
            help="commit or stash (`git stash -u`) what you have, or leave out --worktree for a branch",
            slug="dirty-worktree",
        )
    patch = repository.patch(base, attempt.tree)
    repository.git.run(
        "update-index", "-q", "--refresh"
    )  # `git apply` takes a touched file for a changed one
    check = repository.git.run("apply", "--index", "--check", "-", stdin=patch, settings=_EXACTLY)
    if check.returncode:
        reason, *_ = [*check.stderr.decode(errors="replace").splitlines(), "git gave no reason"]
        raise UsageError(
            f"attempt `{attempt.number}` does not fit the files of HEAD: {reason}",
            help=f"`kapso apply {run.run} {attempt.number}` makes a branch that git can merge",
            slug="patch-does-not-fit",
        )
    done = repository.git.run("apply", "--index", "-", stdin=patch, settings=_EXACTLY)
    if done.returncode:
        raise MachineError(
            f"`git apply` stopped halfway: {done.stderr.decode(errors='replace').strip()}",
            help="the working tree was clean: `git reset --hard && git clean -df` brings it back",
            slug="apply-failed",
        )
    return list(repository.changed_paths(base, attempt.tree))


def _patch(repository: Repository, base: str, attempt: Attempt, result: dict[str, object] | None) -> None:
    patch = repository.patch(base, attempt.tree)
    if result is None:
        write_bytes(patch)
    else:
        print_json({**result, "patch": patch.decode("utf-8", "surrogateescape")})


def _base(repository: Repository, baseline: Attempt) -> str:
    """The commit that the run started from: the baseline stands right on top of it."""
    return str(repository.objects.commit(baseline.commit).parent_ids[0])


def _check_same(repository: Repository, branch: str, existing: str, base: str, attempt: Attempt) -> None:
    commit = repository.objects.commit(existing)
    if str(commit.tree_id) != attempt.tree or [str(parent) for parent in commit.parent_ids] != [base]:
        raise UsageError(
            f"the branch `{branch}` exists and holds something else",
            help=f"rename it (`git branch -m {branch} NEW`) or delete it, then try again",
            slug="branch-exists",
        )


def _message(attempt: Attempt, run: RunSummary, steps: Sequence[Attempt]) -> str:
    """What a reviewer wants to know: the gain, and by which steps it came about."""
    what = run.metric or "score"
    gain = f"{what} {number(run.baseline)} → {number(attempt.score)}"
    subject = f"Improve {run.goal}: {gain}"
    if len(subject) > _SUBJECT_LENGTH:
        subject = f"Improve {run.goal}"[:_SUBJECT_LENGTH]
    listed = [f"- {printable(step.title)} ({number(step.score)})" for step in steps[-_MOST_STEPS:]]
    left_out = [f"- and {len(steps) - _MOST_STEPS} steps before"] if len(steps) > _MOST_STEPS else []
    source = f"Attempt {attempt.number} of {run.run}, proposed by {attempt.proposer}."
    return "\n\n".join([subject, "\n".join([f"{gain}, step by step:", *left_out, *listed]), source]) + "\n"
