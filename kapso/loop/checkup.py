"""`kapso doctor`: what this machine and this goal can do, found out by doing it. Leaves no run behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kapso.attempt import BASELINE
from kapso.errors import BaselineError, KapsoError
from kapso.evaluate.evaluator import Place
from kapso.evaluate.measured import Measured
from kapso.evaluate.sandbox import Sandbox
from kapso.evaluate.tally import weak_stages
from kapso.goal import Function, Goal, SandboxSettings
from kapso.loop.baseline import is_deterministic, measure_baseline, measure_holdout, noise_of
from kapso.loop.machine import machine_faults
from kapso.loop.run import Run
from kapso.loop.run_folder import RunFolder
from kapso.loop.setting import Say, Setting, describe_sandbox, open_run, settle

GOOD, WARNING, BAD = "ok", "warning", "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `error` is the failure behind a bad one."""

    level: str
    what: str
    says: str
    error: KapsoError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "what": self.what,
            "says": self.says,
            "where": self.error.where if self.error else None,
            "help": self.error.help if self.error else None,
        }


def examine(goal: Goal | None) -> Iterator[Finding]:
    """Findings in the order in which they are made; the first bad one about the goal is the last, but for
    models, knowledge and agents: what else there is to say is said all the same."""
    yield _git()
    if goal is None:
        yield from _machine()
        yield _packages()
        return
    notes: list[str] = []
    try:
        with machine_faults():
            setting = settle(goal, say=notes.append)
        yield Finding(GOOD, "goal", f"{goal.name}: {' '.join(goal.objective.split())}")
        yield Finding(GOOD, "base", f"{setting.base[:12]} in {setting.repository.root}")
        yield from (Finding(WARNING, "base", note) for note in notes)
        yield from _shape(goal)
        yield from _models(goal)
        yield from _knowledge(setting)
        with machine_faults(), scratch_run(setting, notes.append) as run:
            yield from _sandbox(run.evaluator.files.sandbox)
            run.evaluator.prepare(Place(run.name, BASELINE, 0, run.folder.log(BASELINE)), run.cancel)
            if goal.function is not None:
                yield _function(run, goal.function)
            yield from _baseline(run)
            yield from _proposers(run)
            yield from _agents(run)
            if goal.holdout is not None:
                yield _holdout(run)
    except KapsoError as error:
        yield Finding(BAD, error.slug, error.message, error)


@contextmanager
def scratch_run(setting: Setting, say: Say) -> Iterator[Run]:
    """A run that lands nothing, and whose folder goes with it."""
    with tempfile.TemporaryDirectory(prefix="kapso-doctor-") as folder:
        run_folder = RunFolder(Path(folder), "doctor")
        with run_folder.lock(), open_run(setting, "doctor", run_folder, None, say) as run:
            yield run


def _git() -> Finding:
    from kapso.git.command import version

    try:
        return Finding(GOOD, "git", ".".join(map(str, version())))
    except KapsoError as error:
        return Finding(BAD, "git", error.message, error)


def _machine() -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="kapso-doctor-") as folder:
        workspace, cache = Path(folder, "workspace"), Path(folder, "cache")
        workspace.mkdir()
        cache.mkdir()
        sandbox = Sandbox.open(SandboxSettings(), workspace=workspace, private=[], cache=cache)
        try:
            yield from _sandbox(sandbox)
        finally:
            sandbox.close()


def _sandbox(sandbox: Sandbox) -> Iterator[Finding]:
    level, *lost = describe_sandbox(sandbox)
    yield Finding(GOOD if not lost else WARNING, "sandbox", level.removeprefix("sandbox: "))
    yield from (Finding(WARNING, "sandbox", each.removeprefix("warning: ")) for each in lost)


def _shape(goal: Goal) -> Iterator[Finding]:
    if goal.is_judged_apart:
        yield Finding(GOOD, "judge", "apart: the candidate never runs beside its scorer")
        yield Finding(
            WARNING,
            "judge",
            "a scorer that imports, unpickles or executes what it finds in $KAPSO_OUT gives that away",
        )
    else:
        yield Finding(
            WARNING,
            "judge",
            "together: the scorer runs the candidate itself, which can forge its score; a `run` of its own "
            "keeps them apart",
        )


def _packages() -> Finding:
    """Which models can be asked; none has to be."""
    from kapso.goal.llm import PROVIDERS
    from kapso.propose.llm.connect import why_not_installed

    missing = {name: error for name in PROVIDERS if (error := why_not_installed(name)) is not None}
    there = [name for name in PROVIDERS if name not in missing]
    says = f"the packages for {' and '.join(there)} are there" if there else "no package for them is there"
    helps = sorted({error.help or "" for error in missing.values()})
    return Finding(GOOD, "models", says + (f"; for others: {', '.join(helps)}" if helps else ""))


