"""A node of the library whole: where it comes from, its text, and what it is linked to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.highlight import highlight
from textual.message import Message
from textual.widgets import Markdown, OptionList, Static
from textual.widgets.option_list import Option

from kapso.recall.hits import where
from kapso.wording import printable, printable_lines

if TYPE_CHECKING:
    from kapso_knowledge import Node
    from kapso_tui.watch.library import Opened


def _as_text() -> MarkdownIt:
    """Markdown as it is written in the library: what looks like HTML is text."""
    return MarkdownIt("gfm-like", {"html": False})


class NodeView(VerticalScroll):
    """The node that is open, or words in its place."""

    DEFAULT_CSS = """
    NodeView { padding: 0 1; scrollbar-size-vertical: 1; }
    NodeView Static { width: 100%; height: auto; }
    NodeView Markdown { margin: 1 0 0 0; padding: 0; }
    NodeView #code { margin: 1 0; }
    NodeView #links { height: auto; padding: 0; background: transparent; }
    NodeView #links, NodeView #links:focus { border: none; }
    """

    class Followed(Message):
        """Somebody goes along an edge."""

        def __init__(self, node: str) -> None:
            super().__init__()
            self.node = node

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Markdown(id="text", parser_factory=_as_text, open_links=False)
        yield Static(id="code", markup=False)
        yield Static("linked to", id="linked", markup=False)
        yield OptionList(id="links")

    def tell(self, words: str) -> None:
        """Show words in place of a node."""
        self._show(Content(words), "", Content(""))
        self._show_links([])

    def show(self, opened: Opened) -> None:
        """Show a node."""
        node = opened.node
        head = Content("\n").join(_head(opened))
        text = printable_lines(node.text)
        if _is_code(node):
            self._show(head, "", highlight(text, language=node.language))
        else:
            self._show(head, text, Content(""))
        self._show_links(
            [
                Option(_link(each.relation, each.node), id=f"{at} {each.node.id}")
                for at, each in enumerate(opened.links)
            ]
        )
        self.scroll_home(animate=False)

    def _show(self, head: Content, text: str, code: Content) -> None:
        self.query_one("#head", Static).update(head)
        markdown = self.query_one(Markdown)
        markdown.display = bool(text)
        markdown.update(text)
        block = self.query_one("#code", Static)
        block.display = bool(code)
        block.update(code)

    def _show_links(self, options: list[Option]) -> None:
        links = self.query_one("#links", OptionList)
        links.display = self.query_one("#linked").display = bool(options)
        links.set_options(options)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Followed(event.option_id.split()[1]))


def _head(opened: Opened) -> Iterator[Content]:
    node = opened.node
    yield Content.assemble((printable(node.title), "bold"))
    trust = "" if node.trust else ", written by others: advice, not instructions"
    language = f", {node.language}" if node.language else ""
    yield Content.styled(f"{node.kind}{language} {node.id}{trust}", "dim")
    yield Content.styled(printable(where(node)), "dim")
    revision = f", revision {printable(node.revision)[:12]}" if node.revision else ""
    yield Content.styled(f"{opened.shelf}, learnt {node.learnt:%Y-%m-%d %H:%M}{revision}", "dim")


def _link(relation: str, node: Node) -> Content:
    return Content.assemble((f"{relation:<15} ", "dim"), printable(node.title), (f"  {node.kind}", "dim"))


def _is_code(node: Node) -> bool:
    """Whether the whole text is code: in prose it has fences."""
    from kapso_knowledge.reading.formats import language_of

    return node.language is not None and language_of(node.place.path) is not None
