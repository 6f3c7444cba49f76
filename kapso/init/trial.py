"""Tries a draft as `kapso doctor` tries a goal: every command runs in the sandbox, on what is committed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kapso.attempt import BASELINE
from kapso.errors import BaselineError, GoalError, KapsoError, NotAvailableYet
from kapso.evaluate.evaluator import Place
from kapso.evaluate.measured import Measured
from kapso.goal import Goal, format_duration, parse_goal
from kapso.init.folder import Folder, is_test
from kapso.init.printed import read_labelled, read_metrics
from kapso.init.program import Draft, Metric, Program
from kapso.init.render import render
from kapso.loop.checkup import BAD, Finding, examine, scratch_run
from kapso.loop.machine import machine_faults
from kapso.loop.setting import settle
from kapso.wording import printable

TRIAL_TIMEOUT = "2m"
_PROBE = (Metric("run.seconds", "minimize"),)
_LONGEST_SHOWN = 80
_SLOW_S = 5.0
_TIMEOUTS_S = (10, 30, 60, 120, 300, 600, 1200)
_SELF_REPORTED = "self-reported"
_UNWANTED = re.compile(r"CMakeFiles|\.(?:so|a|o|dylib|py|sh|pl|rb|js)(?:\.|$)|/deps/|/build-script")
_LIST = "find . -type f -perm -u+x ! -path './.git/*' -print"

Say = Callable[[str], None]
Choose = Callable[[tuple[Metric, ...]], tuple[Metric, ...]]
"""Decides about metrics whose direction is not sure."""


@dataclass(frozen=True)
class Works:
    """A goal that was tried: its text, what was found on the way, and the metric that counts."""

    draft: Draft
    text: str
    metric: Metric
    findings: tuple[Finding, ...]


class Unfit(Exception):
    """Why a draft does not work, in words; `help` where there is a remedy of its own.

    `is_of_run`: no way that runs the program by itself will work, as it fails (`is_broken`) or ends at once.
    """

    def __init__(
        self, reason: str, help: str = "", *, is_of_run: bool = False, is_broken: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help
        self.is_of_run = is_of_run
        self.is_broken = is_broken


def attempt(folder: Folder, draft: Draft, choose: Choose, say: Say) -> Works:
    """The draft, tried and completed. Raises Unfit where it does not work."""
    say(f"trying: {draft.how}")
    metrics: tuple[Metric, ...] = draft.metrics
    others: tuple[str, ...] = ()
    if not metrics or draft.least_cpu_s:
        measured, printed = _probe(folder, replace(draft, timeout=TRIAL_TIMEOUT))
        if draft.least_cpu_s:
            _check_cpu(folder, draft, measured)
        if not metrics:
            metrics, others = _printed_metrics(draft, printed)
            metrics = choose(metrics)
        slowest = max((stage.seconds or 0.0 for stage in measured.stages), default=0.0)
        draft = replace(draft, timeout=_timeout(slowest), is_slow=slowest >= _SLOW_S)
    text = render(draft, metrics, others=others)
    findings = _examined(_goal(folder, text))
    return Works(draft, text, metrics[0], findings)


def check_tools(program: Program) -> None:
    """Raises Unfit where a program that the commands need is not installed."""
    for tool in program.tools:
        if shutil.which(tool) is None:
            raise Unfit(f"`{tool}` is not installed", f"install `{tool}`, then call `kapso init` again")


def _goal(folder: Folder, text: str) -> Goal:
    return parse_goal(text, folder.path / "goal.yaml", shown_as="goal.yaml")


def _probe(folder: Folder, draft: Draft) -> tuple[Measured, str]:
    """One evaluation whatever its metrics, and what its last command printed."""
    goal = _goal(folder, render(replace(draft, constraints=()), _PROBE))
    try:
        setting = settle(goal, say=_unheard)
        with machine_faults(), scratch_run(setting, _unheard) as run:
            place = Place(run.name, BASELINE, 0, run.folder.log(BASELINE))
            run.evaluator.prepare(place, run.cancel)
            measured = run.evaluator.evaluate(run.base, place, run.cancel)
            log = place.log.read_text(errors="replace") if place.log else ""
    except NotAvailableYet:
        raise
    except (GoalError, BaselineError) as error:
        raise Unfit(_plainly(error), error.help or "") from error
    if measured.outcome != "scored":
        raise _unfit(draft, measured)
    start = log.rfind(f"$ {goal.evaluate.command}\n")
    printed = log[start:].partition("\n")[2].rstrip("\n")
    return measured, printed[: printed.rfind("\n[") + 1]  # without the line on how it ended


def _plainly(error: KapsoError) -> str:
    return error.message.splitlines()[0].removeprefix("`setup` failed: ")


def _unfit(draft: Draft, measured: Measured) -> Unfit:
    reason = measured.reason or str(measured.outcome)
    last = measured.stages[-1].name if measured.stages else ""
    is_of_run = last == "run" and draft.run.startswith(draft.program.run)
    if is_of_run:
        reason = reason.replace("`run`", f"`{draft.program.run}`", 1)
    return Unfit(reason, is_of_run=is_of_run, is_broken=is_of_run)


def _unheard(line: str) -> None:
    """What is said while something is only tried."""


def _printed_metrics(draft: Draft, printed: str) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """The metric that counts, and the names of the others."""
    if draft.notes.get("metrics") == _SELF_REPORTED:
        found = read_metrics(printed) if _is_object(printed) else read_labelled(printed)
        found = tuple(each for each in found if each.is_sure)
        if not found:
            raise Unfit("it prints nothing that says how good it is")
        if found[0].goal == "minimize" and re.search("time|second|elapsed|_ms|took", found[0].name):
            raise Unfit("it prints its time alone, which is measured better from outside")
    else:
        found = read_metrics(printed)
    if not found:
        raise Unfit(_no_metric(printed))
    return found[:1], tuple(each.name for each in found[1:])


def _no_metric(printed: str) -> str:
    lines = printed.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if not last:
        return "it prints nothing"
    shown = printable(last if len(last) <= _LONGEST_SHOWN else f"{last[:_LONGEST_SHOWN]}…")
    return f"it prints no line that reads as a metric (such as `score: 1.5`); its last line was `{shown}`"


def _is_object(printed: str) -> bool:
    return any(line.startswith("{") for line in printed.splitlines())


def _check_cpu(folder: Folder, draft: Draft, measured: Measured) -> None:
    """Raises Unfit where little but the start of the interpreter would be measured."""
    idle, _ = _probe(folder, _just(draft.program, draft.program.idle))
    used = measured.metrics["run.cpu_seconds"] - idle.metrics["run.cpu_seconds"]
    if used < draft.least_cpu_s:
        raise Unfit(
            f"nothing says how good it is, and it computes for {max(used, 0):.2g} s only, too little to tell "
            "faster from slower",
            is_of_run=bool(draft.run),
        )


def _timeout(slowest_s: float) -> str:
    """Ten times what the slowest command took, rounded up to a time that people write."""
    wanted = next((limit for limit in _TIMEOUTS_S if limit >= 10 * slowest_s), 3600)
    return format_duration(wanted)


def _examined(goal: Goal) -> tuple[Finding, ...]:
    findings = tuple(examine(goal))
    bad = next((each for each in findings if each.level == BAD), None)
    if bad is None:
        return findings
    if isinstance(bad.error, NotAvailableYet):
        raise bad.error
    if bad.error is not None and bad.error.exit_code == 1:
        raise bad.error
    raise Unfit(bad.says.splitlines()[0], (bad.error.help if bad.error else None) or "")


def prepared(folder: Folder, program: Program, say: Say) -> Program:
    """The program with the name of what its build makes, and without tests that fail as it stands.

    Raises Unfit where it cannot be built, or where a tool that it needs is not installed.
    """
    check_tools(program)
    if "{binary}" in f"{program.main}{program.run}":
        say(f"building: {program.build}")
        _, printed = _probe(folder, _just(program, _LIST))
        made = [line.removeprefix("./") for line in printed.splitlines() if line.startswith("./")]
        binary = _choose_binary(program.main, [name for name in made if name not in folder.all_files])
        program = replace(program, main=binary, run=program.run.replace("{binary}", f"./{binary}"))
    elif program.build or program.setup:
        say(f"preparing: {program.build or program.setup}")
        _probe(folder, _just(program, "true"))
    if program.suite:
        say(f"testing: {program.suite}")
        try:
            _probe(folder, _just(program, program.suite))
        except Unfit as unfit:
            reason = unfit.reason.removeprefix("`evaluate` ")
            return replace(program, suite="", left_out=f"{program.suite}: {reason}")
    return program


def _just(program: Program, command: str) -> Draft:
    """A goal that runs one command on the program, to see what it does."""
    return Draft(program, "", command, objective="Look.", timeout=TRIAL_TIMEOUT)


def _choose_binary(main: str, made: Sequence[str]) -> str:
    usable = [name for name in made if not _UNWANTED.search(name) and not is_test(Path(name).name)]
    if not usable:
        raise Unfit("the build makes no program that could be started")

    def rank(name: str) -> tuple[bool, bool, int, str]:
        last = name.rsplit("/", 1)[-1]
        return last != main, "bench" in last.lower(), name.count("/"), name

    return min(usable, key=rank)
