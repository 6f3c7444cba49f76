"""A run at a glance, as lines: what it is, how it stands, its budget, what is in flight, what came last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kapso.attempt import BASELINE, HUMAN
from kapso.report.words import ENDINGS, how_confirmed
from kapso.wording import dollars, duration, number, percent, printable
from kapso_tui.glyphs import Glyphs
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.attempt_rows import fit
from kapso_tui.widgets.sparkline import status_text

Line = list[tuple[str, str]]
"""Pieces of text, each with its tone: "", bold, dim, good, bad, live."""
RATE_OVER_S = 60.0
_TONES = {"running": "live", "paused": "bad", "finished": "good", "interrupted": "dim"}


def glance(watch: RunWatch, width: int, height: int, signs: Glyphs) -> list[Line]:
    """At most `height` lines."""
    if watch.summary is None:
        said = "reading the run" if not watch.is_loaded else "git knows of no such run"
        return [[(watch.run, "bold"), (f"  {said}", "dim")]]
    if height <= 1:
        return [_name(watch) + [("  ", "")] + _scores(watch, signs)]
    if height <= 4:
        budget = _join([text for text, _ in _measures(watch)] + _pace(watch))
        return [
            _name(watch) + [("  ", "")] + _scores(watch, signs),
            [(budget, "")],
            *(_flights(watch, signs, 1) or [_last(watch)]),
        ][:height]
    lines = [_name(watch)]
    if watch.summary.objective:
        lines.append([(printable(" ".join(watch.summary.objective.split())), "dim")])
    lines.append(_scores(watch, signs))
    for text, share in _measures(watch):
        lines.append([(bar(share, 10, signs) + " ", "live" if watch.is_live else "dim"), (text, "")])
    if pace := _pace(watch):
        lines.append([(_join(pace), "dim")])
    room = max(height - len(lines) - 1, 1)
    return [*lines, *_flights(watch, signs, room), _last(watch)][:height]


def bar(share: float | None, width: int, signs: Glyphs) -> str:
    """`███▌░░░░░░`; dots alone where there is no limit."""
    if share is None:
        return signs.rest * width
    eighths = round(min(max(share, 0.0), 1.0) * width * (len(signs.parts) + 1))
    whole, part = divmod(eighths, len(signs.parts) + 1)
    text = signs.full * whole + (signs.parts[part - 1] if part else "")
    return text + signs.rest * (width - len(text))


def _name(watch: RunWatch) -> Line:
    is_stopping = watch.is_live and watch.folder.control() == "stopping"
    word = status_text(watch.status) + (", stopping" if is_stopping else "")
    return [(watch.run, "bold"), ("  ", ""), (word, _TONES[watch.status])]


def _scores(watch: RunWatch, signs: Glyphs) -> Line:
    """Baseline and best, in the words of the last lines of a run."""
    facts, best = watch.facts, watch.best
    if facts is None or facts.baseline is None:
        return [("the baseline has not been scored yet", "dim")]
    metric = printable(facts.run.metric or "score")
    if best is None or best.number == BASELINE:
        return [(f"{metric} {number(facts.baseline.score)}: nothing better yet", "")]
    before, after = facts.scores
    how = ", confirmed" if facts.is_confirmed else "" if watch.is_live else ", unconfirmed"
    return [
        (f"{metric} {number(before)} {signs.arrow} ", ""),
        (f"{number(after)}{percent(before, after)}", "good"),
        (f"  #{best.number}{how}", "dim"),
    ]


def _measures(watch: RunWatch) -> list[tuple[str, float | None]]:
    """Attempts, time and cost, each with the share of its limit that is used."""
    assert watch.summary is not None
    budget = watch.goal.budget if watch.goal else None
    by_hand = sum(each.proposer == HUMAN for each in watch.attempts.values())
    landed, limit = watch.summary.attempts - by_hand, budget.attempts if budget else None
    found = [(f"{landed:,}{f' of {limit:,}' if limit else ''} attempts", landed / limit if limit else None)]
    elapsed, time_s = watch.elapsed_s, budget.time_s if budget else None
    of_time = f" of {clock(time_s)}" if time_s else ""
    found.append((f"{clock(elapsed)}{of_time}", elapsed / time_s if time_s else None))
    cost, most = watch.summary.cost, budget.cost if budget else None
    if cost or most:
        of_cost = f" of {dollars(most)}" if most else ""
        found.append((f"{dollars(cost or 0.0)}{of_cost}", (cost or 0.0) / most if most else None))
    return found


def rate(watch: RunWatch, moment: datetime) -> float:
    """Attempts a minute, over the last one."""
    since, count, first = moment - timedelta(seconds=RATE_OVER_S), 0, moment
    for each in sorted(watch.attempts, reverse=True)[:2000]:
        finished = watch.attempts[each].finished
        if finished >= since:
            count, first = count + 1, min(first, finished)
    return 60 * (count - 1) / max((moment - first).total_seconds(), 1.0) if count > 1 else float(count)


def _pace(watch: RunWatch) -> list[str]:
    """How fast it is, and how long it may take until the first limit is reached."""
    if watch.status != "running" or watch.goal is None or watch.summary is None:
        return []
    budget, fast = watch.goal.budget, rate(watch, datetime.now(UTC))
    ends = [] if budget.time_s is None else [max(budget.time_s - watch.elapsed_s, 0.0)]
    if budget.attempts is not None and fast > 0:
        ends.append(60 * max(budget.attempts - watch.summary.attempts, 0) / fast)
    left = [f"{clock(min(ends))} left"] if ends else []
    return [f"{fast:.0f} a minute", *left]


def _flights(watch: RunWatch, signs: Glyphs, room: int) -> list[Line]:
    """What is in flight, what waits for the user first; the rest is counted."""
    flights = sorted(watch.flights.values(), key=lambda each: (not each.is_waiting, each.number))
    if not flights:
        return []
    shown = flights[: room if len(flights) <= room else max(room - 1, 1)]
    lines: list[Line] = []
    for each in shown:
        said = f"{each.number} {each.proposer} {printable(each.title) or 'is being proposed'}"
        if each.is_waiting:
            lines.append([(f"{signs.waiting} {said}: a approves, r rejects", "bad")])
        elif watch.is_live:
            lines.append([(f"{signs.flight} {said}", "live")])
        else:
            lines.append([(f"{signs.flight} {said}: pending, goes on with `resume`", "dim")])
    more = len(flights) - len(shown)
    if more:
        lines[-1].append((f"  and {more} more", "dim"))
    return lines


def _last(watch: RunWatch) -> Line:
    """How it ended, or what happened last."""
    reason = watch.end.get("reason")
    if not watch.is_live and isinstance(reason, str) and reason in ENDINGS:
        facts = watch.facts
        found = facts.confirmation if facts else None
        held = f"; {how_confirmed(found)}" if found and facts and facts.is_confirmed else ""
        return [(f"ended: {ENDINGS[reason]}{held}", "dim")]
    return [(told(watch.latest), "dim")] if watch.latest else []


def told(event: Mapping[str, Any]) -> str:
    """An event in a line, with the time of day where the user is."""
    moment = datetime.fromisoformat(event["time"]).astimezone()
    return f"{moment:%H:%M:%S} {printable(_told(event))}"


def _told(event: Mapping[str, Any]) -> str:
    kind, attempt = event["event"], event.get("attempt")
    if kind == "best.improved":
        return f"attempt {attempt}: {number(event.get('previous'))} to {number(event['score'])}"
    if kind == "attempt.evaluated":
        ended = event.get("verdict") or event.get("outcome")
        return f"attempt {attempt}: {ended}"
    if kind == "author.lost":
        return f"{event['proposer']} is asked no more in this session: {event['reason']}"
    if kind == "author.rests":
        return f"{event['proposer']} is asked again when there is a new best"
    if kind == "run.continued":
        return "the run goes on after a pause"
    if kind == "lesson.learnt":
        return f"attempt {attempt} taught {event.get('lesson') or 'something'}"
    about = f"attempt {attempt} " if isinstance(attempt, int) else ""
    return about + str(kind).replace("attempt.", "").replace("run.", "the run has ")


def clock(seconds: float) -> str:
    """Like `duration`, in whole seconds: it ticks."""
    return f"{seconds:.0f}s" if seconds < 59.5 else duration(max(seconds, 60.0))


def _join(parts: list[str]) -> str:
    return " · ".join(parts)


def cut(line: Line, width: int, signs: Glyphs) -> Line:
    """`line` in at most `width` cells."""
    from rich.cells import cell_len

    kept: Line = []
    for text, tone in line:
        taken = cell_len(text)
        if taken > width:
            return [*kept, (fit(text, width, signs), tone)] if width > 0 else kept
        kept.append((text, tone))
        width -= taken
    return kept
