"""From a goal to a run that can begin: repository, base, sandbox, identity, and everything checked first."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.errors import GoalError, RepositoryError, UsageError
from kapso.evaluate.base import BaseFiles, cache_folder, private_paths
from kapso.evaluate.evaluator import Evaluator
from kapso.evaluate.identity import identity, identity_parts
from kapso.evaluate.sandbox import Sandbox
from kapso.git import attempts as commits
from kapso.git.repository import Repository
from kapso.goal import Goal
from kapso.goal.mentions import mentions
from kapso.goal.protection import Editable, editable_paths
from kapso.loop.run import Run
from kapso.loop.run_folder import Journal, Listener, RunFolder
from kapso.loop.workspace import EditableIndex, tree_of
from kapso.memory.episodes import Episodes
from kapso.memory.recorder import Recorder
from kapso.propose import Ground, make_proposers
from kapso.search import make_policy

if TYPE_CHECKING:
    from kapso.propose.agent import Site
    from kapso.propose.protocol import Context
    from kapso.propose.recalled import Recalled

Say = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """What a goal means on this machine: everything that is decided before a run begins."""

    goal: Goal
    repository: Repository
    base: str
    parts: dict[str, Any]
    parallel: int
    memory_bytes: int
    origin: Mapping[str, Any] | None = None
    """The attempt of an earlier run that this one starts from, as `origin.py` keeps it."""

    @property
    def identity(self) -> str:
        return identity(self.parts)


def settle(goal: Goal, *, dirty: bool = False, base: str | None = None, say: Say) -> Setting:
    """Open the repository, pin the base and check that the goal can work on it.

    Raises RepositoryError or GoalError before anything is written.
    """
    repository = Repository.open(goal.repo or goal.folder)
    repository.check_writable()
    cache_folder(repository)  # refused before anything is written
    if repository.root == Path("/"):
        raise RepositoryError("the repository is the whole file system", help="use a folder of its own")
    commit = base or repository.resolve(goal.base)
    if dirty:
        commit = repository.snapshot(commit)
    elif base is None and repository.has_uncommitted_changes(_goal_file(goal, repository)):
        say(f"uncommitted changes are not part of the base `{goal.base}`; `--dirty` takes them in")
    if goal.hide and not goal.is_judged_apart:
        raise GoalError(
            "`hide` needs `run`: judged together, the scorer sees what the candidate sees",
            where=goal.where("hide"),
            help="let `run` leave its result in `$KAPSO_OUT` and `evaluate` read it there, or remove `hide`",
            slug="hide-without-run",
        )
    if goal.prompts is not None:
        from kapso.propose.prompts import Templates  # 60 ms

        Templates.of(goal)
    tracked = repository.entries(commit)
    prefix = goal.prefix(repository.root)
    editable_paths(goal, prefix, tracked)
    if base is None:
        _check_commands_are_in_base(goal, repository, prefix, set(tracked))
    parallel = goal.search.parallel or (1 if goal.uses_time or _has_gpu(goal) else _cores())
    memory = goal.sandbox.memory_bytes or _ram_bytes() // parallel
    return Setting(goal, repository, commit, identity_parts(goal, repository, commit), parallel, memory)


def _goal_file(goal: Goal, repository: Repository) -> str | None:
    """The goal is read from the working tree: whether it is committed changes nothing."""
    try:
        return goal.file.relative_to(repository.root.resolve()).as_posix()
    except ValueError:
        return None


def new_run_id(repository: Repository, name: str) -> str:
    """`<goal name>-<4 hex digits>`, or more digits where that is taken."""
    taken = set(commits.runs(repository))
    for digits in (4, 4, 4, 6, 8, 16):
        run = f"{name}-{secrets.token_hex(digits // 2)}"
        if run not in taken and not (repository.state_dir / "runs" / run).exists():
            return run
    raise UsageError(f"no free run id is left for `{name}`")


@contextmanager
def open_sandbox(setting: Setting) -> Iterator[tuple[Sandbox, Path]]:
    """The sandbox for a setting, and the cache folder that it works in."""
    cache = cache_folder(setting.repository)
    cache.mkdir(parents=True, exist_ok=True)
    repository = setting.repository
    sandbox = Sandbox.open(
        setting.goal.sandbox,
        workspace=repository.root,
        private=private_paths(setting.goal, repository),
        cache=cache,
    )
    try:
        yield sandbox, cache
    finally:
        sandbox.close()


@contextmanager
def open_run(
    setting: Setting, name: str, folder: RunFolder, listener: Listener | None, say: Say
) -> Iterator[Run]:
    """The run `name` with all that its attempts share; the base is not prepared yet."""
    goal, repository = setting.goal, setting.repository
    allowed = Editable.of(goal, goal.prefix(repository.root))
    editable = EditableIndex(repository, setting.base, allowed, format_counts=goal.uses_diff)
    with open_sandbox(setting) as (sandbox, cache):
        files = BaseFiles(goal, repository, setting.base, sandbox, cache)
        site = _site_of(setting, name, files, editable)
        episodes = Episodes(repository.state_dir / "kapso.duckdb")
        recorder = Recorder(episodes, warn=lambda line: say(f"warning: {line.removeprefix('kapso: ')}"))
        try:
            run = Run(
                name=name,
                goal=goal,
                repository=repository,
                base=setting.base,
                identity=setting.identity,
                evaluator=Evaluator(goal, files, seed=goal.search.seed, memory_bytes=setting.memory_bytes),
                editable=editable,
                policy=make_policy(goal.search.policy, goal),
                proposers=make_proposers(Ground(goal, editable.files, site)),
                folder=folder,
                journal=Journal(folder.path / "events.jsonl", name, listener),
                recorder=recorder,
                sandbox_level=sandbox.level,
                writers=goal.search.parallel or _cores(),
            )
            if goal.recall and run.authors:
                run.recall = _recall_of(setting, say)
            run.memory.begin(say)
            yield run
        finally:
            recorder.close(1.0)  # with SIGTERM, all must end within 5 seconds


def _site_of(setting: Setting, name: str, files: BaseFiles, editable: EditableIndex) -> Callable[[], Site]:
    """What makes the place where an agent works in the run `name`."""

    def make() -> Site:
        from kapso.propose.agent import Site  # 30 ms with the prompts
        from kapso.propose.prompts import Templates, agent_prompt

        goal = setting.goal
        templates = Templates.of(goal)
        return Site(
            run=name,
            repository=setting.repository,
            files=files,
            editable=editable.editable,
            tree_of=tree_of,
            prompt=lambda context, timeout_s, has_tools: agent_prompt(
                context, editable.files, templates, timeout_s=timeout_s, has_tools=has_tools
            ),
            memory_bytes=setting.memory_bytes,
            processes=goal.sandbox.processes,
            where=goal.where("propose"),
            has_tools=goal.recall,
        )

    return make


def _recall_of(setting: Setting, say: Say) -> Callable[[Context], Recalled]:
    """What the libraries bring to an attempt."""
    from kapso.recall.librarian import Librarian
    from kapso.recall.secrecy import Secrecy
    from kapso.recall.shelves import Shelves

    repository = setting.repository
    secrecy = Secrecy(repository, [(setting.goal, setting.base)])
    return Librarian(lambda: Shelves.around(repository), secrecy, say).recall


def describe_sandbox(sandbox: Sandbox) -> list[str]:
    """What level was obtained, and loudly what it does not keep out."""
    lines = [f"sandbox: {sandbox.level}" + (" with overlays" if sandbox.overlays else "")]
    if sandbox.why:
        lines.append(f"warning: {sandbox.why}")
    lines += [f"warning: at level `{sandbox.level}`, {lost}" for lost in sandbox.lost]
    return lines


def _check_commands_are_in_base(goal: Goal, repository: Repository, prefix: str, tracked: set[str]) -> None:
    """A scorer that stands in the working tree but not in the base would be missing without a word."""
    commands = [*goal.check, goal.holdout]
    if goal.setup is None and goal.build is None:  # else the file may well be made
        commands += [stage.run for stage in goal.all_stages]
    words = [each.command for each in commands if each is not None]
    named = mentions([*words, *(stage.words for stage in goal.all_stages)], prefix)
    shared = {f"{prefix}/{path}".strip("/").rstrip("/") for path in goal.share}
    for path, word in {**named.files, **named.folders}.items():
        if path in tracked or any(each.startswith(f"{path}/") for each in tracked):
            continue
        if any(path == each or path.startswith(f"{each}/") for each in shared):
            continue
        if goal.setup is not None and repository.git.run("check-ignore", "-q", path).returncode == 0:
            continue  # what `setup` makes in the base may stand in the working tree as well
        if os.path.lexists(repository.root / path):
            raise GoalError(
                f"`{word}` stands in the working tree but not in `{goal.base}`",
                where=goal.shown_as,
                help="commit it, run with `--dirty`, or name it under `share` if git ignores it",
                slug="not-in-base",
            )


def _has_gpu(goal: Goal) -> bool:
    devices = ("/dev/nvidia0", "/dev/kfd")
    return goal.sandbox.gpu is not False and any(os.path.exists(each) for each in devices)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ram_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
