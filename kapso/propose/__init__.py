"""The catalogue of proposers: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.goal import Goal
from kapso.goal.authors import AgentOptions, LlmOptions
from kapso.goal.recipe import RecipeOptions
from kapso.propose.protocol import Proposer, Snapshot

if TYPE_CHECKING:
    from kapso.propose.agent import Site

Read = Callable[[str], Snapshot]
"""The editable files of a commit."""


@dataclass(frozen=True)
class Ground:
    """What a run's proposers stand on. `site` makes what an agent needs to work on this machine."""

    goal: Goal
    read: Read
    site: Callable[[], Site]


Options = RecipeOptions | LlmOptions | AgentOptions | None
Factory = Callable[[Ground, Options], Proposer]


def _tune(ground: Ground, options: object) -> Proposer:
    from kapso.propose.tune import Tune  # numpy: 80 ms

    return Tune(ground.goal, ground.read)


def _mutate(ground: Ground, options: object) -> Proposer:
    from kapso.propose.mutate import Mutate

    return Mutate(ground.goal, ground.read)


def _recipe(ground: Ground, options: object) -> Proposer:
    from kapso.propose.recipe import Recipes, cookbook_of

    assert options is None or isinstance(options, RecipeOptions)
    return Recipes(ground.goal, ground.read, cookbook_of(ground.goal, options))


def _combine(ground: Ground, options: object) -> Proposer:
    from kapso.propose.combine import Combine

    return Combine(ground.goal, ground.read)


def _ablate(ground: Ground, options: object) -> Proposer:
    from kapso.propose.ablate import Ablate

    return Ablate(ground.goal, ground.read)


def _llm(ground: Ground, options: object) -> Proposer:
    from kapso.propose.llm.proposer import Llm  # a provider's package: 1 s

    assert isinstance(options, LlmOptions)
    return Llm(ground.goal, options, ground.read)


def _agent(ground: Ground, options: object) -> Proposer:
    from kapso.propose.agent import Agent
    from kapso.propose.prompts import Templates

    assert isinstance(options, AgentOptions)
    return Agent(options, ground.site(), Templates.of(ground.goal))


CATALOGUE: Mapping[str, Factory] = {
    "tune": _tune,
    "mutate": _mutate,
    "recipe": _recipe,
    "combine": _combine,
    "ablate": _ablate,
    "llm": _llm,
    "agent": _agent,
}

FINISHERS = frozenset({"ablate"})
"""They say themselves when it is time, late in a run: asked first, and left out when turns are shared out."""


def make_proposers(ground: Ground) -> list[Proposer]:
    """The proposers that the goal names, in its order."""
    return [CATALOGUE[spec.name](ground, spec.options) for spec in ground.goal.propose]
