"""llm: asks a chat model for a hypothesis and an edit, and has it mend what is of no use or fails.

One call an attempt, or two where `ideate:` names a model for ideas. What is asked first is packed when the
attempt begins; all else rests on the idea alone, so that after a kill the same calls are asked for again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kapso.attempt import Attempt
from kapso.goal import Goal
from kapso.goal.authors import LlmOptions, ModelOptions
from kapso.propose.author import BudgetSpent, Desk, Failure, NoUsableEdit, Reply
from kapso.propose.costs import models_of
from kapso.propose.llm.chat import MOST_BILLED, Chat
from kapso.propose.llm.edits import Unusable, Written, apply, put
from kapso.propose.llm.packing import (
    FAILURE_TOKENS,
    PROMPT_TOKENS,
    Messages,
    Packed,
    carry_out,
    pack,
    repair,
    shorter,
)
from kapso.propose.llm.paths import Paths
from kapso.propose.llm.prices import context_window, cost_of, most_tokens
from kapso.propose.llm.reading import read_reply
from kapso.propose.prompts import Templates, count_tokens
from kapso.propose.prompts.past import Past
from kapso.propose.prompts.text import tail
from kapso.propose.protocol import Context, Files, Idea, Workspace

if TYPE_CHECKING:
    from kapso.propose import Read

IDEATE, EDIT, REPAIR = "ideate", "edit", "repair"
"""The purposes of calls."""
_SHORTEST_REPLY = 500
"""Tokens of an earlier reply that a repair repeats at least."""


class Llm:
    """The proposer `llm`. Its models are drawn by weight, attempt by attempt."""

    name = "llm"

    def __init__(self, goal: Goal, options: LlmOptions, read: Read) -> None:
        self._goal = goal
        self._read = read
        self._templates = Templates.of(goal)
        self._past = Past(goal.primary)
        places = dict(models_of(goal))
        self._writers = [Chat(each, where=places.get(each)) for each in options.edit]
        self._thinker = None
        if options.ideate is not None:
            self._thinker = Chat(options.ideate, where=places.get(options.ideate))
        self.works_here = any(_is_here(chat.options) for chat in self._chats)
        self.is_paid = any(_is_paid(chat.options) for chat in self._chats)
        self.most_cost = self._most({})

    @property
    def _chats(self) -> list[Chat]:
        return [*self._writers, *([] if self._thinker is None else [self._thinker])]

    def check(self) -> float:
        """See Author."""
        return sum(chat.check() for chat in {chat.options: chat for chat in self._chats}.values())

    def why_nothing(self, files: Files) -> str | None:
        """See Proposer."""
        return None if files else "there is no file to edit"

    def ideate(self, context: Context) -> Idea:
        """What will be asked of which model; nothing is sent."""
        weights = [chat.options.weight for chat in self._writers]
        drawn = random.Random(f"{context.seed} model").choices(range(len(weights)), weights)[0]
        writer = self._writers[drawn]
        messages, rests_on = self._packed(context, writer, EDIT)
        details: dict[str, Any] = {
            "model": drawn,
            "start": context.parents[0].commit,
            "messages": messages,
        }
        tokens = dict.fromkeys(self._writers, most_tokens(details["messages"]))
        if self._thinker is not None:
            details["ask"], also = self._packed(context, self._thinker, IDEATE)
            rests_on = tuple(dict.fromkeys([*rests_on, *also]))
            tokens[self._thinker] = most_tokens(details["ask"])
        self.most_cost = self._most(tokens)
        return Idea(title="", parameters={"model": writer.name}, details=details, rests_on=rests_on)

    def write(self, idea: Idea, desk: Desk, workspace: Workspace) -> Idea:
        """See Author. Replies that are of no use, and programs that are known, go back while repairs last."""
        writer = self._writers[idea.details["model"]]
        failure: Failure | None = None
        if desk.failures and "reply" in idea.details:
            purpose, messages = REPAIR, self._after_failure(writer, idea, desk.failures[-1], workspace)
        else:
            purpose, (idea, messages) = EDIT, self._first(idea, desk)
        while True:
            try:
                reply = self._ask(writer, purpose, messages, desk)
            except BudgetSpent as error:
                if failure is None:
                    raise
                raise NoUsableEdit(f"{failure.reason}; not mended: {error}") from error
            made = self._carry_out(reply, idea, desk, workspace)
            if isinstance(made, Written):
                return _told(idea, made, messages, reply)
            if not desk.repairs:
                raise NoUsableEdit(made.reason)
            failure = made
            messages = self._gone_on(writer, messages, reply.text, failure)
            purpose = REPAIR

    def observe(self, attempt: Attempt) -> None:
        """Nothing: what is known of earlier attempts comes with the context."""

    # Messages

    def _packed(self, context: Context, chat: Chat, purpose: str) -> Packed:
        room = _room(chat.options, is_mended=purpose == EDIT and self._goal.search.repairs > 0)
        follows = purpose == EDIT and self._thinker is not None
        return pack(
            context, self._read, self._templates, room, purpose, idea_follows=follows, past=self._past
        )

    def _first(self, idea: Idea, desk: Desk) -> tuple[Idea, Messages]:
        """What is asked first; with the idea of the model for ideas, where there is one."""
        messages: Messages = idea.details["messages"]
        if self._thinker is None:
            return idea, messages
        ask = idea.details["ask"]
        reply = self._ask(self._thinker, IDEATE, ask, desk)
        if _is_cut_off(reply) and desk.repairs:
            reply = self._ask(self._thinker, REPAIR, shorter(ask, _cut_off(reply)), desk)
        if not reply.text.strip() or _is_cut_off(reply) or reply.data.get("finish") == "refusal":
            return idea, messages  # there is no whole idea: the writer has one of its own
        told = read_reply(reply.text, Paths(()))
        idea = replace(idea, title=told.title, hypothesis=told.hypothesis)
        return idea, carry_out(messages, reply.text, self._templates)

    def _after_failure(self, writer: Chat, idea: Idea, failure: Failure, workspace: Workspace) -> Messages:
        """The conversation, gone on after the candidate failed that the workspace holds."""
        details = idea.details
        changed = {path: workspace[path] for path in details["changed"] if path in workspace}
        return self._gone_on(writer, details["messages"], details["reply"], failure, changed)

    def _gone_on(
        self,
        writer: Chat,
        messages: Messages,
        reply: str,
        failure: Failure,
        changed: Mapping[str, bytes] | None = None,
    ) -> Messages:
        """The conversation with a reply and what was wrong with it, within what the model takes.

        `changed` are the files of a candidate that failed, as they stand in the workspace.
        """

        def made(messages: Messages, reply: str, changed: Mapping[str, bytes] | None) -> Messages:
            is_applied = changed is not None
            return repair(messages, reply, failure, self._templates, applied=is_applied, changed=changed)

        most = _most_sent(writer.options)
        whole = made(messages, reply, changed)
        if most is None or _count(whole) <= most:
            return whole
        first = messages[
            : next((at for at, each in enumerate(messages) if each["role"] == "assistant"), None)
        ]
        left = most - _count(first) - FAILURE_TOKENS
        return made(first, tail(reply, max(left, _SHORTEST_REPLY)), None if changed is None else {})

    # Calls

    def _ask(self, chat: Chat, purpose: str, messages: Messages, desk: Desk) -> Reply:
        options = chat.options
        request = {"model": chat.name, "max_tokens": options.max_tokens, "temperature": options.temperature}
        desk.show(f"{chat.name} {_DOING[purpose]}")

        def call(most_billed: int) -> Reply:
            most = chat.most_cost(most_tokens(messages), most_billed)
            said = {**request, "messages": messages}
            return desk.call(purpose, said, most, lambda: chat.ask(messages, desk.cancel, most_billed))

        try:
            return call(MOST_BILLED)
        except BudgetSpent:
            return call(1)  # what is left still pays for an answer, though not for one that is lost as well

    def _most(self, tokens: Mapping[Chat, int]) -> float | None:
        """The most that a first call costs of any model, for prompts of so many tokens as the last ones.

        Before there is one, next to nothing: what a call may really cost is known when it is packed.
        """
        least = most_tokens(())
        costs = [chat.most_cost(tokens.get(chat, least), 1) for chat in self._chats]
        known = [cost for cost in costs if cost is not None]
        return max(known) if len(known) == len(costs) else None

    # Replies

    def _carry_out(self, reply: Reply, idea: Idea, desk: Desk, workspace: Workspace) -> Written | Failure:
        """What was written, or what is wrong with the reply; then the workspace is as it was."""
        try:
            written = self._applied(reply, idea, workspace, bool(desk.failures))
        except Unusable as error:
            return _failure(reply, error.failure)
        known = desk.known(workspace) if desk.repairs else None  # else the loop sees what becomes of it
        if known is None:
            return written
        written.undo(workspace)
        return Failure(
            f"it is {known}",
            "Format, comments and names of local variables make no difference. Try something that is new.",
        )

    def _applied(self, reply: Reply, idea: Idea, workspace: Workspace, is_repair: bool) -> Written:
        """The reply's edits, made on the failed candidate; where they do not fit it, on what it was made of:
        some models start anew when they were to go on."""
        is_complete = reply.data.get("finish") == "stop"
        try:
            return apply(reply.text, workspace, is_complete=is_complete)
        except Unusable:
            if not is_repair:
                raise
            before = {path: workspace.get(path) for path in idea.details["changed"]}
            start = self._read(idea.details["start"])
            put(workspace, {path: start.get(path) for path in before})
            try:
                written = apply(reply.text, workspace, is_complete=is_complete)
            except Unusable:
                put(workspace, before)
            else:
                return replace(written, before={**written.before, **before})
            raise


_DOING = {IDEATE: "has an idea", EDIT: "writes an edit", REPAIR: "mends what it wrote"}


def _told(idea: Idea, written: Written, messages: Messages, reply: Reply) -> Idea:
    """The idea as it was told, with what a later repair goes on from."""
    changed = sorted({*idea.details.get("changed", ()), *written.changed})
    title = written.title or idea.title or f"edit {', '.join(written.changed)}"
    hypothesis = written.hypothesis or idea.hypothesis
    if written.refused:
        hypothesis += "\n\nNot taken over: " + "; ".join(written.refused.values())
    details = {**idea.details, "messages": messages, "reply": reply.text, "changed": changed}
    return replace(idea, title=title, hypothesis=hypothesis.strip(), details=details)


def _failure(reply: Reply, failure: Failure) -> Failure:
    """What is wrong with a reply that is of no use, if it did not end by itself."""
    if _is_cut_off(reply):
        cut_off = _cut_off(reply)
        return Failure(
            f"the reply was {cut_off}: {failure.reason}",
            f"Your reply was {cut_off}, its limit: say less, send smaller blocks.\n{failure.feedback}",
        )
    if reply.data.get("finish") == "refusal":
        return Failure(f"`{reply.model}` declined: {failure.reason}", failure.feedback)
    return failure


def _is_cut_off(reply: Reply) -> bool:
    return bool(reply.data.get("finish") == "length")


def _cut_off(reply: Reply) -> str:
    return "cut off" + (f" after {reply.output_tokens} tokens" if reply.output_tokens else "")


def _room(options: ModelOptions, *, is_mended: bool) -> int:
    """The tokens of a first prompt at most; where its edit may be mended, the reply and what was wrong with
    it have to find a place beside it."""
    if (most := _most_sent(options)) is None:
        return PROMPT_TOKENS
    room = most - most // 3 if is_mended else most
    return room if options.context_tokens is not None else min(PROMPT_TOKENS, room)


def _most_sent(options: ModelOptions) -> int | None:
    """The tokens that all messages may take: as the goal says, or what the model's window leaves beside the
    reply; None where neither is known."""
    if options.context_tokens is not None:
        return options.context_tokens
    if (window := context_window(options)) is None:
        return None
    least = window // 4
    return max(window - (options.max_tokens or least), least)


def _count(messages: Messages) -> int:
    return sum(count_tokens(each["content"]) for each in messages)


def _is_paid(options: ModelOptions) -> bool:
    """Whether its tokens have a price, or are likely to: nobody tells what a model elsewhere takes."""
    price = cost_of(options, 1000, 1000)
    return not _is_here(options) if price is None else price > 0


def _is_here(options: ModelOptions) -> bool:
    """Whether the model runs on this machine."""
    if options.base_url is None:
        return options.model.startswith("ollama:")
    return urlsplit(options.base_url).hostname in ("localhost", "127.0.0.1", "::1")
