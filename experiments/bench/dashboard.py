"""What the dashboard costs on a run of many attempts: first screen, key to paint, polling, main memory.

    python experiments/bench/dashboard.py --attempts 10000 --out experiments/bench/results

The run is made with the git engine, the episodic log and a journal as a real one leaves them, once (`--keep`
names where). Start and memory are of a process of its own in a terminal of its own; keys are pressed by
Textual's pilot, and timed until the compositor has made the new lines; polling is measured while another
process lands attempts. Prints a table; `--out` writes it.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import math
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import events as events_of_textual
from textual.pilot import Pilot
from textual.screen import Screen

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from dashboards.made import RUN, land, make_run  # noqa: E402

from kapso.git import landing  # noqa: E402
from kapso.git.repository import Repository  # noqa: E402
from kapso_tui.app import KapsoApp  # noqa: E402
from kapso_tui.screens.run import RunScreen  # noqa: E402
from kapso_tui.watch.run import News, RunWatch  # noqa: E402

# Keys


class Timed(KapsoApp):
    """Notes when the compositor has made an update, its escape sequences included."""

    painted_at = painted_cpu = 0.0

    def __init__(self, repository: Repository, *, run: str) -> None:
        super().__init__(repository, run=run)
        self.painted = asyncio.Event()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None and hasattr(renderable, "render_segments"):
            renderable.render_segments(self.console)
            self.painted_at, self.painted_cpu = time.perf_counter(), time.thread_time()
            self.painted.set()
        super()._display(screen, renderable)


Took = tuple[float, float]
"""Milliseconds until the lines are made: of the wall clock, and of the processor in the app's own thread."""
KEYS = {
    "one line down": ["down"] * 100,
    "a page down": ["pagedown"] * 50,
    "to the end and back": ["end", "home"] * 15,
    "sort by another column": ["o"] * 14,
    "sort the other way round": ["O"] * 14,
    "tree and back": ["v"] * 14,
    "a character of the filter": ["slash", *"step12", "escape"] * 4,
    "chart by time, none, by attempts": ["c"] * 12,
}


def keys(folder: Path, size: tuple[int, int]) -> dict[str, list[Took]]:
    """How long keys take, by what they do."""
    found: dict[str, list[Took]] = {}

    async def use(app: Timed, pilot: Pilot[Any]) -> None:
        for name, pressed in KEYS.items():
            found[name] = [took for key in pressed if (took := await _press(app, key)) is not None]

    _with_app(folder, size, use)
    return found


def watching(folder: Path, a_second: float, seconds: float) -> tuple[float, float, float, list[Took]]:
    """Seconds of the processor a second: at rest, while attempts land, and of that the reading; keys then."""
    cost = {"rest": 0.0, "busy": 0.0, "read": 0.0}
    took: list[Took] = []

    async def use(app: Timed, pilot: Pilot[Any]) -> None:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        cost["rest"] = await _cpu_share(8.0)
        lands = ["--land", str(a_second), "--for", str(seconds), "--keep", str(folder)]
        known = len(screen.watch_.attempts)
        with subprocess.Popen([sys.executable, __file__, *lands], stdout=subprocess.PIPE) as lander:
            assert lander.stdout is not None
            while not await asyncio.to_thread(lander.stdout.readline):
                await asyncio.sleep(0.05)
            read = screen.watch_.poll

            def timed() -> News:
                since = time.thread_time()
                try:
                    return read()
                finally:
                    cost["read"] += time.thread_time() - since

            screen.watch_.poll = timed  # type: ignore[method-assign]
            since = time.perf_counter()
            cost["busy"] = await _cpu_share(seconds / 2)
            cost["share"] = cost["read"] / (time.perf_counter() - since)
            while lander.poll() is None:
                if (each := await _press(app, "down")) is not None:
                    took.append(each)
        assert len(screen.watch_.attempts) - known > a_second * seconds / 2, "they were seen"

    _with_app(folder, (120, 40), use)
    return cost["rest"], cost["busy"], cost["share"], took


def _with_app(
    folder: Path, size: tuple[int, int], use: Callable[[Timed, Pilot[Any]], Awaitable[None]]
) -> None:
    with Repository.open(folder) as repository:
        app = Timed(repository, run=RUN)

        async def go() -> None:
            async with app.run_test(size=size) as pilot:
                while not (isinstance(app.screen, RunScreen) and app.screen.selected is not None):
                    await pilot.pause(0.05)
                await pilot.pause(2)
                await use(app, pilot)

        asyncio.run(go())


async def _cpu_share(seconds: float) -> float:
    since, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (time.perf_counter() - since)


