"""A change as a recipe: ast-grep finds the statements that gave way, wherever they stand, and replaces them.

What is given out was read and carried out: on what stood before, it makes what stood after. Code with `$` is
no recipe, as ast-grep would take that for a metavariable.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Any

from kapso.errors import KapsoError

_SHORTEST = 8
"""Characters: what is shorter stands everywhere."""
_NOTHING = {"python": "None", "javascript": "null", "typescript": "null", "tsx": "null"}
"""What the examples of excerpts answer: nothing, as they are not run."""


@dataclass(frozen=True)
class Block:
    """A recipe's id and its YAML."""

    id: str
    text: str


def recipe_of(lesson: str, hunks: Sequence[tuple[str, str, str]]) -> Block | None:
    """The recipe that makes this change; None where it cannot be written as one. Hunks are path, lines before
    and lines after."""
    from kapso.propose.mutate.languages import language_of

    paths = {path for path, _, _ in hunks}
    language = language_of(paths.pop()) if len(paths) == 1 else None
    if language is None or any("$" in old + new for _, old, new in hunks):
        return None
    imports, rest = _imports([(old, new) for _, old, new in hunks], is_python=language.is_python)
    parts = [_rewrites(old, new, language.name) for old, new in rest]
    for chosen in _combined(parts) if parts else ():
        told = _recipe(lesson, language.name, chosen, imports)
        if _holds(told, hunks[0][0]):
            return Block(str(told["id"]), _yaml(told))
    return None


def _imports(hunks: Sequence[tuple[str, str]], *, is_python: bool) -> tuple[list[str], list[tuple[str, str]]]:
    """The imports that the change brings in or takes for granted, and the hunks that do anything else."""
    if not is_python:
        return [], list(hunks)
    found: dict[str, None] = {}
    rest = []
    for old, new in hunks:
        had = old.splitlines()
        come = [line for line in new.splitlines() if line.strip() and line not in had]
        if come and all(map(_IMPORT.match, come)) and set(had) <= set(new.splitlines()):
            found |= dict.fromkeys(line.strip() for line in come)
            continue
        rest.append((old, new))
        used = set(_MODULE.findall(new)) - set(re.findall(r"\w+", old))
        found |= dict.fromkeys(f"import {name}" for name in sorted(used & sys.stdlib_module_names))
    return list(found), rest


_IMPORT = re.compile(r"\s*(?:import|from)\s")
_MODULE = re.compile(r"(?<![\w.])([a-z_]\w*)\.[a-z]")


@dataclass(frozen=True)
class _Rewrite:
    """The keys of a recipe that make one hunk, and the excerpt on which they do."""

    keys: dict[str, Any]
    before: str
    after: str


def _combined(parts: Sequence[Sequence[_Rewrite]]) -> Iterator[list[_Rewrite]]:
    """One way for every hunk: each with as much around it as it takes; further hunks have to be plain."""
    first, *rest = parts
    others = []
    for ways in rest:
        plain = next((way for way in ways if way.keys.keys() <= {"rule", "fix"}), None)
        if plain is None:
            return
        others.append(plain)
    for way in first:
        yield [way, *others]


def _recipe(lesson: str, language: str, chosen: Sequence[_Rewrite], imports: Sequence[str]) -> dict[str, Any]:
    first, *rest = chosen
    also = [*first.keys.get("also", ()), *({**each.keys, "where": "file"} for each in rest)]
    title = _title(first.before.splitlines(), first.after.splitlines())
    told: dict[str, Any] = {"id": f"lesson-{lesson.lower()}", "title": title, "language": language}
    told |= {key: value for key, value in first.keys.items() if key != "also"}
    if also:
        told["also"] = also
    if imports:
        told["imports"] = list(imports)
    told["assumes"] = "the program is like the one that this was learnt on"
    told["example"] = {
        "before": "\n".join(each.before for each in chosen) + "\n",
        "after": "\n".join(each.after for each in chosen) + "\n",
        "run": _NOTHING.get(language, ";"),
    }
    return told


def _title(before: Sequence[str], after: Sequence[str]) -> str:
    """The first line that gives way, and what takes its place."""
    gone = next((line.strip() for line in before if line not in after), "")
    come = next((line.strip() for line in after if line not in before), "")
    if gone and come:
        return f"`{gone}` becomes `{come}`"
    return f"`{come}` comes in" if come else f"`{gone}` goes"


def _rewrites(old: str, new: str, language: str) -> list[_Rewrite]:
    """Ways to write one hunk: with all its context, then with less, as context may cut a statement in two."""
    found: list[_Rewrite] = []
    for before, after in _windows(old.splitlines(), new.splitlines()):
        keys = _keys(before, after, language)
        ways = [] if keys is None else [keys, *_content(keys)]
        found += [each for way in ways if (each := _Rewrite(way, before, after)) not in found]
    return found


