"""What ended an attempt, in words that are the same for every attempt that ended so.

The text of an error is a candidate's to choose: what is kept of it is its type, the function of the program
that raised it, and a few words without numbers, names of files, addresses and whatever was quoted.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from kapso.attempt import Attempt, Outcome

MOST = 120
"""Characters of a signature."""
_WORDS = 9
"""Of a message that are kept."""
_SILENT = (Outcome.SCORED, Outcome.CUT, Outcome.REJECTED, Outcome.ABANDONED)
"""What ended so, no error ended."""

_STAGE = re.compile(r"`(?P<stage>[^`]+)`")
_SAID = re.compile(r"ended with exit code -?\d+(?:: (?P<said>.*))?$", re.DOTALL)
_CODE = re.compile(r"ended with exit code (?P<code>-?\d+)")
_FRAME = re.compile(r'File "(?P<path>[^"\n]+)", line \d+, in (?P<name>[\w<>.]+)')
_AT = re.compile(r"^\s*at (?:async )?(?P<name>[\w.$<>]+) ?\((?P<path>[^():\n]+):\d+", re.MULTILINE)
_OURS_NOT = re.compile(r"site-packages|/lib/python\d|/lib64?/|<frozen|^<string>$|node_modules|^node:")
_RAISED = r"Error|Exception|Interrupt|Exit|Warning|Fault"
_SIGNS = "Segmentation fault|Aborted|Killed|Bus error|Floating point exception"
_RAISING = (
    re.compile(rf"^(?:\w+\.)*(?P<type>[A-Z]\w*(?:{_RAISED}))\b:? ?(?P<said>.*)$"),
    re.compile(r"^Exception in thread \"[^\"]*\" (?:\w+\.)*(?P<type>[A-Z]\w+):? ?(?P<said>.*)$"),
    re.compile(r"^thread '.*?' (?:\(\d+\) )?(?P<type>panicked) at (?:'(?P<said>[^'\n]*)')?"),
    re.compile(r"^(?P<type>panic): (?P<said>.*)$"),
)
"""How programs say that something went wrong: what they say last counts."""
_COMPILING = (
    re.compile(r"^(?:[^\s:]+:\d+(?::\d+)?: )?(?:fatal )?(?P<type>error)(?P<code>\[\w+\])?: (?P<said>.*)$"),
    re.compile(r"^(?:.*: )?(?P<type>undefined (?:reference|symbol))\b"),
)
"""How compilers do: what they say first counts, as the rest follows from it."""
_OTHERWISE = (
    re.compile(rf"^(?P<type>{_SIGNS})\b"),
    re.compile(r"(?P<type>[Aa]ssertion)\b.*\bfailed"),
)
_TRACED = re.compile(r"^(?:\w+\.)*(?P<type>[A-Za-z]\w+)(?:: (?P<said>.*))?$")
"""The last line of a traceback, whatever its error is called."""
_TRACE = "Traceback (most recent call last)"
_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}

_NORMAL = (
    (re.compile(r"\w+://\S+"), "URL"),
    (re.compile(r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'|[‘“][^’”]*[’”]"), "…"),
    (re.compile(r"0x[0-9a-fA-F]+"), "#"),
    (re.compile(r"(?:[\w.~-]*/)+[\w.~-]*"), "PATH"),
    (re.compile(r"[-+]?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?"), "#"),
    (re.compile(r"(?<=\w)'(?=\w)"), "’"),
    (re.compile(r"[^\w\s#…’<>=.,:()\[\]+*/-]"), " "),
    (re.compile(r"(?:# ?,? ?){2,}"), "# "),
)


def signature_of(attempt: Attempt) -> str | None:
    """The error that ended an attempt; None where none did.

    `crashed in run: ZeroDivisionError at grow: division by zero`
    """
    if attempt.outcome in _SILENT:
        return None
    reason = attempt.reason or ""
    stage = _STAGE.search(reason)
    where = f"{attempt.outcome} in {_normal(stage['stage'], 3)}" if stage else str(attempt.outcome)
    if attempt.outcome is Outcome.TIMED_OUT:
        return where[:MOST]
    said = _SAID.search(reason)
    if said is None:
        return f"{attempt.outcome}: {_normal(reason, _WORDS)}"[:MOST]
    error = _error(attempt.feedback or "", said["said"] or "") or _by_code(reason)
    return f"{where}: {error}"[:MOST].rstrip(" :,.")


def _error(log: str, last: str) -> str | None:
    """Type, place and message of the error that a log tells of; else its last line."""
    lines = [line.strip() for line in (*log.splitlines(), last) if line.strip()]
    patterns = [(pattern, lines[::-1]) for pattern in _RAISING]
    if _TRACE in log:
        patterns.append((_TRACED, lines[-1:]))
    patterns += [(pattern, lines) for pattern in _COMPILING]
    patterns += [(pattern, lines[::-1]) for pattern in _OTHERWISE]
    for pattern, where in patterns:
        found = next((match for line in where if (match := pattern.search(line))), None)
        if found is not None:
            told = found.groupdict()
            kind, place = f"{told['type']}{told.get('code') or ''}", _own_frame(log)
            message = _normal(told.get("said") or "", _WORDS)
            return f"{kind}{f' at {place}' if place else ''}{f': {message}' if message else ''}"
    return _normal(last, _WORDS) or None


def _own_frame(log: str) -> str:
    """The innermost function of the program itself in the last traceback."""
    trace = log[max(log.rfind(_TRACE), 0) :]
    frames = [match for match in _FRAME.finditer(trace) if not _OURS_NOT.search(match["path"])]
    if frames:
        name = frames[-1]["name"]
        return name if name != "<module>" else PurePosixPath(frames[-1]["path"]).name
    calls = [match for match in _AT.finditer(log) if not _OURS_NOT.search(match["path"])]
    return calls[0]["name"] if calls else ""


def _by_code(reason: str) -> str:
    """A signal by its name: shells add 128 to it."""
    found = _CODE.search(reason)
    code = int(found["code"]) if found else 1
    number = -code if code < 0 else code - 128
    return _SIGNALS.get(number, f"exit code {code}")


def _normal(text: str, most: int) -> str:
    """The shape of a message."""
    for pattern, instead in _NORMAL:
        text = pattern.sub(instead, text)
    return " ".join(text.split()[:most]).strip(" :,.")
