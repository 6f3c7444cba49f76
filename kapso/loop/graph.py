"""The life of an attempt as a LangGraph: select → ideate → edit → run → evaluate → learn.

What the steps do is in `steps.py`. The state holds JSON alone and tells at which step it stands, so that an
attempt killed anywhere goes on there. With `approve: true` a human decides between edit and run, or run is
never reached.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from kapso.attempt import HUMAN
from kapso.propose.protocol import Idea

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph


class AttemptState(TypedDict, total=False):
    """What is known about an attempt so far.

    `chosen` are the policy's parents, `parents` those of the idea. `candidate` is the pending commit.
    `known` has, by proposer, the attempts that its ideas merely repeated; `withheld` are the lessons that
    were left out by lot.

    Of an author's attempt: `calls` is how many calls of each author led to where it stands, `failures` what
    it was told to mend, `failed` how its last candidate ended, `is_failed` whether that one is to be mended.
    `landed` says that it ended without anything to run, `unpaid` who could not pay for a call. `decision` is
    what a human said about a candidate.
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
    decision: dict[str, Any]


class Steps(Protocol):
    """The six steps, and what a human's no comes to; each returns what it adds to the state."""

    def select(self, state: AttemptState) -> AttemptState: ...
    def ideate(self, state: AttemptState) -> AttemptState: ...
    def edit(self, state: AttemptState) -> AttemptState: ...
    def reject(self, state: AttemptState) -> AttemptState: ...
    def run(self, state: AttemptState) -> AttemptState: ...
    def evaluate(self, state: AttemptState) -> AttemptState: ...
    def learn(self, state: AttemptState) -> AttemptState: ...


Keep = Callable[[AttemptState], None]
Step = Callable[[AttemptState], AttemptState]


def build_graph(
    steps: Steps, keep: Keep, saver: BaseCheckpointSaver[str] | None = None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph; an attempt that is taken over enters where its state says that it stands.

    `keep` gets the state after each step that leaves a candidate which has not landed. With a `saver`, a
    human is asked about every candidate that no human brought in: the graph stands still there, for as long
    as this process lives, and goes on with `Command(resume=…)`.
    """
    from langgraph.graph import END, START, StateGraph  # 850 ms

    graph = StateGraph(AttemptState)
    for name in ("select", "ideate", "edit", "run", "evaluate", "learn"):
        step: Any = _kept(getattr(steps, name), keep)
        graph.add_node(name, step)
    gate = []
    if saver is not None:
        gate = ["approve"]
        graph.add_node("approve", _approve)
        graph.add_node("reject", steps.reject)
        graph.add_conditional_edges("approve", _after_approve, ["run", "reject"])
        graph.add_edge("reject", "learn")
    entry, after_edit = (_gated(each) if gate else each for each in (_entry, _after_edit))
    graph.add_conditional_edges(START, entry, ["select", "edit", *gate, "run", "evaluate"])
    graph.add_edge("select", "ideate")
    graph.add_conditional_edges("ideate", _after_ideate, ["edit", END])
    graph.add_conditional_edges("edit", after_edit, [*gate, "run", "ideate", "learn"])
    graph.add_edge("run", "evaluate")
    graph.add_conditional_edges("evaluate", _after_evaluate, ["edit", "learn"])
    graph.add_edge("learn", END)
    return graph.compile(checkpointer=saver)


def _approve(state: AttemptState) -> AttemptState:
    """Wait for a human, and nothing else: what comes before an interrupt runs again after it."""
    from langgraph.types import interrupt

    return {"decision": interrupt(state["candidate"])}


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


def _after_approve(state: AttemptState) -> str:
    return "run" if state["decision"]["is_approved"] else "reject"


def _gated(route: Callable[[AttemptState], str]) -> Callable[[AttemptState], str]:
    """`route`, but nothing runs that a human was not asked about, or brought in."""

    def gated(state: AttemptState) -> str:
        target = route(state)
        return "approve" if target == "run" and state["proposer"] != HUMAN else target

    return gated


def _after_evaluate(state: AttemptState) -> str:
    return "edit" if state.get("is_failed") else "learn"
