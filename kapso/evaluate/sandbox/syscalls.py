"""A filter (seccomp) that refuses the calls which Landlock does not look at: above all, making sockets.

Landlock's own rules for the network know TCP by port and let through MPTCP, fast open and UDP.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_IO_URING_SETUP = 425
_OTHER_CALLING_CONVENTION = 0x40000000
"""x32: the same calls under numbers that begin here."""


@dataclass(frozen=True)
class _Machine:
    """How the kernel names an architecture, and the numbers that its calls have."""

    architecture: int
    socket: int
    truncate: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, socket=41, truncate=76),
    "aarch64": _Machine(0xC00000B7, socket=198, truncate=45),
    "riscv64": _Machine(0xC00000F3, socket=198, truncate=45),
}


def why_no_filter() -> str | None:
    machine = os.uname().machine
    return None if machine in _MACHINES else f"not known how system calls are numbered on `{machine}`"


def make_filter(*, network: bool, local_sockets: bool, truncate: bool) -> bytes:
    """Instructions for the kernel: which families of sockets may be made, and whether `truncate` may.

    What works on files that are open already, `ftruncate` and pairs of sockets, is not refused.
    """
    machine = _MACHINES[os.uname().machine]
    refuse = _step(_RETURN, _REFUSE | errno.EACCES)
    # Programs for another architecture have other numbers, so that nothing could be refused.
    steps = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUALS, machine.architecture, then=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _OTHER_CALLING_CONVENTION, otherwise=1),
        _step(_RETURN, _KILL),
    ]
    # It makes sockets too, and what it does is not filtered.
    steps += [_step(_EQUALS, _IO_URING_SETUP, otherwise=1), refuse]
    if not truncate:
        steps += [_step(_EQUALS, machine.truncate, otherwise=1), refuse]
    steps += [
        _step(_EQUALS, machine.socket, then=1),
        _step(_RETURN, _ALLOW),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_EQUALS, socket.AF_UNIX, otherwise=1),
        _step(_RETURN, _ALLOW) if local_sockets else refuse,
        _step(_RETURN, _ALLOW) if network else refuse,
    ]
    return b"".join(steps)


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; after a comparison, how many of the next ones are skipped."""
    return struct.pack("=HBBI", code, then, otherwise, value)
