"""The harnesses: how each is set up, started and resumed in its own way, and where it keeps its programs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from abc import abstractmethod
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from harnesses.environments import python_of
from harnesses.script import EVALUATOR, PROGRAM, reply_of
from harnesses.server import MODEL

ROOT = Path(__file__).resolve().parents[3]
Score = tuple[float, float]
"""When it was known (seconds since the epoch), and the score."""


class Side(Protocol):
    """One harness. `prepare` comes first; `command` starts it in the folder, or resumes it there."""

    label: str
    isolation: str

    @abstractmethod
    def prepare(self, folder: Path, url: str, iterations: int, parallel: int) -> None:
        """Write the task and the harness's settings; whatever is to be installed is installed now."""

    @abstractmethod
    def command(self, folder: Path, iterations: int, resume: bool) -> list[str]: ...

    def environment(self, folder: Path) -> dict[str, str]:
        """Of its processes: a key that opens nothing, and where evaluations note scores, if they see it.

        `python3` is that of this environment, as each peer has its own: elsewhere it may be a version
        manager's script, which costs more than an evaluation.
        """
        interpreter = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{interpreter}{os.pathsep}{os.environ['PATH']}",
            "OPENAI_API_KEY": "scripted",
            "BENCH_SCORES": str(folder / "scores.jsonl"),
            "PYTHONHASHSEED": "0",
        }

    def scores(self, folder: Path) -> list[Score]:
        """Of every evaluation, in the order in which they ended."""
        noted = folder / "scores.jsonl"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return [(moment, score) for moment, score in map(json.loads, lines)]

    @abstractmethod
    def stored(self, folder: Path) -> set[int]:
        """The replies whose programs it holds with a score, read from its own files."""

    def kept(self, folder: Path) -> set[int]:
        """The replies with whose outcome it would go on if resumed now, its program kept or not."""
        return self.stored(folder)


class OpenEvolve(Side):
    label = "OpenEvolve 0.4.0"
    isolation = "none: in a worker that lives on"

    def prepare(self, folder: Path, url: str, iterations: int, parallel: int) -> None:
        python_of("openevolve==0.4.0")
        settings = {
            "random_seed": 1,
            "llm": {"api_base": url, "api_key": "scripted", "models": [{"name": MODEL, "weight": 1.0}]},
            "evaluator": {"cascade_evaluation": False, "parallel_evaluations": parallel},
        }
        write_task(folder, {"config.yaml": json.dumps(settings)})

    def command(self, folder: Path, iterations: int, resume: bool) -> list[str]:
        run = str(python_of("openevolve==0.4.0").with_name("openevolve-run"))
        command = [run, "program.py", "evaluator.py", "--config", "config.yaml", "--output", "out"]
        kept = self._checkpoint(folder)
        if resume and kept is not None:
            iterations -= int(kept.name.split("_")[1])
            command += ["--checkpoint", str(kept)]
        return [*command, "--iterations", str(iterations)]

    def stored(self, folder: Path) -> set[int]:
        kept = self._checkpoint(folder)
        files = kept.glob("programs/*.json") if kept is not None else []
        return numbers(json.loads(path.read_text())["code"] for path in files)

    def kept(self, folder: Path) -> set[int]:
        """It drops programs from its population: whatever came before a checkpoint has been considered."""
        found = self._checkpoint(folder)
        return set(range(1, int(found.name.split("_")[1]) + 1)) if found is not None else set()

    @staticmethod
    def _checkpoint(folder: Path) -> Path | None:
        found = [path for path in (folder / "out/checkpoints").glob("checkpoint_*") if any(path.iterdir())]
        return max(found, key=lambda path: int(path.name.split("_")[1]), default=None)


class Shinka(Side):
    label = "ShinkaEvolve 0.0.7"
    isolation = "a process, no sandbox"

    def prepare(self, folder: Path, url: str, iterations: int, parallel: int) -> None:
        python_of("shinka-evolve==0.0.7")
        settings = {"model": f"local/{MODEL}@{url}", "parallel": parallel}
        write_task(folder, {"run.py": SHINKA, "settings.json": json.dumps(settings)})

    def command(self, folder: Path, iterations: int, resume: bool) -> list[str]:
        # Its generation 0 is the program at the start.
        return [str(python_of("shinka-evolve==0.0.7")), "run.py", str(iterations + 1)]

    def stored(self, folder: Path) -> set[int]:
        kept = folder / "out/programs.sqlite"
        if not kept.exists():
            return set()
        with closing(sqlite3.connect(kept)) as database:
            return numbers(code for (code,) in database.execute("select code from programs"))


