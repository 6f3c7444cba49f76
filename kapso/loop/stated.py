"""Asks a model, once at the end of a run and within its budget, what the run teaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kapso.errors import Interrupted, KapsoError
from kapso.goal.authors import LlmOptions, ModelOptions
from kapso.loop.calls import Calls, reply_of
from kapso.propose.author import BudgetSpent, Reply, Unavailable

if TYPE_CHECKING:
    from kapso.loop.run import Run
    from kapso.memory.lessons.by_model import Observed
    from kapso.memory.lessons.rules.base import Found

PURPOSE = "lessons"


def stated_by_model(
    run: Run, observed: Sequence[Observed], secret: frozenset[str], say: Callable[[str], None]
) -> list[Found]:
    """What the first model of `llm` states of the run and the attempts bear out; empty where none answers."""
    from kapso.memory.lessons.by_model import messages, stated

    options = _options(run)
    if options is None:
        say("`memory: {model: true}` needs a model: no proposer `llm` is configured")
        return []
    asked = messages(run.goal.objective, observed)
    try:
        reply = _known(run, asked) or _ask(run, options, asked)
    except (Unavailable, BudgetSpent, KapsoError) as error:
        say(f"no model was asked what the run teaches: {error}")
        return []
    except Interrupted:
        return []
    return list(stated(reply.text, observed, secret))


def _options(run: Run) -> ModelOptions | None:
    for spec in run.goal.propose:
        if isinstance(spec.options, LlmOptions):
            return spec.options.ideate or spec.options.edit[0]
    return None


def _calls(run: Run) -> Calls:
    return Calls(run.folder.path / PURPOSE)


def _known(run: Run, asked: Sequence[Mapping[str, str]]) -> Reply | None:
    """What it answered before a kill."""
    ended = [each for each in _calls(run).ended() if each["request"].get("messages") == asked]
    return next((reply_of(each) for each in ended if each.get("reply")), None)


def _ask(run: Run, options: ModelOptions, asked: Sequence[Mapping[str, str]]) -> Reply:
    from kapso.propose.llm.chat import Chat
    from kapso.propose.llm.prices import most_tokens

    chat, calls = Chat(options), _calls(run)
    most = chat.most_cost(most_tokens(asked), 1)
    held = run.purse.hold(most)
    cost: float | None = most
    try:
        request: dict[str, Any] = {"model": chat.name, "messages": list(asked)}
        number = calls.begin("llm", PURPOSE, request, most)
        try:
            reply = chat.ask(asked, run.cancel, 1)
        except (Unavailable, KapsoError) as error:
            cost = error.cost if isinstance(error, Unavailable) else 0.0
            cost = most if cost is None else cost
            calls.end(number, reply=None, error=str(error), cost=cost)
            raise
        cost = reply.cost
        calls.end(number, reply=reply, error=None, cost=cost)
        return reply
    finally:
        run.purse.settle(held, cost)
