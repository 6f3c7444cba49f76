"""An agent at work: a real repository, a real sandbox, and a desk that keeps what it paid for on the disk."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, now
from kapso.evaluate.base import BaseFiles, private_paths
from kapso.evaluate.sandbox import Sandbox
from kapso.git.repository import Repository
from kapso.goal import load_goal
from kapso.goal.authors import AgentOptions
from kapso.goal.protection import Editable
from kapso.loop.setting import settle
from kapso.loop.workspace import CandidateWorkspace, EditableIndex
from kapso.propose.agent import Agent, Site
from kapso.propose.author import Desk, Failure, Reply
from kapso.propose.prompts import Prompt, Templates
from kapso.propose.protocol import Context, Idea, Workspace

GOAL = """\
objective: make it fast
edit: [src/]
run: sh src/pack.sh > "$KAPSO_OUT/out"
evaluate: sh score.sh "$KAPSO_OUT/out"
"""
FILES = {
    "goal.yaml": GOAL,
    "score.sh": "echo secret answer 42\n",
    "src/pack.sh": "echo one\n",
    "src/lib/util.sh": "echo util\n",
    "README": "read me\n",
    ".gitignore": "*.log\n",
}
PROMPT = "Make the program in this folder better.\n"


class DiskDesk(Desk):
    """A desk on one folder: a call that is kept there is not made again."""

    def __init__(
        self,
        folder: Path,
        failures: Sequence[Failure] = (),
        repairs: int = 0,
        is_known: Callable[[Workspace], str | None] = lambda workspace: None,
    ) -> None:
        self.number, self.folder, self.failures = 1, folder, failures
        self.cancel = threading.Event()
        self.made = 0
        self.requests: list[dict[str, Any]] = []
        self.shown: list[str] = []
        self._allowed, self._is_known = repairs, is_known

    @property
    def repairs(self) -> int:
        made: int = sum(each["purpose"] == "repair" for each in self.requests)
        return self._allowed - made

    def call(
        self, purpose: str, request: Mapping[str, Any], most_cost: float | None, make: Callable[[], Reply]
    ) -> Reply:
        self.requests.append({"purpose": purpose, "most_cost": most_cost, **request})
        json.dumps(request)
        file = self.folder / f"{len(self.requests)}.json"
        if not file.exists():
            self.made += 1
            file.write_text(json.dumps(dataclasses.asdict(make())))
        return Reply(**json.loads(file.read_text()))

    def show(self, line: str) -> None:
        self.shown.append(line)

    def known(self, workspace: Workspace) -> str | None:
        return self._is_known(workspace)


class Shop:
    """A run's surroundings around one agent. `write` lets it work on the base as attempt 1."""

    def __init__(self, root: Path, mode: tuple[str, bool], folder: str) -> None:
        self.root = root
        self.goal = load_goal(root / folder / "goal.yaml")
        self.setting = settle(self.goal, say=lambda line: None)
        self.repository: Repository = self.setting.repository
        self.cache = root.parent / "cache"
        self.folder = root.parent / "attempt"
        self.folder.mkdir()
        self._stack = ExitStack()
        level, overlays = mode
        self.sandbox = Sandbox.open(
            dataclasses.replace(self.goal.sandbox, level=level),
            workspace=self.repository.root,
            private=private_paths(self.goal, self.repository),
            cache=self.cache,
            overlays=overlays,
        )
        self._stack.callback(self.sandbox.close)
        self.files = BaseFiles(self.goal, self.repository, self.setting.base, self.sandbox, self.cache)
        self.files.prepare(None, threading.Event())
        self.editable = Editable.of(self.goal, self.goal.prefix(self.repository.root))
        self.index = EditableIndex(self.repository, self.setting.base, self.editable)
        self.prompt = PROMPT
        self.has_tools = False
        self.templates = Templates()

    def close(self) -> None:
        self._stack.close()

    @property
    def site(self) -> Site:
        return Site(
            run="demo-1234",
            repository=self.repository,
            files=self.files,
            editable=self.editable,
            tree_of=lambda workspace: workspace.tree(),  # type: ignore[attr-defined]
            prompt=lambda context, timeout_s, has_tools: Prompt(self.prompt),
            memory_bytes=4 << 30,
            processes=512,
            has_tools=self.has_tools,
        )

    def agent(self, command: str | None = None, *, has_tools: bool = False, **options: Any) -> Agent:
        self.has_tools = has_tools
        chosen = AgentOptions(command=command, **{"timeout_s": 60.0, **options})
        return Agent(chosen, self.site, self.templates)

    def workspace(self) -> CandidateWorkspace:
        base = self.setting.base
        return CandidateWorkspace(self.repository, base, self.editable, self.index.files(base))

    def desk(self, **settings: Any) -> DiskDesk:
        return DiskDesk(self.folder, **settings)

    def idea(self, agent: Agent) -> Idea:
        base = Attempt(
            run="demo-1234",
            number=0,
            branch="0000-baseline",
            commit=self.setting.base,
            tree=self.repository.tree_of(self.setting.base),
            parents=(),
            proposer="baseline",
            title="baseline",
            hypothesis="",
            outcome=Outcome.SCORED,
            started=now(),
            finished=now(),
            score=1.0,
        )
        files = self.index.files(self.setting.base)
        idea = agent.ideate(Context(self.goal, 1, [base], files, [base], seed=0))
        assert idea is not None
        json.dumps(dataclasses.asdict(idea))
        return idea

    def write(
        self, agent: Agent, desk: DiskDesk | None = None, workspace: CandidateWorkspace | None = None
    ) -> tuple[Idea, CandidateWorkspace]:
        workspace = workspace or self.workspace()
        return agent.write(self.idea(agent), desk or self.desk(), workspace), workspace

    def edits(self, script: str, desk: DiskDesk | None = None, **options: Any) -> dict[str, str | None]:
        """What an agent that is this script changes."""
        _, workspace = self.write(self.agent(script, **options), desk)
        before = self.index.files(self.setting.base)
        paths = {path for path in {*workspace, *before} if workspace.get(path) != before.get(path)}
        return {path: workspace[path].decode() if path in workspace else None for path in paths}

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    @property
    def reply(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(max(self.folder.glob("*.json")).read_text())
        return found


@pytest.fixture
def make_shop(make_repository: Callable[..., Path]) -> Iterator[Callable[..., Shop]]:
    """`make_shop({path: text}, mode=("auto", True))` → the demo program and what is added to it."""
    with ExitStack() as stack:

        def make(
            files: Mapping[str, str | None] | None = None,
            mode: tuple[str, bool] = ("auto", True),
            folder: str = "",
        ) -> Shop:
            there = {path: text for path, text in {**FILES, **(files or {})}.items() if text is not None}
            shop = Shop(make_repository(there), mode, folder)
            stack.callback(shop.close)
            return shop

        yield make


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()
