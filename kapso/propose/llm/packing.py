"""The messages of a conversation with a chat model: what is asked first, and what follows a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from kapso.propose.author import Failure
from kapso.propose.prompts.code import Interest, Program
from kapso.propose.prompts.fit import fitted
from kapso.propose.prompts.gather import Gatherer, Read
from kapso.propose.prompts.material import Material
from kapso.propose.prompts.past import Past
from kapso.propose.prompts.templates import Templates
from kapso.propose.prompts.text import tail
from kapso.propose.protocol import Context

PROMPT_TOKENS = 24_000
"""What a first prompt takes at most, where the goal does not say (`context_tokens`)."""
REPLY_TOKENS = 12_000
FAILURE_TOKENS = 2000
CHANGED_TOKENS = 4000
"""Of an edit that failed: what its files may take, cut around what the reply wrote."""

Messages = list[dict[str, str]]


class Packed(NamedTuple):
    """The first messages of an attempt, and the nodes of libraries that they tell of."""

    messages: Messages
    rests_on: tuple[str, ...]


def pack(
    context: Context,
    read: Read,
    templates: Templates,
    budget_tokens: int,
    purpose: str,
    *,
    idea_follows: bool = False,
    past: Past | None = None,
) -> Packed:
    """The first messages of an attempt: for an idea alone (`ideate`), or for hypothesis and edit (`edit`).

    `idea_follows`: `carry_out` adds the idea, so none is asked for.

    They take at most `budget_tokens`, as `count_tokens` estimates them. Of the program, the edits apply to
    what is shown. Raises UsageError where the budget is too small for the goal alone.
    """

    def make(material: Material) -> list[str]:
        values = {**material.values(), "idea_follows": idea_follows}
        return [templates.render(name, purpose=purpose, **values) for name in ("system", "task")]

    gatherer = Gatherer(context, read, past)
    system, task = fitted(gatherer, budget_tokens, make, with_code=True)
    return Packed([_message("system", system), _message("user", task)], gatherer.rests_on)


def carry_out(messages: Sequence[Mapping[str, str]], idea: str, templates: Templates) -> Messages:
    """The messages of an edit, with the idea that another model had for it."""
    *before, last = messages
    said = templates.render("idea", idea=tail(idea, FAILURE_TOKENS))
    return [*map(dict, before), _message(last["role"], f"{last['content']}\n{said}")]


def shorter(messages: Sequence[Mapping[str, str]], cut_off: str) -> Messages:
    """What was asked, asked anew after a reply that was cut off; half an idea is no part of it."""
    *before, last = messages
    said = f"Be brief: an earlier reply was {cut_off}, its limit, before it came to its end."
    return [*map(dict, before), _message(last["role"], f"{last['content']}\n{said}\n")]


def repair(
    messages: Sequence[Mapping[str, str]],
    reply_text: str,
    failure: Failure,
    templates: Templates,
    *,
    applied: bool = False,
    changed: Mapping[str, bytes] | None = None,
) -> Messages:
    """The conversation, gone on after a reply that was of no use, or whose edit failed when it was evaluated.

    `applied`: the workspace holds the edit, and the next one is applied on top; `changed` are the files
    that it changed, as they stand now. Otherwise nothing was applied.
    """
    feedback = tail(failure.feedback, FAILURE_TOKENS) if failure.feedback else None
    written = frozenset(line.strip() for line in reply_text.split("\n") if len(line.strip()) > 8)
    files, _ = Program(changed or {}, lambda: Interest(lines=written)).within(CHANGED_TOKENS)
    said = templates.render(
        "repair",
        failure=replace(failure, feedback=feedback),
        applied=applied,
        files=files,
    )
    reply = templates.masked(tail(reply_text, REPLY_TOKENS)) or "(nothing)"
    return [*map(dict, messages), _message("assistant", reply), _message("user", said)]


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
