"""A result brought home: as one clean commit on a new branch, or into a working tree that is clean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kapso.attempt import Attempt, now
from kapso.errors import MachineError, UsageError
from kapso.wording import number, printable

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

_SUBJECT_LENGTH = 72
_MOST_STEPS = 30
_EXACTLY = {"apply.ignoreWhitespace": "no", "apply.whitespace": "nowarn"}


class Home(NamedTuple):
    """The branch that holds a result, and whether it was made just now."""

    branch: str
    commit: str
    is_new: bool


def branch_for(run: str, number: int) -> str:
    """The name of the branch that brings an attempt home."""
    return f"kapso-apply/{run}-{number:04d}"


def base_under(repository: Repository, baseline: Attempt) -> str:
    """The commit that the run started from: the baseline stands right on top of it."""
    return str(repository.objects.commit(baseline.commit).parent_ids[0])


def apply_to_branch(
    repository: Repository, base: str, attempt: Attempt, run: RunSummary, steps: Sequence[Attempt]
) -> Home:
    """Create the branch, or find it as it should be."""
    branch = branch_for(run.run, attempt.number)
    ref = f"refs/heads/{branch}"
    existing = repository.refs.get(ref)
    if existing is not None:
        _check_same(repository, branch, existing, base, attempt)
        return Home(branch, existing, is_new=False)
    moment = now()
    message = _message(attempt, run, steps)
    commit = repository.commit(attempt.tree, [base], message, repository.committer(), moment, moment)
    repository.sync()
    with repository.refs.transaction() as transaction:
        transaction.create(ref, commit)
    return Home(branch, commit, is_new=True)


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