def _content(keys: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same, but for files that have what comes already."""
    come = str(keys.get("fix", ""))
    if come and "unless" not in keys and keys["rule"] != come:
        yield {**keys, "unless": [come]}


def _windows(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    most = min(len(old), len(new))
    lead = next((n for n in range(most) if old[n] != new[n]), most)
    trail = next((n for n in range(most - lead) if old[-1 - n] != new[-1 - n]), most - lead)
    for before, behind in dict.fromkeys([(lead, trail), (0, 0), (min(lead, 1), 0), (0, min(trail, 1))]):
        low, high = lead - before, trail - behind
        yield _aligned(old[low : len(old) - high], new[low : len(new) - high])


def _aligned(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Both without the indentation that all their lines share."""
    both = dedent("\n".join([*old, *new])).split("\n")
    return "\n".join(both[: len(old)]), "\n".join(both[len(old) :] if new else [])


def _keys(before: str, after: str, language: str) -> dict[str, Any] | None:
    """What a recipe says to turn `before` into `after`; None where its statements cannot be told apart."""
    old, new = _statements(before, language), _statements(after, language)
    if old is None or new is None or old == new:
        return None
    lead = next((n for n in range(min(len(old), len(new))) if old[n] != new[n]), min(len(old), len(new)))
    most = min(len(old), len(new)) - lead
    trail = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    gone, come = old[lead : len(old) - trail], new[lead : len(new) - trail]
    made = "\n".join(come)
    if not gone:
        if lead:
            return _checked({"rule": old[lead - 1], "after": made, "unless": [come[0]]})
        return _checked({"rule": old[0], "before": made, "unless": [come[0]]}) if old else None
    if len(gone) > 2:
        return None
    keys: dict[str, Any] = {"rule": gone[0], "fix": made}
    if len(gone) == 2:
        keys["also"] = [{"rule": gone[1], "fix": "", "where": "next"}]
    fresh = [each for each in come if each not in gone]
    if len(come) > 1 and fresh:
        keys["unless"] = [fresh[0]]
    return _checked(keys)


def _checked(keys: dict[str, Any]) -> dict[str, Any] | None:
    rule = keys["rule"]
    return keys if len(rule) >= _SHORTEST and any(each.isalpha() for each in rule) else None


def _statements(text: str, language: str) -> list[str] | None:
    """The statements of an excerpt; None where it cannot be read as whole ones."""
    from kapso.propose.recipe.finding import find, parsed

    root = parsed(text, language)
    if find(root, {"rule": {"kind": "ERROR"}}) or text[:1].isspace():
        return None
    return [each.text().rstrip() for each in root.children() if each.text().strip()]


def _holds(told: dict[str, Any], path: str) -> bool:
    """Whether the recipe loads, makes what stood after of what stood before, and is content with that.

    Imports go to the example, too, as its excerpts are without the head of their file.
    """
    from kapso.propose.mutate.edit import apply
    from kapso.propose.mutate.tree import read_source
    from kapso.propose.recipe.matching import matches
    from kapso.propose.recipe.reading import read_recipes

    try:
        recipes = read_recipes(f"```yaml recipe\n{_yaml(told)}```\n", path)
    except KapsoError:
        return False
    example, imports = told["example"], told.get("imports", ())
    head = "".join(f"{line}\n" for line in imports)
    example["after"] = head + example["after"]
    sources = [read_source(path, example[side].encode()) for side in ("before", "after")]
    if None in sources:
        return False
    before, after = (list(matches(recipes, source)) for source in sources if source is not None)
    made = [apply(example["before"], match.spans) for match in before]
    if after or [_bare(each, imports) for each in made] != [_bare(example["after"], imports)]:
        return False
    example["after"] = made[0]
    return True


def _bare(text: str, imports: Sequence[str]) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip() and line not in imports)


def _yaml(told: dict[str, Any]) -> str:
    return "".join(_entry(key, value, "") for key, value in told.items())


def _entry(key: str, value: Any, margin: str) -> str:
    """A key with its value, as people write YAML: texts of several lines below `|`."""
    if isinstance(value, dict):
        inner = "".join(_entry(name, each, f"{margin}  ") for name, each in value.items())
        return f"{margin}{key}:\n{inner}"
    if isinstance(value, list):
        return f"{margin}{key}:\n" + "".join(_item(each, margin) for each in value)
    text = str(value)
    if "\n" in text and text == dedent(text) and not text[:1].isspace():
        keep = "" if text.endswith("\n") else "-"
        return f"{margin}{key}: |{keep}\n{indent(text.rstrip(chr(10)), f'{margin}  ')}\n"
    return f"{margin}{key}: {json.dumps(text, ensure_ascii=False)}\n"


def _item(value: Any, margin: str) -> str:
    if not isinstance(value, dict):
        return f"{margin}  - {json.dumps(str(value), ensure_ascii=False)}\n"
    lines = "".join(_entry(name, each, f"{margin}    ") for name, each in value.items())
    return f"{margin}  - {lines[len(margin) + 4 :]}"
