"""What a folder is taken for before anybody knows how it is scored (`Program`), and after (`Draft`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kapso.goal.model import Direction


@dataclass(frozen=True)
class Metric:
    """A number that a command prints. `is_sure` tells whether its name says which way is better."""

    name: str
    goal: Direction
    regex: str | None = None
    is_sure: bool = True


@dataclass(frozen=True)
class Program:
    """A program: how it is made and started, and what of it may change.

    `run` is empty for a library; `{binary}` there and in `main` stands for what the build makes; `main`
    is the file that a scorer would name. `tools` must be on PATH. `suite` runs its tests; `left_out` says
    why no check does. `targets` are commands of its own that may score it. `idle` starts what the program
    is written in and does nothing; `python` starts scorers in Python. `build_files` say how it is built and
    are not in `edit`, as a judge may go by them. `fallback` is the same program with its packages installed.
    """

    kind: str
    main: str
    edit: tuple[str, ...]
    run: str = ""
    setup: str = ""
    build: str = ""
    keep: tuple[str, ...] = ()
    share: tuple[str, ...] = ()
    suite: str = ""
    targets: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    about: str = ""
    left_out: str = ""
    idle: str = "true"
    python: str = "python3"
    build_files: tuple[str, ...] = ()
    fallback: Program | None = None


@dataclass(frozen=True)
class Draft:
    """A goal that has not been tried. `metrics` is empty where only the trial can tell them.

    `evaluate` is a command, or a mapping in the form that the scorers of peers need. `notes` are
    comments by key; `least_cpu_s` is what `run` must take for its time to mean something; `is_slow`: an
    evaluation takes so long that a cheap stage before it would pay.
    """

    program: Program
    how: str
    evaluate: str | Mapping[str, str | Sequence[Mapping[str, str]]]
    run: str = ""
    check: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    constraints: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    timeout: str = "5m"
    objective: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    least_cpu_s: float = 0.0
    is_slow: bool = False
