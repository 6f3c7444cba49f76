"""A model's reply carried out: every edit in it is applied to the workspace, or none is.

Edits of files that may not change are left out and named; whatever is ambiguous, incomplete or no program
afterwards is refused, with a text that tells the model what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kapso.propose.author import Failure
from kapso.propose.llm.drafts import MOST_TOLD, Draft
from kapso.propose.llm.paths import Paths
from kapso.propose.llm.reading import MOST_EDITS, read_reply
from kapso.propose.llm.soundness import Wrong, why_unsound
from kapso.propose.protocol import Workspace

FORMAT = (
    "Write the path of the file on a line of its own, then one or more blocks of this form, each in full:\n"
    "<<<<<<< SEARCH\nlines as they stand in the file now\n=======\nlines that replace them\n>>>>>>> REPLACE\n"
    "To write a new file, or one anew, put its path on a line of its own and then the whole file in a fenced "
    "block."
)
LONGEST_REPLY = 2_000_000
"""No file that a model writes is near it; reading takes a few us a character at worst."""
_LONGEST_FEEDBACK = 12_000
_MOST_PATHS = 40


class Unusable(Exception):
    """A reply that is no edit; `failure` is for the model."""

    def __init__(self, reason: str, feedback: str) -> None:
        super().__init__(reason)
        self.failure = Failure(reason, feedback[:_LONGEST_FEEDBACK])


@dataclass(frozen=True)
class Written:
    """What a reply told (title and hypothesis may be empty), and what became of its edits.

    `before` is what the changed paths held (None: nothing), `refused` the paths that may not be changed, each
    with the reason.
    """

    title: str
    hypothesis: str
    before: Mapping[str, bytes | None]
    refused: Mapping[str, str]

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(sorted(self.before))

    def undo(self, workspace: Workspace) -> None:
        """Leave the workspace as it was before."""
        put(workspace, self.before)


def apply(reply: str, workspace: Workspace, *, is_complete: bool = False) -> Written:
    """Carry out the edits of a reply. Raises Unusable, and the workspace is as it was.

    `is_complete` says that the model ended it by itself, so that a fence left open was merely forgotten.
    """
    if len(reply) > LONGEST_REPLY:
        raise Unusable(
            f"the reply is longer than {LONGEST_REPLY} characters", "Send blocks for what changes."
        )
    paths = Paths(workspace)
    reading = read_reply(reply, paths)
    if not reading.edits:
        raise Unusable("there is no edit in the reply", _no_edit(reply, paths))
    if len(reading.edits) >= MOST_EDITS:
        raise Unusable(
            f"the reply has {MOST_EDITS} edits or more", "Send fewer edits: whole files, if need be."
        )
    draft = Draft(workspace, paths, is_complete)
    draft.take(reading.edits)
    changes = draft.changes()
    if wrong := draft.wrong or _unsound(changes, workspace):
        raise _unusable(wrong, draft.refused)
    if not changes:
        raise _no_change(draft, paths)
    before = {path: workspace.get(path) for path in changes}
    put(workspace, changes)
    return Written(reading.title, reading.hypothesis, before, draft.refused)


def put(workspace: Workspace, files: Mapping[str, bytes | None]) -> None:
    """Give these paths these contents; None: no file."""
    for path, content in files.items():
        if content is not None:
            workspace[path] = content
        elif path in workspace:
            del workspace[path]


def _unsound(changes: Mapping[str, bytes | None], workspace: Workspace) -> list[Wrong]:
    return [
        Wrong(f"`{path}` {wrong.what}", wrong.feedback)
        for path, content in changes.items()
        if content is not None and (wrong := why_unsound(path, content, workspace.get(path))) is not None
    ]


def _unusable(wrong: list[Wrong], refused: Mapping[str, str]) -> Unusable:
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    told = [f"{number}. {each.feedback}" for number, each in enumerate(wrong[:MOST_TOLD], 1)]
    if len(wrong) > MOST_TOLD:
        told.append(f"… and {len(wrong) - MOST_TOLD} more of that kind.")
    told += [f"Leave out the edits of `{path}`: {why}." for path, why in refused.items()]
    told.append(
        "Nothing was applied: the files are as they were. Send every edit again, with this put right."
    )
    return Unusable(wrong[0].what + more, "\n".join(told))


def _no_edit(reply: str, paths: Paths) -> str:
    if not reply.strip():
        return f"The reply was empty.\n{FORMAT}"
    return f"There is no edit in your reply that can be read.\n{FORMAT}\n{may_change(paths)}"


def _no_change(draft: Draft, paths: Paths) -> Unusable:
    if draft.refused:
        named = ", ".join(f"`{path}`" for path in draft.refused)
        told = "".join(f"- {reason}\n" for reason in draft.refused.values())
        return Unusable(
            f"{named} may not be changed", f"None of your edits may be made:\n{told}{may_change(paths)}"
        )
    return Unusable("the edit changes nothing", "Your edits leave every file as it is. Make a change.")


def may_change(paths: Paths) -> str:
    """Which files there are to edit, in a sentence."""
    shown = ", ".join(f"`{path}`" for path in paths.editable[:_MOST_PATHS])
    more = len(paths.editable) - _MOST_PATHS
    return f"What you may edit: {shown}{f' and {more} more' if more > 0 else ''}."
