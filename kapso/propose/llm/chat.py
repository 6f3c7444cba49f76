"""One chat model of the goal: asked with bounded retries, within a deadline, at a cost that is known before.

What fails for a while is tried again; what may have been billed although its answer was lost, fewer times.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kapso.errors import Interrupted, UsageError
from kapso.goal.authors import ModelOptions
from kapso.goal.units import format_duration
from kapso.propose.author import Reply, Unavailable
from kapso.propose.llm import background
from kapso.propose.llm.connect import Connection, connect
from kapso.propose.llm.faults import Fault, fault_of
from kapso.propose.llm.prices import cost_of_usage, most_of_one_try, most_tokens

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.settings import ModelSettings

Messages = Sequence[Mapping[str, str]]

MOST_TRIES = 6
MOST_BILLED = 3
"""Tries of one call that may be billed: the one that is answered, and those whose answers got lost."""
FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_SHORTEST_TRY_S = 0.01
_NOTHING = "(nothing)"
"""Stands for an empty message, which some providers refuse."""


@dataclass(frozen=True)
class Limits:
    """How often one call is tried, how often it may be billed, how long it takes and how much it says."""

    tries: int
    billed: int
    seconds: float
    max_tokens: int | None


class Failed(Exception):
    """No try succeeded; `cost` is what those may have cost whose answers were lost."""

    def __init__(self, fault: Fault, tries: int, cost: float) -> None:
        super().__init__(fault.reason + (f" ({tries} tries)" if tries > 1 else ""))
        self.fault = fault
        self.cost = cost


class Chat:
    """`where` is the place of the model in the goal, for errors. Safe to ask from several threads at once."""

    def __init__(
        self, options: ModelOptions, *, where: str | None = None, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self.options = options
        self.name = options.model
        self.where = where
        self._first_wait_s = first_wait_s
        self._connecting = threading.Lock()

    def check(self) -> float:
        """Find out, at the least cost, whether the model answers: else UsageError or MachineError.

        The dollars that this may have cost: none where the provider has a list of models.
        """
        from kapso.propose.llm.probe import probe

        return probe(self)

    def most_cost(self, prompt_tokens: int, most_billed: int = MOST_BILLED) -> float | None:
        """The most dollars that one `ask` may cost, all its tries together; None where nothing bounds it.

        It holds for every prompt that has so many tokens by `most_tokens`.
        """
        one = most_of_one_try(self.options, prompt_tokens)
        return None if one is None else most_billed * one

    def ask(self, messages: Messages, cancel: threading.Event, most_billed: int = MOST_BILLED) -> Reply:
        """The model's reply to these messages (role `system`, `user` or `assistant`, and content).

        `data` tells how it ended (`finish`: `stop`, `length` where `max_tokens` cut it off, `refusal`), and
        after how many tries. Where the provider counts no tokens, `cost` is the most that it can be. Raises
        Unavailable, which knows what may have been spent, and Interrupted, when the most may have been.
        """
        if cancel.is_set():
            raise Interrupted("the call was cancelled")
        _ = self.connection  # imports take seconds, which other calls on the loop must not wait for
        limits = Limits(MOST_TRIES, most_billed, self.options.timeout_s, self.options.max_tokens)
        started = time.monotonic()
        try:
            response, tries, lost = background.run(self.call(messages, limits), cancel)
        except Failed as failed:
            raise Unavailable(f"`{self.name}`: {failed}", failed.cost) from failed
        return self._reply(messages, response, tries, lost, time.monotonic() - started)

    @property
    def connection(self) -> Connection:
        """Made at the first call; UsageError where a package or a key is missing."""
        with self._connecting:
            return self._connection

    @cached_property
    def _connection(self) -> Connection:
        try:
            return connect(self.options)
        except UsageError as error:
            error.where = error.where or self.where
            raise

    async def call(self, messages: Messages, limits: Limits) -> tuple[ModelResponse, int, int]:
        """The response, after how many tries, and how many of those may have been billed in vain."""
        import asyncio

        ends = time.monotonic() + limits.seconds
        lost = 0
        tries = 0
        while True:
            tries += 1
            left = max(_SHORTEST_TRY_S, ends - time.monotonic())
            try:
                return await self._try(messages, limits.max_tokens, left), tries, lost
            except Exception as error:  # whatever a garbled reply leads to in the library
                fault = self._fault(error, limits)
            lost += fault.may_be_billed
            wait = self._wait(fault, tries)
            is_late = time.monotonic() + wait >= ends
            if not fault.passes or tries >= limits.tries or lost >= limits.billed or is_late:
                raise Failed(self._final(fault, is_late), tries, self._cost_of_lost(messages, lost))
            await asyncio.sleep(wait)

    async def _try(self, messages: Messages, max_tokens: int | None, left_s: float) -> ModelResponse:
        from pydantic_ai.direct import model_request

        settings: ModelSettings = {"timeout": left_s, "request_timeout": left_s}
        if self.connection.takes_retries:
            settings["max_retries"] = 0
        if max_tokens is not None:
            settings["max_tokens"] = max_tokens
        if self.options.temperature is not None:
            settings["temperature"] = self.options.temperature
        model = self.connection.model
        response = await model_request(model, _history(messages), model_settings=settings, instrument=False)
        if not response.parts and response.finish_reason is None and not response.usage.output_tokens:
            raise ValueError("it holds no answer")
        return response

    def _fault(self, error: Exception, limits: Limits) -> Fault:
        if isinstance(error, UsageError):
            raise error
        fault = fault_of(error, self.connection.key)
        if fault.kind == "late":
            return Fault("late", f"no answer within {format_duration(limits.seconds)}")
        return fault

    def _wait(self, fault: Fault, tries: int) -> float:
        """Seconds until the next try, of which chance is a part: many calls must not come back together."""
        usual = min(_LONGEST_WAIT_S, self._first_wait_s * 2 ** (tries - 1))
        if fault.retry_after_s is not None:
            return fault.retry_after_s + random.uniform(0, usual / 2)
        return random.uniform(usual / 2, usual)

    def _final(self, fault: Fault, is_late: bool) -> Fault:
        if is_late and fault.passes and fault.retry_after_s is not None:
            wait = format_duration(fault.retry_after_s)
            return Fault(fault.kind, f"{fault.reason}; it asks to wait for {wait}, longer than `timeout`")
        return fault

    def _cost_of_lost(self, messages: Messages, lost: int) -> float:
        return lost * (most_of_one_try(self.options, most_tokens(messages)) or 0.0)

    def _reply(
        self, messages: Messages, response: ModelResponse, tries: int, lost: int, seconds: float
    ) -> Reply:
        details = response.provider_details or {}
        text = "".join(part.content for part in response.parts if part.part_kind == "text")
        finish = "refusal" if response.finish_reason == "content_filter" else response.finish_reason
        counted = response.usage.input_tokens or response.usage.output_tokens
        return Reply(
            text=text or str(details.get("refusal") or ""),
            model=self.name,
            data={"finish": finish, "tries": tries, "served_by": response.model_name},
            input_tokens=response.usage.input_tokens if counted else None,
            output_tokens=response.usage.output_tokens if counted else None,
            cost=self.cost_of(messages, response, lost),
            seconds=seconds,
        )

    def cost_of(self, messages: Messages, response: ModelResponse, lost: int) -> float | None:
        """Dollars for a response and for those that were lost before it; None where the price is unknown."""
        counted = response.usage.input_tokens or response.usage.output_tokens
        told: Any = (response.provider_details or {}).get("cost")  # OpenRouter tells what it takes
        if self.options.price is None and isinstance(told, int | float) and told >= 0:
            cost: float | None = float(told)
        elif counted:
            cost = cost_of_usage(self.options, response.usage)
        else:
            cost = most_of_one_try(self.options, most_tokens(messages))
        return None if cost is None else cost + self._cost_of_lost(messages, lost)


def _history(messages: Messages) -> list[ModelMessage]:
    """Messages as the library has them: what is said to the model, and what it said."""
    from pydantic_ai.messages import (
        ModelRequest,
        ModelRequestPart,
        ModelResponse,
        SystemPromptPart,
        TextPart,
        UserPromptPart,
    )

    history: list[ModelMessage] = []
    for message in messages:
        role = message["role"]
        content = message["content"].encode(errors="replace").decode()  # no half characters
        content = content if content.strip() else _NOTHING
        if role == "assistant":
            history.append(ModelResponse(parts=[TextPart(content)]))
            continue
        part: ModelRequestPart = SystemPromptPart(content) if role == "system" else UserPromptPart(content)
        last = history[-1] if history else None
        if isinstance(last, ModelRequest):
            last.parts = [*last.parts, part]
        else:
            history.append(ModelRequest(parts=[part]))
    return history
