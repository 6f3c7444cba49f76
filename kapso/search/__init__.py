"""Which attempt to build on: the catalogue of policies, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kapso.goal import Metric
from kapso.search.greedy import Greedy
from kapso.search.protocol import Policy
from kapso.search.tree import Tree

CATALOGUE: Mapping[str, Callable[[Metric], Policy]] = {"greedy": Greedy, "tree": Tree}


def make_policy(name: str, metric: Metric) -> Policy:
    """The policy that a goal names."""
    return CATALOGUE[name](metric)


__all__ = ["CATALOGUE", "Greedy", "Policy", "Tree", "make_policy"]
