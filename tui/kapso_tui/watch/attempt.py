"""What is read of one attempt when somebody looks at it: its story, its diff, its calls, its log.

Every method may take a moment: call them from a worker thread. KapsoError says why something cannot be read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kapso.attempt import BASELINE
from kapso.errors import KapsoError, MachineError, UsageError

if TYPE_CHECKING:
    from kapso.cli.show import Story
    from kapso.git.attempts import Pending
    from kapso.memory.episode import Episode, Stage
    from kapso_tui.watch.run import RunWatch

T = TypeVar("T")

PATIENCE_S = 0.2
"""How long another process may hold the episodic log before the attempt is shown without its stages."""
MOST_DIFF = 2_000_000
"""Bytes of a diff that are read."""
LOG_TAIL = 256 * 1024
"""Bytes of a log's end that are shown."""


@dataclass(frozen=True)
class Change:
    """What differs from the commit `old` to `new`; `against` says in words what `old` is."""

    old: str
    new: str
    against: str
    text: str
    is_cut: bool


@dataclass(frozen=True)
class Log:
    """The end of a log, and how many bytes come before it."""

    text: str
    left_out: int


class AttemptReader:
    """Reads about the attempts of one run."""

    def __init__(self, watch: RunWatch) -> None:
        self.watch = watch
        self.repository = watch.repository
        self.trouble: str | None = None
        """Why the episodic log was not asked the last time."""

    def story(self, number: int) -> Story:
        """All that `kapso show` tells about an attempt that landed, but for diff and log."""
        from kapso.cli.show import story_of

        attempts, run = dict(self.watch.attempts), self.watch.summary
        if number not in attempts or run is None:
            raise _gone(self.watch.run, number)
        episode = self._episode(number)
        return story_of(self.repository, run, episode, attempts, self.watch.demoted)

    def pending(self, number: int) -> Pending | None:
        """The candidate of an attempt in flight; None while it is being written."""
        from kapso.git.attempts import read_pending

        flight = self.watch.flights.get(number)
        if flight is None or flight.commit is None:
            return None
        return _in_git(lambda: read_pending(self.repository, str(flight.commit)), number)

    def change(self, number: int, *, to_base: bool) -> Change | None:
        """The diff against the first parent, or against the base; None where there is nothing to compare."""
        ends = self.ends(number, to_base=to_base)
        if ends is None:
            return None
        old, new, against = ends
        text, is_cut = self._diff(old, new)
        return Change(old, new, against, text, is_cut)

    def ends(self, number: int, *, to_base: bool) -> tuple[str, str, str] | None:
        """The commits of a diff and what the first of them is; None where there are none yet."""
        attempts = self.watch.attempts
        commit, parents = self._place(number)
        if commit is None or number == BASELINE:
            return None
        other = BASELINE if to_base or not parents else parents[0]
        if other not in attempts:
            raise UsageError(
                f"attempt {other}, which attempt {number} was made from, is not in git any more",
                help="`kapso pull` brings it back from where the run was pushed to",
                slug="no-such-attempt",
            )
        against = "the base" if other == BASELINE else f"attempt {other}"
        return attempts[other].commit, commit, against

    def name(self, number: int) -> str:
        """Its branch, or the ref of its candidate."""
        from kapso.git.layout import RunRefs

        if (landed := self.watch.attempts.get(number)) is not None:
            return landed.branch
        self._place(number)
        return RunRefs(self.watch.run).pending(number)

    def command(self, number: int, *, to_base: bool) -> str:
        """The git command that shows its diff."""
        ends = self.ends(number, to_base=to_base)
        if ends is None:
            return f"git show {self.name(number)}"
        numbers = {each.commit: number for number, each in self.watch.attempts.items()}
        return f"git diff {self.name(numbers[ends[0]])} {self.name(number)}"

    def calls(self, number: int) -> Mapping[int, Mapping[str, Any]]:
        """The calls of models and agents."""
        from kapso.cli.calls import read_calls

        return read_calls(self.watch.folder.attempt(number) / "calls")

    def stages(self, number: int) -> Sequence[Stage]:
        """The commands of an attempt that landed."""
        return self._episode(number).stages

    def log(self, number: int) -> Log | None:
        """The end of what its commands printed; None where no log is kept."""
        with suppress(OSError), (self.watch.folder.attempt(number) / "log.txt").open("rb") as file:
            left_out = max(0, os.fstat(file.fileno()).st_size - LOG_TAIL)
            file.seek(left_out)
            data = file.read(LOG_TAIL)
            if left_out:
                cut = data.find(b"\n") + 1
                data, left_out = data[cut:], left_out + cut
            return Log(data.decode("utf-8", "replace"), left_out)
        return None

    def log_size(self, number: int) -> int:
        """Bytes of the log, 0 where there is none."""
        try:
            return (self.watch.folder.attempt(number) / "log.txt").stat().st_size
        except OSError:
            return 0

    def _place(self, number: int) -> tuple[str | None, tuple[int, ...]]:
        """Its commit and its parents, landed or in flight."""
        if (landed := self.watch.attempts.get(number)) is not None:
            return landed.commit, landed.parents
        if (flight := self.watch.flights.get(number)) is not None:
            return flight.commit, flight.parents
        raise _gone(self.watch.run, number)

    def _episode(self, number: int) -> Episode:
        """As the episodic log has it; without the stages where that cannot be asked."""
        from kapso.memory.episode import Episode
        from kapso.memory.episodes import Episodes

        landed = self.watch.attempts[number]
        self.trouble = None
        try:
            path = self.repository.state_dir / "kapso.duckdb"
            found = Episodes(path, patience_s=PATIENCE_S).episode(self.watch.run, number)
        except MachineError as error:
            self.trouble, found = error.message, None
        if found is not None and found.attempt.commit == landed.commit:
            return found
        return Episode(landed, is_demoted=number in self.watch.demoted)

    def _diff(self, old: str, new: str) -> tuple[str, bool]:
        """The diff, read no further than can be shown."""
        from subprocess import DEVNULL

        arguments = ("diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", old, new)
        with self.repository.git.start(*arguments, stderr=DEVNULL) as process:
            assert process.stdout is not None and process.stdin is not None
            process.stdin.close()
            data = process.stdout.read(MOST_DIFF + 1)
            process.stdout.close()  # git ends with it, however much was left to say
        is_cut = len(data) > MOST_DIFF
        if process.returncode and not is_cut:
            raise MachineError(
                f"git cannot compare `{old[:12]}` with `{new[:12]}`: a commit or one of its files is missing",
                help="`git fsck` names what is missing; `kapso pull` brings back what was pushed",
                slug="missing-objects",
            )
        return data[:MOST_DIFF].decode("utf-8", "replace"), is_cut


def _gone(run: str, number: int) -> UsageError:
    return UsageError(
        f"`{run}` has no attempt {number} any more",
        help="its branch was deleted: `git fsck --lost-found` may find its commit",
        slug="no-such-attempt",
    )


def _in_git(read: Callable[[], T], number: int) -> T:
    """What `read` returns; KapsoError where the objects are not there."""
    try:
        return read()
    except KapsoError:
        raise
    except (KeyError, ValueError) as error:
        raise MachineError(f"attempt {number} cannot be read from git: {error}", slug="unreadable") from error
