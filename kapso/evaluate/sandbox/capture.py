"""Keeps a bounded part of a command's output: the tail for the engine, head and tail for the log."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Mapping
from pathlib import Path

STDOUT_BYTES = 1 << 20
STDERR_BYTES = 64 << 10
LOG_HEAD_BYTES = 256 << 10
LOG_TAIL_BYTES = 256 << 10
_LEAST_SECRET = 8
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)


class Tail:
    """The last `limit` bytes of what was added; `dropped` counts the rest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dropped = 0
        self._chunks: deque[bytes] = deque()
        self._size = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._chunks and self._size - len(self._chunks[0]) >= self.limit:
            first = self._chunks.popleft()
            self._size -= len(first)
            self.dropped += len(first)

    def close(self) -> bytes:
        """All that is kept, cut to the limit."""
        whole = b"".join(self._chunks)
        cut = max(0, len(whole) - self.limit)
        self.dropped += cut
        return whole[cut:]


class Redactor:
    """Strikes secrets out of a stream, also those that arrive in two pieces."""

    def __init__(self, secrets: Mapping[bytes, bytes]) -> None:
        self._secrets = dict(sorted(secrets.items(), key=lambda pair: -len(pair[0])))
        self._waiting = b""

    def add(self, chunk: bytes) -> bytes:
        """What may be shown by now: all but an end that a secret may begin with."""
        if not self._secrets:
            return chunk
        text = self._strike(self._waiting + chunk)
        held = max((n for secret in self._secrets for n in _begun(text, secret)), default=0)
        self._waiting = text[len(text) - held :]
        return text[: len(text) - held]

    def close(self) -> bytes:
        """What was held back."""
        text, self._waiting = self._waiting, b""
        return text

    def _strike(self, text: bytes) -> bytes:
        for secret, instead in self._secrets.items():
            text = text.replace(secret, instead)
        return text


def _begun(text: bytes, secret: bytes) -> list[int]:
    """How many bytes at the end of `text` may be the beginning of `secret`, if any."""
    longest = min(len(text), len(secret) - 1)
    return [n for n in range(longest, 0, -1) if text.endswith(secret[:n])][:1]


class Log:
    """One command's part of an append-only log file: header, head, a note of what was cut, tail, ending."""

    def __init__(self, path: Path, command: str, head_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)
        self._room = head_bytes
        self._tail = Tail(LOG_TAIL_BYTES)
        self._ends_line = True
        self._write(b"$ " + command.replace("\n", "\\n").encode(errors="surrogateescape") + b"\n")

    def add(self, chunk: bytes) -> None:
        if self._room > 0:
            self._write(chunk[: self._room])
            chunk, self._room = chunk[self._room :], self._room - len(chunk)
        if chunk:
            self._tail.add(chunk)

    def close(self, ending: str) -> None:
        tail = self._tail.close()
        if self._tail.dropped:
            self._line()
            self._write(f"[... {self._tail.dropped} bytes cut ...]\n".encode())
        self._write(tail)
        self._line()
        self._write(f"[{ending}]\n".encode())
        os.close(self._file)

    def _line(self) -> None:
        if not self._ends_line:
            self._write(b"\n")

    def _write(self, chunk: bytes) -> None:
        if chunk:
            os.write(self._file, chunk)
            self._ends_line = chunk.endswith(b"\n")


def secrets_in(variables: Mapping[str, str]) -> dict[bytes, bytes]:
    """The values that must not be shown, and what is shown instead."""
    return {
        value.encode("utf-8", "surrogateescape"): f"[{name}]".encode()
        for name, value in variables.items()
        if _SECRET.search(name) and len(value) >= _LEAST_SECRET
    }
