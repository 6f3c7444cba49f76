"""`repeats: auto`: a promising candidate is evaluated again, in pairs with the program that it is measured
against, until a sequential test tells the two apart or finds that they are the same.

Both get the same KAPSO_SEED, and where a time is measured both are evaluated now, in changing order. A bad
candidate costs the one evaluation that it had; so does every candidate whose score repeats exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kapso.attempt import BASELINE, Outcome, Verdict
from kapso.evaluate.evaluator import Place
from kapso.evaluate.measured import Measured
from kapso.evaluate.noise import Noise
from kapso.evaluate.sequential import LEAST_PAIRS, judge, lead
from kapso.evaluate.stages import Course
from kapso.goal.model import TIME_METRICS
from kapso.loop.run import Run
from kapso.wording import number, plural

_BEST_OF_MANY = 1.4
"""Standard deviations by which the least of eight normal values lies below their mean."""


class Pairs:
    """The pairs of one session of a run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._known: dict[int, dict[int, float]] = {}
        """Scores by attempt and repeat; of no use later where they are times."""

    def compare(
        self, measured: Measured, commit: str, parents: Sequence[int], place: Place
    ) -> tuple[Measured, Verdict | None]:
        """The candidate over all its repeats, and its verdict against the first of its parents.

        What would be the best by its score has to beat the best in pairs as well: it is `proven` then, and
        else no better than `same`. None leaves the verdict to what is known about the noise.
        """
        if not self._is_needed(measured, parents):
            return measured, None
        history = self.run.history
        candidate = _Candidate(commit, replace(place, course=Course.LAST), [measured])
        verdicts = {parents[0]: self._against(parents[0], candidate)}
        while self._leads(together := self._together(candidate)) and history.best_number not in verdicts:
            verdicts[history.best_number] = self._against(history.best_number, candidate)
        self._known[place.number] = self._scores(candidate)
        if together.outcome != Outcome.SCORED:
            return together, None
        verdict = verdicts[parents[0]]
        if self._leads(together):
            if verdicts[history.best_number] is Verdict.BETTER:
                history.proven.add(place.number)
            elif verdict is Verdict.BETTER:
                verdict = Verdict.SAME
        return together, verdict

    def _is_needed(self, measured: Measured, parents: Sequence[int]) -> bool:
        run = self.run
        if run.goal.repeats is not None or measured.outcome != Outcome.SCORED or not parents:
            return False
        is_exact = run.history.noise.sigma == 0 and not run.history.noise.is_seeded
        return not is_exact and run.history.attempts[parents[0]].score is not None

    def _against(self, rival: int, candidate: _Candidate) -> Verdict:
        """The candidate's verdict against an attempt; adds to its evaluations and says how it ended."""
        recorded = self.run.history.attempts[rival].score
        assert recorded is not None
        noise = self.run.history.noise_around(recorded)
        first = self._gain(candidate.evaluations[0], recorded) + self._allowance(noise)
        verdict = None if noise.is_seeded else judge([first], noise, least=1)
        if verdict is not None and first <= 0:
            return verdict  # no pair is needed to see that it is not promising
        least = LEAST_PAIRS if first > 0 else 1  # a score that leads by luck would lead the search astray
        gains: list[float] = []
        while (verdict := judge(gains, noise, least=least)) is None:
            gain = self._pair(rival, candidate, len(gains))
            if gain is None:
                candidate.told.append(f"same as attempt {rival}: an evaluation beside it gave no score")
                return Verdict.SAME
            gains.append(gain)
        found = lead(gains, noise)
        candidate.told.append(
            f"{verdict} against attempt {rival}: gain {number(found.mean)} in {plural(found.pairs, 'pair')} "
            f"(95 % interval {number(found.low)} to {number(found.high)})"
        )
        return verdict

    def _allowance(self, noise: Noise) -> float:
        """By how much one evaluation may fall short of the best of a rival's many by luck alone."""
        return 0.0 if self.run.goal.primary.take == "median" else _BEST_OF_MANY * noise.sigma

    def _pair(self, rival: int, candidate: _Candidate, repeat: int) -> float | None:
        """One gain of the candidate over the rival; None where either gave no score."""
        known = self._known.get(rival, {}).get(repeat)
        is_first = repeat % 2 == 1  # in changing order: what drifts hits both alike
        if known is None and is_first:
            known = self._measure(rival, candidate, repeat)
        if len(candidate.evaluations) <= repeat:
            candidate.evaluations.append(self._evaluate(candidate, repeat))
        if known is None and not is_first:
            known = self._measure(rival, candidate, repeat)
        if known is None or self._primary not in candidate.evaluations[repeat].metrics:
            return None
        return self._gain(candidate.evaluations[repeat], known)

    def _measure(self, rival: int, candidate: _Candidate, repeat: int) -> float | None:
        run = self.run
        commit = run.base if rival == BASELINE else run.history.attempts[rival].commit
        place = replace(candidate.place, number=rival)
        measured = self._evaluate(_Candidate(commit, place, []), repeat, beside=candidate.place.number)
        score = measured.metrics.get(self._primary)
        if score is not None and self._primary not in TIME_METRICS:
            self._known.setdefault(rival, {})[repeat] = score
        return score

    def _evaluate(self, program: _Candidate, repeat: int, beside: int | None = None) -> Measured:
        beside = program.place.number if beside is None else beside
        place = replace(program.place, first_repeat=repeat, beside=beside)
        return self.run.evaluator.evaluate(program.commit, place, self.run.cancel)

    def _together(self, candidate: _Candidate) -> Measured:
        together = self.run.evaluator.together(candidate.evaluations, candidate.place)
        said = [each for each in (together.feedback, *candidate.told) if each]
        return replace(together, feedback="\n".join(said) or None)

    def _scores(self, candidate: _Candidate) -> dict[int, float]:
        if self._primary in TIME_METRICS:
            return {}
        return {
            repeat: each.metrics[self._primary]
            for repeat, each in enumerate(candidate.evaluations)
            if self._primary in each.metrics
        }

    def _leads(self, measured: Measured) -> bool:
        if measured.outcome != Outcome.SCORED:
            return False
        best = self.run.history.best.score
        return best is None or self.run.goal.primary.is_better(measured.metrics[self._primary], best)

    def _gain(self, measured: Measured, over: float) -> float:
        gain = measured.metrics[self._primary] - over
        return gain if self.run.goal.primary.goal == "maximize" else -gain

    @property
    def _primary(self) -> str:
        return self.run.goal.primary.name


class _Candidate:
    """A program with its evaluations by repeat, and what pairs told about it."""

    def __init__(self, commit: str, place: Place, evaluations: list[Measured]) -> None:
        self.commit = commit
        self.place = place
        self.evaluations = evaluations
        self.told: list[str] = []
