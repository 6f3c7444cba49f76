"""HTML: the main part of a page, without navigation, boilerplate and what is hidden from readers."""

from __future__ import annotations

import re
from typing import Any

from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Unreadable
from kapso_knowledge.reading.html_blocks import Blocks, class_of, text_of
from kapso_knowledge.sources.protocol import Raw

_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w-]+)")
_MAIN = (
    ("//main", "//*[@role='main']", "//article")
    + tuple(f"//*[@id='{name}']" for name in ("main-content", "content", "main", "bodyContent", "readme"))
    + tuple(
        f"//div[contains(concat(' ', @class, ' '), ' {name} ')]" for name in ("body", "document", "content")
    )
)
_DROPPED = (
    *(
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        "button",
        "iframe",
    ),
    *("svg", "canvas", "object", "select", "dialog", "video", "audio", "map"),
)
_BOILERPLATE = re.compile(
    r"(?:^|[\s_-])(?:sidebar|side-bar|navbar|nav|toc|toctree-wrapper|contents|breadcrumbs?|footer|cookies?|menu|"
    r"pagination|related|share|social|banner|advert\w*|ads?|promo|newsletter|skip-?link|headerlink|comments?|"
    r"edit-this-page|prev-next\w*|searchbox|announcement|linenos|linenodiv|visually-hidden|sr-only|copybtn)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:\.0*)?(?:;|$)"
)


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's when the page has none."""
    root = _parse(raw)
    name = _title(root) or title
    _drop(root)
    blocks = Blocks(raw.path)
    blocks.visit(_main(root))
    first = next((passage.place.section[0] for passage in blocks.passages if passage.place.section), None)
    return Document(name if name != title else first or title, tuple(blocks.passages))


def _parse(raw: Raw) -> Any:
    from lxml import etree, html  # 40 ms

    start = raw.content[:4096]
    told = _META.search(start) or _XML.search(start)
    has_charset = "charset" in (raw.media or "").lower()
    media = raw.media if has_charset or not told else f"charset={told[1].decode('ascii', 'replace')}"
    text = decode(raw.content, media)
    try:
        root = html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8", remove_comments=True)
        )
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Unreadable("no HTML in it") from error
    return root


def _title(root: Any) -> str | None:
    """The page's title without the name of its site, as the first heading has it when it begins with that."""
    whole = " ".join((root.findtext(".//title") or "").split())
    heading = root.find(".//h1")
    first = text_of(heading).rstrip("¶#").strip() if heading is not None else ""
    if first and (not whole or whole.lower().startswith(first.lower())):
        return first
    return re.split(r"\s+(?:[|·»—–]|-)\s+", whole)[0].strip() or first or None


def _drop(root: Any) -> None:
    """Take out what is not the page's own text; never so much that little is left of it."""
    total = len(text_of(root)) or 1
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            _remove(element)
        elif element.tag in ("html", "body", "main", "article"):
            continue
        elif element.tag in _DROPPED or _is_hidden(element):
            if not _holds_much(element, total):
                _remove(element)
        elif _BOILERPLATE.search(f"{class_of(element)} {element.get('id') or ''}"):
            if len(text_of(element)) < total / 3:
                _remove(element)


def _holds_much(element: Any, total: int) -> bool:
    """Whether the page's own heading stands in it, or most of its text."""
    if element.tag == "header" and element.find(".//h1") is not None:
        return True
    return element.tag in ("header", "form", "aside") and len(text_of(element)) > total / 2


def _is_hidden(element: Any) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN.search(element.get("style") or ""))


def _remove(element: Any) -> None:
    """Take the element out; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _main(root: Any) -> Any:
    """The smallest element that is marked as the main part and holds most of the text; else the body."""
    body = root.find("body")
    body = root if body is None else body
    total = len(text_of(body))
    for path in _MAIN:
        found = root.xpath(path)
        if len(found) == 1 and len(text_of(found[0])) > total * 0.4:
            return found[0]
    return body
