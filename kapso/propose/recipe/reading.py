"""From playbooks to recipes: the blocks of Markdown that are fenced as ```` ```yaml recipe ````.

Whatever is wrong with one is told with its file and line when the run starts, before anything is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from kapso.errors import UsageError
from kapso.goal.names import quoted, suggestion
from kapso.propose.recipe.filling import METAVARIABLE
from kapso.propose.recipe.finding import find, parsed
from kapso.propose.recipe.recipe import USES, Change, Example, Recipe, Where

_BLOCK = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)`* *$", re.DOTALL | re.MULTILINE
)
"""A fenced block; one within another is text of the outer one."""
_INFO = ["yaml", "recipe"]
_KEYS = (
    "id", "title", "language", "rule", "constraints", "transform", "fix", "also", "uses", "without", "unless",
    "names", "before", "after", "top", "imports", "needs", "assumes", "gain", "example",
)  # fmt: skip
_CHANGE = ("rule", "constraints", "transform", "fix", "where", "optional")
_EXAMPLE = ("before", "after", "run", "measure", "input", "needs")
LANGUAGES = ("python", "c", "cpp", "javascript", "typescript", "tsx", "go", "rust", "java")
"""Those that ast-grep parses and `mutate` reads; it ends the process' peace where it is asked for another."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LARGEST = 1_000_000


SPOKEN: Mapping[str, tuple[str, ...]] = {
    "cpp": ("cpp", "c"),
    "typescript": ("typescript", "javascript"),
    "tsx": ("tsx", "javascript"),
}
"""Languages whose files the recipes of others are for as well."""
_LANGUAGE = re.compile(r"^language: *(\w+) *$", re.MULTILINE)


def read_folder(folder: Path, shown_as: str, languages: Collection[str] = ()) -> list[Recipe]:
    """The recipes of a folder's playbooks, or of one playbook, in order of file and place.

    Those of other languages than these are left out, unread, where any are given.
    """
    found = []
    for path in sorted(folder.glob("*.md")) if folder.is_dir() else [folder]:
        found += read_playbook(path, _shown(path, folder, shown_as), languages)
    return found


def read_playbook(path: Path, shown_as: str, languages: Collection[str] = ()) -> list[Recipe]:
    """The recipes of one file, which messages call `shown_as`."""
    try:
        content = path.read_bytes()
        text = content[:_LARGEST].decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise _error(f"the playbook `{shown_as}` cannot be read: {reason}", shown_as) from error
    if len(content) > _LARGEST:
        raise _error(f"the playbook `{shown_as}` is larger than 1 MB", shown_as)
    return read_recipes(text, shown_as, languages)


def read_recipes(text: str, shown_as: str, languages: Collection[str] = ()) -> list[Recipe]:
    """The recipes in the text of a playbook."""
    found: dict[str, Recipe] = {}
    for block in _BLOCK.finditer(text):
        if block["info"].split() != _INFO:
            continue
        said = _LANGUAGE.search(block["text"])
        if languages and said is not None and said[1] in LANGUAGES and said[1] not in languages:
            continue
        line = text.count("\n", 0, block.start()) + 1
        recipe = _recipe(block["text"], f"{shown_as}:{line}")
        if recipe.id in found:
            raise _error(f"the recipe `{recipe.id}` is there twice", recipe.where)
        found[recipe.id] = recipe
    return list(found.values())


def _shown(path: Path, folder: Path, shown_as: str) -> str:
    return shown_as if path == folder else f"{shown_as.rstrip('/')}/{path.name}"


def _recipe(text: str, where: str) -> Recipe:
    told = _mapping(_load(text, where), "a recipe", _KEYS, where)
    name = _text(told, "id", where)
    if not _NAME.fullmatch(name):
        help = "use small letters, digits and single hyphens: `list-as-queue`"
        raise _error(f"`id: {name}` is no name of a recipe", where, help=help)
    language = _text(told, "language", where)
    if language not in LANGUAGES:
        raise _error(f"`language: {language}` is not known", where, help=suggestion(language, LANGUAGES))
    recipe = Recipe(
        id=name,
        title=_text(told, "title", where),
        language=language,
        config=_config(told, language, where),
        example=_example(told, where),
        fix=None if "fix" not in told else str(told["fix"] or "").rstrip("\n"),
        also=tuple(_change(each, language, where) for each in _list(told, "also", where)),
        uses=_lists(told, "uses", where),
        without=_lists(told, "without", where),
        unless=tuple(_config({"rule": each}, language, where) for each in _list(told, "unless", where)),
        names={str(key): str(each) for key, each in _pairs(told, "names", where).items()},
        before=str(told.get("before") or "").rstrip("\n"),
        after=str(told.get("after") or "").rstrip("\n"),
        top=str(told.get("top") or "").rstrip("\n"),
        imports=tuple(map(str, _list(told, "imports", where))),
        needs=tuple(map(str, _list(told, "needs", where))),
        assumes=str(told.get("assumes") or ""),
        gain=_gain(told, where),
        where=where,
    )
    _check(recipe)
    return recipe


def _check(recipe: Recipe) -> None:
    """What can be seen without a program to match: that it does something, with what it knows."""
    if recipe.fix is None and not (recipe.also or recipe.before or recipe.after or recipe.top):
        help = "add a `fix`; metavariables such as `$X` stand for what they matched"
        raise _error(f"the recipe `{recipe.id}` changes nothing", recipe.where, help=help)
    for use in (use for uses in recipe.uses.values() for use in uses if use not in USES):
        _config({"rule": use}, recipe.language, recipe.where)
    known = _variables(str(recipe.config)) | {"MATCH", *recipe.names, *recipe.config.get("transform", {})}
    templates = [(f"{recipe.fix or ''} {recipe.before} {recipe.after} {recipe.top}", known)]
    for change in recipe.also:
        own = _variables(str(change.config)) | set(change.config.get("transform", {}))
        templates.append((change.fix, known | own))
    for template, bound in templates:
        if lost := sorted(_variables(template) - bound):
            help = "a fix can only use what the rule names; new names are listed in `names`"
            raise _error(f"the recipe `{recipe.id}` does not bind {quoted(lost)}", recipe.where, help=help)


