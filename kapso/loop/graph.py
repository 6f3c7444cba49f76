"""The life of an attempt as a LangGraph: select → ideate → edit → run → evaluate → learn.

What the steps do is in `steps.py`. The state holds JSON alone and tells at which step it stands, so that an
attempt killed anywhere goes on there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from kapso.propose.protocol import Idea

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph


class AttemptState(TypedDict, total=False):
    """What is known about an attempt so far.

    `chosen` are the policy's parents, `parents` those of the idea. `candidate` is the pending commit.
    `known` has, by proposer, the attempts that its ideas merely repeated; `withheld` are the lessons that
    were left out by lot.

    Of an author's attempt: `calls` is how many calls of each author led to where it stands, `failures` what
    it was told to mend, `failed` how its last candidate ended, `is_failed` whether that one is to be mended.
    `landed` says that it ended without anything to run, `unpaid` who could not pay for a call.
    """

    number: int
    chosen: list[int]
    parents: list[int]
    proposer: str
    idea: dict[str, Any] | None
    known: dict[str, list[int]]
    withheld: list[str]
    started: str
    candidate: str
    produced: dict[str, Any] | None
    measured: dict[str, Any]
    calls: dict[str, int]
    failures: list[dict[str, Any]]
    failed: dict[str, Any]
    is_failed: bool
    landed: bool
    unpaid: list[str]


class Steps(Protocol):
    """The six steps; each returns what it adds to the state."""

    def select(self, state: AttemptState) -> AttemptState: ...
    def ideate(self, state: AttemptState) -> AttemptState: ...
    def edit(self, state: AttemptState) -> AttemptState: ...
    def run(self, state: AttemptState) -> AttemptState: ...
    def evaluate(self, state: AttemptState) -> AttemptState: ...
    def learn(self, state: AttemptState) -> AttemptState: ...


Keep = Callable[[AttemptState], None]
Step = Callable[[AttemptState], AttemptState]
Route = Callable[[AttemptState], str]


def build_graph(steps: Steps, keep: Keep) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph; an attempt that is taken over enters where its state says that it stands.

    `keep` gets the state after each step that leaves a candidate which has not landed.
    """
    from langgraph.graph import END, START, StateGraph  # 850 ms

    graph = StateGraph(AttemptState)
    branches: dict[str, tuple[Route, tuple[str, ...]]] = {
        "ideate": (_after_ideate, ("edit", END)),
        "edit": (_after_edit, ("run", "ideate", "learn")),
        "evaluate": (_after_evaluate, ("edit", "learn")),
    }
    for name in ("select", "ideate", "edit", "run", "evaluate", "learn"):
        step: Any = _kept(getattr(steps, name), keep)
        route, targets = branches.get(name, (None, None))
        graph.add_node(name, _routed(step, route) if route else step, destinations=targets)
    graph.add_conditional_edges(START, _entry, ["select", "edit", "run", "evaluate"])
    for name, following in (("select", "ideate"), ("run", "evaluate"), ("learn", END)):
        graph.add_edge(name, following)
    return graph.compile()


def _routed(step: Step, route: Route) -> Any:
    """The step, which says itself where it goes on: LangGraph's conditional edges read the state once more,
    a fifth of all its own time."""
    from langgraph.types import Command

    @wraps(step)
    def routed(state: AttemptState) -> Command[str]:
        added = step(state)
        return Command(update=added, goto=route({**state, **added}))

    return routed


def _kept(step: Step, keep: Keep) -> Step:
    @wraps(step)
    def kept(state: AttemptState) -> AttemptState:
        added = step(state)
        reached: AttemptState = {**state, **added}
        if added and reached.get("candidate") and not reached.get("measured"):
            keep(reached)
        return added

    return kept


def idea_of(state: AttemptState) -> Idea:
    """The attempt's idea; JSON has no tuples."""
    given: dict[str, Any] = dict(state.get("idea") or {"title": ""})
    for name in ("rests_on", "parents"):
        given[name] = tuple(given.get(name, ()))
    return Idea(**given)


def _entry(state: AttemptState) -> str:
    if state.get("is_failed"):
        return "edit"
    if state.get("candidate"):
        return "evaluate" if state.get("produced") else "run"
    return "edit" if state.get("idea") else "select"


def _after_ideate(state: AttemptState) -> str:
    return "edit" if state.get("idea") else "__end__"


def _after_edit(state: AttemptState) -> str:
    if state.get("landed"):
        return "learn"
    return "run" if state.get("idea") else "ideate"


def _after_evaluate(state: AttemptState) -> str:
    return "edit" if state.get("is_failed") else "learn"
