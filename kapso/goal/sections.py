"""The sections that say how to search, for how long, and in which sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kapso.errors import NotAvailableYet
from kapso.goal.agent import read_agent
from kapso.goal.item import Item
from kapso.goal.keys import SECTIONS
from kapso.goal.llm import read_llm
from kapso.goal.model import Budget, ProposerSpec, SandboxSettings, Search, Stop
from kapso.goal.names import suggestion
from kapso.goal.recipe import read_recipe
from kapso.goal.variables import read_variables

MAX_SEED = 2**32 - 1
"""What every random generator that takes part accepts."""
MAX_PARALLEL = 1024
PROPOSERS = ("tune", "mutate", "recipe", "combine", "ablate", "llm", "agent")
POLICIES = ("greedy", "tree", "islands", "pareto")
_NONE: Mapping[str, ProposerSpec] = MappingProxyType({})
LEVELS = ("auto", "bubblewrap", "landlock", "limits", "strict")


def read_search(item: Item) -> Search:
    """`search`; executors of later versions are refused as such."""
    parts = item.mapping(SECTIONS["search"], example="search: {policy: tree, parallel: 4}")
    chosen = Search()
    return Search(
        policy=parts["policy"].choice(POLICIES) if "policy" in parts else chosen.policy,
        parallel=_parallel(parts["parallel"]) if "parallel" in parts else chosen.parallel,
        seed=parts["seed"].integer(at_least=0, at_most=MAX_SEED) if "seed" in parts else chosen.seed,
        executor=_available(parts["executor"], ("local", "ray"), ("local",))
        if "executor" in parts
        else "local",
        repairs=parts["repairs"].integer(at_least=0) if "repairs" in parts else chosen.repairs,
    )


def read_budget(item: Item) -> Budget:
    """`budget`; the default number of attempts counts only where no limit at all is given."""
    parts = item.mapping(SECTIONS["budget"], example="budget: {attempts: 100, time: 10m}")
    if not parts:
        return Budget()
    return Budget(
        attempts=parts["attempts"].integer(at_least=1) if "attempts" in parts else None,
        time_s=parts["time"].duration() if "time" in parts else None,
        cost=read_cost(parts["cost"]) if "cost" in parts else None,
    )


def read_cost(item: Item) -> float:
    """Dollars, more than none."""
    cost = item.number()
    if cost <= 0:
        raise item.error(f"`{item.key}` must be more than 0, found `{item.written}`", slug="out-of-range")
    return cost


def read_stop(item: Item) -> Stop:
    """`stop`."""
    parts = item.mapping(SECTIONS["stop"], example="stop: {patience: 200}")
    return Stop(
        target=parts["target"].number() if "target" in parts else None,
        patience=parts["patience"].integer(at_least=1) if "patience" in parts else None,
    )


def read_sandbox(item: Item) -> SandboxSettings:
    """`sandbox`."""
    parts = item.mapping(SECTIONS["sandbox"], example="sandbox: {network: false, memory: 2GB}")
    chosen = SandboxSettings()
    return SandboxSettings(
        level=_available(parts["level"], LEVELS, LEVELS) if "level" in parts else chosen.level,
        network=parts["network"].boolean() if "network" in parts else chosen.network,
        memory_bytes=parts["memory"].size() if "memory" in parts else None,
        processes=parts["processes"].integer(at_least=1) if "processes" in parts else chosen.processes,
        read=tuple(each.text("a path") for each in parts["read"].items("a list of paths"))
        if "read" in parts
        else (),
        gpu=_auto_or_boolean(parts["gpu"]) if "gpu" in parts else None,
        env=read_variables(parts["env"]) if "env" in parts else (),
    )


def read_memory(item: Item) -> dict[str, bool]:
    """`memory`: whether lessons are recalled, whether the user's own take part, and whether a model may state
    some, by field of the goal."""
    parts = item.mapping(SECTIONS["memory"], example="memory: {recall: true}")
    fields = {"recall": "recall", "user": "user_memory", "model": "model_lessons"}
    return {fields[key]: each.boolean() for key, each in parts.items()}


def read_proposers(item: Item, given: Mapping[str, ProposerSpec] = _NONE) -> tuple[ProposerSpec, ...]:
    """`propose`: names, or `name: {options}`.

    A bare name stands for the one in `given`, with its options.
    """
    specs = tuple(_proposer(each, given) for each in item.items("a proposer or a list of proposers"))
    if not specs:
        raise item.error(
            "`propose` names no proposer",
            help="remove the key to get the default, or add `tune`",
            slug="empty-value",
        )
    if len({spec.name for spec in specs}) < len(specs):
        help = "name each one once; several models go into one `llm`, as a list"
        raise item.error("`propose` names a proposer twice", help=help, slug="conflict")
    return specs


def read_repeats(item: Item) -> int | None:
    """`repeats`: a number, or `auto`, which is None."""
    if item.value == "auto":
        return None
    if isinstance(item.value, str):
        raise item.expected("a whole number or `auto`")
    return item.integer(at_least=1, at_most=10_000)


def read_knowledge(item: Item) -> tuple[str, ...]:
    """`knowledge`: what is learnt before the first attempt."""
    return tuple(each.text("a source") for each in item.items("a list of sources"))


def _proposer(item: Item, given: Mapping[str, ProposerSpec]) -> ProposerSpec:
    name, options = _proposer_name(item)
    if options is None and name in given:
        return given[name]
    if name == "human":
        raise item.error(
            "`human` is no proposer that a run can ask",
            help="evaluate a revision of your own with `kapso try`",
            slug="unknown-name",
        )
    if name not in PROPOSERS:
        raise item.error(
            f"`{name}` is not known for `propose`", help=suggestion(name, PROPOSERS), slug="unknown-name"
        )
    if name == "llm":
        return ProposerSpec(name, read_llm(options, item))
    if name == "recipe":
        return ProposerSpec(name, read_recipe(options))
    if name == "agent":
        return ProposerSpec(name, read_agent(options, item))
    if options is not None:
        _check_no_options(name, options)
    return ProposerSpec(name)


def _proposer_name(item: Item) -> tuple[str, Item | None]:
    if not isinstance(item.value, dict):
        return item.text("the name of a proposer"), None
    if len(item.value) != 1:
        help = "write each proposer as an element of the list: `- tune`"
        raise item.expected("one proposer", help=help)
    [(name, options)] = item.value.items()
    return name, options


def _check_no_options(name: str, options: Item) -> None:
    if options.value is None:
        return
    for key, option in options.pairs(f"{name}: {{}}").items():
        raise option.error(
            f"unknown key `{key}` in `{name}`",
            help=f"`{name}` takes no options; write `- {name}`",
            slug="unknown-key",
        )


def _available(item: Item, names: tuple[str, ...], available: tuple[str, ...]) -> str:
    name = item.choice(names)
    if name not in available:
        raise NotAvailableYet(
            f"`{item.key}: {name}`",
            where=item.where,
            help="use " + " or ".join(f"`{each}`" for each in available),
        )
    return name


def _parallel(item: Item) -> int | None:
    if item.value == "auto":
        return None
    if not isinstance(item.value, int):
        raise item.expected("`auto` or a whole number")
    return item.integer(at_least=1, at_most=MAX_PARALLEL)


def _auto_or_boolean(item: Item) -> bool | None:
    if item.value == "auto":
        return None
    if not isinstance(item.value, bool):
        raise item.expected("`auto`, `true` or `false`")
    return item.value
