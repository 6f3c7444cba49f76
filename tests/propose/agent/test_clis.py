"""Every agent that is known, for real: installed from its package index, at a scripted model on loopback."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kapso.propose.agent.clis import KNOWN
from kapso.propose.author import Unavailable
from tests.propose.agent.conftest import PROMPT, Shop
from tests.propose.agent.models import RECEIVED, SENT, ToolModel

pytestmark = pytest.mark.slow

KEY = "sk-scripted-key-1"
INSTALL_S = 900
PLACE = Path(tempfile.gettempdir()) / f"kapso-test-agents-{os.getuid()}"
"""Kept from one session to the next: the five are 1.4 GB."""

BLOCK = """\
src/pack.sh
```
<<<<<<< SEARCH
echo one
=======
echo two
>>>>>>> REPLACE
```
Title: Say two
"""


@dataclass(frozen=True)
class Case:
    """How one of them is installed and led to the model at `@URL@`; what it tells of tokens and dollars."""

    package: str
    environ: Mapping[str, str]
    options: Mapping[str, Any]
    tokens: tuple[int, int] = (2 * SENT, 2 * RECEIVED)
    cost: float | None = None
    home: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    text: str = "Say two"


_CODEX = """\
model = "scripted"
model_provider = "loopback"
[model_providers.loopback]
name = "loopback"
base_url = "@URL@/v1"
env_key = "SCRIPTED_API_KEY"
wire_api = "responses"
"""
_OPENCODE = {
    "provider": {
        "loopback": {
            "npm": "@ai-sdk/openai-compatible",
            "options": {"baseURL": "@URL@/v1", "apiKey": "{env:SCRIPTED_API_KEY}"},
            "models": {"scripted": {"cost": {"input": 1, "output": 4}}},
        }
    }
}
CASES = {
    "claude": Case(
        "@anthropic-ai/claude-code",
        {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "@URL@"},
        {"model": "claude-sonnet-4-5", "max_cost": 0.5},
        cost=0.0075,
    ),
    "codex": Case(
        "@openai/codex",
        {"SCRIPTED_API_KEY": KEY},
        {"home": ("~/.codex",)},
        home={".codex/config.toml": _CODEX},
    ),
    "gemini": Case(
        "@google/gemini-cli",
        {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": "@URL@"},
        {"model": "gemini-2.5-pro"},
    ),
    "opencode": Case(
        "opencode-ai",
        {"SCRIPTED_API_KEY": KEY},
        {"model": "loopback/scripted"},
        cost=0.0024,
        files={"opencode.json": json.dumps(_OPENCODE)},
    ),
    "aider": Case(
        "aider-chat",
        {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": "@URL@/v1"},
        {"model": "openai/gpt-4o"},
        text=BLOCK,
    ),
}

MakeShop = Callable[..., Shop]


def install(name: str) -> Path:
    """The folder of the agent's command; skips where it cannot be had."""
    package, place = CASES[name].package, PLACE / name
    if not (place / "bin" / name).exists():
        place.mkdir(parents=True, exist_ok=True)
        commands: Sequence[Sequence[str]] = (
            ("npm", "install", "-g", "--prefix", str(place), "--no-audit", "--no-fund", package),
        )
        if name == "aider":
            commands = (
                (sys.executable, "-m", "venv", str(place)),
                (str(place / "bin" / "pip"), "install", "-q", package),
            )
        # The settings of npm and pip that lead to a package index stand in the user's own home folder.
        environ = {**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir}
        for command in commands:
            try:
                done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=INSTALL_S)
                why = done.stderr[-500:] if done.returncode else ""
            except (OSError, subprocess.TimeoutExpired) as error:
                why = str(error)
            if why:
                pytest.skip(f"`{package}` cannot be installed here: {why}")
    return place / "bin"


@pytest.fixture(params=CASES)
def lead(
    request: pytest.FixtureRequest, make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Shop, Any]]:
    """`lead(model)` → a shop, and the agent in it, led to that model."""
    root = Path(__file__).parents[3]  # the Kapso that answers over MCP is the one under test
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(root / each) for each in ("", "knowledge", "tui")))
    name, case = request.param, CASES[request.param]
    programs = install(name)

    def make(model: ToolModel, **options: Any) -> tuple[Shop, Any]:
        model.text = case.text
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        for variable, value in case.environ.items():
            monkeypatch.setenv(variable, value.replace("@URL@", model.url))
        for path, text in case.home.items():
            (Path.home() / path).parent.mkdir(exist_ok=True)
            (Path.home() / path).write_text(text.replace("@URL@", model.url))
        shop = make_shop({path: text.replace("@URL@", model.url) for path, text in case.files.items()})
        given = {"cli": name, "env": tuple(case.environ), "timeout_s": 120.0, **case.options, **options}
        return shop, shop.agent(**given)

    make.case = case  # type: ignore[attr-defined]
    return make


def test_it_edits_a_file(lead: Any) -> None:
    with ToolModel("echo 'echo two' > src/pack.sh") as model:
        shop, agent = lead(model)
        agent.check()
        desk = shop.desk()
        idea, workspace = shop.write(agent, desk)
    assert workspace["src/pack.sh"] == b"echo two\n"
    assert idea.title == "Say two" and "opencode.json" not in workspace
    reply, case = shop.reply, lead.case
    assert reply["data"]["exit_code"] == 0 and list(reply["data"]["files"]) == ["src/pack.sh"]
    if case.text == BLOCK:  # it counts by itself, and knows the price
        assert reply["input_tokens"] > 500 and reply["cost"] > 0
    else:
        assert (reply["input_tokens"], reply["output_tokens"]) == case.tokens
        assert reply["cost"] == (None if case.cost is None else pytest.approx(case.cost))
        assert len([path for path, body in model.requests if body]) == 2, "a call was paid that nobody needs"
    assert PROMPT.strip() in model.prompt and model.keys
    kept = [path.read_text() for path in shop.folder.rglob("*") if path.is_file()]
    assert not any(KEY in text for text in kept)


def test_a_bad_key_is_its_providers_failure(lead: Any) -> None:
    with ToolModel("true") as model:
        model.status = 401
        shop, agent = lead(model, timeout_s=45.0)  # claude would ask for minutes
        with pytest.raises(Unavailable) as caught:
            shop.write(agent, shop.desk(repairs=2))
    assert len(list(shop.folder.glob("*.json"))) == 1
    assert "no such key" in str(caught.value) or "authentic" in str(caught.value).lower()


def test_it_is_offered_kapsos_own_tools(lead: Any, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["lead"]
    if not KNOWN[name].has_tools:
        pytest.skip(f"`{name}` takes no tools over MCP")
    with ToolModel("echo 'echo two' > src/pack.sh") as model:
        shop, agent = lead(model, has_tools=True)
        desk = shop.desk()
        _, workspace = shop.write(agent, desk)
    assert workspace["src/pack.sh"] == b"echo two\n"
    told = json.dumps([body.get("tools") for _, body in model.requests if body])
    assert "search_library" in told and "read_diff" in told and "try_revision" not in told
