"""A Python function as the judge: how it is called in the sandbox, and how its word is taken.

Judge together: the function runs the candidate in its own process. What it returns counts only under the
seal of a key that was made for this one call; see `harness`, which does the calling.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shlex
from functools import cache
from pathlib import Path

from kapso.evaluate.failures import clean
from kapso.evaluate.readings import MAX_FEEDBACK, RESULT_FILE, Reading, json_object, read_file, read_object
from kapso.evaluate.sandbox import Call
from kapso.goal import Function

HARNESS = Path(__file__).with_name("harness.py")
KEY_BYTES = 32


def call_of(function: Function, program: str, python: str) -> Call:
    """What calls `function` with the path of `program`, by the interpreter `python`."""
    return Call(python, _harness(), (function.file, function.name, program))


def command_of(call: Call) -> str:
    """The call as a shell command."""
    command = "exec " + shlex.join([call.python, "-c", call.text, *call.arguments])
    if not os.path.isabs(call.python):
        return command
    # What it starts by name is found as it was: a stand-in puts its own folder first.
    return f"export PATH={shlex.quote(os.path.dirname(call.python))}${{PATH:+:$PATH}}; {command}"


@cache
def _harness() -> str:
    return HARNESS.read_text(encoding="utf-8")


def hand_key(folder: Path) -> bytes:
    """A new key, left in the folder of `$KAPSO_RESULT` for the harness, which takes it away."""
    key = secrets.token_bytes(KEY_BYTES)
    (folder / "key").write_bytes(key)
    return key


def read_answer(folder: Path, key: bytes) -> Reading:
    """What the function returned; nothing of it where the seal is missing or wrong."""
    data = read_file(folder, RESULT_FILE)
    if data is None:
        return Reading(fault="the process ended before the function returned")
    if isinstance(data, str):
        return Reading(fault=f"what stands in the place of its answer {data}")
    seal, _, text = data.partition(b"\n")
    expected = hashlib.sha256(key + hashlib.sha256(key + text).digest()).hexdigest().encode()
    answer = json_object(text) if hmac.compare_digest(seal, expected) else None
    if answer is None:
        return Reading(fault="what stands in the place of its answer is not what the function returned")
    reading = read_object(answer["metrics"])
    artifacts = [clean(f"{name}: {text}") for name, text in answer["artifacts"].items()]
    feedback = "\n".join([*([reading.feedback] if reading.feedback else []), *artifacts])
    return Reading(reading.metrics, feedback[:MAX_FEEDBACK] or None, reading.faults, reading.fault)
