"""Lessons as a playbook: what holds, by what evidence, and as recipes the changes that can be written so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from kapso.memory.lessons.as_recipe import recipe_of
from kapso.memory.lessons.lesson import About, Kind, Lesson, Status
from kapso.wording import plural

_LIKELY = 0.5
_HEADINGS = {Kind.PREFER: "What helps", Kind.AVOID: "What does harm", Kind.FACT: "What is so"}


@dataclass(frozen=True)
class Playbook:
    """The Markdown, and the ids of the recipes in it."""

    text: str
    recipes: Sequence[str]


def likely(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Those worth telling others where nobody says which: active, or a candidate that is rather true."""
    return [
        each
        for each in lessons
        if each.status is Status.ACTIVE or (each.status is Status.CANDIDATE and each.confidence >= _LIKELY)
    ]


def playbook(lessons: Sequence[Lesson]) -> Playbook:
    """The lessons as a playbook that `recipe: {from: […]}` and `kapso learn` read."""
    goals = sorted({each.goal for lesson in lessons for each in lesson.line.sightings.values()})
    languages = sorted({lesson.scope.language for lesson in lessons if lesson.scope.language})
    recipes: list[str] = []
    parts = [
        "---",
        f"title: {_quoted(_title(goals))}",
        "kind: heuristic",
        f"applies_to: {{languages: {json.dumps(languages)}}}",
        "---",
        "",
        f"# {_plain(_title(goals))}",
        "",
        "Counted from attempts by Kapso. What is said here held for the programs that it was learnt on: let",
        "checks and a score decide elsewhere.",
    ]
    for kind, heading in _HEADINGS.items():
        if chosen := [each for each in lessons if each.kind is kind]:
            parts += ["", f"## {heading}"]
            for lesson in chosen:
                parts += _section(lesson, recipes)
    parts += ["", "## When it does harm", "", *_harm(lessons)]
    return Playbook("\n".join(parts) + "\n", recipes)


def _title(goals: Sequence[str]) -> str:
    return f"What attempts taught about {', '.join(goals)}" if goals else "What attempts taught"


def _section(lesson: Lesson, recipes: list[str]) -> list[str]:
    worth = "" if lesson.value is None else f" Recalling it was worth {lesson.value:+.2f} of the attempts."
    lines = [
        "",
        f"### {lesson.id}",
        "",
        _plain(lesson.statement),
        "",
        f"- Confidence {lesson.confidence:.2f}, {lesson.status}.{worth}",
    ]
    for each in lesson.line.sightings.values():
        tally = each.concerned
        ends = [(getattr(tally, name), name) for name in ("better", "same", "worse", "failed")]
        told = ", ".join(f"{count} {name}" for count, name in ends if count) or plural(tally.total, "attempt")
        commits = "".join(f" {one.commit[:12]}" for one in each.examples[:3] if one.speaks == "for")
        lines.append(f"- Run {_plain(each.run)}: {told}{f'; see{commits}' if commits else ''}.")
    if lesson.line.subject.about is About.CHANGE:
        lines += _change(lesson, recipes)
    return lines


def _change(lesson: Lesson, recipes: list[str]) -> list[str]:
    """The lines that were replaced; as a recipe where ast-grep can find and replace them."""
    hunks = [(str(path), str(old), str(new)) for path, old, new in lesson.line.subject.told["hunks"]]
    if (block := recipe_of(lesson.id, hunks)) is not None:
        recipes.append(block.id)
        return ["", *_fenced(block.text, "yaml recipe")]
    lines = []
    for path, old, new in hunks:
        _, _, _, *diff = unified_diff(old.splitlines(), new.splitlines(), lineterm="")
        lines += ["", f"In `{_plain(path)}`:", "", *_fenced("\n".join(diff), "diff")]
    return lines


def _harm(lessons: Sequence[Lesson]) -> list[str]:
    against = []
    for lesson in lessons:
        examples = [one for each in lesson.line.sightings.values() for one in each.examples]
        if spoken := sum(one.speaks == "against" for one in examples):
            against.append(f"- {lesson.id}: attempts spoke against it, too, at least {spoken}.")
    return against or ["No attempt spoke against what is said here; other programs may."]


def _fenced(text: str, info: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{info}", text.rstrip("\n"), fence]


def _plain(text: str) -> str:
    """One line that begins no heading, list or fence."""
    return " ".join(text.split()).replace("```", "'''").lstrip("#->*+ ")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
