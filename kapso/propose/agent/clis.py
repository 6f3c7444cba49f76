"""The coding agents that Kapso knows: how each works without a person, and what it must not do by itself.

Every command reads the prompt on standard input or from `$KAPSO_PROMPT_FILE`, asks nobody for permission
(the sandbox is what protects), and prints what `output.py` reads. Each is told of Kapso's own tools in its
own way.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kapso.goal.authors import AgentOptions
from kapso.propose.agent.tools import CONFIG, START

MOST_FILES = 40
"""aider edits files that it is given by name; with more than these it finds them by its map."""


@dataclass(frozen=True)
class Cli:
    """One agent. `command` makes the words of its command line from the options and the editable files.

    `env` is set for it, `aliases` maps variables that it reads to the ones, better known, whose value it gets
    there, and `files` are put into its home folder where `home` brings none. Where it can log in in no other
    way, one of the variables `keys` has to be among the goal's `env`, or one of the paths `logins` among its
    `home`. `tools` are words for its command, and `tools_env` variables, that lead it to Kapso's own tools,
    or `tools_settings` is a file in its home folder that names MCP servers.
    """

    install: str
    command: Callable[[AgentOptions, Sequence[str]], list[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[AgentOptions], Mapping[str, str]] = lambda options: {}
    keys: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    tools_env: Mapping[str, str] = field(default_factory=dict)
    tools_settings: str | None = None

    @property
    def has_tools(self) -> bool:
        return bool(self.tools or self.tools_env or self.tools_settings)


def _claude(options: AgentOptions, files: Sequence[str]) -> list[str]:
    words = ["claude", "-p", "--output-format", "stream-json", "--verbose"]
    words += ["--permission-mode", "bypassPermissions", "--no-session-persistence"]
    words += ["--model", options.model] if options.model else []
    return words + (["--max-budget-usd", f"{options.max_cost:g}"] if options.max_cost else [])


def _codex(options: AgentOptions, files: Sequence[str]) -> list[str]:
    words = ["codex", "exec", "--json", "--ephemeral", "--dangerously-bypass-approvals-and-sandbox"]
    return [*words, *(["--model", options.model] if options.model else []), "-"]


def _gemini(options: AgentOptions, files: Sequence[str]) -> list[str]:
    words = ["gemini", "--output-format", "stream-json", "--approval-mode", "yolo", "--skip-trust"]
    return words + (["--model", options.model] if options.model else [])


def _aider(options: AgentOptions, files: Sequence[str]) -> list[str]:
    words = ["aider", "--message-file", "$KAPSO_PROMPT_FILE", "--yes-always", "--no-auto-commits"]
    words += [
        "--no-check-update",
        "--analytics-disable",
        "--no-show-model-warnings",
        "--no-show-release-notes",
    ]
    words += ["--no-gitignore", "--no-pretty", "--no-fancy-input", "--no-detect-urls", "--disable-playwright"]
    words += ["--no-suggest-shell-commands"]
    words += ["--model", options.model] if options.model else []
    return words + (["--", *files] if len(files) <= MOST_FILES else [])


def _gemini_files(options: AgentOptions) -> Mapping[str, str]:
    """Without a settings file it takes any `GOOGLE_GEMINI_BASE_URL` for a login that it then refuses."""
    settings: dict[str, object] = {
        "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    if "GEMINI_API_KEY" in options.env:
        settings["security"] = {"auth": {"selectedType": "gemini-api-key"}}
    return {".gemini/settings.json": json.dumps(settings)}


def _opencode(options: AgentOptions, files: Sequence[str]) -> list[str]:
    # A title that is given need not be asked of a model.
    words = ["opencode", "run", "--format", "json", "--auto", "--title", "kapso"]
    return words + (["--model", options.model] if options.model else [])


_OPENCODE_TOOLS = json.dumps(
    {"mcp": {"kapso": {"type": "local", "command": ["sh", "-c", START], "enabled": True, "timeout": 60_000}}}
)

KNOWN: Mapping[str, Cli] = {
    "claude": Cli(
        "npm install -g @anthropic-ai/claude-code",
        _claude,
        # As root it bypasses permissions only where it is told that a sandbox is around it.
        env={
            "IS_SANDBOX": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
        keys=(
            *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
            *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
        ),
        logins=("~/.claude",),
        tools=("--mcp-config", CONFIG),
    ),
    "codex": Cli(
        "npm install -g @openai/codex",
        _codex,
        aliases={"CODEX_API_KEY": "OPENAI_API_KEY"},  # without a login it reads only the former
        keys=("CODEX_API_KEY", "OPENAI_API_KEY", "CODEX_ACCESS_TOKEN"),
        logins=("~/.codex",),
        tools=(
            *("-c", 'mcp_servers.kapso.command="sh"'),
            *("-c", f"mcp_servers.kapso.args={json.dumps(['-c', START])}"),
            *("-c", "mcp_servers.kapso.startup_timeout_sec=60"),
        ),
    ),
    "gemini": Cli(
        "npm install -g @google/gemini-cli",
        _gemini,
        env={"GEMINI_TELEMETRY_ENABLED": "false", "GEMINI_CLI_NO_RELAUNCH": "true"},
        files=_gemini_files,
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"),
        logins=("~/.gemini",),
        tools_settings=".gemini/settings.json",
    ),
    "aider": Cli("pip install aider-chat", _aider, env={"LITELLM_LOCAL_MODEL_COST_MAP": "True"}),
    "opencode": Cli(
        "npm install -g opencode-ai",
        _opencode,
        env={
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_SHARE": "1",
        },
        tools_env={"OPENCODE_CONFIG_CONTENT": _OPENCODE_TOOLS},
    ),
}


def command_of(options: AgentOptions, files: Sequence[str], *, has_tools: bool = False) -> str:
    """The command line, for `/bin/sh -c`; `files` are what may be changed."""
    if options.command is not None:
        return options.command
    assert options.cli is not None
    cli = KNOWN[options.cli]
    words = [*cli.command(options, files), *(cli.tools if has_tools else ())]
    return " ".join(f'"{word}"' if word.startswith("$") else shlex.quote(word) for word in words)


def environment_of(
    options: AgentOptions, environ: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is set for the agent by itself, and what it has of the user's `environ`."""
    given = {name: environ[name] for name in options.env if name in environ}
    if options.cli is None:
        return {}, given
    cli = KNOWN[options.cli]
    also = {name: given[other] for name, other in cli.aliases.items() if other in given and name not in given}
    return dict(cli.env), {**given, **also}


def tools_environment(options: AgentOptions) -> Mapping[str, str]:
    """What leads the agent to Kapso's own tools; `$HOME` in it is its home folder."""
    known = KNOWN[options.cli].tools_env if options.cli is not None else {}
    return {"KAPSO_MCP_CONFIG": CONFIG, **known}


def tools_settings(options: AgentOptions) -> str | None:
    """The file in the agent's home folder that has to name Kapso's own tools, if there is one."""
    return KNOWN[options.cli].tools_settings if options.cli is not None else None


def takes_tools(options: AgentOptions) -> bool:
    """Whether the agent takes Kapso's own tools by itself."""
    return options.cli is not None and KNOWN[options.cli].has_tools


def home_files(options: AgentOptions) -> Mapping[str, str]:
    """What stands in the agent's home folder unless `home` brings it."""
    return KNOWN[options.cli].files(options) if options.cli is not None else {}
