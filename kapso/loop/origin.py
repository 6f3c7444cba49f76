"""`kapso run --from RUN`: the best of an earlier run is scored again, as the first attempt of a new one.

Scores are compared within one identity only, so none is taken over. What came before stays in git as history:
the first attempt has the earlier best among its parents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt
from kapso.errors import UsageError
from kapso.git.landing import base_of
from kapso.git.merge import merge_cleanly
from kapso.git.repository import Repository
from kapso.git.sharing import missing
from kapso.git.trees import EXECUTABLE, FILE, Entry
from kapso.goal.protection import Editable
from kapso.loop.human import check_allowed
from kapso.loop.requests import Request
from kapso.loop.setting import Say, Setting
from kapso.loop.workspace import EditableIndex

if TYPE_CHECKING:
    from kapso.loop.run import Run

_REGULAR = (FILE, EXECUTABLE)


@dataclass(frozen=True)
class Origin:
    """The attempt that a run starts from, and its tree upon the new base. Kept with the goal."""

    run: str
    attempt: int
    commit: str
    tree: str
    title: str


def bring(setting: Setting, best: Attempt, say: Say) -> Origin | None:
    """`best` of an earlier run upon the base of `setting`; None where the base has all of it already.

    UsageError where the base changed the same lines, or where the goal lets no attempt change such a file.
    """
    repository, base = setting.repository, setting.base
    if best.number == BASELINE:
        say(f"no attempt of {best.run} was better than its baseline: nothing to start from")
        return None
    was_base = base_of(repository, best.run)
    tree = _upon(repository, was_base, best, base)
    if tree == repository.tree_of(base):
        say(f"the base has the files of attempt {best.number} of {best.run} already: nothing to start from")
        return None
    index = EditableIndex(repository, base, Editable.of(setting.goal, setting.goal.prefix(repository.root)))
    check_allowed(repository, index, base, tree, f"attempt {best.number} of `{best.run}`")
    moved = "" if repository.tree_of(was_base) == repository.tree_of(base) else ", merged onto the new base"
    say(f"from {best.run}: attempt {best.number} is scored again as attempt 1{moved}")
    return Origin(best.run, best.number, best.commit, tree, best.title)


def ask_again(run: Run, told: Mapping[str, Any] | None) -> None:
    """Ask for the attempt that the run starts from, unless it was taken up before a kill."""
    if told is None:
        return
    origin = Origin(**told)
    if run.known_number(origin.tree, BASELINE) is None and not missing(run.repository, [origin.tree]):
        run.folder.requests.add(request_for(origin))


def request_for(origin: Origin) -> Request:
    """The first attempt: made from the baseline and from the earlier best, which thereby stays in history."""
    return Request(
        tree=origin.tree,
        parents=(BASELINE,),
        title=f"best of {origin.run}: {origin.title}",
        hypothesis=f"Attempt {origin.attempt} of {origin.run}, scored again here: "
        "scores of another evaluation are not compared.",
        also_from=(origin.commit,),
    )


def _upon(repository: Repository, was_base: str, best: Attempt, base: str) -> str:
    """The tree of `base` with what `best` changed over the base that it came from."""
    changes: dict[str, Entry | None] = {}
    for path, (before, after) in repository.changed_paths(was_base, best.commit).items():
        now = repository.entry(base, path)
        if now == after:
            continue
        changes[path] = after if now == before else _merged(repository, path, before, now, after, best)
    return repository.write_tree(base, changes)


def _merged(
    repository: Repository,
    path: str,
    before: Entry | None,
    now: Entry | None,
    after: Entry | None,
    best: Attempt,
) -> Entry:
    if before and now and after and all(each.mode in _REGULAR for each in (before, now, after)):
        contents = [repository.objects.read(each.oid, path) for each in (before, now, after)]
        if (merged := merge_cleanly(*contents)) is not None:
            mode = after.mode if after.mode != before.mode else now.mode
            return Entry(mode, repository.write_blob(merged))
    raise UsageError(
        f"attempt {best.number} of `{best.run}` does not fit the base any more: both changed `{path}`",
        help=f"merge it by hand and start from that: `git merge $(kapso apply {best.run} {best.number})`, "
        "then `kapso run` without `--from`",
        slug="from-conflicts",
    )
