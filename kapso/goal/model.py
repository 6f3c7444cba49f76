"""The goal as typed, frozen values: what `goal.yaml` says, with every default filled in.

Nothing here reads files. Whoever holds a Goal may rely on it being valid: only the loader makes one.
"""

from __future__ import annotations

import math
import operator
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kapso.goal.authors import AgentOptions, LlmOptions
from kapso.goal.recipe import RecipeOptions

Direction = Literal["maximize", "minimize"]
Take = Literal["median", "minimum"]
"""Which of the repeats of an evaluation counts."""
DEFAULT_TIMEOUT_S = 300.0
DEFAULT_ATTEMPTS = 50

COMMAND_LINE = "command-line"
"""Stands for the name of goal.yaml where the goal was given by options."""

TIME_METRICS = frozenset({"run.seconds", "run.cpu_seconds"})
"""Metrics that a busy neighbour on the same machine changes."""
MEASURED_METRICS = TIME_METRICS | {"run.max_rss_bytes", "diff.lines"}
"""Metrics that Kapso measures itself; the scorer's word does not count for them."""

_COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


@dataclass(frozen=True)
class Command:
    """A shell command (`/bin/sh -c`, in the folder of goal.yaml) and the seconds after which it is ended."""

    command: str
    timeout_s: float = DEFAULT_TIMEOUT_S


@dataclass(frozen=True)
class Function:
    """A Python function that judges: called with the path of the program, it returns its metrics."""

    file: str
    name: str = "evaluate"

    @property
    def written(self) -> str:
        """`evaluator.py:evaluate`."""
        return f"{self.file}:{self.name}"


@dataclass(frozen=True)
class Metric:
    """A named number with a direction. A value outside `low`..`high` makes the attempt invalid.

    `regex` reads the value from what the scorer prints; None leaves that to the other sources. `take` says
    which of several repeats counts.
    """

    name: str
    goal: Direction = "maximize"
    regex: str | None = None
    low: float = -math.inf
    high: float = math.inf
    take: Take = "median"

    def of(self, repeats: Sequence[float]) -> float:
        """The one value that stands for several of the same program."""
        return float(min(repeats) if self.take == "minimum" else statistics.median(repeats))

    def is_better(self, a: float, b: float) -> bool:
        """Whether `a` is strictly better than `b`, noise left aside."""
        return a > b if self.goal == "maximize" else a < b

    @property
    def is_measured(self) -> bool:
        """Whether Kapso measures it itself (`run.seconds`, `diff.lines`, ...)."""
        return self.name in MEASURED_METRICS


@dataclass(frozen=True)
class Constraint:
    """`METRIC <=|>=|<|> NUMBER [* baseline]`; `text` is the constraint as it was written."""

    text: str
    metric: str
    op: str
    value: float
    times_baseline: bool = False

    def limit(self, baseline_metrics: Mapping[str, float]) -> float | None:
        """The number to compare with; None when it is relative to a baseline that has no such metric."""
        if not self.times_baseline:
            return self.value
        baseline = baseline_metrics.get(self.metric)
        return None if baseline is None else self.value * baseline

    def holds(self, metrics: Mapping[str, float], baseline_metrics: Mapping[str, float]) -> bool:
        """Whether it holds; it does not when the metric, or the baseline's value that it needs, is missing.

        For the baseline itself, pass its own metrics twice.
        """
        measured, limit = metrics.get(self.metric), self.limit(baseline_metrics)
        if measured is None or limit is None:
            return False
        return bool(_COMPARE[self.op](measured, limit))


@dataclass(frozen=True)
class EvaluationStage:
    """One step of a staged evaluation: its scorer and, judged apart, the `run` that comes before it.

    Of the candidates that a cheap stage scores, the better `share` go on, of those that meet every rule. A
    rule is about the metrics of this very stage. The last stage lets nobody through and gives the score; its
    `run` is the goal's, and None here.
    """

    name: str
    command: Command
    function: Function | None = None
    run: Command | None = None
    share: float | None = None
    rules: tuple[Constraint, ...] = ()

    @property
    def words(self) -> str:
        """The scorer's command with its own name filled in, from which the files that it names are read."""
        return re.sub(r"\$(?:KAPSO_STAGE\b|\{KAPSO_STAGE\})", self.name, self.command.command)


@dataclass(frozen=True)
class ProposerSpec:
    """A proposer that the goal asks for, by its name; `recipe`, `llm` and `agent` have options."""

    name: str
    options: RecipeOptions | LlmOptions | AgentOptions | None = None


DEFAULT_PROPOSERS = tuple(ProposerSpec(name) for name in ("tune", "mutate", "recipe", "combine", "ablate"))
"""Every proposer that works offline and without a word from the user."""


@dataclass(frozen=True)
class Search:
    """How attempts are chosen and run. `parallel` None is `auto`; `repairs` is for llm and agent only."""

    policy: str = "tree"
    parallel: int | None = None
    seed: int = 0
    executor: str = "local"
    repairs: int = 2


@dataclass(frozen=True)
class Budget:
    """What the run may use, whichever ends first; None is no limit. `cost` is in dollars."""

    attempts: int | None = DEFAULT_ATTEMPTS
    time_s: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Stop:
    """When to end early: the score has reached `target`, or `patience` attempts brought no better one."""

    target: float | None = None
    patience: int | None = None


