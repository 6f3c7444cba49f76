"""The sentences that a report and the last lines of a run share: why it ended, what held, who judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kapso.wording import duration, number, plural

if TYPE_CHECKING:
    from kapso.evaluate.tally import StageTally
    from kapso.loop.confirm import Confirmation
    from kapso.loop.lesser import Lesser

ENDINGS = {
    "attempts": "the budget of attempts is used up",
    "time": "the time is used up",
    "cost": "what is left of `budget.cost` does not pay for another call",
    "target": "the target is met",
    "patience": "patience is at its end",
    "exhausted": "no proposer has anything left to try",
    "stopped": "it was told to stop",
    "served": "what was asked for is evaluated",
    "interrupted": "it was interrupted",
    "baseline": "the baseline could not be evaluated",
}
"""Why a run ended, by what its records give as the reason (`Ending`)."""

SANDBOX = {
    "bubblewrap": (
        "Candidates ran without network and could not see your home folder, your keys, the repository, "
        "hidden files or other processes, nor write outside their workspace. Memory, processes, disk and "
        "time were limited for the whole process tree."
    ),
    "landlock": (
        "The kernel walled off files and the network (Landlock, and a filter of system calls). That is "
        "weaker than bubblewrap: candidates could tell which of your files exist and which processes run; "
        "`kapso doctor` names what else this machine leaves open."
    ),
    "limits": (
        "Memory, processes, disk and time were limited, but nothing was walled off: candidates could use the "
        "network and could read and write whatever you can, the judge and the repository included."
    ),
}
"""What a level of the sandbox kept out."""

OPEN_NETWORK = "The goal opened the network to them (`sandbox.network`)."

TRUSTED = 0.6
"""A stage that orders fewer pairs as the full evaluation does is little better than a coin."""

APART = (
    "The judge stood apart: the program ran on its own, and the judge read only what it left behind, in a "
    "checkout of the base that the program could not touch."
)
TOGETHER = (
    "The judge ran the program itself. That is weaker: a program can reach its judge and forge its score, so "
    "read the diff before you believe the number. A `run` command of its own keeps the two apart."
)


def how_confirmed(found: Confirmation) -> str:
    """By which fresh evaluations the best held, or did not."""
    if found.pairs == 0 or found.gain is None:
        return found.how
    return (
        f"better by {_rough(found.gain)} in {found.pairs} fresh pairs "
        f"(95 % interval {_rough(found.low)} to {_rough(found.high)})"
    )


def how_staged(stages: Iterable[StageTally]) -> list[str]:
    """What the cheap stages did, a sentence each."""
    return [_how_staged(stage) for stage in stages if stage.attempts]


def _how_staged(stage: StageTally) -> str:
    """What a cheap stage cut, and how far it can be trusted."""
    told = f"{stage.cut} of {plural(stage.attempts, 'attempt')} were cut at `{stage.name}`"
    if stage.cut:
        told += f" ({duration(stage.saved_s)} saved)"
    if stage.agreement is None:
        return told
    share = f"{100 * stage.agreement:.0f} % of the pairs that it let through"
    told += f"; it ordered {share} as the full evaluation did"
    return f"{told}: it may cut good ones, too" if stage.agreement < TRUSTED else told


def how_it_held(less: Lesser) -> str:
    """How the smallest diff compared with the best, where one evaluation was not enough to tell."""
    if less.pairs == 0 or less.gain is None:
        return ""
    return (
        f" (the best leads by {_rough(less.gain)} in {less.pairs} fresh pairs, "
        f"95 % interval {_rough(less.low)} to {_rough(less.high)})"
    )


def _rough(value: float | None) -> str:
    """Three significant digits: more of them would be noise."""
    return number(None if value is None else float(f"{value:.3g}"))
