"""What of a run an agent's work needs: where it works, what it may change, what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kapso.evaluate.base import BaseFiles
from kapso.git.repository import Repository
from kapso.goal.protection import Editable
from kapso.propose.prompts import Prompt
from kapso.propose.protocol import Context, Workspace


@dataclass(frozen=True)
class Site:
    """The run's own `files`, ready by the first call of `write`; `processes` and `memory_bytes` as for
    candidates.

    `tree_of` gives the whole tree of a candidate in the making, `prompt` what the agent is told for an
    attempt, for which it has so many seconds, with Kapso's own tools or without. `where` is the agent's place
    in the goal, for errors; `has_tools` lets it search the library and read attempts by itself.
    """

    run: str
    repository: Repository
    files: BaseFiles
    editable: Editable
    tree_of: Callable[[Workspace], str]
    prompt: Callable[[Context, float, bool], Prompt]
    memory_bytes: int
    processes: int
    where: str | None = None
    has_tools: bool = False
