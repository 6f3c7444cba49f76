"""Which attempt has which program: candidates that differ in format and comments alone are the same.

What a run's records tell of its programs is believed; the rest is computed when it is first asked for.
"""

from __future__ import annotations

from kapso.loop.workspace import EditableIndex


class Twins:
    """The programs of attempts that landed or are in flight."""

    def __init__(self, index: EditableIndex) -> None:
        self._index = index
        self._commits: dict[int, str] = {}
        self._programs: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    def claim(self, number: int, program: str) -> None:
        """Attempt `number` is about to have this program."""
        self._programs[number] = program
        self._numbers.setdefault(program, number)

    def add(self, number: int, commit: str, program: str | None = None) -> None:
        """Attempt `number` has the program of `commit`."""
        if program is not None:
            self._index.programs[commit] = program
            self.claim(number, program)
        elif number not in self._programs:
            self._commits[number] = commit

    def program(self, number: int) -> str:
        """The identity of an attempt's program."""
        if number not in self._programs:
            self.claim(number, self._index.files(self._commits.pop(number)).program())
        return self._programs[number]

    def known(self, program: str, number: int) -> int | None:
        """The attempt, landed or in flight, with this program; attempt `number` itself is none."""
        for each in sorted(self._commits):
            self.program(each)
        twin = self._numbers.get(program)
        return None if twin == number else twin
