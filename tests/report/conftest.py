"""Runs of any size and malice, told without a repository, and a browser that is driven through its pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.episode import Episode, summarise
from kapso.report.facts import Facts

START = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
HOSTILE = (
    '</script><img src=x onerror=alert(1)><!-- ]]> {{ 7*7 }} `|*_[x](javascript:1) \u202e\x1b[31m\u2028 & "'
)


def attempt(number: int, score: float | None = None, **facts: Any) -> Attempt:
    """Attempt `number`, scored where a score is given; attempts follow one another every two seconds."""
    known: dict[str, Any] = {
        "parents": (0,) if number else (),
        "proposer": "tune" if number else "baseline",
        "title": f"try {number}",
        "hypothesis": "",
        "outcome": Outcome.SCORED if score is not None else Outcome.CRASHED,
        "started": START + timedelta(seconds=2 * number),
        "finished": START + timedelta(seconds=2 * number + 1),
        "metrics": {} if score is None else {"score": score},
        "duration_s": 0.5,
        "sandbox": "bubblewrap",
        **facts,
    }
    commit = f"{number:040x}"
    branch = f"kapso/demo-0001/{number:04d}-try"
    return Attempt(
        run="demo-0001", number=number, branch=branch, commit=commit, tree=commit, score=score, **known
    )


@pytest.fixture
def make() -> Callable[..., Attempt]:
    return attempt


@pytest.fixture
def tell() -> Callable[..., Facts]:
    """`tell(attempts, **fields of Facts)`: the facts of a finished run of these attempts."""

    def make(
        attempts: list[Attempt],
        *,
        start: Mapping[str, Any] | None = None,
        end: Mapping[str, Any] | None = None,
        demoted: frozenset[int] = frozenset(),
        **fields: Any,
    ) -> Facts:
        told = {"run": "demo-0001", "goal": "demo", "base": "f" * 40, "metric": "score", **(start or {})}
        episodes = [Episode(each, is_demoted=each.number in demoted) for each in attempts]
        ended = {"status": "finished", "reason": "attempts", **(end or {})}
        known: dict[str, Any] = {
            "goal": None,
            "confirmation": None,
            "noise": None,
            "holdout": {},
            "diff": "",
            "extent": None,
            "version": "0",
            "passed_over": frozenset(),
            **fields,
        }
        return Facts(
            run=summarise("demo-0001", episodes, goal=told, end=ended),
            start=told,
            attempts=tuple(attempts),
            demoted=demoted,
            **known,
        )

    return make


@pytest.fixture
def hostile_attempts() -> list[Attempt]:
    """A run whose every text attacks whatever shows it."""
    texts = {
        "title": HOSTILE,
        "hypothesis": HOSTILE,
        "feedback": HOSTILE,
        "proposer": HOSTILE,
        "parameters": {HOSTILE: HOSTILE},
    }
    found = [attempt(0, 1.0)]
    for number in range(1, 9):
        metrics = {"score": 1.0 + number, HOSTILE: 2.0}
        each = attempt(number, 1.0 + number, verdict=Verdict.BETTER, **{**texts, "metrics": metrics})
        failed: dict[str, Any] = {
            "outcome": Outcome.INVALID,
            "score": None,
            "verdict": None,
            "reason": HOSTILE,
        }
        found.append(replace(each, **failed) if number % 3 == 0 else each)
    return found


class Browser:
    """One page of headless Chromium, driven by the DevTools protocol over a pair of pipes."""

    def __init__(self, program: str, profile: Path) -> None:
        to_them, ours = os.pipe()
        mine, theirs = os.pipe()
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--remote-debugging-pipe", f"--user-data-dir={profile}",
        ]  # fmt: skip
        exchange = (  # the browser reads commands from 3 and answers on 4
            "import fcntl, os, sys\n"
            "high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]\n"
            "for wanted, each in zip((3, 4), high): os.dup2(each, wanted)\n"
            "os.execv(sys.argv[3], sys.argv[3:])"
        )
        with (profile.parent / "browser.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", exchange, str(to_them), str(theirs), program, *flags],
                pass_fds=(to_them, theirs),
                stdout=log,
                stderr=log,
            )
        for each in (to_them, theirs):
            os.close(each)
        self._out, self._in = os.fdopen(ours, "wb"), os.fdopen(mine, "rb")
        self._number, self._session, self._rest = 0, "", b""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, url: str, *, width: int = 1200, height: int = 900, dark: bool = False) -> float:
        """Load the page; how many seconds that took until it stood there, script included."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.send("Page.navigate", url=url)
        deadline = time.monotonic() + 60
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < deadline, "the page does not load"
            self.events.append(self._receive())
        self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        took: float = self.run("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
        return took

    def run(self, code: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[Any]:
        """What the page threw, logged or was refused since it was opened."""
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [event["params"] for event in self.events if event["method"] in kinds]

    def requests(self) -> list[str]:
        """What the page asked for, itself included."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def close(self) -> None:
        with suppress(Exception):
            self._session = ""
            self.send("Browser.close")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._out.close()
        self._in.close()

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._in.fileno(), 1 << 16)
            assert data, "the browser has gone"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium where there is one."""
    program = next(
        (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None
    )
    if program is None:
        pytest.skip("no Chromium is installed: `apt-get install chromium`")
    opened = Browser(program, tmp_path_factory.mktemp("browser") / "profile")
    yield opened
    opened.close()