def _variables(text: str) -> set[str]:
    """The metavariables in a text."""
    return {many or one for many, one in METAVARIABLE.findall(text)}


def _load(text: str, where: str) -> Any:
    from ruamel.yaml import YAML  # 130 ms
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.events import AliasEvent

    try:
        # A few lines with aliases can stand for a text of any length, or for one without an end.
        may_have = "&" in text and "*" in text
        if may_have and any(isinstance(e, AliasEvent) for e in YAML(typ="safe", pure=True).parse(text)):
            help = "write out what they stand for; put a text that starts with `*` in quotes"
            raise _error("a recipe has no aliases", where, help=help)
        return YAML(typ="safe", pure=True).load(text)
    except RecursionError as error:
        raise _error("a recipe is nested too deeply", where) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
        name, _, line = where.rpartition(":")
        at = f"{name}:{int(line) + 1 + mark.line}" if mark is not None else where
        problem = getattr(error, "problem", None) or "it cannot be read"
        help = "put rules and fixes with `:`, `{` or `#` in quotes, or below `|`"
        raise _error(f"a recipe is no YAML: {problem}", at, help=help) from error


def _config(told: Mapping[str, Any], language: str, where: str) -> dict[str, Any]:
    """The rule as ast-grep takes it, tried out; a text alone is a pattern."""
    if not told.get("rule"):
        raise _error("a recipe has no `rule`", where, help="add one, such as `rule: $Q.pop(0)`")
    config: dict[str, Any] = {"rule": _rule(told["rule"])}
    if told.get("constraints"):
        config["constraints"] = {k: _rule(e) for k, e in _pairs(told, "constraints", where).items()}
    if told.get("transform"):
        config["transform"] = _pairs(told, "transform", where)
    try:
        find(parsed("", language), config)
    except Exception as error:
        *_, reason = str(error).partition("\n\nStack backtrace")[0].strip().splitlines()
        reason = re.sub(r"^ *\d+: ", "", reason).strip(" .")
        raise _error(f"a rule is not one of ast-grep's: {reason}", where) from error
    return config


def _rule(told: Any) -> Any:
    """A rule written out: a text alone is a pattern, wherever a rule may stand."""
    if isinstance(told, str):
        return {"pattern": told}
    if not isinstance(told, dict):
        return told
    many = {
        key: [_rule(each) for each in told[key]] for key in ("any", "all") if isinstance(told.get(key), list)
    }
    one = {key: _rule(told[key]) for key in ("not", "has", "inside", "precedes", "follows") if key in told}
    return {**told, **many, **one}


def _change(told: Any, language: str, where: str) -> Change:
    told = _mapping(told, "an element of `also`", _CHANGE, where)
    place = told.get("where", "function")
    if place not in get_args(Where):
        raise _error(f"`where: {place}` is not known", where, help=suggestion(str(place), get_args(Where)))
    fix = str(told.get("fix") or "").rstrip("\n")
    return Change(_config(told, language, where), fix, place, bool(told.get("optional", False)))


def _example(told: Mapping[str, Any], where: str) -> Example:
    example = _mapping(told.get("example"), "`example`", _EXAMPLE, where)
    return Example(
        before=_text(example, "before", where, strip=False),
        after=_text(example, "after", where, strip=False),
        run=_text(example, "run", where),
        measure=str(example.get("measure") or "").strip(),
        input=str(example.get("input") or "").strip(),
        needs=tuple(map(str, _list(example, "needs", where))),
    )


def _gain(told: Mapping[str, Any], where: str) -> float:
    gain = told.get("gain", 1.0)
    if isinstance(gain, bool) or not isinstance(gain, int | float) or not 0 < gain < float("inf"):
        help = "write how many times faster the example became, such as `gain: 3.5`"
        raise _error(f"`gain: {gain}` is no number above 0", where, help=help)
    return float(gain)


def _mapping(told: Any, what: str, keys: Iterable[str], where: str) -> Mapping[str, Any]:
    keys = tuple(keys)
    if not isinstance(told, dict):
        raise _error(f"{what} must be a mapping with {quoted(keys)}", where)
    for key in told:
        if key not in keys:
            help = suggestion(str(key), keys)
            raise _error(f"unknown key `{key}` in {what}", where, help=help, slug="unknown-key")
    return told


def _text(told: Mapping[str, Any], key: str, where: str, *, strip: bool = True) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _error(f"a recipe needs a text as `{key}`", where, help="playbooks/README.md lists the keys")
    return value.strip() if strip else value


def _list(told: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = told.get(key)
    if isinstance(value, dict):
        raise _error(f"`{key}` must be a list", where)
    return [] if value is None else value if isinstance(value, list) else [value]


def _pairs(told: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = told.get(key) or {}
    if not isinstance(value, dict):
        raise _error(f"`{key}` must be a mapping of metavariables, such as `{key}: {{Q: …}}`", where)
    return value


def _lists(told: Mapping[str, Any], key: str, where: str) -> dict[str, tuple[str, ...]]:
    pairs = _pairs(told, key, where)
    return {str(name): tuple(map(str, _list(pairs, name, where))) for name in pairs}


def _error(message: str, where: str, *, help: str | None = None, slug: str = "bad-recipe") -> UsageError:
    return UsageError(message, where=where, help=help, slug=slug)
