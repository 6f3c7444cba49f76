"""The Python API: start runs, and read what became of them. The same words as on the command line.

    import kapso

    run = kapso.run("goal.yaml", attempts=60, time="5m")
    if run.is_improved:
        print(run.best.score, run.best.branch)
    for number, attempt in run.attempts().items():
        print(number, attempt.outcome, attempt.score)

    for run in kapso.open(".").runs():
        print(run.id, run.status, run.best)

Whatever goes wrong is a `KapsoError`. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kapso.attempt import BASELINE, Attempt
from kapso.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal, Overrides
    from kapso.loop.confirm import Confirmation
    from kapso.loop.session import Result
    from kapso.memory.episode import RunSummary
    from kapso.memory.episodes import Episodes


def run(
    goal: Goal | str | os.PathLike[str] | Mapping[str, Any],
    *,
    attempts: int | None = None,
    time: str | float | None = None,
    cost: float | None = None,
    parallel: int | Literal["auto"] | None = None,
    seed: int | None = None,
    propose: str | Sequence[str] | None = None,
    dirty: bool = False,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> Run:
    """Run a goal to its end, and return the run, whether or not anything improved.

    `goal` is the path of a goal.yaml or of its folder, the text of one (which has a line break), a mapping
    with its keys, or a Goal; paths in text and mapping are relative to the current folder. What is given
    besides replaces the goal's own values: `time` in seconds or as `10m`, `cost` in dollars. `dirty` takes
    uncommitted changes into the base. `on_event` gets every event of the run as `kapso run --json` prints it.

    Raises GoalError, RepositoryError, BaselineError (the unchanged program cannot be scored), MachineError,
    or Interrupted after Ctrl-C or SIGTERM, which only the main thread hears of; `kapso resume` goes on then.
    """
    from kapso.loop.session import Voice, start  # 1 s

    overrides = _overrides(attempts, time, cost, parallel, seed, propose)
    voice = Voice(_log, on_event, _NoDisplay())
    result = start(_as_goal(goal, overrides), voice, dirty=dirty)
    _raise_interrupted(result)
    repo = open(result.repository)
    return next(each for each in repo.runs() if each.id == result.run)


def open(path: str | os.PathLike[str] = ".") -> Repo:
    """The git repository that holds `path`. Raises RepositoryError where Kapso cannot work in it."""
    from kapso.git.repository import Repository  # 80 ms

    return Repo(Repository.open(Path(path)))


class Repo:
    """A git repository and the runs that it holds."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def __repr__(self) -> str:
        return f"<kapso.Repo {self.path}>"

    @property
    def path(self) -> Path:
        """The top of its working tree."""
        return self._repository.root

    def runs(self) -> list[Run]:
        """Every run that git holds, the latest first, as each stands now."""
        from kapso.memory.sync import open_synced  # 100 ms

        episodes, summaries = open_synced(self._repository)
        return [Run(self._repository, episodes, summary) for summary in summaries]


