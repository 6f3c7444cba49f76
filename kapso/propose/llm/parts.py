"""Whether what a reply gives as a file in full is merely a part of it, which would destroy the rest.

A rewrite may be as short as it likes: only one that is much shorter is looked at, and only what shows that
the rest was meant to stay is held against it.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePosixPath

from kapso.propose.llm.soundness import Wrong

_FEWEST_LINES = 6
"""Of a shorter file, no part is told from a rewrite."""
_MOST_FILES = 200
"""Files that are searched for what uses a definition."""
_MOST_NAMED = 5
_LONGEST_MARK = 300
_MARK = re.compile(
    r"^\s*(?:(?:#|//|/\*|<!--|--|;|%)+\s*.*\b"
    r"(?:rest of|unchanged|remain(?:s|ing|der)?|as before|same as|existing|omitted|snip(?:ped)?|previous)\b.*"
    r"|(?:#|//|/\*|<!--|--|;|%)*\s*(?:\.\.\.|…|\[\.\.\.\]|\[…\])\W*)$",
    re.IGNORECASE,
)
"""A line that stands for code that was left out; in a file that is otherwise whole it may be anything."""
_DEFINITION = re.compile(
    r"^(?:(?:export|default|pub(?:\([^)\n]{0,20}\))?|public|static|inline|async|unsafe|const) +){0,4}"
    r"(?:(?:fn|func|function|class|struct|enum|trait|interface|type|mod) +(?:\([^)\n]{0,80}\) *)?(\w{1,80})"
    r"|[A-Za-z_][\w:<>,*& \t]{0,80}?[ *&](\w{1,80}) ?\([^;={}\n]{0,300}\)[ \w]{0,20}\{?[ \t]*$)",
    re.MULTILINE,
)
_COMPILED = (".c", ".cc", ".cpp", ".cxx", ".go", ".rs", ".java")
"""What a file of another language than Python defines, as far as it stands at the start of a line."""


def why_only_a_part(
    path: str,
    before: Sequence[str],
    after: Sequence[str],
    program: Mapping[str, bytes],
    touched: Collection[str],
) -> Wrong | None:
    """What shows that `after` is a part of `before` and not the whole of a new file, if anything does.

    The files of the `program` that the same reply has `touched` may use it otherwise then.
    """
    there, given = _full(before), _full(after)
    if len(there) < _FEWEST_LINES or 2 * len(given) >= len(there):
        return None
    known = set(before)
    if mark := next((line for line in after if line not in known and _is_mark(line)), None):
        return _wrong(path, len(given), len(there), f"and its line `{mark.strip()[:80]}` stands for the rest")
    others = (each for each in program if each != path and each not in touched)
    texts = (
        program[each].decode("utf-8", "replace") for each in islice(others, _MOST_FILES) if _is_code(each)
    )
    missed = list(_missed(path, "\n".join(before), "\n".join(after), texts))
    if not missed:
        return None
    named = ", ".join(f"`{name}`" for name in missed[:_MOST_NAMED]) + (" …" if missed[_MOST_NAMED:] else "")
    return _wrong(path, len(given), len(there), f"without {named}, which the program still uses")


def _is_mark(line: str) -> bool:
    return len(line) < _LONGEST_MARK and _MARK.match(line) is not None


def _full(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _wrong(path: str, given: int, there: int, why: str) -> Wrong:
    return Wrong(
        f"holds only a part of `{path}`",
        f"It would replace all {there} lines of `{path}` by these {given}, {why}. To change a part of the "
        "file, send SEARCH/REPLACE blocks with the lines that it replaces; to write it anew, send all of it.",
    )


def _is_code(path: str) -> bool:
    return not path.endswith((".md", ".rst", ".txt", ".json", ".csv"))


def _missed(path: str, before: str, after: str, others: Iterable[str]) -> Iterator[str]:
    """What `before` defines and `after` does not, although it or another file uses it."""
    if path.endswith((".py", ".pyi")):
        was, now = _defined(before), _defined(after)
        used = _undefined(after)
        if was is None or now is None:
            return
        if (start := _start(before)) is not None and not any(map(_acts, ast.parse(after).body)):
            yield start
    else:
        was, now = set(_names(before)), set(_names(after))
        used = {name for name in was - now if re.search(rf"\b{re.escape(name)} ?\(", after)}
        used |= {"main"} if path.endswith(_COMPILED) else set()  # where there was one, nothing runs without
    lost = was - now
    stem = re.compile(rf"\b{re.escape(PurePosixPath(path).stem)}\b")
    texts = [text for text in (others if lost else ()) if stem.search(text)]
    for name in sorted(lost):
        word = re.compile(rf"\b{re.escape(name)}\b")
        if name in used or any(_imports(text, stem, word) for text in texts):
            yield name


def _imports(text: str, stem: re.Pattern[str], word: re.Pattern[str]) -> bool:
    """Whether a text names both on one line: `from pack import area`, `pack.area(2)`, `pack::area`."""
    return any(stem.search(line) and word.search(line) for line in text.splitlines())


def _names(text: str) -> Iterator[str]:
    for match in _DEFINITION.finditer(text):
        yield match[1] or match[2]


def _defined(text: str) -> set[str] | None:
    """The names that a Python file binds at its top; None where it is no program."""
    table = _table(text)
    return None if table is None else _bound(table)


def _undefined(text: str) -> set[str]:
    """The names that a Python file uses and nobody defines."""
    table = _table(text)
    if table is None or any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(ast.parse(text))
    ):
        return set()
    known = _bound(table) | set(dir(builtins)) | {"__name__", "__file__", "__doc__"}
    return {name for name in _globals(table) if name not in known}


def _start(text: str) -> str | None:
    """The line at the top of a Python file that calls what it defines, if there is one."""
    body = ast.parse(text).body
    defined = {
        each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            if not names.isdisjoint(defined):
                return text.split("\n")[node.lineno - 1][:80]
    return None


def _acts(node: ast.stmt) -> bool:
    """Whether a statement at the top of a file does more than to define or import."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
        return any(isinstance(each, ast.Call) for each in ast.walk(node))
    return not isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    )


def _table(text: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(text, "candidate.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _bound(table: symtable.SymbolTable) -> set[str]:
    """The names of a module, also those that its functions declare as global."""
    found = {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}
    for child in _within(table):
        found |= {
            each.get_name()
            for each in child.get_symbols()
            if each.is_declared_global() and each.is_assigned()
        }
    return found


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for each in (table, *_within(table)):
        for symbol in each.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or each is table):
                yield symbol.get_name()


def _within(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _within(child)
