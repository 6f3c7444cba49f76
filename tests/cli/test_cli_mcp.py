"""`kapso mcp --skill`: the skill goes where an agent finds it, and tells only of commands that exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from kapso.cli.catalogue import COMMANDS
from kapso.shipped import skill

Kapso = Callable[..., Any]


def test_the_skill_is_put_where_an_agent_finds_it(kapso: Kapso, tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "skills"
    for _ in range(2):
        done = kapso("mcp", "--skill", str(folder))
        assert done.code == 0 and str(folder / "kapso") in done.out
    assert (folder / "kapso" / "SKILL.md").read_bytes() == (skill() / "SKILL.md").read_bytes()
    (tmp_path / "file").write_text("")
    refused = kapso("mcp", "--skill", str(tmp_path / "file" / "below"))
    assert refused.code == 2 and "help: " in refused.err


def test_the_skill_has_the_common_form_and_names_what_exists() -> None:
    _, front, body = (skill() / "SKILL.md").read_text().split("---\n", 2)
    told = YAML(typ="safe").load(front)
    assert told["name"] == "kapso" and 100 < len(told["description"]) <= 1024
    commands = set(re.findall(r"`kapso ([a-z]+)", body))
    assert len(commands) > 10 and commands <= COMMANDS.keys()
    tools = set(re.findall(r"[(,] ?`([a-z]+_?[a-z]*)`[,)]", body))
    from kapso.mcp.runs import Runs
    from kapso.mcp.server import make_server

    known = {tool.name for tool in make_server(Runs(Path.cwd()), allow_write=True)._tool_manager.list_tools()}
    assert {"search_library", "list_attempts", "try_revision", "best"} <= tools & known
    assert {name for name in tools if "_" in name} <= known
