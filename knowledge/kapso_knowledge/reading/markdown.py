"""Markdown: its blocks as they stand in the file, so that lines are exact; front matter apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Passage
from kapso_knowledge.reading.formats import known_language
from kapso_knowledge.reading.recipe import is_recipe, told
from kapso_knowledge.sources.protocol import Raw

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LARGEST_FRONT = 16_384
_ANCHOR = re.compile(r"\s*\{[#.:][^}]*\}\s*$|\s*<a\b[^>]*>\s*(?:</a>)?\s*")
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^<>]*>", re.DOTALL)
_DIRECTIVES = ("note", "tip", "warning", "important", "caution", "danger", "hint", "admonition", "seealso")
_FORMS = {"bullet_list_open": "list", "ordered_list_open": "steps", "table_open": "table"}


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's when neither front matter nor a first heading names it."""
    text = decode(raw.content, raw.media)
    front, body, skipped = _front_matter(text)
    passages = tuple(passages_of(body, raw.path, skipped))
    named = front.get("title")
    first = next((passage.place.section[0] for passage in passages if passage.place.section), None)
    return Document(str(named) if named else first or title, passages, front)


def passages_of(
    text: str, path: str, skipped: int = 0, section: Sequence[str] = (), **where: Any
) -> Iterator[Passage]:
    """The passages of a Markdown text that begins after `skipped` lines of its file, under `section`."""
    from markdown_it import MarkdownIt  # 40 ms

    parser = MarkdownIt("commonmark").enable("table")
    lines = text.split("\n")
    headings: list[tuple[int, str]] = []
    for token, inside in _blocks(parser.parse(text)):
        if token.type == "heading_open":
            level = int(token.tag[1])
            headings = [(above, name) for above, name in headings if above < level]
            headings.append((level, _heading(inside)))
            continue
        names = (*section, *(name for _, name in headings if name))
        if token.map is None:
            continue
        first, last = token.map
        while last > first + 1 and not lines[last - 1].strip():
            last -= 1
        place = Place(path, (skipped + first + 1, skipped + last), section=names, **where)
        passage = _passage(token, inside, lines[first:last], place)
        if passage and passage.text.strip():
            yield passage


def _blocks(tokens: list[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """The outermost blocks, each with the inline tokens in it."""
    opened: Token | None = None
    inside: list[Token] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            opened, inside = token, []
            if token.nesting == 0:
                yield token, []
        elif token.type == "inline":
            inside.append(token)
        elif token.level == 0 and token.nesting < 0 and opened is not None:
            yield opened, inside


def _passage(token: Token, inside: list[Token], lines: list[str], place: Place) -> Passage | None:
    if token.type in ("fence", "code_block"):
        return _code(token, place)
    if token.type == "html_block":
        return Passage(_TAG.sub("", "\n".join(lines)).strip(), place)
    if token.type not in (*_FORMS, "paragraph_open", "blockquote_open"):
        return None  # a rule, a link's definition
    if not any(child.content.strip() for line in inside for child in line.children or () if _says(child)):
        return None  # badges
    text = _TAG.sub("", "\n".join(lines)) if token.type == "paragraph_open" else "\n".join(lines)
    form: Any = _FORMS.get(token.type, "prose")
    return Passage(text.strip("\n"), place, form, links=_links(inside))


def _code(token: Token, place: Place) -> Passage:
    text = token.content.rstrip("\n")
    name = re.match(r"\{([\w-]+)\}", token.info.strip())
    if name and name[1] in _DIRECTIVES:  # MyST writes its notes as fences
        return Passage(text, place)
    if is_recipe(token.info) and (recipe := told(text)):
        return Passage(recipe[0], place, language=recipe[1])
    return Passage(text, place, "code", known_language(token.info))


def _says(child: Token) -> bool:
    return child.type in ("text", "code_inline")


def _links(inside: list[Token]) -> tuple[str, ...]:
    found = (
        str(child.attrs["href"])
        for line in inside
        for child in line.children or ()
        if child.type == "link_open" and child.attrs.get("href")
    )
    return tuple(dict.fromkeys(found))


def _heading(inside: list[Token]) -> str:
    children = [child for line in inside for child in line.children or ()]
    text = "".join(child.content for child in children if _says(child) or child.type == "softbreak")
    return " ".join(_ANCHOR.sub("", text).split())


def _front_matter(text: str) -> tuple[Mapping[str, Any], str, int]:
    """The front matter, the rest, and how many lines came before it."""
    found = _FRONT.match(text)
    if not found or len(found[1]) > _LARGEST_FRONT:
        return {}, text, 0
    from ruamel.yaml import YAML  # 30 ms
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(found[1])
    except (YAMLError, ValueError, RecursionError):
        data = None
    skipped = found[0].count("\n")
    return (_tamed(data, 3) if isinstance(data, dict) else {}), text[found.end() :], skipped


_MOST = 20


def _tamed(value: Any, depth: int) -> Any:
    """Plain data of a bounded size, whatever its aliases multiply to."""
    if isinstance(value, dict):
        return {str(key)[:100]: _tamed(each, depth - 1) for key, each in list(value.items())[:_MOST] if depth}
    if isinstance(value, list):
        return [_tamed(each, depth - 1) for each in value[:_MOST] if depth]
    return value if isinstance(value, int | float | bool | None) else str(value)[:2_000]
