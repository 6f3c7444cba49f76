"""Reading in a process of its own, so that no document can hang, crash or fill the one that learns.

It gets documents on its stdin and answers with their passages as JSON; it knows no secret of its parent's
environment. A document that costs too much time or memory ends it and is Unreadable; the next starts another.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any, BinaryIO

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading import read
from kapso_knowledge.reading.document import Document, Passage, Unreadable
from kapso_knowledge.reading.formats import format_of
from kapso_knowledge.sources.protocol import Raw

_MEMORY = 1_500_000_000
"""Bytes of address space; the largest documents that are read stay below a third."""
_SECONDS = 30.0
_SECONDS_PDF = 120.0
_LARGEST_ANSWER = 200_000_000


class Reader:
    """`with Reader() as reader: reader.read(raw)`; its process starts with the first document."""

    def __init__(self, seconds: float = _SECONDS, seconds_pdf: float = _SECONDS_PDF) -> None:
        self._seconds = seconds
        self._seconds_pdf = seconds_pdf
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def close(self) -> None:
        """End its process for good, while another thread may wait for an answer: that one is Unreadable."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def read(self, raw: Raw) -> Document:
        """As `reading.read`, in bounded time and memory."""
        limit = self._seconds_pdf if format_of(raw.name, raw.media, raw.content) == "pdf" else self._seconds
        process = self._start()
        try:
            _send(process, raw)
            answer = _receive(process, time.monotonic() + limit)
        except TimeoutError:
            self.end()
            raise Unreadable(f"reading it takes more than {limit:.0f} s") from None
        except (BrokenPipeError, EOFError):
            self.end()
            raise Unreadable("reading it ends the reader: broken, or made to do harm") from None
        except BaseException:
            self.end()
            raise
        if "reason" in answer:
            raise Unreadable(answer["reason"])
        return _document(answer)

    def _start(self) -> subprocess.Popen[bytes]:
        if self._is_closed:
            raise Unreadable("not read, as learning has ended")
        if self._process is None or self._process.poll() is not None:
            kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kapso_knowledge.reading.apart"],
                env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        return self._process

    def end(self) -> None:
        """End its process; the next document would start another."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


def _send(process: subprocess.Popen[bytes], raw: Raw) -> None:
    head = {"path": raw.path, "media": raw.media, "url": raw.url, "size": len(raw.content)}
    assert process.stdin is not None
    process.stdin.write(json.dumps(head).encode() + b"\n" + raw.content)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes], until: float) -> dict[str, Any]:
    """One answer: its length in digits, a line end, and as many bytes."""
    assert process.stdout is not None
    stream = process.stdout.fileno()
    head, _, rest = _until(stream, until, lambda got: b"\n" in got[:20]).partition(b"\n")
    size = int(head)
    if size > _LARGEST_ANSWER:
        raise EOFError
    body = rest if len(rest) >= size else _until(stream, until, lambda got: len(got) >= size, rest)
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise EOFError
    return answer


def _until(stream: int, until: float, is_enough: Callable[[bytearray], bool], got: bytes = b"") -> bytes:
    found = bytearray(got)
    while not is_enough(found):
        if not select.select([stream], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        part = os.read(stream, 1 << 20)
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _document(answer: dict[str, Any]) -> Document:
    passages = []
    for each in answer["passages"]:
        place = each["place"]
        lines = tuple(place["lines"]) if place["lines"] else None
        where = Place(place["path"], lines, place["page"], tuple(place["section"]))
        passages.append(Passage(each["text"], where, each["form"], each["language"], tuple(each["links"])))
    return Document(answer["title"], tuple(passages), answer["front"])


def _answer(head: dict[str, Any], content: bytes) -> dict[str, Any]:
    try:
        document = read(Raw(head["path"], content, "", media=head["media"], url=head["url"]))
        return asdict(document)
    except Unreadable as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": "reading it takes too much memory"}


def _serve(commands: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the commands end."""
    while line := commands.readline():
        head = json.loads(line)
        content = commands.read(head["size"])
        answer = json.dumps(_answer(head, content), default=_plain).encode("utf-8", "replace")
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


def _plain(value: Any) -> Any:
    """What front matter may hold and JSON does not know."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _limit() -> None:
    """No more memory than a document may need, no files written, no processes started."""
    import resource

    for name, value in (("RLIMIT_AS", _MEMORY), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        limit = getattr(resource, name, None)
        if limit is not None:
            try:
                resource.setrlimit(limit, (value, value))
            except (ValueError, OSError):  # macOS knows the first one only by name
                continue


if __name__ == "__main__":
    _limit()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints must not pass for an answer
    _serve(sys.stdin.buffer, answers)
