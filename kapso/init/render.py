"""A draft as the text of a goal.yaml, with a comment where a reader may ask why."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from kapso.init.program import Draft, Metric

_PLAIN = re.compile(r"[A-Za-z0-9./_$][A-Za-z0-9 ./_$*+()&|<>=;\"'@%^~-]*")
_NEVER_PLAIN = re.compile(r" #|: |^(?:true|false|null|yes|no|on|off|~)$|\s$", re.IGNORECASE)
_COLUMN, _WIDTH = 44, 108


def render(draft: Draft, metrics: Sequence[Metric], *, others: Sequence[str] = ()) -> str:
    """The whole file; `others` names what else is printed and could be a metric."""
    return "\n".join(_lines(draft, metrics, others)) + "\n"


def _lines(draft: Draft, metrics: Sequence[Metric], others: Sequence[str]) -> Iterator[str]:
    program = draft.program
    yield "# What to improve, and how to score it. `kapso doctor` checks this file, `kapso run` goes by it."
    yield f"# Found: {program.kind}; {draft.how}."
    yield ""
    yield "objective: >"
    yield from _wrapped(draft.objective)
    yield ""
    yield _line("edit", _list(draft.program.edit), draft.notes.get("edit", "what attempts may change"))
    if program.build_files:
        add = f"add {', '.join(program.build_files)} to edit to let compiler flags be tried"
        yield from _wrapped(f"{add}: left out, as what judges may go by it", "# ")
    if program.share:
        yield _line("share", _list(program.share), "not in git, seen read-only")
    if draft.hide:
        yield _line("hide", _list(draft.hide), "only the scorer sees it")
    yield from _commands(draft)
    yield _line("timeout", draft.timeout, "of each command")
    yield ""
    yield "metrics:"
    yield from _metrics(draft, metrics)
    if others:
        yield f"  # also printed: {', '.join(others[:8])}"
    if draft.constraints:
        yield _line("constraints", f"[{', '.join(json.dumps(each) for each in draft.constraints)}]")
    yield ""
    yield _line("budget", "{attempts: 50, time: 10m}", "whichever ends first")


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _commands(draft: Draft) -> Iterator[str]:
    program = draft.program
    if program.setup:
        yield _line("setup", quote(program.setup), "once, with network")
    if program.build:
        yield _line("build", quote(program.build))
    if program.build and program.keep:
        yield _line("keep", _list(program.keep), "what makes the next build quick")
    for check in draft.check:
        yield _line("check", quote(check), "must pass")
    if program.left_out:
        yield f"# no check, as it fails on the unchanged program: {program.left_out}"
    if draft.run:
        yield _line("run", quote(draft.run), "the program, in a sandbox, away from its judge")
    note = draft.notes.get("evaluate", "" if draft.run else "judges and runs the program in one")
    if note:
        yield from _wrapped(f"{note[0].upper()}{note[1:]}.", "# ")
    if draft.is_slow:
        yield from _wrapped(_STAGES, "# ")
    if isinstance(draft.evaluate, str):
        yield _line("evaluate", quote(draft.evaluate))
    else:
        yield "evaluate:"
        for key, value in draft.evaluate.items():
            if isinstance(value, str):
                yield f"  {key}: {quote(value)}"
            else:
                yield f"  {key}:"
                yield from (f"    - {_flow(each)}" for each in value)


_STAGES = (
    "It takes long. A cheap stage first (less data, fewer steps) spares most of that; only the better third "
    "goes on: `evaluate: {stages: [{name: quick, command: …, promote: 1/3}, {name: full, command: …}]}`; "
    "every command sees its name in $KAPSO_STAGE."
)


def _metrics(draft: Draft, metrics: Sequence[Metric]) -> Iterator[str]:
    for metric in metrics:
        note = "" if metric.is_sure else "is larger better? If not: minimize"
        if metric.name.startswith("run."):
            note = "measured by Kapso around `run`" if draft.run else "measured by Kapso"
        value: str = metric.goal
        if metric.regex is not None:
            value = f"{{goal: {metric.goal}, regex: {_single(metric.regex)}}}"
        yield textwrap.indent(_line(quote(metric.name), value, note), "  ")


def _line(key: str, value: str, note: str = "") -> str:
    text = f"{key}: {value}"
    if not note:
        return text
    if max(len(text), _COLUMN) + len(note) > _WIDTH:
        return f"# {note}\n{text}"
    return f"{text.ljust(_COLUMN)} # {note}"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(_in_list(value) for value in values)}]"


def _flow(values: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {_in_list(value)}' for key, value in values.items())}}}"


def _in_list(value: str) -> str:
    is_plain = re.fullmatch(r"[A-Za-z_./][\w./-]*", value) and not _NEVER_PLAIN.search(value)
    return value if is_plain else json.dumps(value)


def quote(text: str) -> str:
    """Text as a YAML scalar, bare where that is safe."""
    if _PLAIN.fullmatch(text) and not _NEVER_PLAIN.search(text) and not re.match(r"[\d.+-]+$", text):
        return text
    return _single(text)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def with_objective(text: str, objective: str) -> str:
    """The file with another objective."""
    written = "\n".join(["objective: >", *_wrapped(objective), ""])
    return re.sub(r"^objective: >\n(?:  .*\n)+", lambda _: written, text, count=1, flags=re.MULTILINE)