@dataclass(frozen=True)
class SandboxSettings:
    """What the candidate's processes may use and see.

    `memory_bytes` None is RAM / parallel; `gpu` None shows a GPU when there is one; `read` holds
    paths as written (`~` and relative ones included); `env` names variables of the user's environment.
    """

    level: str = "auto"
    network: bool = False
    memory_bytes: int | None = None
    processes: int = 512
    read: tuple[str, ...] = ()
    gpu: bool | None = None
    env: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """What to improve and how to score it.

    Paths and patterns are relative to `folder`, the absolute folder of goal.yaml; where that lies
    outside the repository, to the repository's root (`prefix` says which). `repo` None is the
    repository that holds `folder`. `hide` None asks for the default. The first metric is the
    primary one. Judged together, `evaluate` may be a call of `function` (its command then only names
    the function's file), `program` is the file that is judged, and `result` the file below `$KAPSO_OUT`
    that the scorer writes. `stages` holds the steps of a staged evaluation, the full one last, which
    `evaluate` and `function` repeat; it is empty where there is but one. `repeats` None is `auto`. `lines`
    maps keys such as `sandbox.level` to their line; it takes no part in equality.
    """

    name: str
    objective: str
    folder: Path
    file: Path
    edit: tuple[str, ...]
    evaluate: Command
    repo: Path | None = None
    base: str = "HEAD"
    share: tuple[str, ...] = ()
    hide: tuple[str, ...] | None = None
    setup: Command | None = None
    build: Command | None = None
    keep: tuple[str, ...] = ()
    check: tuple[Command, ...] = ()
    run: Command | None = None
    holdout: Command | None = None
    function: Function | None = None
    program: str | None = None
    result: str | None = None
    stages: tuple[EvaluationStage, ...] = ()
    metrics: tuple[Metric, ...] = (Metric("score"),)
    constraints: tuple[Constraint, ...] = ()
    repeats: int | None = 1
    propose: tuple[ProposerSpec, ...] = DEFAULT_PROPOSERS
    prompts: str | None = None
    search: Search = field(default_factory=Search)
    budget: Budget = field(default_factory=Budget)
    stop: Stop = field(default_factory=Stop)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    approve: bool = False
    knowledge: tuple[str, ...] = ()
    recall: bool = True
    user_memory: bool = False
    model_lessons: bool = False
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    shown_as: str = field(default="goal.yaml", compare=False, repr=False)

    @property
    def primary(self) -> Metric:
        """The metric whose value is the score."""
        return self.metrics[0]

    @property
    def is_judged_apart(self) -> bool:
        """Whether the candidate runs on its own (`run`), away from the scorer."""
        return self.run is not None

    @property
    def all_stages(self) -> tuple[EvaluationStage, ...]:
        """The stages of the evaluation; the full one is last, and runs the goal's own `run`.

        It is the only one, called `evaluate`, where none is named.
        """
        full = EvaluationStage("evaluate", self.evaluate, self.function)
        *cheap, full = self.stages or (full,)
        return (*cheap, replace(full, run=self.run))

    @property
    def repeats_at_once(self) -> int:
        """Repeats of one evaluation: with `auto` a single one, which is followed by others where needed."""
        return self.repeats or 1

    def of_repeats(self, name: str, values: Sequence[float]) -> float:
        """The one value that stands for several of the metric `name`."""
        metric = next((each for each in self.metrics if each.name == name), Metric(name))
        return metric.of(values)

    @property
    def uses_time(self) -> bool:
        """Whether a metric, constraint or rule is a time of `run`, which neighbours would disturb."""
        of_stages = {f"{stage.name}.{name}" for stage in self.stages for name in TIME_METRICS}
        return not self._used.isdisjoint(TIME_METRICS | of_stages)

    @property
    def uses_run(self) -> bool:
        """Whether a metric, constraint or rule is something that Kapso measures of `run`: then commands are
        started alike."""
        return any(name.startswith("run.") or ".run." in name for name in self._used)

    @property
    def uses_diff(self) -> bool:
        """Whether a metric, constraint or rule is the size of the change: then format and comments count."""
        return "diff.lines" in self._used

    @property
    def _used(self) -> set[str]:
        rules = [rule for stage in self.stages for rule in stage.rules]
        return {each.name for each in self.metrics} | {each.metric for each in (*self.constraints, *rules)}

    @property
    def has_file(self) -> bool:
        """Whether it stands in a goal.yaml, and was not given by options."""
        return self.file.name != COMMAND_LINE

    @property
    def anchor(self) -> str:
        """The folder that paths are relative to, in words."""
        return f"the folder of {self.file.name}" if self.has_file else "the current folder"

    def prefix(self, root: Path) -> str:
        """The folder that paths are relative to, from the repository's root: `` or `experiments/x`."""
        try:
            relative = self.folder.relative_to(root.resolve())
        except ValueError:
            return ""
        return "" if relative == Path(".") else relative.as_posix()

    def where(self, key: str) -> str:
        """`goal.yaml:6` for a key such as `edit` or `sandbox.level`; no line where it is a default.

        `--edit` where the goal was given by options.
        """
        if not self.has_file:
            return f"--{key.rpartition('.')[2]}"
        line = self.lines.get(key)
        return f"{self.shown_as}:{line}" if line else self.shown_as
