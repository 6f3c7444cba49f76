"""Landlock: what a process and all that it starts may do to files, by calls that libc has no names for.

A ruleset is put together here and handed on as an open file; `supervise.py` locks the command in with it.
Rights can only be granted, and with a folder for everything below it; they hold for files, not for names.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from pathlib import Path

_CREATE_RULESET, _ADD_RULE = 444, 445  # the same number on every architecture
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DEVICES = 1 << 6 | 1 << 11
_MAKE_DIR, _MAKE_FILE, _MAKE_SOCKET, _MAKE_PIPE, _MAKE_LINK = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEVICE, _RESOLVE_SOCKET = 1 << 13, 1 << 14, 1 << 15, 1 << 16
_SINCE = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEVICE, 9: _RESOLVE_SOCKET}

READ = _EXECUTE | _READ_FILE | _READ_DIR
OPEN_BY_NAME = _READ_FILE | _WRITE_FILE | _TRUNCATE | _MAKE_FILE | _REMOVE_FILE
"""Files may be made, used and removed by who knows their names, which cannot be listed."""
DEVICE = _READ_FILE | _WRITE_FILE | _READ_DIR | _IOCTL_DEVICE
WRITE = READ | OPEN_BY_NAME | _REMOVE_DIR | _MAKE_DIR | _MAKE_SOCKET | _MAKE_PIPE | _MAKE_LINK | _REFER
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE

LEAST_ABI = 2
"""Before Linux 5.19, no file could be moved from one folder to another."""
TRUNCATES, SCOPES, RESOLVES = 3, 6, 9
"""The versions that look at `truncate`, at signals and abstract sockets, and at sockets with a path."""
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 1 | 2

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock that this kernel has. OSError when it has none."""
    return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)


class Ruleset:
    """Denies every action on files that version `abi` knows, and lets through what `allow` names.

    `file` is its file descriptor; `close` it once the command has it.
    """

    def __init__(self, abi: int) -> None:
        self._handled = _EXECUTE | _WRITE_FILE | _READ_FILE | _READ_DIR | _REMOVE_DIR | _REMOVE_FILE
        self._handled |= _MAKE_DEVICES | _MAKE_DIR | _MAKE_FILE | _MAKE_SOCKET | _MAKE_PIPE | _MAKE_LINK
        for version, right in _SINCE.items():
            if abi >= version:
                self._handled |= right
        scoped = _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if abi >= SCOPES else 0
        # Files, network, scopes: of what it does not know, an older kernel takes zeros.
        attributes = struct.pack("QQQ", self._handled, 0, scoped)
        self.file = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)

    def allow(self, path: Path, rights: int) -> None:
        """Grants `rights` on what is at `path` now and on all below; fine if nothing is there."""
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                rights &= _FILE_RIGHTS
            rule = struct.pack("=Qi", rights & self._handled, place)
            _call(_ADD_RULE, self.file, _PATH_BENEATH, rule, 0)
        finally:
            os.close(place)

    def close(self) -> None:
        os.close(self.file)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
