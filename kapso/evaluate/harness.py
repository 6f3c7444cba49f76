"""Calls a function that judges a program, inside the sandbox, and hands over what it returns.

Part of the judge. Kapso passes this text to `python -c`, so it is no file that a candidate could change.
It shares its process with the candidate: forging its word takes more than a file or an early exit, but
is not impossible. Needs Python 3.8 or newer and nothing else; Kapso itself never calls it.
"""

from __future__ import annotations

import sys

# `-c` puts the working folder first: what is imported here must not come from the candidate.
if __name__ == "__main__":
    sys.path[:] = [folder for folder in sys.path if folder]

import hashlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import numbers  # noqa: E402
import os  # noqa: E402
import traceback  # noqa: E402
import types  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

LONGEST_TEXT = 8_000
MOST_ARTIFACTS = 100


def main() -> None:
    """Arguments: the file, its function, the program. Ends the process."""
    file, name, program = sys.argv[1], sys.argv[2], sys.argv[3]
    hand_over = prepare(os.environ.pop("KAPSO_RESULT"))
    sys.argv[:] = [file]
    try:
        returned = load(file, name)(os.path.abspath(program))
        answer = plain(returned, f"the function `{name}` of `{file}`")
    except BaseException as error:
        complain(error)
        answer = None
    hand_over(answer)


def prepare(result: str) -> Callable[[Any], None]:
    """A function that writes an answer with a seal and ends the process.

    Whatever the candidate replaces later, it goes on with what it holds now. The key of the seal is gone
    from the disk before the candidate runs, and never written: reading one answer does not forge another.
    """
    path = os.path.join(os.path.dirname(result), "key")
    with open(path, "rb") as file:
        key = file.read()
    os.unlink(path)
    sha256, write, leave, flush = hashlib.sha256, os.write, os._exit, (sys.stdout.flush, sys.stderr.flush)
    create, flags, encode = os.open, os.O_WRONLY | os.O_CREAT | os.O_EXCL, json.JSONEncoder().encode
    for module in [each for each in sys.modules if each.split(".")[0] == "json"]:
        del sys.modules[module]  # the candidate gets a copy of its own

    def hand_over(answer: Any) -> None:
        for each in flush:
            try:
                each()
            except Exception:  # the candidate closed it
                pass
        if answer is None:
            leave(1)
        text = encode(answer).encode()
        seal = sha256(key + sha256(key + text).digest()).hexdigest()
        data, file = seal.encode() + b"\n" + text, create(result, flags, 0o600)
        while data:
            data = data[write(file, data) :]
        leave(0)

    return hand_over


def load(file: str, name: str) -> Callable[[str], Any]:
    """The function, of a module whose folder is on the path and whose text is read: never a cached one."""
    path = os.path.abspath(file)
    sys.path.insert(0, os.path.dirname(path))
    stand_in()
    module = os.path.splitext(os.path.basename(path))[0]
    loaded = sys.modules[module] = types.ModuleType(module)
    loaded.__file__ = path
    with open(path, "rb") as text:
        exec(compile(text.read(), path, "exec"), loaded.__dict__)
    function: Callable[[str], Any] | None = getattr(loaded, name, None)
    if not callable(function):
        raise AttributeError(f"`{file}` has no function `{name}`")
    return function


def stand_in() -> None:
    """Where OpenEvolve is not installed, a class with the two fields that its evaluators may return."""
    if importlib.util.find_spec("openevolve") is not None:
        return

    class EvaluationResult:
        def __init__(self, metrics: Any, artifacts: Any = None) -> None:
            self.metrics, self.artifacts = metrics, artifacts or {}

    package, module = types.ModuleType("openevolve"), types.ModuleType("openevolve.evaluation_result")
    vars(module)["EvaluationResult"] = EvaluationResult
    vars(package).update(__path__=[], evaluation_result=module, EvaluationResult=EvaluationResult)
    sys.modules.update({each.__name__: each for each in (package, module)})


def plain(returned: Any, who: str) -> Any:
    """What the function returned, as metrics and artifacts of plain JSON; TypeError where it is neither."""
    metrics = returned if isinstance(returned, dict) else getattr(returned, "metrics", None)
    if not isinstance(metrics, dict):
        raise TypeError(f"{who} returned {type(returned).__name__}, not a dict of metrics")
    artifacts = getattr(returned, "artifacts", None)
    shown = list(artifacts.items())[:MOST_ARTIFACTS] if isinstance(artifacts, dict) else []
    return {
        "metrics": {str(name): value_of(value) for name, value in metrics.items()},
        "artifacts": {str(name): text_of(value) for name, value in shown},
    }


def value_of(value: Any) -> Any:
    """A value that JSON can hold; numbers of other libraries, and arrays of one element, become numbers."""
    if value is None or isinstance(value, (bool, str)):
        return value[:LONGEST_TEXT] if isinstance(value, str) else value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, dict):
        return {str(name): value_of(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [value_of(each) for each in value]
    try:
        return value_of(value.item())
    except Exception:
        return text_of(value)


def text_of(value: Any) -> str:
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))[:LONGEST_TEXT]


def complain(error: BaseException) -> None:
    """The traceback from the function's file on, and last a line that says what to do where that is known."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals is globals():
        frames = frames.tb_next
    try:
        traceback.print_exception(type(error), error, frames)
        if isinstance(error, ModuleNotFoundError):
            print(
                f"ModuleNotFoundError: {error} in {sys.executable}: install it there, "
                "or name a `.venv` that has it in `share` of the goal",
                file=sys.stderr,
            )
        elif isinstance(error, SystemExit):
            print("SystemExit: the judge or the program ended the process itself", file=sys.stderr)
    except Exception:  # the candidate closed it
        pass


if __name__ == "__main__":
    main()
