"""llm: asks a chat model for a hypothesis and an edit, and has it mend what is of no use or fails.

One call an attempt, or two where `ideate:` names a model for ideas. The prompt is packed when the attempt
begins; everything else rests on the idea, so that after a kill the same calls are asked for again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kapso.attempt import Attempt
from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.authors import LlmOptions, ModelOptions
from kapso.propose.author import Author, BudgetSpent, Desk, Failure, NoUsableEdit, Reply
from kapso.propose.llm import packing
from kapso.propose.llm.chat import Chat
from kapso.propose.llm.edits import Unusable, Written, apply
from kapso.propose.llm.paths import Paths
from kapso.propose.llm.reading import read_reply
from kapso.propose.prompts import Templates, count_tokens
from kapso.propose.protocol import Context, Files, Idea, Snapshot, Workspace

if TYPE_CHECKING:
    from kapso.propose import Read

Messages = list[dict[str, str]]


class Llm(Author):
    """The proposer `llm`: its models, drawn by weight, and the one for ideas if there is one."""

    name = "llm"

    def __init__(self, goal: Goal, options: LlmOptions, read: Read) -> None:
        self._goal = goal
        self._read = read
        self._templates = Templates.of(goal)
        self._writers = [Chat(each) for each in options.edit]
        self._options = options
        self._thinker = None if options.ideate is None else Chat(options.ideate)
