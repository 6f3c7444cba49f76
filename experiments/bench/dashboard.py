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
import json
import math
import os
import pty
import random
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual import events as events_module
from textual.screen import Screen

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from kapso.attempt import Attempt, Outcome, Verdict, rfc3339  # noqa: E402
from kapso.git.attempts import commit_attempt  # noqa: E402
from kapso.git.landing import pack_refs, start_run  # noqa: E402
from kapso.git.layout import RunRefs, slug  # noqa: E402
from kapso.git.ledger import write_holdout, write_records  # noqa: E402
from kapso.git.repository import Repository  # noqa: E402
from kapso.git.trees import FILE, Entry  # noqa: E402
from kapso.loop.run import announcement  # noqa: E402
from kapso.memory import DiffSize, Episode, Episodes, Stage, trusted_source  # noqa: E402
from kapso.memory.sync import open_synced  # noqa: E402
from kapso_tui.app import KapsoApp  # noqa: E402
from kapso_tui.screens.run import RunScreen  # noqa: E402

RUN = "bench-0000"
STARTED = datetime(2026, 11, 1, tzinfo=UTC)
ATTEMPT_S = 3
GOAL = """\
name: bench
objective: Climb as high as a made-up program can, in many small steps.
edit: [program.py]
evaluate: python evaluate.py
holdout: python evaluate.py --split test
budget: {attempts: %d, time: 24h, cost: 50}
stop: {target: 120}
"""
PROPOSERS = ("tune", "mutate", "recipe", "combine", "llm")
WEIGHTS = (45, 38, 5, 8, 4)
LINES = 200
BATCH = 200


