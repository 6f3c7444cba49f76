"""Commands are run as their users run them, but in this process; repositories and homes are private."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.cli import main
from kapso.git.attempts import commit_attempt
from kapso.git.landing import land, start_run
from kapso.git.ledger import write_holdout, write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.memory.sync import open_synced


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Kapso = Callable[..., Result]


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fresh folders for each test, for what Kapso keeps outside the repository."""
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    return home


@pytest.fixture
def kapso(capfdbinary: pytest.CaptureFixture[bytes]) -> Kapso:
    """`kapso(*arguments)`: what the command printed and its exit code."""

    def run(*arguments: str) -> Result:
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capfdbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, out.decode(errors="surrogateescape"), err.decode())

    return run


@dataclass
class MadeRun:
    """A run that was landed in a real repository the way the engine does it."""

    repository: Repository
    run: str
    base: str
    goal: dict[str, Any]
    attempts: dict[int, Attempt] = field(default_factory=dict)

    def land(
        self,
        files: Mapping[str, bytes],
        score: float | None,
        *,
        parents: tuple[int, ...] = (0,),
        outcome: Outcome = Outcome.SCORED,
        record: bool = True,
        **facts: Any,
    ) -> Attempt:
        """Land the next attempt: its parent's files with `files` changed."""
        number = len(self.attempts)
        commits = [self.attempts[parent].commit for parent in parents] if number else [self.base]
        changes = {path: Entry(FILE, self.repository.write_blob(data)) for path, data in files.items()}
        started = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC) + timedelta(seconds=2 * number)
        attempt = Attempt(
            run=self.run,
            number=number,
            branch="",
            commit="",
            tree=self.repository.write_tree(commits[0], changes),
            parents=parents if number else (),
            score=score,
            metrics=facts.pop("metrics", {} if score is None else {"score": score}),
            outcome=outcome,
            started=started,
            finished=started + timedelta(seconds=1),
            **{"proposer": "tune", "title": f"try {number}", "hypothesis": "", "duration_s": 1.25, **facts},
        )
        attempt = commit_attempt(self.repository, attempt, commits)
        landed = land(self.repository, self.run, number, None, attempt, attempt.commit, lambda: None)
        attempt = replace(attempt, branch=landed.branch.removeprefix("refs/heads/"))
        self.attempts[number] = attempt
        if record:
            self.record(number)
        return attempt

    def record(self, number: int, **facts: Any) -> None:
        """Write the attempt's record, with `facts` that became known later."""
        attempt = self.attempts[number]
        told = {
            **attempt.to_json(),
            "parameters": dict(attempt.parameters),
            "feedback": attempt.feedback,
            **facts,
        }
        write_records(self.repository, self.run, {f"{number:04d}.json": json.dumps(told).encode()})

    def finish(self, **facts: Any) -> None:
        told = {"status": "finished", "reason": "budget", "finished": "2026-11-01T13:00:00Z", **facts}
        write_records(self.repository, self.run, {"run.json": json.dumps(told).encode()})


def start_made_run(
    repository: Repository, run: str, *, started: str, text: str = "objective: Pack circles\n", **goal: Any
) -> MadeRun:
    """A run with its goal and nothing else; `text` is its goal.yaml."""
    base = repository.resolve("HEAD")
    facts = {
        "run": run,
        "goal": run.rpartition("-")[0],
        "objective": "Pack circles",
        "base": base,
        "started": started,
        "metric": "score",
        "direction": "maximize",
        **goal,
    }
    files = {"goal.yaml": text.encode(), "run.json": json.dumps(facts).encode()}
    start_run(repository, run, files, base)
    return MadeRun(repository, run, base, facts)


def make_program(folder: Path) -> Path:
    """A small program in a git repository."""
    (folder / "src").mkdir(parents=True)
    (folder / "pack.py").write_text("RADIUS = 1\n")
    (folder / "src" / "data.bin").write_bytes(bytes(range(256)))
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The repository of a small program, which is the current folder."""
    folder = make_program(tmp_path / "program")
    monkeypatch.chdir(folder)
    with Repository.open(folder) as opened:
        yield opened


@pytest.fixture
def start(repository: Repository) -> Callable[..., MadeRun]:
    """`start(run, **facts of its run.json)`: a run with its goal and nothing else."""

    def make(run: str, *, started: str = "2026-11-01T11:59:00Z", **goal: Any) -> MadeRun:
        return start_made_run(repository, run, started=started, **goal)

    return make


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A finished run: 0 scored 2.0, 1 crashed, 2 the best (2.5), 3 worse, 4 demoted, 5 cut."""
    repository = Repository.open(make_program(tmp_path_factory.mktemp("packed") / "program"))
    run = start_made_run(repository, "packing-3f9a", started="2026-11-01T11:59:00Z")
    run.land({}, 2.0, proposer="baseline", title="baseline", metrics={"score": 2.0, "run.seconds": 1.5})
    run.land(
        {"pack.py": b"RADIUS = 0\n"}, None, outcome=Outcome.CRASHED, reason="exit 1: `ZeroDivisionError`"
    )
    run.land(
        {"pack.py": b"RADIUS = 2\n", "src/data.bin": bytes(range(255, -1, -1)), "neu é.txt": b"new\n"},
        2.5,
        verdict=Verdict.BETTER,
        title="RADIUS: 1 → 2",
        hypothesis="A larger radius\nfills the square.",
        metrics={"score": 2.5, "run.seconds": 1.25},
        parameters={"RADIUS": 2},
        feedback="12 circles touch",
        cost=0.25,
        recalled=("L1", "9f3a1c02be47"),
        sandbox="bubblewrap",
    )
    run.land({"pack.py": b"RADIUS = 3\n"}, 1.0, parents=(2,), verdict=Verdict.WORSE)
    run.land({"pack.py": b"RADIUS = 4\n"}, 2.75, parents=(2, 3), verdict=Verdict.BETTER, cost=0.5)
    run.land({"pack.py": b"RADIUS = 5\n"}, None, parents=(2,), outcome=Outcome.CUT)
    run.record(4, verdict="same")
    run.finish(best=2)
    write_holdout(repository, run.run, {"0002.json": b'{"score": 2.25}'})
    open_synced(repository)  # so that not every command of every test reads all of it
    repository.close()
    # A copy of one file takes a third of the time that one of sixty folders does.
    subprocess.run(["git", "repack", "-adq"], cwd=repository.root, check=True)
    return run


@pytest.fixture
def packing(packed: MadeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeRun]:
    """A copy of `packed` for one test, which is the current folder."""
    folder = tmp_path / "program"
    shutil.copytree(packed.repository.root, folder)
    monkeypatch.chdir(folder)
    with Repository.open(folder) as opened:
        yield replace(packed, repository=opened, attempts=dict(packed.attempts))