async def _press(app: Timed, key: str) -> Took | None:
    """None where the key changes nothing."""
    driver = app._driver
    assert driver is not None
    event = events_of_textual.Key(key, "/" if key == "slash" else key if len(key) == 1 else None)
    event.set_sender(app)
    app.painted.clear()
    since, cpu = time.perf_counter(), time.thread_time()
    driver.send_message(event)
    try:
        await asyncio.wait_for(app.painted.wait(), 1.0)
    except TimeoutError:
        return None
    took = 1000 * (app.painted_at - since), 1000 * (app.painted_cpu - cpu)
    await asyncio.sleep(0.05)
    return took


# Start


FRAME_BYTES = 1500
"""A terminal that has been sent so much shows a screen."""


@dataclass(frozen=True)
class Start:
    """Seconds until the first paint and until the content is there, of the processor until then; MB."""

    painted_s: float
    filled_s: float
    cpu_s: float
    most_mb: float


def start(folder: Path, screen: str, content: str) -> Start:
    """A process of its own in a terminal of its own; `content` is what it has to show in the end."""
    run = f", run={RUN!r}" if screen == "run" else ""
    code = (
        "from pathlib import Path; from kapso.git.repository import Repository; "
        f"from kapso_tui.app import KapsoApp; KapsoApp(Repository.open(Path({str(folder)!r})){run}).run()"
    )
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")])
    env = {**os.environ, "PYTHONPATH": paths, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    since = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
    )
    os.close(slave)
    painted = filled = cpu = math.nan
    seen = b""
    while time.perf_counter() - since < 30 and math.isnan(filled):
        if select.select([master], [], [], 0.01)[0]:
            seen += os.read(master, 1 << 16)
        if math.isnan(painted) and len(seen) > FRAME_BYTES:
            painted = time.perf_counter() - since
        if content.encode() in seen:
            filled = time.perf_counter() - since
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    time.sleep(1.5)
    status = Path(f"/proc/{process.pid}/status").read_text()
    most = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    process.kill()
    process.wait()
    os.close(master)
    return Start(painted, filled, cpu, most)


def page(folder: Path, times: int) -> str:
    """All of it, as Markdown."""
    with Repository.open(folder) as repository:
        count = len(landing.landed(repository, RUN)) - 1
        loads = [_load(repository) for _ in range(times)]
    lines = [
        f"# What the dashboard costs with {count:,} attempts",
        "",
        "Made by `dashboard.py`. Where others use the machine as well, what the processor took tells more",
        "than the wall clock.",
        "",
        "| a process of its own | first paint, s | filled, s | processor until then, s | main memory, MB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for screen, title, content in (
        ("runs", "list of runs", RUN),
        ("run", "the run's screen", f"{count + 1:,} attempts"),
    ):
        found = [start(folder, screen, content) for _ in range(times)]
        lines.append(
            f"| {title} | {_median(each.painted_s for each in found):.2f} "
            f"| {_median(each.filled_s for each in found):.2f} | {_median(each.cpu_s for each in found):.2f} "
            f"| {max(each.most_mb for each in found):.0f} |"
        )
    lines += [
        "",
        f"Reading all of the run: {_median(loads):.2f} s of the processor.",
        "",
        "| key to paint, ms | keys | median | 99 of 100 below | processor: median | 99 of 100 below |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in ((120, 40), (200, 60)):
        for name, took in keys(folder, size).items():
            lines.append(_row(f"{name}, {size[0]}×{size[1]}", took))
    rest, busy, read, took = watching(folder, 20, 20)
    lines += [
        _row("one line down, while 20 attempts a second land", took),
        "",
        f"At rest it takes {100 * rest:.1f} % of a processor; while 20 attempts a second land, "
        f"{100 * busy:.0f} %; reading what is new takes {100 * read:.1f} of these.",
        "",
    ]
    return "\n".join(lines)


def _load(repository: Repository) -> float:
    since = time.process_time()
    RunWatch(repository, RUN).load()
    return time.process_time() - since


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _row(name: str, took: Sequence[Took]) -> str:
    wall, cpu = (sorted(each) for each in zip(*took, strict=True))
    last = int(0.99 * (len(wall) - 1))
    told = (_median(wall), wall[last], _median(cpu), cpu[last])
    return f"| {name} | {len(wall)} | " + " | ".join(f"{each:.0f}" for each in told) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3, help="how often it is started")
    parser.add_argument("--keep", type=Path, help="where the run is made, and found the next time")
    parser.add_argument("--out", type=Path, help="a folder for dashboard.md")
    parser.add_argument("--land", type=float, help="instead, land so many attempts a second in the run kept")
    parser.add_argument("--for", dest="seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kapso-dashboard-") as scratch:
        folder = options.keep or Path(scratch)
        if options.land:
            return land(folder, options.land, options.seconds)
        if not (folder / ".git").exists():
            make_run(folder, options.attempts).close()
        text = page(folder, options.times)
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "dashboard.md").write_text(text)


if __name__ == "__main__":
    main()
