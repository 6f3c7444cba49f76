"""Lines of code as spans in the styles of a page; what no lexer knows, or would take long, stays plain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from kapso_tui.widgets.tabs.rows import Span

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

_MOST = 8_000
_WIDEST = 300
"""Characters of one piece of code, and of a line in it: on longer ones, some lexers take many seconds."""


class Painter:
    """Highlights the files of one diff, for so many seconds of this thread's own time."""

    def __init__(self, patience_s: float = 1.0) -> None:
        self._deadline = time.thread_time() + patience_s

    def paint(self, path: str, lines: Sequence[str]) -> list[tuple[Span, ...]]:
        """The spans of each line of a piece of the file at `path`."""
        plain: list[tuple[Span, ...]] = [((line, ""),) if line else () for line in lines]
        is_long = sum(map(len, lines)) > _MOST or max(map(len, lines), default=0) > _WIDEST
        if is_long or time.thread_time() > self._deadline or (lexer := _lexer(path)) is None:
            return plain
        painted: list[list[Span]] = [[]]
        for token, text in lexer.get_tokens("\n".join(lines)):
            style = _style(token)
            for at, piece in enumerate(text.split("\n")):
                if at:
                    painted.append([])
                if piece:
                    painted[-1].append((piece, style))
        while len(painted) > len(lines) and not painted[-1]:
            painted.pop()
        is_same = ["".join(text for text, _ in spans) for spans in painted] == list(lines)
        return [tuple(spans) for spans in painted] if is_same else plain


@cache
def _lexer(path: str) -> Lexer | None:
    from pygments.lexers import get_lexer_for_filename  # 60 ms
    from pygments.util import ClassNotFound

    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _style(token: _TokenType) -> str:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    for kind, style in (
        (Comment, "comment"),
        (Keyword, "keyword"),
        (Operator.Word, "keyword"),
        (String, "string"),
        (Number, "number"),
        (Name.Function, "name"),
        (Name.Class, "name"),
        (Name.Decorator, "name"),
        (Name.Builtin, "name"),
        (Name.Tag, "name"),
    ):
        if token in kind:
            return style
    return ""