def _models(goal: Goal) -> Iterator[Finding]:
    """Each model is asked for as little as can be."""
    from kapso.propose.costs import check_costs, models_of
    from kapso.propose.llm.chat import Chat
    from kapso.propose.llm.prices import in_words

    for options, where in dict(models_of(goal)).items():
        try:
            Chat(options, where=where).check()
            yield Finding(GOOD, "model", f"{options.model} answers; {in_words(options)}")
        except KapsoError as error:
            yield Finding(BAD, "model", error.message, error)
    check_costs(goal)


def _knowledge(setting: Setting) -> Iterator[Finding]:
    """Each source is asked for its first document."""
    from kapso.recall.learning import look_at

    for spec in setting.goal.knowledge:
        try:
            is_there, says = look_at(spec, setting.goal, setting.repository)
            yield Finding(GOOD if is_there else WARNING, "knowledge", says)
        except KapsoError as error:
            yield Finding(BAD, "knowledge", error.message, error)


def _agents(run: Run) -> Iterator[Finding]:
    for spec in run.goal.propose:
        if spec.name != "agent" or spec.name not in run.authors:
            continue
        try:
            run.authors[spec.name].check()
            yield Finding(GOOD, "agent", "it is there")
        except KapsoError as error:
            yield Finding(BAD, "agent", error.message, error)


def _function(run: Run, function: Function) -> Finding:
    says = f"`{function.written}` judges `{run.goal.program}`, called by `{run.evaluator.files.python}`"
    return Finding(GOOD, "judge", says)


def _baseline(run: Run) -> Iterator[Finding]:
    evaluations = measure_baseline(run)
    yield from _stages(evaluations[0])
    for weakness in weak_stages(run.goal, evaluations[0].metrics, evaluations[0].stages):
        yield Finding(WARNING, "stages", weakness)
    primary = run.goal.primary.name
    yield Finding(GOOD, "baseline", f"{primary} = {evaluations[0].metrics[primary]:.7g}")
    if (core := run.evaluator.pinning.core) is not None:
        yield Finding(GOOD, "times", f"measured on core {core}, which nothing else of Kapso uses")
    for name, value in sorted(evaluations[0].metrics.items()):
        if name != primary:
            yield Finding(GOOD, "metric", f"{name} = {value:.7g}")
    if is_deterministic(run.goal, evaluations):
        yield Finding(GOOD, "noise", f"none: {len(evaluations)} evaluations gave the same metrics")
        return
    noise = noise_of(run.goal, evaluations)
    says = (
        f"{primary} depends on KAPSO_SEED, of which all attempts get the same: it alone says little, and "
        if noise.is_seeded
        else f"one evaluation of {primary} has a standard deviation of {noise.sigma:.3g} "
        f"({len(evaluations)} evaluations): "
    )
    remedy = "`repeats: auto`, or a fixed number such as `repeats: 3`, makes verdicts sharper"
    if run.goal.repeats is None:
        remedy = "`repeats: auto` repeats what is promising"
    elif run.goal.repeats > 1:
        remedy = "the verdicts of `repeats: auto` rest on pairs, as many as they need"
    yield Finding(WARNING, "noise", says + remedy)


def _proposers(run: Run) -> Iterator[Finding]:
    files = run.editable.files(run.base)
    for proposer in run.proposers:
        if why := proposer.why_nothing(files):
            yield Finding(WARNING, "propose", f"{proposer.name}: {why}")


def _holdout(run: Run) -> Finding:
    said = measure_holdout(run)
    primary = run.goal.primary.name
    if said["reason"] or primary not in said["metrics"]:
        return Finding(BAD, "holdout", *_no_holdout(said["reason"] or f"it gives no `{primary}`"))
    return Finding(GOOD, "holdout", f"{primary} = {said['metrics'][primary]:.7g}, never shown to proposers")


def _no_holdout(reason: str) -> tuple[str, KapsoError]:
    message = f"the hold-out cannot score the unchanged program: {reason}"
    return message, BaselineError(message, help="mend the command of `holdout`", slug="holdout")


def _stages(measured: Measured) -> Iterator[Finding]:
    for stage in measured.stages:
        yield Finding(GOOD, stage.name, f"{stage.seconds or 0:.3f}s  {stage.command}")
