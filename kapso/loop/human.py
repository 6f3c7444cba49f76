"""The proposer `human`: a revision of the user's own becomes a request, and a request an attempt.

The user's edit is held to what every edit is held to: it may differ from the run's base in editable files
only. What asks is checked twice, as a request waits in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kapso.attempt import BASELINE, HUMAN, Attempt, now, rfc3339
from kapso.errors import KapsoError, UsageError
from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE, Entry
from kapso.goal.protection import Editable
from kapso.loop.graph import AttemptState
from kapso.loop.requests import Request
from kapso.loop.workspace import CandidateWorkspace, EditableIndex
from kapso.propose.protocol import Idea

if TYPE_CHECKING:
    from kapso.loop.run import Run

_SHOWN = 5
_MOST_COMMITS = 10_000


def take_up(run: Run, number: int) -> AttemptState | None:
    """Keep the candidate that the eldest request asks for as attempt `number`; None where none waits.

    One whose tree is known asks for nothing; one that may not stand is dropped and told.
    """
    for request in run.folder.requests:
        state = _take_up(run, request, number)
        run.folder.requests.remove(request)
        if state is not None:
            return state
    return None


def _take_up(run: Run, request: Request, number: int) -> AttemptState | None:
    try:
        why = why_not_allowed(run.repository, run.editable, run.base, request.tree)
    except KapsoError as error:  # the tree is not in this clone
        why = error.message
    parents = [each for each in request.parents if each in run.history.attempts] or [BASELINE]
    if why is not None:
        run.journal.write("request.refused", tree=request.tree, title=request.title, reason=why)
        return None
    with run.lock:
        if run.known_number(request.tree, number) is not None:
            return None
        run.history.in_flight[request.tree] = number
    idea = Idea(request.title, request.hypothesis)
    started = rfc3339(now())
    candidate = run.keep_candidate(number, request.tree, parents, HUMAN, idea, started, request.also_from)
    return {
        "number": number,
        "parents": parents,
        "proposer": HUMAN,
        "idea": {"title": idea.title, "hypothesis": idea.hypothesis},
        "known": {},
        "started": started,
        "candidate": candidate,
    }


def check_allowed(repository: Repository, index: EditableIndex, base: str, tree: str, what: str) -> None:
    """UsageError, naming the files, where `tree` differs from the base in what no attempt may change."""
    why = why_not_allowed(repository, index, base, tree)
    if why is not None:
        raise UsageError(
            f"{what} cannot be an attempt: {why}",
            help=f"attempts start from `{base[:12]}` and change what `edit` matches: make the change there, "
            f"as in `git switch -c mine {base[:12]}`, or start a new run with `kapso run`",
            slug="not-editable",
        )


def why_not_allowed(repository: Repository, index: EditableIndex, base: str, tree: str) -> str | None:
    """Why a tree cannot be an attempt on `base`, naming the files; None where it can."""
    changes = repository.changed_paths(base, tree)
    if not changes:
        return None
    refused = [
        f"`{path}` ({reason})"
        for path, (_, entry) in sorted(changes.items())
        if (reason := _why_protected(index.editable, path, entry)) is not None
    ]
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        return f"it changes {', '.join(refused[:_SHOWN])}{more}"
    workspace = CandidateWorkspace(repository, base, index.editable, index.files(base))
    for path, (_, entry) in changes.items():
        if entry is None:
            workspace.pop(path, None)
        else:
            workspace[path] = repository.objects.read(entry.oid, path)
    return workspace.why_not()


def _why_protected(editable: Editable, path: str, entry: Entry | None) -> str | None:
    if (reason := editable.why_protected(path)) is not None:
        return reason
    if not editable.is_wanted(path):
        return "`edit` does not match it"
    if entry is not None and entry.mode not in (FILE, EXECUTABLE):
        return "it is a link or a submodule"
    return None


def made_from(repository: Repository, revision: str, base: str, attempts: Iterable[Attempt]) -> list[int]:
    """The attempts that the commit `revision` was made from: the nearest in its history, else the baseline.

    A commit that has an attempt's very files, as `kapso apply` makes it, stands for that attempt; a merge
    stands for what it merges.
    """
    known = list(attempts)
    by_commit = {attempt.commit: attempt.number for attempt in known}
    by_tree = {attempt.tree: attempt.number for attempt in reversed(known)}
    history = _history(repository, revision, base)
    found: list[int] = []
    waiting, seen = [revision], {revision}
    while waiting:
        commit = waiting.pop(0)
        tree, above = history.get(commit, ("", []))
        number = by_commit.get(commit, by_tree.get(tree) if len(above) < 2 else None)
        if number is not None:
            found.append(number)
            continue
        fresh = [parent for parent in above if parent not in seen]
        seen.update(fresh)
        waiting += fresh
    return _without_ancestors(found, {attempt.number: attempt for attempt in known}) or [BASELINE]


def _history(repository: Repository, revision: str, base: str) -> Mapping[str, tuple[str, list[str]]]:
    """Tree and parents of every commit that `revision` has and `base` has not."""
    lines = repository.git.output(
        *("log", "--format=%H %T %P", f"--max-count={_MOST_COMMITS}", revision, f"^{base}", "--"),
        what="reading the history",
    )
    parts = [line.split() for line in lines.decode().splitlines()]
    return {commit: (tree, parents) for commit, tree, *parents in parts}


def _without_ancestors(found: list[int], attempts: Mapping[int, Attempt]) -> list[int]:
    """Those that no other one was made from, each once; the baseline only alone."""
    above: set[int] = set()
    for number in found:
        waiting = list(attempts[number].parents)
        while waiting:
            if (each := waiting.pop()) not in above:
                above.add(each)
                waiting += attempts[each].parents
    return [number for number in dict.fromkeys(found) if number not in above]
