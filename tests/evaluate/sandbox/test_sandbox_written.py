"""What the sandbox tells of a command that was left to change the workspace, and what it does not show."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kapso.evaluate.sandbox.capture import Redactor


def test_what_a_build_changed_is_told(walled: Any) -> None:
    world = walled
    for path in ("kept", "changed", "gone", "folder/inner/deep", "remade/old", "hidden"):
        world.write(path)
    world.change("mine")
    world.hidden = ["hidden"]
    with world.candidate() as candidate:
        result = candidate.build(
            world.job(
                "echo new > changed; rm gone; rm -r folder; rm -r remade && mkdir remade; "
                "echo new > remade/new; echo other > mine; ln -s kept link; mkdir -m 000 closed; cat kept"
            ),
            threading.Event(),
        )
        assert result.succeeded
        written = candidate.written()
        files = {path: place.read_text() for path, place in written.files.items()}
    assert files == {"changed": "new\n", "remade/new": "new\n", "mine": "other\n"}
    gone = ["gone", "folder/inner/deep", "remade/old", "link"]
    assert [
        path for path in [*gone, "kept", "changed", "mine", "remade/new"] if written.is_gone(path)
    ] == gone


@given(st.lists(st.text("secrt1x"), max_size=12), st.text("secrt1x", min_size=1, max_size=6))
def test_a_secret_is_struck_out_however_it_arrives(chunks: list[str], secret: str) -> None:
    redactor = Redactor({secret.encode(): b"#"})
    shown = b"".join([*(redactor.add(chunk.encode()) for chunk in chunks), redactor.close()])
    assert shown.decode() == "".join(chunks).replace(secret, "#")


def test_the_longer_of_two_secrets_goes_first() -> None:
    redactor = Redactor({b"abc": b"[A]", b"abcdef": b"[B]"})
    assert redactor.add(b"1 abcdef 2 abc 3 ab") == b"1 [B] 2 [A] 3 "
    assert redactor.close() == b"ab"
