"""The prompts of a coding agent: it finds the program in its folder, so only what it cannot see is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from kapso.goal import format_duration
from kapso.propose.author import Failure
from kapso.propose.prompts.fit import fitted
from kapso.propose.prompts.gather import Gatherer, Read
from kapso.propose.prompts.material import Material
from kapso.propose.prompts.templates import Templates
from kapso.propose.prompts.text import tail
from kapso.propose.protocol import Context

AGENT_TOKENS = 12_000
FAILURE_TOKENS = 1500


class Prompt(NamedTuple):
    """What is told, and the nodes of libraries that it tells of."""

    text: str
    rests_on: tuple[str, ...] = ()


def agent_prompt(
    context: Context,
    read: Read,
    templates: Templates,
    *,
    timeout_s: float | None = None,
    has_tools: bool = False,
    budget_tokens: int = AGENT_TOKENS,
) -> Prompt:
    """What the agent is told for an attempt, in at most so many tokens."""
    limit = format_duration(timeout_s) if timeout_s else ""

    def make(material: Material) -> list[str]:
        return [templates.render("agent", limit=limit, has_tools=has_tools, **material.values())]

    gatherer = Gatherer(context, read)
    (text,) = fitted(gatherer, budget_tokens, make, with_code=False)
    return Prompt(text, gatherer.rests_on)


def mend_prompt(prompt: str, failures: Sequence[Failure], templates: Templates) -> str:
    """What the agent is told when its folder holds an edit of this attempt that failed: `prompt`, and why."""
    cut = [
        replace(each, feedback=tail(each.feedback, FAILURE_TOKENS)) if each.feedback else each
        for each in failures
    ]
    return f"{prompt.rstrip()}\n\n{templates.render('agent-repair', failures=cut)}"
