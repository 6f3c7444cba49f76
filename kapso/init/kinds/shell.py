"""Shell programs: scripts that end in .sh or start with a shebang of a shell."""

from __future__ import annotations

import re
import shlex

from kapso.init.folder import Folder, is_test, stem
from kapso.init.program import Program
from kapso.init.scorers import is_scorer

_SHEBANG = re.compile(r"#!\s*(?:/usr)?/bin/(?:env\s+)?(sh|bash|dash|zsh|ksh)\b")
_USUAL = ("main", "run", "solve", "program")


def look(folder: Folder) -> list[Program]:
    found = []
    for name in folder.files:
        shell = _shell(folder, name)
        if shell and not is_test(name) and not is_scorer(folder, name):
            found.append((name, shell))
    found.sort(key=lambda each: (each[0].count("/"), stem(each[0]).lower() not in _USUAL, each[0]))
    tests = [name for name in folder.ending(".sh") if is_test(name)]
    return [
        Program(
            kind=f"shell program `{name}`",
            main=name,
            edit=(name,),
            run=f"{shell} {shlex.quote(name)}",
            suite=f"sh {shlex.quote(tests[0])}" if tests else "",
            tools=(shell,),
        )
        for name, shell in found
    ]


def _shell(folder: Folder, name: str) -> str:
    last = name.rsplit("/", 1)[-1]
    if last.startswith(".") or ("." in last and not last.endswith((".sh", ".bash"))):
        return ""
    match = _SHEBANG.match(folder.text(name))
    if match:
        return match[1]
    return "sh" if last.endswith(".sh") else ""
