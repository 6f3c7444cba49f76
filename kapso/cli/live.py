"""What a person sees while a run goes on: a live panel on a terminal, a line now and then elsewhere.

Everything goes to stderr; with `--json`, events go to stdout, one object a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from kapso.cli.output import how_called
from kapso.wording import dollars, duration, number, plural, printable

if TYPE_CHECKING:
    from rich.live import Live

    from kapso.loop.campaign import Campaign

REFRESH_S = 0.25
QUIET_S = 30.0
"""Without a terminal, how long nothing may be said."""
RATE_OVER_S = 60.0


def print_event(entry: dict[str, Any]) -> None:
    """The listener of `--json`."""
    print(json.dumps(entry, ensure_ascii=False), flush=True)


class Progress:
    """Shows a campaign. `say` prints a line above whatever is live."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        self._is_live = not is_quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_live = self._is_live and not os.environ.get("CI")
        self._live: Live | None = None
        self._shown = 0.0
        self._said = time.monotonic()
        self._landings: deque[float] = deque()

    def say(self, line: str) -> None:
        """A line for the person, on stderr."""
        if self._live is not None:
            self._live.console.print(printable(line), markup=False, highlight=False)
        else:
            print(f"kapso: {printable(line)}", file=sys.stderr, flush=True)

    def hear(self, entry: dict[str, Any]) -> None:
        """An event of the run."""
        if entry["event"] == "attempt.evaluated":
            self._landings.append(time.monotonic())
            if entry["attempt"] == 0:
                self.say(f"baseline: {number(entry['score'])}")
        if entry["event"] == "attempt.waiting" and not self._is_live:  # the panel shows it
            self.say(f"attempt {entry['attempt']} waits for approval: {entry['title']}")
        if entry["event"] == "attempt.rejected":
            self.say(f"attempt {entry['attempt']} is rejected" + _because(entry["reason"]))
        if entry["event"] == "author.lost":
            self.say(f"warning: {entry['proposer']} is asked no more in this session: {entry['reason']}")
        if entry["event"] == "author.rests":
            self.say(
                f"{entry['proposer']} wrote {entry['repetitions']} programs in a row that are known; "
                "it is asked again when there is a new best"
            )
        if entry["event"] == "best.improved":
            before, after = number(entry["previous"]), number(entry["score"])
            self.say(f"attempt {entry['attempt']}: {before} → {after}  {entry['title']}")
            self._said = time.monotonic()

    def tick(self, campaign: Campaign) -> None:
        """Called often by the main thread; paints seldom."""
        moment = time.monotonic()
        if self._is_quiet:
            return
        if self._is_live and moment - self._shown >= REFRESH_S:
            self._shown = moment
            self._paint(campaign)
        elif not self._is_live and moment - self._said >= QUIET_S:
            self._said = moment
            self.say(" · ".join([self._line(campaign), *self._asking(campaign)]))

    def close(self) -> None:
        """Take the live panel away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _paint(self, campaign: Campaign) -> None:
        from rich.console import Console  # 60 ms
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        lines = [self._line(campaign), *self._asking(campaign), *self._trying(campaign)[:8]]
        text = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
        self._live.update(text, refresh=True)

    def _line(self, campaign: Campaign) -> str:
        history, budget = campaign.run.history, campaign.run.goal.budget
        best = f"best {number(history.best.score)} (baseline {number(history.baseline.score)})"
        count = f"{history.count} attempts"
        if budget.attempts is not None:
            count = f"{history.launched}/{budget.attempts} attempts"
        parts = [best, count, f"{self._rate():.0f} a minute"]
        purse = campaign.run.purse
        if purse.spent:
            parts.append(dollars(purse.spent) + (f" of {dollars(purse.limit)}" if purse.limit else ""))
        if not campaign.is_idle and (left := self._left(campaign)) is not None:
            parts.append(f"{duration(left)} left")
        if campaign.run.folder.control() == "paused":
            parts.append(f"paused: `kapso resume {campaign.run.name}` goes on")
        return " · ".join(parts)

    def _asking(self, campaign: Campaign) -> list[str]:
        """How many attempts wait for a human, and how to decide about them."""
        if not (waiting := len(campaign.gate.waiting)):
            return []
        ask = f"{how_called()} approve {campaign.run.name}"
        return [f"{plural(waiting, 'attempt')} wait{'s' * (waiting == 1)} for approval: `{ask}`"]

    def _trying(self, campaign: Campaign) -> list[str]:
        """What goes on, and behind it what waits."""
        waiting = campaign.gate.waiting
        shown = sorted(campaign.run.in_flight.items(), key=lambda item: (item[0] in waiting, item[0]))
        return [
            f"  {number}: {'waits for approval: ' * (number in waiting)}{printable(title)}"
            for number, title in shown
        ]

    def _rate(self) -> float:
        moment = time.monotonic()
        while self._landings and moment - self._landings[0] > RATE_OVER_S:
            self._landings.popleft()
        if len(self._landings) < 2:
            return float(len(self._landings))
        return 60 * (len(self._landings) - 1) / max(moment - self._landings[0], 0.01)

    def _left(self, campaign: Campaign) -> float | None:
        """Seconds until the first limit of the budget is reached, as far as that can be told."""
        budget = campaign.run.goal.budget
        ends = []
        if budget.time_s is not None:
            ends.append(max(budget.time_s - campaign.elapsed_s, 0.0))
        rate = self._rate()
        if budget.attempts is not None and rate > 0:
            ends.append(60 * max(budget.attempts - campaign.run.history.launched, 0) / rate)
        return min(ends) if ends else None


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""
