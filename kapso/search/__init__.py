"""Which attempt to build on and who proposes: the policies, one line each, and the allocation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kapso.goal import Metric
from kapso.search.allocation import Allocation
from kapso.search.greedy import Greedy
from kapso.search.protocol import Policy
from kapso.search.tree import Tree

CATALOGUE: Mapping[str, Callable[[Metric], Policy]] = {"greedy": Greedy, "tree": Tree}


def make_policy(name: str, metric: Metric) -> Policy:
    """The policy that a goal names."""
    return CATALOGUE[name](metric)


__all__ = ["CATALOGUE", "Allocation", "Greedy", "Policy", "Tree", "make_policy"]
