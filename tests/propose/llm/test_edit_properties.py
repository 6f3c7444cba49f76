"""Whatever the files and the reply: an edit lands where it belongs or nowhere, and never half."""

from __future__ import annotations

import difflib

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kapso.propose.blocks import stays_inside
from kapso.propose.llm.edits import Unusable, apply
from kapso.propose.llm.matching import places
from kapso.propose.llm.text import Text

# Few words, so that lines repeat; none is a marker, a fence or a label.
LINES = st.lists(
    st.builds(
        lambda indent, word: " " * indent + word if word else "",
        st.sampled_from([0, 0, 2, 4]),
        st.sampled_from(["", "a = 1", "b = 2", "f(a)", "g(b)", "h(a, b)", "k()", "(", "“x”"]),
    ),
    min_size=1,
    max_size=14,
)


class Files(dict[str, bytes]):
    """The editable files of a candidate."""


def carried_out(reply: str, content: str) -> str | None:
    """What becomes of the file, None where the reply is unusable; then it is as it was."""
    files = Files({"a.txt": content.encode()})
    try:
        apply(reply, files)  # type: ignore[arg-type]
    except Unusable as error:
        assert files == {"a.txt": content.encode()}
        assert error.failure.reason and error.failure.feedback
        return None
    return files["a.txt"].decode()


def joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@st.composite
def swaps(draw: st.DrawFn) -> tuple[list[str], int, int, list[str]]:
    lines = draw(LINES)
    start = draw(st.integers(0, len(lines) - 1))
    stop = draw(st.integers(start + 1, len(lines)))
    return lines, start, stop, draw(LINES)


@given(swaps())
@settings(max_examples=150, deadline=None)
def test_a_block_that_is_applied_is_applied_where_its_lines_stand(
    swap: tuple[list[str], int, int, list[str]],
) -> None:
    lines, start, stop, new = swap
    search = lines[start:stop]
    assume(any(line.strip() for line in search))
    reply = f"a.txt\n<<<<<<< SEARCH\n{joined(search)}=======\n{joined(new)}>>>>>>> REPLACE\n"
    made = carried_out(reply, joined(lines))
    exact = [at for at in range(len(lines)) if lines[at : at + len(search)] == search]
    if len(exact) == 1 and new != search:
        assert made == joined(lines[:start] + new + lines[stop:])
    else:
        assert made is None


@given(LINES, LINES)
@settings(max_examples=150, deadline=None)
def test_a_diff_of_two_texts_makes_the_second_of_the_first(before: list[str], after: list[str]) -> None:
    assume(any(line.strip() for line in before))
    whole = difflib.unified_diff(before, after, "a/a.txt", "b/a.txt", lineterm="", n=len(before))
    diff = "\n".join(whole)
    made = carried_out(f"```diff\n{diff}\n```", joined(before))
    assert made == (joined(after) if before != after else None)


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_a_whole_file_is_what_was_sent(lines: list[str]) -> None:
    text = joined(lines).rstrip("\n") + "\n"
    made = carried_out(f"a.txt\n```\n{text}```\n", "old\n")
    assert made == (text if text.strip() else None if text == "old\n" else "")


@given(st.text(alphabet="ab \n`<>=+-@#*/.ETSEARCHPLxt", max_size=300), LINES)
@settings(max_examples=150, deadline=None)
def test_no_reply_breaks_it(reply: str, lines: list[str]) -> None:
    carried_out(reply, joined(lines))


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A reply put together of the pieces that edits are made of, in any order."""
    pieces = st.sampled_from(
        ["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "```python", "```diff", "a.txt",
         "--- a/a.txt",
         "+++ b/a.txt", "--- /dev/null", "+++ /dev/null", "@@ -1,2 +1,2 @@", "@@",
         "diff --git a/a.txt b/a.txt",
         "+a = 1", "-b = 2", " f(a)", "a = 1", "b = 2", "f(a)", "", "Title: x", "Hypothesis: y", "<think>",
         "</think>", "../b.txt", "b/c.txt", "rename from a.txt", "\\ No newline at end of file"]
    )  # fmt: skip
    return "\n".join(draw(st.lists(pieces, max_size=25)))


@given(mangled(), LINES)
@settings(max_examples=200, deadline=None)
def test_nor_do_pieces_of_edits_in_any_order(reply: str, lines: list[str]) -> None:
    carried_out(reply, joined(lines))


@given(mangled(), LINES, LINES, LINES)
@settings(max_examples=200, deadline=None)
def test_nothing_changes_around_a_block(
    reply: str, before: list[str], inside: list[str], after: list[str]
) -> None:
    start, end = "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END"
    content = joined([*before, start, *inside, end, *after])
    made = carried_out(
        f"{reply}\na.txt\n<<<<<<< SEARCH\n{inside[0]}\n=======\nnew\n>>>>>>> REPLACE\n", content
    )
    assert made is None or stays_inside(content.encode(), made.encode())


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_a_text_comes_back_byte_by_byte(content: bytes) -> None:
    assert Text.of(content).encoded() == content


@given(LINES, st.integers(0, 3), st.data())
@settings(max_examples=200, deadline=None)
def test_lines_that_are_indented_alike_find_their_place(
    lines: list[str], more: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(lines) - 1))
    search = lines[start : data.draw(st.integers(start + 1, len(lines)))]
    moved = [f"{' ' * more}{line}" if line else line for line in search]
    for place in places(lines, moved, moved):
        assert list(place.lines) == lines[place.start : place.stop]