class Run:
    """A run as it stood when it was asked for; `attempts()` and `best` read what is there now."""

    def __init__(self, repository: Repository, episodes: Episodes, summary: RunSummary) -> None:
        self._repository = repository
        self._episodes = episodes
        self._summary = summary

    def __repr__(self) -> str:
        return f"<kapso.Run {self.id}: {self.status}, {self._summary.attempts} attempts>"

    @property
    def id(self) -> str:
        """Its name in git and on the command line: `circle-packing-3f9a`."""
        return self._summary.run

    @property
    def goal(self) -> str:
        """The name of its goal."""
        return self._summary.goal

    @property
    def objective(self) -> str | None:
        """What was to be improved, in words."""
        return self._summary.objective

    @property
    def status(self) -> str:
        """`running`, `paused`, `finished` or `interrupted`."""
        from kapso.memory.live import live_status

        return live_status(self._repository.state_dir, self.id) or self._summary.status

    @property
    def started(self) -> datetime | None:
        return self._summary.started

    @property
    def finished(self) -> datetime | None:
        return self._summary.finished

    @property
    def cost(self) -> float | None:
        """Dollars; None where nothing is known to have cost any."""
        return self._summary.cost

    @property
    def baseline(self) -> Attempt | None:
        """The unchanged program, None where it has not been scored yet."""
        return self.attempts().get(BASELINE)

    @property
    def best(self) -> Attempt | None:
        """The attempt with the best valid score; the baseline where none is better, None without a score."""
        number = self._summary.best_attempt
        return None if number is None else self.attempts().get(number)

    @property
    def front(self) -> tuple[Attempt, ...]:
        """The attempts that none beats in every metric of the goal, the best by the primary one first.

        What did not hold when it was confirmed is left out; otherwise noise is left aside. Empty where the
        goal has a single metric.
        """
        from kapso.memory.front import read_front  # reads the goal: 100 ms

        found = read_front(self._repository, self._episodes, self.id)
        return found.attempts if found is not None else ()

    @cached_property
    def is_improved(self) -> bool:
        """Whether an improvement over the baseline was confirmed in fresh evaluations."""
        return self.confirmation is not None and self.confirmation.is_confirmed

    @cached_property
    def confirmation(self) -> Confirmation | None:
        """What fresh pairs of evaluations said about the best: `gain` with its 95 % interval `low` to `high`,
        `pairs`, and the scores `before` and `after` as measured again; None before the run has ended.
        """
        from kapso.git.layout import RunRefs
        from kapso.loop.confirm import Confirmation  # 200 ms
        from kapso.memory.history import read_json

        records = self._repository.refs.get(RunRefs(self.id).records)
        return Confirmation.from_json(read_json(self._repository, records, "run.json").get("confirmed"))

    def attempts(self) -> Mapping[int, Attempt]:
        """The attempts by number, in order, the baseline (0) first; KeyError for a number that is none."""
        return {attempt.number: attempt for attempt in self._episodes.attempts(self.id)}


class _NoDisplay:
    """Nobody looks at the clock."""

    def tick(self, campaign: object) -> None: ...


def _log(line: str) -> None:
    import logging

    logging.getLogger("kapso").info("%s", line)


def _raise_interrupted(result: Result) -> None:
    from kapso.loop.campaign import Ending

    if result.ending is Ending.INTERRUPTED:
        raise Interrupted(
            f"run `{result.run}` was interrupted",
            exit_code=result.exit_code,
            help=f"nothing is lost; go on with: `kapso resume {result.run}`",
        )


def _overrides(
    attempts: int | None,
    time: str | float | None,
    cost: float | None,
    parallel: int | Literal["auto"] | None,
    seed: int | None,
    propose: str | Sequence[str] | None,
) -> Overrides:
    from kapso.goal import Overrides, parse_duration

    return Overrides(
        attempts=attempts,
        time_s=parse_duration(time) if isinstance(time, str) else time,
        cost=cost,
        parallel=parallel,
        seed=seed,
        propose=propose.split(",") if isinstance(propose, str) else propose,
    )


def _as_goal(goal: Goal | str | os.PathLike[str] | Mapping[str, Any], overrides: Overrides) -> Goal:
    from kapso.goal import Goal, load_goal, parse_goal

    if isinstance(goal, Goal):
        return overrides.apply(goal)
    here = Path("goal-in-memory.yaml")  # no goal.yaml that stands here is meant
    if isinstance(goal, Mapping):
        return parse_goal(_as_yaml(goal), here, overrides, shown_as="the goal")
    if isinstance(goal, str) and "\n" in goal:
        return parse_goal(goal, here, overrides, shown_as="the goal")
    if isinstance(goal, str | os.PathLike):
        return load_goal(Path(goal), overrides)
    raise UsageError(
        f"a goal is a path, a text, a mapping or a Goal, found `{type(goal).__name__}`",
        help="write `kapso.run('goal.yaml')`",
        slug="no-goal",
    )


def _as_yaml(goal: Mapping[str, Any]) -> str:
    """A mapping as the text of a goal, one key a line, so that messages name the line that is meant."""
    from kapso.goal.dump import as_flow

    return "".join(f"{as_flow(str(key))}: {as_flow(value)}\n" for key, value in goal.items())
