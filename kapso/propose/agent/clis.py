"""The coding agents that Kapso knows: how each works without a person, and what it must not do by itself.

Every command reads the prompt on standard input or from `$KAPSO_PROMPT_FILE`, asks nobody for permission
(the sandbox is what protects), and prints what `output.py` reads. Kapso's own tools over MCP would be named
here, in the command of each (`--mcp-config`, `-c mcp_servers…`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kapso.goal.authors import AgentOptions

MOST_FILES = 40
"""aider edits files that it is given by name; with more than these it finds them by its map."""


@dataclass(frozen=True)
class Cli:
    """One agent. `command` makes the words of its command line from the options and the editable files.

    `env` is set for it. Where it can log in in no other way, one of the variables `keys` has to be among
    the goal's `env`, or one of the paths `logins` among its `home`.
    """

    install: str
    command: Callable[[AgentOptions, Sequence[str]], list[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()


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


def _opencode(options: AgentOptions, files: Sequence[str]) -> list[str]:
    return [
        "opencode",
        "run",
        "--format",
        "json",
        "--auto",
        *(["--model", options.model] if options.model else []),
    ]


KNOWN: Mapping[str, Cli] = {
    "claude": Cli(
        "npm install -g @anthropic-ai/claude-code",
        _claude,
        # As root it bypasses permissions only where it is told that a sandbox is around it.
        {"IS_SANDBOX": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
        (
            *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
            *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
        ),
        ("~/.claude",),
    ),
    "codex": Cli(
        "npm install -g @openai/codex",
        _codex,
        {},
        ("CODEX_API_KEY", "OPENAI_API_KEY", "CODEX_ACCESS_TOKEN"),
        ("~/.codex",),
    ),
    "gemini": Cli(
        "npm install -g @google/gemini-cli",
        _gemini,
        {"GEMINI_TELEMETRY_ENABLED": "false", "GEMINI_CLI_NO_RELAUNCH": "true"},
        ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"),
        ("~/.gemini",),
    ),
    "aider": Cli(
        "pip install aider-chat",
        _aider,
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_COLOR": "1"},
    ),
    "opencode": Cli(
        "npm install -g opencode-ai",
        _opencode,
        {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_SHARE": "1",
        },
    ),
}


def command_of(options: AgentOptions, files: Sequence[str]) -> str:
    """The command line, for `/bin/sh -c`; `files` are what may be changed."""
    if options.command is not None:
        return options.command
    assert options.cli is not None
    words = KNOWN[options.cli].command(options, files)
    return " ".join(f'"{word}"' if word.startswith("$") else shlex.quote(word) for word in words)


def environment_of(options: AgentOptions) -> dict[str, str]:
    """What is set for the agent whatever the goal's `env` says."""
    return dict(KNOWN[options.cli].env) if options.cli is not None else {}
