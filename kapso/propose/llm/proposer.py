"""llm: asks a chat model for a hypothesis and an edit, and has it mend what is of no use or fails.

One call an attempt, or two where `ideate:` names a model for ideas. The prompt is packed when the attempt
begins; everything else rests on the idea, so that after a kill the same calls are asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapso.goal import Goal
from kapso.goal.authors import LlmOptions
from kapso.propose.author import Author
from kapso.propose.llm.chat import Chat
from kapso.propose.prompts import Templates

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
