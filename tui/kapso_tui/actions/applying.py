"""An attempt brought home from the dashboard: what would come of it first, then one of three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.attempt import BASELINE, Attempt
from kapso.cli.pick import trace
from kapso.errors import MachineError, UsageError
from kapso.loop.bring_home import apply_to_branch, apply_to_worktree, base_under, branch_for
from kapso.wording import plural
from kapso_tui.glyphs import glyphs

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary
    from kapso.propose.ablate.dissection import Smallest
    from kapso_tui.watch.attempt import AttemptReader, Change


@dataclass(frozen=True)
class Plan:
    """What applying an attempt means: the commit `base` gets one more on top, with the attempt's files."""

    repository: Repository
    run: RunSummary
    attempt: Attempt
    base: str
    steps: Sequence[Attempt]
    change: Change
    smallest: Smallest | None = None
    """The attempt that keeps the best's score with less, where this is the best and there is one."""

    @property
    def branch(self) -> str:
        """The branch that would be made."""
        return branch_for(self.run.run, self.attempt.number)

    def to_branch(self) -> str:
        """Make the branch; what to say."""
        self.repository.check_writable()
        home = apply_to_branch(self.repository, self.base, self.attempt, self.run, self.steps)
        said = "" if home.is_new else " was there already"
        return f"{home.branch}{said}\n{glyphs().arrow} git merge {home.branch}"

    def to_worktree(self) -> str:
        """Change the working tree; what to say."""
        self.repository.check_writable()
        paths = apply_to_worktree(self.repository, self.base, self.attempt, self.run)
        return f"attempt {self.attempt.number} is in the working tree, staged: {plural(len(paths), 'file')}"

    def to_patch(self) -> str:
        """Write a patch into the run's folder; what to say."""
        name = f"{self.attempt.number:04d}.patch"
        file: Path = self.repository.state_dir / "runs" / self.run.run / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.repository.patch(self.base, self.attempt.tree))
        except OSError as error:
            raise MachineError(
                f"`{file}` cannot be written: {error.strerror}", slug="state-folder"
            ) from error
        return f"{file}\n{glyphs().arrow} git apply {file}"


def plan(reader: AttemptReader, number: int) -> Plan:
    """What applying the attempt would mean. UsageError where there is nothing to apply."""
    from kapso.loop.dissected import smallest_of

    watch, repository = reader.watch, reader.repository
    attempts, run = dict(watch.attempts), watch.summary
    if number not in attempts or run is None:
        raise UsageError(
            f"attempt {number} has not landed", help="what is in flight cannot be applied", slug="in-flight"
        )
    attempt = attempts[number]
    attempt = replace(attempt, tree=repository.tree_of(attempt.commit))
    base = base_under(repository, attempts[BASELINE])
    if attempt.tree == repository.tree_of(base):
        raise UsageError(
            f"attempt {number} has the same files as the base",
            help="pick another attempt: the best one brings most",
            slug="nothing-to-apply",
        )
    change = reader.change(number, to_base=True)
    assert change is not None
    small = None
    if number == run.best_attempt:
        small = smallest_of(repository, run.run, number, attempts.values(), watch.demoted)
    steps = [each for each in reversed(trace(attempt, attempts)) if each.number != BASELINE]
    return Plan(repository, run, attempt, base, steps, change, small)
