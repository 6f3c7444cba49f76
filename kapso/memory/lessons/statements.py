"""The words of a lesson, from its counts alone, so that whoever has the episodes can check them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from kapso.memory.lessons.claim import Claim
from kapso.memory.lessons.evidence import welch, wilson
from kapso.memory.lessons.lesson import About, Subject, Tally
from kapso.memory.lessons.outcomes import count
from kapso.memory.lessons.pooled import Pool
from kapso.wording import plural, size

_MOST_STEPS = 3
"""Of a change, that are told one by one."""
_DID = {
    "better": "made the program better",
    "same": "left the score as it was",
    "worse": "made the score worse",
    "failed": "failed",
}


_OTHERS = {About.PAIR: "edits of one of them"}
_SHOWN, _LONGEST, _AROUND = 4, 60, 20
_PLACE, _PAIR = ("path", "region"), ("first", "second")


def statement_of(subject: Subject, claim: Claim | None, pool: Pool) -> str:
    """One sentence, in plain words."""
    about, told = subject.about, subject.told
    if about is About.STATED:
        return str(told.get("statement", ""))
    if about is About.EVALUATION or claim is None:
        return _fact(subject, pool)
    concerned, others = pool.concerned, pool.others
    if about is About.PARAMETER and pool.has_range:
        return _good_values(subject, pool)
    did = _DID[claim.expects]
    if about is About.CHANGE:
        return f"{change_in_words(told['hunks'])} {did} in {_share(concerned, claim.expects, 'cases')}"
    if about is About.ERROR:
        did = f"ended in `{told.get('signature')}`"
    shares = f"{_share(concerned, claim.expects)}{_against(about, others, claim.expects)}"
    return f"{_what(subject, pool)} {did} in {shares}{_gained(claim.expects, concerned, others)}"


def _gained(event: str, concerned: Tally, others: Tally) -> str:
    """By how much they differ on average, where that is beyond chance."""
    interval = welch(concerned, others) if event in ("better", "worse") else None
    if interval is None or interval[0] <= 0 <= interval[1]:
        return ""
    low, high = interval
    return f"; on average by {(low + high) / 2:+.2f} ({low:+.2f} to {high:+.2f}) of what the run gains in all"


def _against(about: About, others: Tally, event: str) -> str:
    return f"; {_OTHERS.get(about, 'others')} did in {_share(others, event)}" if others.total else ""


def _share(tally: Tally, event: str, of: str = "attempts") -> str:
    hits = count(tally, event)
    low, high = wilson(hits, tally.total)
    return f"{hits} of {tally.total} {of} ({low:.0%} to {high:.0%})"


def _what(subject: Subject, pool: Pool) -> str:
    told = subject.told
    match subject.about:
        case About.OPERATOR:
            return f"Edits of the kind `{told.get('operator')}` by {told.get('proposer')}"
        case About.PLACE:
            return f"Edits in {_place(told)}"
        case About.PARAMETER:
            return f"Changing `{told.get('parameter')}`{_side(subject, pool)}"
        case About.PAIR:
            first, second = (_place(dict(zip(_PLACE, told[each], strict=True))) for each in _PAIR)
            return f"Edits of both {first} and {second}"
        case About.ERROR:
            return _cause(told)
    return "Such attempts"


def _place(told: Any) -> str:
    path, region = told.get("path"), told.get("region")
    return f"`{region}` of `{path}`" if region else f"`{path}`"


def _side(subject: Subject, pool: Pool) -> str:
    told = subject.told
    match told.get("side"):
        case "at":
            return f" to {told.get('value')!r}"
        case None:
            return ""
        case side:
            end = "or more" if side == "above" else "or less"
            return f" to {_figure(pool.detail.get('bound'))} {end}"


def _good_values(subject: Subject, pool: Pool) -> str:
    detail = pool.detail
    if "choices" in detail:
        values = "one of " + ", ".join(repr(each) for each in detail["choices"])
    else:
        low, high = _figure(detail.get("low")), _figure(detail.get("high"))
        values = low if low == high else f"{low} to {high}"
    total, moved = detail["alone"]
    share = f"{detail.get('importance', 0):.0%} of the variance"
    alone = f"changed without the others that do it moved the score in {moved} of {total} attempts"
    return (
        f"`{subject.told.get('parameter')}` matters ({share}; {alone}): "
        f"the best attempts had {values}, the very best {_figure(detail.get('best'))}"
    )


def change_in_words(hunks: Any) -> str:
    """What a change replaces, adds and takes out, the first few of it; of a single step, where it stands."""
    steps = [step for _, before, after in hunks for step in _steps(before, after) if any(step[:2])]
    said, verb = "", ""
    for gone, come, _ in steps[:_MOST_STEPS]:
        what = " by ".join(f"`{_clipped(each)}`" for each in (gone, come) if each)
        now = "replacing" if gone and come else "adding" if come else "taking out"
        said += (", " if said else "") + (what if now == verb else f"{now} {what}")
        verb = now
    if len(steps) == 1 and steps[0][2]:
        said += f" after `{_clipped(steps[0][2])}`"
    paths = list(dict.fromkeys(f"`{path}`" for path, _, _ in hunks))
    more = len(steps) - _MOST_STEPS
    rest = f" and {plural(more, 'other change')} with it" if more > 0 else ""
    said = said or "replacing lines"
    return f"{said[0].upper()}{said[1:]} in {', '.join(paths)}{rest}"


def _steps(before: str, after: str) -> Iterator[tuple[str, str, str]]:
    """Lines that went, lines that came for them, and the line above: one by one where they are as many, else
    as a whole."""
    old, new = ([" ".join(row.split()) for row in text.splitlines()] for text in (before, after))
    for tag, low, high, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        above = next((row for row in reversed(old[:low]) if row), "")
        gone, come = ([row for row in rows if row] for rows in (old[low:high], new[first:last]))
        if len(gone) == len(come):
            yield from ((one, other, above) for one, other in zip(gone, come, strict=True))
        else:
            yield " ".join(gone), " ".join(come), above


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


def _cause(told: Any) -> str:
    if "token" in told:
        way = "bring in" if str(told["token"]).startswith("+") else "take out"
        return f"Edits that {way} `{str(told['token'])[1:]}`"
    if "operator" in told:
        return f"Edits of the kind `{told['operator']}` by {told.get('proposer')}"
    return f"Edits in {_place(told)}"


def _fact(subject: Subject, pool: Pool) -> str:
    goal, what, latest = subject.told.get("goal"), subject.told.get("what"), pool.latest
    detail, count = (latest.detail, latest.concerned.total) if latest else ({}, 0)
    if what == "noise":
        sigma = float(detail.get("sigma", 0.0))
        varies = f"scores with a standard deviation of {sigma:.3g}" if sigma else "the same score"
        return f"Evaluating one program of `{goal}` again and again gives {varies}"
    low, median, high = (float(detail.get(name, 0.0)) for name in ("low", "median", "high"))
    if what == "time":
        return (
            f"An evaluation of `{goal}` takes {median:.3g} s ({low:.3g} to {high:.3g} s in {count} attempts)"
        )
    least, usual, most = (size(round(each)) for each in (low, median, high))
    return f"The program of `{goal}` uses {usual} ({least} to {most} in {count} attempts)"
