"""Which attempt to build on and who proposes: the policies, one line each, and the allocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kapso.goal import Goal, Metric
from kapso.search.allocation import Allocation
from kapso.search.greedy import Greedy
from kapso.search.islands import Islands
from kapso.search.pareto import Pareto
from kapso.search.protocol import Policy
from kapso.search.tree import Tree


def _pareto(metrics: Sequence[Metric]) -> Policy:
    """The front of a single metric is one attempt: then there is nothing to do but what `tree` does."""
    return Pareto(metrics) if len(metrics) > 1 else Tree(metrics)


CATALOGUE: Mapping[str, Callable[[Sequence[Metric]], Policy]] = {
    "greedy": Greedy,
    "tree": Tree,
    "islands": Islands,
    "pareto": _pareto,
}


def make_policy(name: str, goal: Goal) -> Policy:
    """The policy `name` for the goal's metrics, of which the first is the primary one."""
    return CATALOGUE[name](goal.metrics)


__all__ = ["CATALOGUE", "Allocation", "Greedy", "Islands", "Pareto", "Policy", "Tree", "make_policy"]
