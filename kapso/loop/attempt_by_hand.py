"""`kapso try`: a revision of the user's own is evaluated as an attempt, by the run itself where it is live.

The request is on the disk before anything else happens; whoever holds the run takes it up. A process that is
killed here, or a run that is, loses nothing: the next `resume` or `try` goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from kapso.attempt import HUMAN, Attempt
from kapso.errors import Interrupted, UsageError
from kapso.git import attempts as commits
from kapso.git.landing import base_of
from kapso.git.layout import RunRefs
from kapso.git.repository import Repository
from kapso.goal.protection import Editable
from kapso.loop.approval import waiting
from kapso.loop.confirm import Confirmation
from kapso.loop.human import check_allowed, made_from
from kapso.loop.requests import Request
from kapso.loop.run_folder import JournalTail, RunFolder
from kapso.loop.session import Result, Voice, attend
from kapso.loop.setting import Say
from kapso.loop.stored import stored_goal
from kapso.loop.workspace import EditableIndex
from kapso.memory.live import live_status

POLL_S = 0.1


@dataclass(frozen=True)
class Tried:
    """What came of a revision: its attempt, None where a signal came first; `is_known`: tried before."""

    attempt: Attempt | None
    best: Attempt | None
    is_known: bool = False
    refusal: str | None = None
    confirmation: Confirmation | None = None
    exit_code: int = 0


def try_revision(
    repository: Repository, name: str, revision: str, voice: Voice, *, dirty: bool = False
) -> Tried:
    """Evaluate `revision`, or the working tree upon it, as an attempt of the run `name`.

    UsageError where it changes what no attempt may change, or where the evaluation has changed.
    """
    folder = RunFolder(repository.state_dir, name)
    journal = JournalTail(folder.path / "events.jsonl")
    request = make_request(repository, name, revision, voice.say, dirty=dirty)
    known = _known(repository, name, request, True)
    if known.attempt is not None:
        return known
    _refuse_waiting(repository, name, request)
    folder.requests.add(request)
    try:
        return _have_evaluated(repository, folder, request, journal, voice)
    except KeyboardInterrupt as error:
        help = f"whoever works on {name} next takes it up: `kapso ls {name}` shows it then"
        raise Interrupted(
            "the waiting was ended, and what was asked for stays asked for", help=help
        ) from error


def _refuse_waiting(repository: Repository, name: str, request: Request) -> None:
    """What an attempt that waits for approval has is approved, and not tried."""
    for each in waiting(repository, name):
        if repository.tree_of(each.commit) == request.tree:
            raise UsageError(
                f"attempt {each.number} of `{name}` has these very files and waits for approval",
                help=f"`kapso approve {name} {each.number}` lets it run",
                slug="waits",
            )


def _have_evaluated(
    repository: Repository, folder: RunFolder, request: Request, journal: JournalTail, voice: Voice
) -> Tried:
    """By the process that works on the run, or by this one as soon as none does."""
    name = folder.run
    is_told = False
    while True:
        try:
            return _tried(repository, name, request, attend(repository, name, voice))
        except UsageError as error:
            if error.slug != "already-running":
                folder.requests.remove(request)
                raise
        if not is_told:
            is_paused = live_status(repository.state_dir, name) == "paused"
            when = f"once it goes on (`kapso resume {name}`)" if is_paused else "as its next attempt"
            voice.say(f"{name} is live and takes this up {when}")
        is_told = True
        if (tried := _wait(repository, folder, request, journal, voice)) is not None:
            return tried


def make_request(
    repository: Repository, name: str, revision: str, say: Say, *, dirty: bool = False
) -> Request:
    """What asks for the tree of `revision`, or of the working tree upon it; its objects are in git."""
    commit = repository.resolve(revision)
    base, goal = base_of(repository, name), stored_goal(repository, name)
    editable = Editable.of(goal, goal.prefix(repository.root))
    tree = repository.tree_of(commit)
    subject, _, body = repository.objects.commit(commit).message.strip().partition("\n")
    if dirty:
        tree = _working_tree(repository, commit, editable, say)
        subject, body = f"uncommitted changes on {commit[:12]}", ""
    what = "the working tree" if dirty else f"`{revision}`"
    check_allowed(repository, EditableIndex(repository, base, editable), base, tree, what)
    parents = made_from(repository, commit, base, commits.read_run(repository, name))
    return Request(tree, tuple(parents), subject.strip() or f"revision {commit[:12]}", body.strip())


def _working_tree(repository: Repository, commit: str, editable: Editable, say: Say) -> str:
    """The working tree upon `commit`, without new files that no attempt may add: notes, logs and the like."""
    tree = repository.tree_of(repository.snapshot(commit))
    changes = repository.changed_paths(commit, tree)
    strangers = [path for path, (old, _) in changes.items() if old is None and not editable.matches(path)]
    if strangers:
        more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        say(f"new files that `edit` does not match are left out: `{strangers[0]}`{more}")
    return repository.write_tree(tree, dict.fromkeys(strangers))


def _wait(
    repository: Repository, folder: RunFolder, request: Request, journal: JournalTail, voice: Voice
) -> Tried | None:
    """Until the run that is live has evaluated what was asked for; None when nobody works on it any more."""
    is_proposed = False
    while True:
        is_live = live_status(repository.state_dir, folder.run) is not None
        for event in journal:
            if not _is_about(repository, event, request.tree):
                continue
            if event["event"] == "request.refused":
                return Tried(None, None, refusal=str(event.get("reason")), exit_code=UsageError.exit_code)
            if event["event"] == "attempt.evaluated":
                folder.requests.remove(request)
                return _known(repository, folder.run, request, event.get("proposer") != HUMAN)
            is_proposed = True
            voice.say(f"attempt {event['attempt']} is being evaluated")
        if not is_live:
            return None
        # What is gone without an attempt of its own was evaluated, or is being, as somebody else's.
        if not is_proposed and request not in folder.requests:
            tried = _known(repository, folder.run, request, True)
            if tried.attempt is not None:
                return tried
        time.sleep(POLL_S)


def _is_about(repository: Repository, event: dict[str, Any], tree: str) -> bool:
    """Whether the event tells of the attempt, or the request, with this tree."""
    if event["event"] in ("attempt.proposed", "attempt.evaluated") and event.get("commit"):
        return repository.tree_of(event["commit"]) == tree
    return event["event"] == "request.refused" and event.get("tree") == tree


def _known(repository: Repository, name: str, request: Request, is_known: bool) -> Tried:
    return Tried(_attempt_with(repository, name, request.tree), _best(repository, name), is_known)


def _tried(repository: Repository, name: str, request: Request, result: Result) -> Tried:
    attempt = _attempt_with(repository, name, request.tree)
    return Tried(attempt, result.best, confirmation=result.confirmation, exit_code=result.exit_code)


def _attempt_with(repository: Repository, name: str, tree: str) -> Attempt | None:
    """The landed attempt that has this very tree."""
    found = [attempt for attempt in commits.read_run(repository, name) if attempt.tree == tree]
    return found[0] if found else None


def _best(repository: Repository, name: str) -> Attempt | None:
    """The attempt that the branch `best` stands at."""
    commit = repository.refs.get(RunRefs(name).best)
    return next((each for each in commits.read_run(repository, name) if each.commit == commit), None)