def make_run(folder: Path, count: int) -> Repository:
    """A repository whose one run has `count` attempts, with records, hold-out, log and journal."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / "program.py").write_text("".join(f"X{line} = 0\n" for line in range(LINES)))
    (folder / "evaluate.py").write_text("print('{\"score\": 1}')\n")
    (folder / "goal.yaml").write_text(GOAL % (2 * count))
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    repository = Repository.open(folder)
    base = repository.resolve("HEAD")
    facts = {
        "run": RUN,
        "goal": "bench",
        "objective": "Climb as high as a made-up program can, in many small steps.",
        "metric": "score",
        "direction": "maximize",
        "base": base,
        "started": rfc3339(STARTED),
        "file": "goal.yaml",
    }
    goal = {"goal.yaml": (GOAL % (2 * count)).encode(), "run.json": json.dumps(facts).encode()}
    start_run(repository, RUN, goal, base)
    attempts = list(landed(repository, base, count))
    with repository.refs.transaction() as moves:
        for each in attempts:
            moves.create(f"refs/heads/{each.branch}", each.commit)
        moves.create(RunRefs(RUN).best, best(attempts).commit)
    records = {f"{each.number:04d}.json": record_of(each) for each in attempts}
    end = {"status": "interrupted", "best": best(attempts).number, "elapsed": ATTEMPT_S * count}
    names = list(records)
    for first in range(0, len(names), BATCH):  # as a run writes them; every write opens its files at once
        write_records(repository, RUN, {name: records[name] for name in names[first : first + BATCH]})
    write_records(repository, RUN, {"run.json": json.dumps(end).encode()})
    held = {
        f"{each.number:04d}.json": json.dumps({"outcome": "scored", "metrics": {"score": each.score - 0.3}})
        for each in leaders(attempts)
    }
    write_holdout(repository, RUN, {name: text.encode() for name, text in held.items()})
    pack_refs(repository, RUN)
    log_of(repository).record([episode_of(each) for each in attempts])
    journal = repository.state_dir / "runs" / RUN / "events.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events(attempts)))
    open_synced(repository)
    return repository


def landed(repository: Repository, base: str, count: int) -> Iterator[Attempt]:
    """The baseline and `count` attempts, most of which lead nowhere; scores climb towards 100."""
    draw, tree = random.Random(7), repository.tree_of(base)
    front: list[Attempt] = []
    for number in range(count + 1):
        parent = front[-1 - min(int(draw.expovariate(0.7)), len(front) - 1)] if front else None
        made = _drawn(draw, number, parent, front[-1].score or 0.0 if front else 0.0)
        lines = [f"X{line} = {number if line == number % LINES else 0}\n" for line in range(LINES)]
        blob = repository.write_blob("".join(lines).encode())
        made = replace(made, tree=repository.write_tree(tree, {"program.py": Entry(FILE, blob)}))
        made = commit_attempt(repository, made, [parent.commit if parent else base])
        if not front or (made.score or -math.inf) > (front[-1].score or 0.0):
            front.append(made)
        if number % BATCH == 0:
            repository.sync()  # every object that is not on the disk yet is opened by the next sync
        yield made


def _drawn(draw: random.Random, number: int, parent: Attempt | None, best: float) -> Attempt:
    drawn = draw.random()
    score: float | None = 10.0 if parent is None else (parent.score or 0.0) - draw.expovariate(0.4)
    outcome, verdict = Outcome.SCORED, None if parent is None else Verdict.WORSE
    if parent is not None and drawn < 0.02:
        score, verdict = best + (100 - best) * draw.uniform(0.001, 0.05), Verdict.BETTER
    elif parent is not None and drawn < 0.2:
        score, verdict = parent.score, Verdict.SAME
    elif parent is not None and drawn < 0.32:
        outcome = draw.choice((Outcome.CRASHED, Outcome.INVALID, Outcome.TIMED_OUT))
        score = verdict = None
    proposer = "baseline" if parent is None else draw.choices(PROPOSERS, WEIGHTS)[0]
    title = "baseline" if parent is None else f"X{number % LINES}: 0 → {number}, as 並列 searches do"
    started = STARTED + timedelta(seconds=ATTEMPT_S * number)
    return Attempt(
        run=RUN,
        number=number,
        branch=f"kapso/{RUN}/{number:04d}-{'baseline' if parent is None else slug(title)}",
        commit="",
        tree="",
        parents=(parent.number,) if parent else (),
        proposer=proposer,
        title=title,
        hypothesis="It may help, as what it changes is read often and what it leaves alone is not.",
        outcome=outcome,
        verdict=verdict,
        score=score,
        metrics={} if score is None else {"score": score, "run.seconds": 0.1, "run.cpu_seconds": 0.09},
        reason=None if score is not None else "`evaluate` ended with exit code 1: IndexError: list index",
        started=started,
        finished=started + timedelta(seconds=ATTEMPT_S),
        duration_s=1.5,
        cost=0.004 if proposer == "llm" else None,
        evaluator="9c1f04d2ab7e",
        sandbox="bubblewrap",
        parameters={f"program.py:X{number % LINES}": number},
        feedback=None if score is not None else "Traceback (most recent call last):\n  …\nIndexError\n" * 5,
    )


def best(attempts: list[Attempt]) -> Attempt:
    return max(attempts, key=lambda each: (-math.inf if each.score is None else each.score, -each.number))


def leaders(attempts: list[Attempt]) -> Iterator[Attempt]:
    """Those that moved the best so far."""
    most = -math.inf
    for each in attempts:
        if each.score is not None and each.score > most:
            most = each.score
            yield each


def record_of(attempt: Attempt) -> bytes:
    told = {"parameters": dict(attempt.parameters), "feedback": attempt.feedback}
    return json.dumps({**attempt.to_json(), **told}).encode()


def episode_of(attempt: Attempt) -> Episode:
    stages = (Stage("evaluate", "python evaluate.py", 0, 0.1, 0.09, 10**7),)
    source = trusted_source(attempt.commit, record_of(attempt))
    return Episode(attempt, DiffSize(1, 1, 1), stages, source=source)


def log_of(repository: Repository) -> Episodes:
    return Episodes(repository.state_dir / "kapso.duckdb")


def events(attempts: list[Attempt]) -> Iterator[dict[str, object]]:
    """What the journal of such a run holds."""
    yield {"time": rfc3339(STARTED), "event": "run.started", "run": RUN}
    for each in attempts:
        yield from events_of(each, each.started, each.finished)


def events_of(each: Attempt, started: datetime, finished: datetime) -> Iterator[dict[str, object]]:
    one = {"run": RUN, "attempt": each.number}
    yield {"time": rfc3339(started), "event": "attempt.started", **one, "parents": list(each.parents)}
    yield {
        "time": rfc3339(started),
        "event": "attempt.proposed",
        **one,
        "proposer": each.proposer,
        "title": each.title,
        "hypothesis": each.hypothesis,
        "commit": each.commit,
    }
    yield {"time": rfc3339(finished), "event": "attempt.evaluated", **one, **announcement(each)}


# Keys


class Timed(KapsoApp):
    """Notes when the compositor has made an update, its escape sequences included."""

    painted_at = painted_cpu = 0.0

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None and hasattr(renderable, "render_segments"):
            renderable.render_segments(self.console)
            self.painted_at, self.painted_cpu = time.perf_counter(), time.process_time()
        super()._display(screen, renderable)


KEYS = {
    "one line down": ["down"] * 100,
    "a page down": ["pagedown"] * 50,
    "to the end and back": ["end", "home"] * 15,
    "another order": ["o"] * 14,
    "tree and back": ["v"] * 10,
    "the other way round": ["O"] * 10,
    "another character of a filter": ["slash", *"step 12", "escape"] * 3,
    "chart by time, none, by attempts": ["c"] * 9,
}


def keys(
    folder: Path, size: tuple[int, int], landing: Path | None = None
) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds from a key to the lines that it changes, by what it does."""
    found: dict[str, list[tuple[float, float]]] = {}
    with Repository.open(folder) as repository:
        app = Timed(repository, run=RUN)

        async def go() -> None:
            async with app.run_test(size=size) as pilot:
                while not (isinstance(app.screen, RunScreen) and app.screen.watch_.attempts):
                    await pilot.pause(0.05)
                await pilot.pause(2)
                for name, pressed in KEYS.items():
                    found[name] = [took for key in pressed if (took := await _press(app, key)) is not None]

        asyncio.run(go())
    return found