SHINKA = '''\
"""ShinkaEvolve as its own examples start it: edits as diffs, one model, no embeddings, no second opinion."""

import json
import sys

from shinka.core import EvolutionConfig, ShinkaEvolveRunner
from shinka.database import DatabaseConfig
from shinka.launch import LocalJobConfig

with open("settings.json") as file:
    settings = json.load(file)

ShinkaEvolveRunner(
    evo_config=EvolutionConfig(
        num_generations=int(sys.argv[1]),
        patch_types=["diff"],
        patch_type_probs=[1.0],
        llm_models=[settings["model"]],
        llm_dynamic_selection=None,
        embedding_model=None,
        init_program_path="program.py",
        results_dir="out",
    ),
    job_config=LocalJobConfig(eval_program_path="evaluator.py"),
    db_config=DatabaseConfig(db_path="programs.sqlite"),
    max_evaluation_jobs=settings["parallel"],
    max_proposal_jobs=settings["parallel"],
    max_db_workers=1,
    verbose=False,
).run()
'''


class Kapso(Side):
    label = "Kapso"
    isolation = "a sandbox each"

    def prepare(self, folder: Path, url: str, iterations: int, parallel: int) -> None:
        write_task(folder, {"goal.yaml": GOAL.format(model=MODEL, url=url, parallel=parallel)})
        make_repository(folder)

    def command(self, folder: Path, iterations: int, resume: bool) -> list[str]:
        begun = resume and bool(list((folder / ".git/kapso/runs").glob("*/events.jsonl")))
        return [sys.executable, "-m", "kapso", "resume" if begun else "run", "--attempts", str(iterations)]

    def environment(self, folder: Path) -> dict[str, str]:
        paths = os.pathsep.join(str(ROOT / each) for each in ("", "knowledge", "tui"))
        cache = str(folder.parent / f"{folder.name}-cache")
        return {**super().environment(folder), "PYTHONPATH": paths, "XDG_CACHE_HOME": cache}

    def scores(self, folder: Path) -> list[Score]:
        return [
            (datetime.fromisoformat(event["time"]).timestamp(), event["score"])
            for event in self._events(folder)
            if event["event"] == "attempt.evaluated" and event["score"] is not None
        ]

    def stored(self, folder: Path) -> set[int]:
        """Of every attempt that has a branch; git alone is asked."""
        git = ["git", "-C", str(folder)]
        named = [*git, "for-each-ref", "--format=%(objectname):program.py", "refs/heads/kapso"]
        names = subprocess.run(named, capture_output=True, check=True).stdout
        shown = subprocess.run([*git, "cat-file", "--batch"], input=names, capture_output=True, check=True)
        return numbers(shown.stdout.decode().split('"""Eight constants'))

    @staticmethod
    def _events(folder: Path) -> list[dict[str, Any]]:
        journals = (folder / ".git/kapso/runs").glob("*/events.jsonl")
        lines = [line for path in journals for line in path.read_text().splitlines(keepends=True)]
        return [json.loads(line) for line in lines if line.endswith("\n")]


GOAL = """\
name: harness
objective: Find the eight constants.
edit: [program.py]
evaluate: {{python: "evaluator.py:evaluate", program: program.py}}
metrics: {{combined_score: maximize}}
propose:
  - llm: {{model: "openai:{model}", base_url: "{url}", api_key_env: OPENAI_API_KEY, max_tokens: 4096}}
search: {{parallel: {parallel}, seed: 1}}
"""


def write_task(folder: Path, settings: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in {"program.py": PROGRAM, "evaluator.py": EVALUATOR, **settings}.items():
        (folder / name).write_text(text)


def make_repository(folder: Path) -> None:
    """One commit of all that is there."""
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def numbers(programs: Any) -> set[int]:
    found = (reply_of(program) for program in programs)
    return {number for number in found if number is not None}


SIDES: dict[str, Side] = {"kapso": Kapso(), "openevolve": OpenEvolve(), "shinka": Shinka()}
