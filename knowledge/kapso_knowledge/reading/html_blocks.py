"""The blocks of an HTML tree as passages, under the headings that come before them."""

from __future__ import annotations

import re
from typing import Any

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.document import Passage
from kapso_knowledge.reading.formats import guessed_language, known_language

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr"
    " ul".split()
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DEEPEST = 200
"""Levels; below them text is taken as it comes, as no page means them."""
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source|highlight|brush:?|sourceCode)[-\s:]+([\w+#-]+)")
_SIGNATURE = 10
"""The level of a signature as a heading: below those of the page."""


class Blocks:
    """Collects the passages of the elements that it visits."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.passages: list[Passage] = []
        self._headings: list[tuple[int, str]] = []
        self._signatures = 0

    def visit(self, element: Any, depth: int = 0) -> None:
        """Take the element's blocks, and the text that stands loose between them."""
        if depth > _DEEPEST:
            self._add(text_of(element), "prose", element)
            return
        loose: list[str] = [element.text or ""]
        links: list[str] = []
        for child in element:
            if not isinstance(child.tag, str):
                loose.append(child.tail or "")
                continue
            if child.tag in _BLOCKS or _holds_block(child):
                self._prose(loose, links)
                loose, links = [], []
                self._block(child, depth + 1)
            else:
                loose.append(inline(child))
                links += _links(child)
            loose.append(child.tail or "")
        self._prose(loose, links)

    def _block(self, element: Any, depth: int) -> None:
        tag = element.tag
        if tag in _HEADINGS:
            self._head(int(tag[1]), text_of(element))
        elif tag == "pre":
            self._code(element)
        elif tag in ("ul", "ol"):
            self._list(element, depth)
        elif tag == "dl":
            self._definitions(element, depth)
        elif tag == "table":
            self._table(element, depth)
        elif tag != "hr":
            self.visit(element, depth)

    def _head(self, level: int, text: str) -> None:
        name = " ".join(re.sub("[¶§\uf0c1]", "", text).split()).rstrip("#").strip()
        if name:
            self._headings = [(above, each) for above, each in self._headings if above < level]
            self._headings.append((level, name[:200]))

    def _place(self) -> Place:
        return Place(self.path, section=tuple(name for _, name in self._headings))

    def _add(self, text: str, form: Any, element: Any, language: str | None = None) -> None:
        if text.strip():
            links = tuple(dict.fromkeys(_links(element))) if form != "code" else ()
            self.passages.append(Passage(text.strip("\n"), self._place(), form, language, links))

    def _prose(self, loose: list[str], links: list[str]) -> None:
        text = "\n".join(" ".join(line.split()) for line in "".join(loose).replace("\n", " ").split("\x1f"))
        if text.strip():
            self.passages.append(Passage(text.strip(), self._place(), links=tuple(dict.fromkeys(links))))

    def _code(self, element: Any) -> None:
        text = "".join(_with_breaks(element)).strip("\n")
        if text.strip():
            language = _language(element) or guessed_language(text)
            self.passages.append(Passage(text.rstrip(), self._place(), "code", language))

    def _list(self, element: Any, depth: int) -> None:
        """One passage; items that hold code, tables or headings are taken apart."""
        if (
            element.find(".//pre") is not None
            or element.find(".//table") is not None
            or depth > _DEEPEST // 2
        ):
            self.visit(element, depth)
            return
        self._add("\n".join(_items(element, 0)), "steps" if element.tag == "ol" else "list", element)

    def _definitions(self, element: Any, depth: int) -> None:
        """Terms with what is said of them; a signature is a heading over its description."""
        before = list(self._headings)
        for child in element:
            if child.tag == "dt" and (child.get("id") or "sig" in class_of(child).split()):
                self._head(_SIGNATURE + self._signatures, _signature_name(child))
                if "sig" in class_of(child).split():
                    text = " ".join(text_of(child).replace("¶", "").split())
                    self.passages.append(Passage(text, self._place(), "code", _language(element)))
            elif child.tag == "dt":
                self._add(inline(child).strip(), "prose", child)
            elif child.tag in ("dd", "div"):
                self._signatures += 1
                self.visit(child, depth + 1) if child.tag == "dd" else self._definitions(child, depth + 1)
                self._signatures -= 1
        self._headings = before

    def _table(self, element: Any, depth: int) -> None:
        """Rows as lines, cells between bars; a table that lays out a page is taken apart."""
        if any(element.find(f".//{tag}") is not None for tag in ("pre", "table", *_HEADINGS)):
            self.visit(element, depth)
            return
        rows = []
        for row in element.iter("tr"):
            cells = [" ".join(inline(cell).split()) for cell in row if cell.tag in ("td", "th")]
            if any(cells):
                rows.append(" | ".join(cells))
        self._add("\n".join(rows), "table", element)


def text_of(element: Any) -> str:
    """All text in the element."""
    return "".join(element.itertext())


def class_of(element: Any) -> str:
    return element.get("class") or ""


def inline(element: Any) -> str:
    """The element's text as it reads within a line: code in backticks, \\x1f for a line break."""
    if element.tag == "br":
        return "\x1f"
    if element.tag in ("code", "tt", "kbd", "samp"):
        text = " ".join(text_of(element).split())
        return f"`{text}`" if text and "`" not in text else text
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            parts.append(inline(child) if len(parts) < 5_000 else text_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _items(element: Any, level: int) -> list[str]:
    lines = []
    for number, item in enumerate(element.iterchildren("li"), 1):
        mark = f"{number}." if element.tag == "ol" else "-"
        nested = [child for child in item.iter("ul", "ol") if child.getparent() is not None]
        own = [child for child in nested if _list_above(child) is element]
        text = " ".join(_without(item, own).replace("\x1f", " ").split())
        lines.append(f"{'  ' * level}{mark} {text}")
        for child in own if level < 20 else []:
            lines += _items(child, level + 1)
    return lines


def _list_above(element: Any) -> Any:
    above = element.getparent()
    while above is not None and above.tag not in ("ul", "ol"):
        above = above.getparent()
    return above


def _without(item: Any, lists: list[Any]) -> str:
    """The item's own text, without the lists in it."""
    parts = [item.text or ""]
    for child in item:
        if isinstance(child.tag, str) and child not in lists:
            inner = [each for each in lists if child in each.iterancestors()]
            text = _without(child, lists) if inner else inline(child)
            parts.append(f" {text} " if child.tag in _BLOCKS else text)
        parts.append(child.tail or "")
    return "".join(parts)


def _with_breaks(element: Any) -> list[str]:
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            parts += ["\n"] if child.tag == "br" else _with_breaks(child)
        parts.append(child.tail or "")
    return parts


def _holds_block(element: Any) -> bool:
    return element.tag in ("span", "a", "font", "b", "i", "em", "strong", "ins", "del") and any(
        child.tag in _BLOCKS for child in element.iterdescendants() if isinstance(child.tag, str)
    )


def _links(element: Any) -> list[str]:
    found = [element.get("href")] if element.tag == "a" else []
    found += [link.get("href") for link in element.iter("a")]
    return [href for href in found if href and not href.startswith(("javascript:", "mailto:"))]


def _language(element: Any) -> str | None:
    """What the element, the code in it or the two elements around it say."""
    near = [element, *element.findall("code")[:1]]
    above = element.getparent()
    for _ in range(2):
        if above is not None:
            near.append(above)
            above = above.getparent()
    for each in near:
        told = each.get("data-lang") or each.get("data-language")
        found = _LANGUAGE.search(class_of(each))
        if told or found:
            return known_language(told or (found[1] if found else None))
        if class_of(each).split()[:1] in (["py"], ["c"], ["cpp"], ["js"], ["rust"]):
            return known_language(class_of(each).split()[0])
    return None


def _signature_name(term: Any) -> str:
    name = term.get("id") or ""
    described = term.find(".//*[@class='sig-name descname']")
    if described is not None and not name.endswith(text_of(described)):
        return text_of(described)
    return name if "." in name or described is not None else text_of(term)[:100]
