"""The calls of an attempt on the disk: what was asked, and what came back, kept before it is used.

One JSON file a call, `runs/<run>/attempts/<NNNN>/calls/<k>.json`, written when it is sent and again when it
ends; beside them `idea.json`, from which an attempt that was being written goes on after a kill.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kapso.attempt import now, rfc3339
from kapso.propose.author import Reply

IDEA = "idea.json"


class Calls:
    """The calls of one attempt, below its folder; those that were made here are not read again."""

    def __init__(self, attempt_folder: Path) -> None:
        self.folder = attempt_folder / "calls"
        self._begun: dict[int, dict[str, Any]] = {}

    def keep_idea(self, state: Mapping[str, Any]) -> None:
        """Remember what is being written."""
        self._write(IDEA, state)

    def idea(self) -> dict[str, Any] | None:
        """What is being written; None where nothing is known to be."""
        return _read(self.folder / IDEA)

    def all(self) -> list[dict[str, Any]]:
        """Every call in order, those without an end included; `number` counts from 1."""
        found = []
        for number in sorted({*self._numbers(), *self._begun}):
            told = self._begun.get(number) or _read(self.folder / f"{number}.json")
            if told is not None:
                found.append({"number": number, **told})
        return found

    def ended(self) -> list[dict[str, Any]]:
        """The calls that came back, or ended in an error: what is asked again has its answer from these."""
        return [each for each in self.all() if each.get("reply") or each.get("error")]

    def begin(self, who: str, purpose: str, request: Mapping[str, Any], most_cost: float | None) -> int:
        """Note that a call of the author `who` is about to be sent; its number."""
        number = max([*self._numbers(), *self._begun], default=0) + 1
        told = {"proposer": who, "purpose": purpose, "request": request, "most_cost": most_cost}
        none = {"reply": None, "error": None, "cost": None, "ended": None}
        self._begun[number] = {**told, "sent": rfc3339(now()), **none}
        self._write(f"{number}.json", self._begun[number])
        return number

    def end(
        self, number: int, *, reply: Reply | None, error: str | None, cost: float | None
    ) -> dict[str, Any]:
        """Keep how a call ended that began here; on the disk when this returns it."""
        answer = None if reply is None else asdict(reply)
        ended = {"reply": answer, "error": error, "cost": cost, "ended": rfc3339(now())}
        self._begun[number] |= ended
        self._write(f"{number}.json", self._begun[number], is_durable=True)
        return self._begun[number]

    @property
    def cost(self) -> float | None:
        """Dollars that these calls cost, or may have cost where no answer came; None where nothing is known
        of any."""
        costs = [cost for each in self.all() if (cost := _cost(each)) is not None]
        return round(sum(costs), 9) if costs else None

    def _numbers(self) -> Iterator[int]:
        with suppress(OSError):
            names = (name.removesuffix(".json") for name in os.listdir(self.folder) if name.endswith(".json"))
            yield from (int(name) for name in names if name.isdigit())

    def _write(self, name: str, told: Mapping[str, Any], *, is_durable: bool = False) -> None:
        """A kill loses nothing of it; a power cut loses nothing that is durable."""
        self.folder.mkdir(parents=True, exist_ok=True)  # it may be deleted at any time
        fresh = self.folder / f"{name}.new"
        with fresh.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps(told, ensure_ascii=False))
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        fresh.replace(self.folder / name)
        if is_durable:
            descriptor = os.open(self.folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def reply_of(told: Mapping[str, Any]) -> Reply:
    """The reply that a call's file holds."""
    return Reply(**told["reply"])


def _cost(told: Mapping[str, Any]) -> float | None:
    if told.get("ended") is None:  # a kill came between: it may have been paid for
        return told.get("most_cost")
    return told.get("cost")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