async def _press(app: Timed, key: str) -> tuple[float, float] | None:
    """Wall and processor milliseconds until the lines are made; None where it changes nothing."""
    driver = app._driver
    assert driver is not None
    character = key if len(key) == 1 else {"slash": "/", "space": " "}.get(key)
    event = events_module.Key("space" if key == " " else key, character)
    event.set_sender(app)
    since, cpu = time.perf_counter(), time.process_time()
    app.painted_at = since
    driver.send_message(event)
    while app.painted_at == since and time.perf_counter() - since < 0.5:
        await asyncio.sleep(0.0005)
    took = 1000 * (app.painted_at - since), 1000 * (app.painted_cpu - cpu)
    await asyncio.sleep(0.03)
    return took if app.painted_at != since else None


# Start


def start(folder: Path, screen: str, size: tuple[int, int]) -> tuple[float, float, float]:
    """Seconds until the first paint and until the run's rows, in a terminal; MB of main memory at most."""
    run = f", run={RUN!r}" if screen == "run" else ""
    code = (
        "from pathlib import Path; from kapso.git.repository import Repository; "
        f"from kapso_tui.app import KapsoApp; KapsoApp(Repository.open(Path({str(folder)!r})){run}).run()"
    )
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")])
    env = {**os.environ, "PYTHONPATH": paths, "TERM": "xterm-256color"}
    since = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
    )
    os.close(slave)
    first = whole = math.nan
    seen, wanted = b"", (b"10,001" if screen == "run" else RUN.encode())
    while time.perf_counter() - since < 20 and math.isnan(whole):
        if select.select([master], [], [], 0.01)[0]:
            seen += os.read(master, 1 << 16)
        if math.isnan(first) and b"palette" in seen:
            first = time.perf_counter() - since
        if wanted in seen:
            whole = time.perf_counter() - since
    time.sleep(1.0)
    most = next(
        int(line.split()[1]) / 1024
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    process.kill()
    process.wait()
    os.close(master)
    return first, whole, most


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="where the run is made, and found the next time")
    parser.add_argument("--out", type=Path, help="a folder for dashboard.md")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="kapso-dashboard-"))
    if not (folder / ".git").exists():
        make_run(folder, options.attempts).close()
    for name, took in keys(folder, (120, 40)).items():
        for each in zip(*took):
            each = sorted(each)
            print(
                f"{name:40} {len(each):4} {statistics.median(each):6.1f} {each[int(0.99 * (len(each) - 1))]:6.1f} {each[-1]:6.1f}"
            )
    for screen in ("runs", "run"):
        print(screen, start(folder, screen, (120, 40)))


if __name__ == "__main__":
    main()
