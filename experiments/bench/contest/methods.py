"""The catalogue of methods: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from contest.kapso_side import run_kapso
from contest.task import Task
from contest.trace import Trace

Method = Callable[[Task, int, int, Path], Trace | None]
"""Task, seed, evaluations and a folder for scratch files → a trace, None where the method does not apply."""

METHODS: Mapping[str, Method] = {"kapso": run_kapso}
