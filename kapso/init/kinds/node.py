"""Node: package.json names what starts, tests and benchmarks it."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from kapso.init.folder import Folder, is_test, stem
from kapso.init.program import Program

_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts")
_SCORING = ("score", "evaluate", "eval", "bench", "benchmark")
_NO_TESTS = "no test specified"
_PLAIN = re.compile(r"node (?:\./)?([\w./-]+)")


def look(folder: Folder) -> list[Program]:
    manifest = _manifest(folder)
    if manifest is None:
        return []
    scripts = {str(k): str(v) for k, v in (manifest.get("scripts") or {}).items()}
    sources = [name for name in folder.ending(*_SUFFIXES) if not is_test(name) and not _is_aside(name)]
    main = _main(folder, manifest, scripts)
    if not sources:
        return []
    has_packages = bool(manifest.get("dependencies")) or bool(manifest.get("devDependencies"))
    locked = folder.has("package-lock.json")
    suite = scripts.get("test", "")
    return [
        Program(
            kind="Node program",
            main=main,
            edit=folder.patterns(sources),
            run=_started(scripts.get("start", ""), main),
            setup=("npm ci" if locked else "npm install") if has_packages else "",
            suite=_direct(suite, "npm test --silent") if suite and _NO_TESTS not in suite else "",
            targets=tuple(
                _direct(scripts[each], f"npm run --silent {each}") for each in _SCORING if each in scripts
            ),
            tools=("node",),
            idle="node -e 0",
            about=str(manifest.get("description") or ""),
        )
    ]


def _manifest(folder: Folder) -> dict[str, Any] | None:
    if not folder.has("package.json"):
        return None
    try:
        manifest = json.loads(folder.text("package.json"))
    except ValueError:
        return None
    return manifest if isinstance(manifest, dict) else None


def _main(folder: Folder, manifest: dict[str, Any], scripts: dict[str, str]) -> str:
    """The file that is started, and that has to be there."""
    started = _PLAIN.fullmatch(scripts.get("start", "").strip())
    named = [started[1] if started else "", str(manifest.get("main") or "")]
    usual = ["main.js", "index.js", "src/main.js", "src/index.js", "main.mjs", "index.mjs"]
    return next((each for name in [*named, *usual] if folder.has(each := name.removeprefix("./"))), "")


def _started(script: str, main: str) -> str:
    if script and not _PLAIN.fullmatch(script.strip()):
        return "npm start --silent"
    return f"node {shlex.quote(main)}" if main else ""


def _direct(script: str, through_npm: str) -> str:
    """A command of plain node is called as it is: npm alone costs a fifth of a second."""
    return script if script.startswith("node ") else through_npm


def _is_aside(name: str) -> bool:
    words = {"bench", "benchmark", "score", "evaluate", "eval", "config", "eslint.config", "webpack.config"}
    return stem(name).lower() in words or name.lower().endswith((".config.js", ".config.mjs", ".d.ts"))
