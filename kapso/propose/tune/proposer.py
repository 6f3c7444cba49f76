"""The proposer: reads the parent's parameters, lets one of the arms propose a move, writes the literals.

Everything it knows is a function of what was observed, in order; every draw comes from `Context.seed`.
Which arm an attempt came from stands as the first word of its hypothesis, and so in git.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from kapso.attempt import BASELINE, Attempt, Verdict
from kapso.goal import Goal
from kapso.propose.earlier import EarlierRun
from kapso.propose.protocol import Context, Files, Idea, Workspace
from kapso.propose.tune.anywhere import Anywhere
from kapso.propose.tune.family import KEPT_BEST, Trial
from kapso.propose.tune.identity import Identities
from kapso.propose.tune.lines import Lines
from kapso.propose.tune.many import Many
from kapso.propose.tune.program import Program, Reader, write_values
from kapso.propose.tune.sampler import Sampler
from kapso.propose.tune.scan import Scan
from kapso.propose.tune.screen import Screen
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, LOCAL, Value, label_of
from kapso.propose.tune.steps import Steps
from kapso.propose.tune.surrogate import Surrogate
from kapso.propose.tune.told import ARM, Told
from kapso.propose.tune.trials import BROKEN, Key, Trials
from kapso.propose.tune.view import Move, View
from kapso.propose.tune.warm import Warm
from kapso.propose.tune.wide import Wide


class Arm(Protocol):
    """One way to find the next move."""

    name: str

    def observe(self, trial: Trial, trials: Trials) -> None: ...

    def propose(self, view: View) -> Move | None: ...


_PROMISED = {CONFIGURED: 1.0, LOCAL: 0.5}
_LEAST = 0.4
"""What tuning promises by the most likely setting that there is."""
_MODEL = 0.65
"""How often the model goes before the steps, from when on it can."""


_FIRST_PROBES, _PROBES = 4, 0.25
"""So many attempts, and such a share of all, may go to finding out which literals matter."""
_PATIENCE = 5
"""Nor does any while one of the last attempts without it was the best so far."""


@dataclass
class Credit:
    """What an arm earned lately: wins and losses, older ones counting less."""

    wins: float = 0.0
    losses: float = 0.0

    def learn(self, has_won: bool) -> None:
        self.wins = 0.96 * self.wins + has_won
        self.losses = 0.96 * self.losses + (not has_won)

    def draw(self, random: Random) -> float:
        """A chance of success that the record allows (Thompson 1933): no arm is ever out for good."""
        return random.betavariate(0.5 + self.wins, 1.5 + self.losses)


@dataclass(frozen=True)
class _Proposal:
    key: Key
    names: frozenset[str]


class Tune:
    """Tunes the numbers, booleans, marked choices and build flags of a program.

    `read` gives the editable files of a commit.
    """

    name = "tune"

    def __init__(self, goal: Goal, read: Callable[[str], Mapping[str, bytes]]) -> None:
        self._read_commit = read
        self._follows_best = goal.search.policy in ("greedy", "tree")
        self._reader = Reader()
        self._identities = Identities(self._reader, read)
        sign = 1.0 if goal.primary.goal == "maximize" else -1.0
        self._trials, self._warm = Trials(goal), Warm(sign)
        self._in_flight: dict[int, list[_Proposal]] = {}
        self._scan, self._wide, self._screen, self._many = Scan(), Wide(), Screen(), Many()
        self._steps = Steps(self._screen.headings)
        self._model = Surrogate(self._steps)
        self._arms: list[Arm] = [
            self._warm,
            self._scan,
            self._wide,
            self._steps,
            Lines(self._trials),
            self._model,
            Sampler(self._steps),
            Anywhere(),
        ]
        self._told = Told()
        self._dry = 0
        self._credits = {arm.name: Credit() for arm in self._arms}

    def recall(self, runs: Sequence[EarlierRun]) -> None:
        """Begin with what earlier runs of the goal found."""
        self._warm.take(runs)

    def why_nothing(self, files: Files) -> str | None:
        """Why there is nothing to tune in these files, or None when there is something."""
        program = self._reader.read(files, strict=True)
        if any(slot.tier < ASLEEP for slot in program.slots.values()):
            return None
        return "no number, boolean, build flag or marked choice to tune in the files of `edit`"

    def promise(self, files: Files) -> float:
        """Less where no literal is a named setting: what stands in formulas and bounds is mostly right."""
        program = self._reader.read(files)
        return _PROMISED.get(min((slot.tier for slot in program.slots.values()), default=ASLEEP), _LEAST)

    def ideate(self, context: Context) -> Idea | None:
        """The next vector to try, or None when all that is left was tried."""
        parent = context.parents[0]
        self._told.advice = context.recalled.advice
        program = self._reader.read(context.files, strict=parent.number == 0)
        if parent.number not in self._trials.by_number:
            self._take_in(parent, context.files, program)
        base = self._trials.known(program.values(self._identities.names(parent.number)))
        if not base:
            return None
        view = self._view(context, base, self._trials.by_number[parent.number])
        start = self._start(view, context)
        if start.number != parent.number:
            base = dict(start.values)
            view = self._view(context, base, start)
        found = self._as_told(view, start) or self._at_once(view, context, start)
        if found is None:
            arm, move = self._choose(view)
            found = (arm, start, move) if move is not None else self._screened(context, start)
        if found is None and view.asleep:
            arm, move = self._choose(replace(view, asleep=frozenset()))
            found = (arm, start, move) if move is not None else None
        if found is None:
            return None
        arm, ground, move = found
        if ground is not start:
            start, base = ground, dict(ground.values)
        names = self._identities.names(start.number)
        values = {**base, **move.values}
        proposals = self._in_flight.setdefault(context.number, [])[: len(context.known)]
        self._in_flight[context.number] = [
            *proposals,
            _Proposal(self._trials.key(values, start.root), frozenset(move.values)),
        ]
        return Idea(
            title=_title(base, move.values),
            hypothesis=f"{arm}: {move.reason}",
            parameters=values,
            details={"arm": arm, "names": {new: old for new, old in names.items() if old in values}},
            parents=(start.number,) if start.number != parent.number else (),
        )

    def _start(self, view: View, context: Context) -> Trial:
        """The best with the parent's program: from a poorer one, what is `better` may be no gain at all.

        Where scores are noisy it is the one that the model takes for the best, or else the parent. A policy
        that does not follow the best alone has its reasons: then it is the parent.
        """
        parent = self._trials.by_number[view.parent]
        if not self._follows_best:
            return parent
        if context.noise > 0:
            found = self._model.believed(view)
        else:
            found = next((each for each in view.family.best(KEPT_BEST) if each.number >= BASELINE), None)
        is_fit = found is not None and found.number >= BASELINE and found.number not in context.barred
        return found if found is not None and is_fit else parent

    def edit(self, idea: Idea, workspace: Workspace) -> None:
        """Write the idea's values; nothing but the literals that change is touched."""
        local = {identity: name for name, identity in idea.details.get("names", {}).items()}
        values = {local.get(name, name): value for name, value in idea.parameters.items()}
        write_values(self._reader, values, workspace)

    def observe(self, attempt: Attempt) -> None:
        """Learn from an attempt, whoever proposed it."""
        self._in_flight.pop(attempt.number, None)
        if attempt.number in self._trials.by_number:
            return
        is_own = attempt.proposer == self.name and attempt.parameters
        if is_own and all(name in self._trials.axes for name in attempt.parameters):
            self._identities.inherit(attempt)
            self._add(attempt, attempt.parameters, self._trials.by_number[attempt.parents[0]].root)
        else:
            files = self._read_commit(attempt.commit)
            self._take_in(attempt, files, self._reader.read(files))

    def _take_in(self, attempt: Attempt, files: Files, program: Program) -> None:
        self._identities.meet(attempt, files)
        names = self._identities.names(attempt.number)
        is_worse = attempt.verdict is Verdict.WORSE or attempt.outcome in BROKEN
        self._trials.meet(program, names, is_worse)
        values = program.values(names)
        if attempt.number == BASELINE:
            axes = [self._trials.axes[name] for name in self._trials.axes if name in values]
            self._screen.begin(axes)
            self._many.begin(axes)
        self._add(attempt, self._trials.known(values), self._root(attempt, files, values))

    def _root(self, attempt: Attempt, files: Files, values: Mapping[str, Value]) -> int:
        """The attempt that its program is from: itself, unless only values differ from its parent's."""
        parent = self._trials.by_number.get(attempt.parents[0]) if attempt.parents else None
        if parent is None or not self._identities.is_retuned(attempt.number, files, values, parent.number):
            return attempt.number
        return parent.root

    def _add(self, attempt: Attempt, values: Mapping[str, Value], root: int) -> None:
        trial = self._trials.add(attempt, values, root)
        self._learn(trial)
        if attempt.number == BASELINE:
            for earlier in self._warm.trials(trial, self._trials.axes):
                self._learn(self._trials.remember(earlier))
        elif told := self._warm.confirmed(trial, self._trials.by_number[BASELINE], self._trials.axes):
            for earlier in told:
                self._learn(self._trials.remember(earlier))
            self._trials.lend_anew()

    def _learn(self, trial: Trial) -> None:
        if not trial.counts:
            return
        for arm in self._arms:
            arm.observe(trial, self._trials)
        self._told.observe(trial)
        self._screen.observe(trial, self._trials)
        self._many.observe(trial)
        self._screen.hand_over({n for n in trial.values if n not in self._steps.profiles})
        if trial.arm and trial.arm != self._screen.name:
            self._dry = 0 if trial.leads else self._dry + 1
        if trial.arm in self._credits:
            self._credits[trial.arm].learn(trial.leads)

    def _view(self, context: Context, base: dict[str, Value], start: Trial) -> View:
        waiting = self._waiting(context)
        taken = {proposal.key for proposal in waiting}
        taken.update(
            self._trials.key(self._trials.known(attempt.parameters), start.root) for attempt in context.known
        )
        axes = {name: self._trials.axes[name].holding(value) for name, value in base.items()}

        def is_free(changed: Mapping[str, Value]) -> bool:
            key = self._trials.key({**base, **changed}, start.root)
            return key not in taken and key not in self._trials.keys

        view = View(
            base=base,
            axes=axes,
            limits=self._trials.limits,
            family=self._trials.family(base, start.root),
            parent=start.number,
            busy=frozenset().union(*(proposal.names for proposal in waiting)),
            random=Random(f"{context.seed}:{len(context.known)}"),
            is_free=is_free,
            asleep=self._trials.asleep | self._screen.hidden,
        )
        return self._told.on(view)

    def _waiting(self, context: Context) -> list[_Proposal]:
        """Own proposals whose results are not in; of this very attempt, those that were mere repetitions."""
        waiting: list[_Proposal] = []
        for number, proposals in self._in_flight.items():
            waiting += proposals[: len(context.known)] if number == context.number else proposals
        return waiting

    def _as_told(self, view: View, start: Trial) -> tuple[str, Trial, Move] | None:
        """What lessons say is good, unless earlier runs are known attempt by attempt, which tells more."""
        if not self._told.advice.ranges or self._warm.has_runs:
            return None
        move = self._told.propose(view)
        return None if move is None else (ARM, start, move)

    def _at_once(self, view: View, context: Context, start: Trial) -> tuple[str, Trial, Move] | None:
        """What changes hundreds of literals where that comes first, once what was good before was tried."""
        urgency, is_due = self._many.urgency, self._screen.is_due()
        if (not urgency and not is_due) or self._warm.propose(view) is not None:
            return None
        if urgency and view.random.random() < urgency:
            move = self._many.propose(replace(view, asleep=self._trials.asleep))
            if move is not None:
                return self._many.name, start, move
        if is_due and view.random.random() >= self._before_screening(view):
            return self._screened(context, start)
        return None

    def _screened(self, context: Context, start: Trial) -> tuple[str, Trial, Move] | None:
        """What the screen proposes, from where its round began."""
        if not self._screen.is_due():
            return None
        ground = start if self._screen.base is None else self._trials.by_number[self._screen.base]
        if ground.number in context.barred:
            return None
        move = self._screen.propose(self._view(context, dict(ground.values), ground), context.noise)
        return None if move is None else (self._screen.name, ground, move)

    def _before_screening(self, view: View) -> float:
        """How likely another arm goes before the screen."""
        if (scan := self._scan.urgency(view)) == 1.0:
            return scan
        most = _FIRST_PROBES + _PROBES * len(self._trials.by_number)
        if self._dry < _PATIENCE or self._screen.probes > most:
            return 1.0
        return {0.8: 0.5, 0.6: 0.95}.get(self._steps.urgency(view), 0.2)

    def _choose(self, view: View) -> tuple[str, Move | None]:
        """The arm that goes first and its move; the others are asked when it has none."""
        draws = {arm.name: self._credits[arm.name].draw(view.random) for arm in self._arms}
        draws["recall"] = 3.0
        draws["scan"] /= 2
        urgencies = {
            "scan": self._scan.urgency(view),
            "wide": self._wide.urgency(view),
            "model": _MODEL,
            "step": self._steps.urgency(view),
        }
        if self._steps.is_screening(view):  # the model goes last: it knows nothing of what was never moved
            urgencies["model"] = urgencies.pop("model")
        for place, (name, urgency) in enumerate(urgencies.items()):
            if view.random.random() < urgency:
                draws[name] = 2.0 - 0.1 * place
        draws["random"] /= 4
        for arm in sorted(self._arms, key=lambda arm: -draws[arm.name]):
            move = arm.propose(view)
            if move is not None:
                return arm.name, move
        return "", None


def _title(base: Mapping[str, Value], values: Mapping[str, Value]) -> str:
    """`rate 0.05 → 0.1`, or `3 parameters: a 1→2, b 0.5→0.25, …`."""
    changes = [(label_of(name), base[name], new) for name, new in values.items()]
    if len(changes) == 1:
        label, old, new = changes[0]
        if label.startswith("-") and isinstance(new, bool):
            return f"{label} {'added' if new else 'removed'}"
        return f"{label} {_short(old, new)} → {_short(new, old)}"
    shown = ", ".join(f"{label} {_short(old, new)}→{_short(new, old)}" for label, old, new in changes[:2])
    return f"{len(changes)} parameters: {shown}{', …' if len(changes) > 2 else ''}"


def _short(value: Value, other: Value) -> str:
    """Four digits of a number, or all of them where four do not tell it from the other one."""
    if isinstance(value, float) and f"{value:.4g}" != f"{other:.4g}":
        return f"{value:.4g}"
    return str(value)
