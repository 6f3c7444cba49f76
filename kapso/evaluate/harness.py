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

# Nothing that is slow to load: json, hashlib, importlib.util and traceback take longer than Python to start.
import os  # noqa: E402

try:
    from _json import encode_basestring_ascii as quoted  # noqa: E402
except ImportError:  # not CPython
    from json import dumps as quoted  # noqa: E402
try:
    from _sha2 import sha256  # type: ignore[import-not-found]  # noqa: E402
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]  # noqa: E402  (before Python 3.12)
    except ImportError:
        from hashlib import sha256  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LONGEST_TEXT = 8_000
MOST_ARTIFACTS = 100
Module = type(sys)
Spec: Any = type(sys.__spec__)


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
    digest, write, leave, flush = sha256, os.write, os._exit, (sys.stdout.flush, sys.stderr.flush)
    create, flags, encode = os.open, os.O_WRONLY | os.O_CREAT | os.O_EXCL, json_encoder()

    def hand_over(answer: Any) -> None:
        for each in flush:
            try:
                each()
            except Exception:  # the candidate closed it
                pass
        if answer is None:
            leave(1)
        text = encode(answer).encode()
        seal = digest(key + digest(key + text).digest()).hexdigest()
        data, file = seal.encode() + b"\n" + text, create(result, flags, 0o600)
        while data:
            data = data[write(file, data) :]
        leave(0)

    return hand_over


def load(file: str, name: str) -> Callable[[str], Any]:
    """The function, of a module whose folder is on the path and whose text is read: never a cached one."""
    path = os.path.abspath(file)
    sys.path.insert(0, os.path.dirname(path))
    sys.meta_path.append(StandIn())
    module = os.path.splitext(os.path.basename(path))[0]
    loaded = sys.modules[module] = Module(module)
    loaded.__file__ = path
    with open(path, "rb") as text:
        exec(compile(text.read(), path, "exec", dont_inherit=True), loaded.__dict__)
    function: Callable[[str], Any] | None = getattr(loaded, name, None)
    if not callable(function):
        raise AttributeError(f"`{file}` has no function `{name}`")
    return function


class EvaluationResult:
    """What OpenEvolve's evaluators may return, where OpenEvolve is not installed."""

    def __init__(self, metrics: Any, artifacts: Any = None) -> None:
        self.metrics, self.artifacts = metrics, artifacts or {}


class StandIn:
    """Finds `openevolve` where nobody else does. Asked last, so that an import of it alone takes time."""

    names = ("openevolve", "openevolve.evaluation_result")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return Spec(name, self, is_package=name == self.names[0]) if name in self.names else None

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        module.EvaluationResult = EvaluationResult


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
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, dict):
        return {str(name): value_of(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [value_of(each) for each in value]
    import numbers

    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    try:
        return value_of(value.item())
    except Exception:
        return text_of(value)


def text_of(value: Any) -> str:
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))[:LONGEST_TEXT]


def json_encoder() -> Callable[[Any], str]:
    """Writes what `plain` makes as Python's own module does; what it calls it holds, like `hand_over`."""
    is_a, spell, quote, each_of, number = isinstance, repr, quoted, map, float
    largest = sys.float_info.max

    def encode(value: Any) -> str:
        if is_a(value, dict):
            return "{" + ", ".join([f"{quote(name)}: {encode(each)}" for name, each in value.items()]) + "}"
        if is_a(value, list):
            return "[" + ", ".join(each_of(encode, value)) + "]"
        if is_a(value, str):
            return quote(value)
        if is_a(value, number) and not -largest <= value <= largest:
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        if value is None:
            return "null"
        return "true" if value is True else "false" if value is False else spell(value)

    return encode


def complain(error: BaseException) -> None:
    """The traceback from the function's file on, and last a line that says what to do where that is known."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals is globals():
        frames = frames.tb_next
    try:
        import traceback

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
