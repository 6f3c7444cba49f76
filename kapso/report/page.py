"""The report as one HTML file: no network, no other file, no script that was not written here.

A content security policy names the one script by its hash, so that even text that slipped through
unescaped could not run.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from kapso.attempt import rfc3339
from kapso.report import again, tallies, words
from kapso.report.chart import SIZE, UNSCORED, score_chart, worked_s
from kapso.report.code import mark_parts, read_diff
from kapso.report.data import page_data
from kapso.report.facts import MOST_DIFF, Facts
from kapso.report.front_chart import front_plane
from kapso.report.learnt import MOST, what_was_learnt, worth
from kapso.report.matters import what_matters
from kapso.report.tree import LANE_PX, ROW_PX, attempt_tree
from kapso.wording import dollars, duration, number, printable, printable_lines, signed

TEMPLATES = Path(__file__).with_name("templates")
TOP_ROWS = 50
"""Attempts that are listed without JavaScript."""
MOST_CAUSES = 15
MOST_FRONT = 50
MOST_PROPOSERS = 30

KINDS: Mapping[str, str] = {
    "best": "new best",
    "better": "better than its parent",
    "same": "same",
    "worse": "worse",
    "demoted": "did not hold",
    "invalid": "invalid",
    "crashed": "crashed",
    "timed-out": "timed out",
    "cut": "cut",
    "rejected": "rejected",
    "abandoned": "abandoned",
    "failed": "not scored",
    "baseline": "baseline",
}


def to_html(facts: Facts) -> str:
    """The whole page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 60 ms

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "number": number,
        "dollars": dollars,
        "signed": signed,
        "duration": duration,
        "line": printable,
        "lines": printable_lines,
        "ticked": ticked,
        "moment": lambda moment: moment.strftime("%Y-%m-%d %H:%M UTC"),
        "rfc3339": rfc3339,
    }
    return environment.get_template("page.html").render(_context(facts))


def _context(facts: Facts) -> dict[str, Any]:
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    made = {each.proposer for each in facts.tried}
    proposers = [*sorted(made), *sorted({each.proposer for each in facts.attempts} - made)]
    chart = score_chart(facts, proposers)
    files, is_cut = read_diff(facts.diff[:MOST_DIFF])
    if facts.dissection is not None and facts.dissection.is_known:
        mark_parts(files, facts.dissection.parts)
    levels = tallies.sandbox_levels(facts)
    worked = worked_s(facts)
    return {
        "facts": facts,
        "run": facts.run,
        "style": style,
        "script": script,
        "policy": _policy(script),
        "data": page_data(facts, proposers, chart),
        "kinds": KINDS,
        "verdict": verdict(facts),
        "ending": ending(facts),
        "change": change(facts),
        "percent": percent,
        "worked": max(worked, default=0.0),
        "outcomes": tallies.outcomes(facts),
        "unscored": sum(not each.is_scored for each in facts.tried),
        "levels": levels,
        "levels_mean": {level: words.SANDBOX.get(level, "") for level, _ in levels},
        "judge": _judge(facts),
        "open_network": words.OPEN_NETWORK if facts.goal and facts.goal.sandbox.network else "",
        "chart": chart,
        "size": SIZE,
        "plane": front_plane(facts),
        "most_front": MOST_FRONT,
        "unscored_at": UNSCORED / SIZE * 100,
        "proposers": proposers,
        "files": files,
        "is_cut": is_cut or len(facts.diff) > MOST_DIFF,
        "tree": attempt_tree(facts),
        "lane_px": LANE_PX,
        "row_px": ROW_PX,
        "shares": tallies.shares(facts),
        "most_proposers": MOST_PROPOSERS,
        "causes": tallies.causes(facts.tried),
        "most_causes": MOST_CAUSES,
        "staged": tallies.stages(facts),
        "readings": tallies.readings(facts),
        "checks": tallies.checks(facts),
        "holdout": {number: tallies.held_out(said) for number, said in facts.holdout.items()},
        "top": _top(facts),
        "matters": what_matters(facts),
        "learnt": what_was_learnt(facts),
        "worth": worth(facts),
        "most_learnt": MOST,
        "kind_of": lambda attempt: tallies.kind_of(attempt, facts),
        "repeat": again.steps_to_repeat(facts),
        "use": again.steps_to_use(facts),
    }


def verdict(facts: Facts) -> tuple[str, str]:
    """How far the headline can be trusted: a word for the badge and a sentence."""
    if facts.baseline is None:
        return "no score", "The baseline has not been scored."
    if not facts.is_improved:
        return _no_better(facts)
    found = facts.confirmation
    if facts.is_confirmed and found is not None:
        how = words.how_confirmed(found)
        return "confirmed", f"{how[:1].upper()}{how[1:]}.{_when_chosen(facts)}"
    if facts.run.status == "finished":
        return "not confirmed", "The lead was not confirmed in fresh evaluations."
    return "not confirmed yet", "The lead has not been confirmed yet: that is done when the run ends."


def _when_chosen(facts: Facts) -> str:
    """The score that the best was chosen for, where fresh evaluations gave another."""
    chosen, now = facts.run.best_score, facts.scores[1]
    return "" if chosen == now else f" The scores shown are these; it had {number(chosen)} when it was tried."


def _no_better(facts: Facts) -> tuple[str, str]:
    if facts.run.status != "finished":
        return "no improvement yet", "No attempt has beaten the baseline yet."
    if facts.run.reason == "target":
        return "target met", "The baseline meets the target already."
    return "no improvement", "No improvement over the baseline was confirmed."


def ending(facts: Facts) -> str:
    """Why the run stands where it does."""
    match facts.run.status:
        case "running":
            return "The run is still going on."
        case "paused":
            return f"The run is paused; `kapso resume {facts.run.run}` lets it go on."
        case "finished":
            reason = facts.run.reason or ""
            return f"The run ended because {words.ENDINGS.get(reason, reason or 'it was finished')}."
    return f"The run was interrupted; `kapso resume {facts.run.run}` goes on with it."


def change(facts: Facts) -> str:
    """`+7.3 %`, or nothing where that says nothing."""
    return percent(*facts.scores) if facts.is_improved else ""


def percent(before: float | None, after: float | None) -> str:
    """The change relative to `before`, with its sign; nothing where there is no such number."""
    if not before or after is None or not math.isfinite(100 * (after - before) / before):
        return ""
    text = f"{100 * (after - before) / abs(before):+.3g}"
    if "e" in text:
        text = f"{float(text):+.0f}"
    return f"{text} %".replace("-", "\N{MINUS SIGN}")


def ticked(text: str) -> str:
    """HTML of one line of hostile text: escaped, and what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(printable(text)))


def _judge(facts: Facts) -> tuple[str, str]:
    if facts.goal is None:
        return "unknown", "The goal that git keeps cannot be read by this version of Kapso."
    return ("apart", words.APART) if facts.goal.is_judged_apart else ("together", words.TOGETHER)


def _top(facts: Facts) -> list[Any]:
    """The attempts that are listed without JavaScript: the best first, then whatever came first."""
    scored = [each for each in facts.attempts if each.is_scored and each.score is not None]
    scored.sort(key=lambda each: each.score or 0.0, reverse=facts.run.maximize)
    others = [each for each in facts.attempts if not each.is_scored]
    return [*scored, *others][:TOP_ROWS]


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
