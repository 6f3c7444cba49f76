"""Library: search as you type, what a hit says and is linked to, and sources to be read or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import DataTable, Input, OptionList, Static
from textual.worker import get_current_worker

from kapso.errors import KapsoError
from kapso.wording import plural, printable
from kapso_tui.actions.library import Learnt, Wish, forget, learn
from kapso_tui.screens.dialogs import Ask
from kapso_tui.screens.learn import Learn
from kapso_tui.screens.place import Place
from kapso_tui.watch.library import OWN, Found, Opened, ReadingRoom, Shelved
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.hit_list import HitList
from kapso_tui.widgets.node_view import NodeView
from kapso_tui.widgets.source_table import SourceTable

if TYPE_CHECKING:
    from kapso.git.repository import Repository

DEBOUNCE_S = 0.15
PLACEHOLDER = "search: words, kind:heuristic, source:docs, language:python"
WELCOME = """\
Type to search: by words and by meaning, in what was learnt for this repository, in your own library, and in \
the playbooks that Kapso ships. kind:, source: and language: narrow it.

The down key leaves the search line, for keys that are letters. There, i reads a source into the library: a \
folder, a page, a paper, the repository's own history. Attempts draw on what is there, and say which of it \
they were told."""


class LibraryScreen(Place):
    """The libraries around the repository."""

    HELP = """\
What was learnt for this repository, your own library, and the playbooks that Kapso ships, searched as one, by
words and by meaning. The search takes pairs, too: kind:heuristic, source:docs, language:python. `tab` leads
from the list to the node and to what it is linked to, `enter` follows a link, `backspace` leads back."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "to_hits", "Hits"),
        Binding("slash", "find", "Search", key_display="/"),
        Binding("i", "learn", "Learn a source", tooltip="Read a source into a library"),
        Binding("D", "forget", "Forget", tooltip="Remove what was learnt of a source"),
        Binding("backspace", "back_in_nodes", "Node before"),
        Binding("escape", "back", "Back"),
    ]
    DEFAULT_CSS = """
    LibraryScreen #find { height: 1; margin: 0 1; background: $surface; }
    LibraryScreen #standing { height: 1; padding: 0 1; color: $text-muted; }
    LibraryScreen #both { layout: vertical; height: 1fr; }
    LibraryScreen .list { height: 2fr; background: transparent; }
    LibraryScreen NodeView { height: 3fr; border-top: solid $primary; }
    LibraryScreen.-wide #both { layout: horizontal; }
    LibraryScreen.-wide .list { width: 1fr; height: 1fr; }
    LibraryScreen.-wide NodeView { width: 1fr; height: 1fr; border-top: none; border-left: solid $primary; }
    """
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (120, "-wide")]

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.room = ReadingRoom(repository)
        self.sources: list[Shelved] = []
        self.path: list[str] = []
        """The nodes that were open before the one that is, along edges."""
        self.opened: Opened | None = None
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder=PLACEHOLDER, id="find", compact=True)
        yield Static("opening the library …", id="standing", markup=False)
        with Container(id="both"):
            yield HitList(classes="list")
            yield SourceTable()
            yield NodeView()
        yield CalmFooter()

    def on_mount(self) -> None:
        self.query_one(SourceTable).add_class("list")
        self.query_one(HitList).display = False
        self.query_one(NodeView).tell(WELCOME)
        self.query_one("#find", Input).focus()
        self.apart("sources", self.room.open, self._opened)

    def _opened(self, sources: list[Shelved]) -> None:
        for fault in self.room.faults:
            self.dashboard.complain(fault)
        self._show_sources(sources)

    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    # What is asked, and what is found

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search once nobody has typed for a moment."""
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(DEBOUNCE_S, self.search)

    def search(self) -> None:
        """Answer what stands in the search line; what was asked before is answered no more."""
        text = self.query_one("#find", Input).value.strip()
        self.query_one(HitList).display = bool(text)
        self.query_one(SourceTable).display = not text
        if not text:
            self._say(self._inventory())
            self.apart("search", lambda: None, lambda _: None)  # nobody waits for an answer any more
            return

        def ask() -> list[Found] | KapsoError | None:
            worker = get_current_worker()
            try:
                return self.room.search(text, lambda: worker.is_cancelled)
            except KapsoError as error:
                return error

        self.apart("search", ask, self._show_hits)

    def _show_hits(self, hits: list[Found] | KapsoError | None) -> None:
        if isinstance(hits, KapsoError):
            self._say(f"{hits.message}{f' → {hits.help}' if hits.help else ''}")
            hits = []
        elif hits is None:
            return
        elif hits:
            self._say(f"{plural(len(hits), 'hit')}, best first")
        else:
            self._say("nothing matches: name what it is about in other words")
        self.path.clear()
        self.query_one(HitList).show(hits)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if isinstance(event.option_list, HitList) and event.option_id is not None:
            self.path.clear()
            self._open(event.option_id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if isinstance(event.option_list, HitList):
            self.query_one(NodeView).focus()

    def on_input_submitted(self) -> None:
        self.action_to_hits()

    def action_to_hits(self) -> None:
        """From the search line to what it found."""
        hits = self.query_one(HitList)
        (hits if hits.display else self.query_one(SourceTable)).focus()

    # The node that is open

    def _open(self, id: str) -> None:
        self.apart("node", lambda: self.room.node(id), self._show_node)

    def _show_node(self, opened: Opened | None) -> None:
        if opened is None:
            self.notify("that is not in the library any more", severity="warning")
            return
        self.opened = opened
        self.query_one(NodeView).show(opened)
        self.refresh_bindings()

    def on_node_view_followed(self, event: NodeView.Followed) -> None:
        if self.opened is not None:
            self.path.append(self.opened.node.id)
        self.query_one(NodeView).focus()
        self._open(event.node)

    def action_back_in_nodes(self) -> None:
        """The node that was open before, along the edges."""
        if self.path:
            self._open(self.path.pop())

    # Sources

    def _show_sources(self, sources: list[Shelved]) -> None:
        self.sources = sources
        self.query_one(SourceTable).show(sources)
        if not self.query_one("#find", Input).value.strip():
            self._say(self._inventory())
        self.refresh_bindings()

    def _inventory(self) -> str:
        own = [each for each in self.sources if not each.is_shipped]
        nodes = sum(each.known.nodes for each in own)
        if own:
            return (
                f"{plural(len(own), 'source')}, {plural(nodes, 'node')}, and the playbooks that Kapso ships"
            )
        return "nothing was learnt yet: down, then i reads a source; playbooks are there"

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Search in the source under the cursor."""
        picked = self.query_one(SourceTable).picked
        if picked is not None and " " not in picked.known.source:
            find = self.query_one("#find", Input)
            find.value = f"source:{picked.known.source} "
            find.focus()

    def action_learn(self) -> None:
        def begin(wish: Wish | None) -> None:
            if wish is not None:
                self._learn(wish)

        self.app.push_screen(Learn(), begin)

    def _learn(self, wish: Wish) -> None:
        self._say(f"{wish.source}: reading …")

        def read() -> Learnt:
            worker = get_current_worker()

            def say(line: str) -> None:
                if worker.is_cancelled:
                    raise KapsoError("learning was ended")
                self.call_later(self._say, line)

            return learn(self.repository, wish, say)

        self.apart("learn", read, self._learnt, last=self._look_again)

    def _learnt(self, learnt: Learnt) -> None:
        unread = "\n".join(f"not read: {each}" for each in learnt.unread)
        self.query_one(NodeView).tell("\n\n".join(filter(None, [learnt.told, unread])))
        self.notify(learnt.told, severity="warning" if unread else "information", markup=False)

    def _look_again(self) -> None:
        """What is there now; what was asked is asked again."""
        self._say(self._inventory())
        self.apart("sources", self.room.sources, self._show_sources)
        if self.query_one("#find", Input).value.strip():
            self.search()

    def action_forget(self) -> None:
        picked = self.query_one(SourceTable).picked
        if picked is None or picked.is_shipped:
            return
        name, is_own = picked.known.source, picked.shelf == OWN

        def begin(is_sure: bool | None) -> None:
            if is_sure:
                self.apart(
                    "forget",
                    lambda: forget(self.repository, name, is_own),
                    lambda told: self.notify(told, markup=False),
                    last=self._look_again,
                )

        nodes = plural(picked.known.nodes, "node")
        self.app.push_screen(Ask(f"Forget {printable(name)}, and remove its {nodes}?", "Forget"), begin)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who types in the search line gets letters; greyed out is what cannot be done here."""
        is_typing = self.focused is self.query_one("#find", Input)
        if action == "to_hits":
            return is_typing
        if is_typing and action in ("find", "learn", "forget"):
            return False
        if action == "forget":
            table = self.query_one(SourceTable)
            return True if table.display and table.picked and not table.picked.is_shipped else None
        if action == "back_in_nodes":
            return bool(self.path)
        return True

    def action_find(self) -> None:
        self.query_one("#find", Input).focus()

    def action_back(self) -> None:
        """From the node to the list, from the search line too, then out of the search, then out of here."""
        find, hits = self.query_one("#find", Input), self.query_one(HitList)
        found = hits if hits.display else self.query_one(SourceTable)
        if self.focused is not found:
            found.focus()
        elif find.value:
            find.value = ""
            find.focus()
        else:
            self.dashboard.action_go("runs")

    def _say(self, line: str) -> None:
        self.query_one("#standing", Static).update(line)
