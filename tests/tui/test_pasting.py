"""No key is pressed by what is pasted, however it arrives."""

from __future__ import annotations

import asyncio
import os

import pytest
from textual import events
from textual.app import App
from textual.message import Message

from kapso_tui.pasting import END, START, CalmDriver, CalmParser

COLOURED = "\x1b[31mq\x1b[0m A\x1bx"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_escapes_in_a_paste_press_no_key_in_whatever_pieces_it_comes(size: int) -> None:
    sent = f"a{START}{COLOURED}{END}b{START}{END}{START}{END[:4]}c{END}"
    parser = CalmParser()
    said = [each for at in range(0, len(sent), size) for each in parser.feed(sent[at : at + size])]
    said += parser.feed("")
    keys = [each.key for each in said if isinstance(each, events.Key)]
    pasted = [each.text for each in said if isinstance(each, events.Paste)]
    assert keys == ["a", "b"]
    assert pasted[0] == COLOURED.replace("\x1b", "") and "".join(pasted[1:]) == "[20c"


def test_keys_are_as_they_were() -> None:
    parser = CalmParser()
    said = [*parser.feed("\x1b[A"), *parser.feed("\x1b[20~q"), *parser.feed("")]
    assert [each.key for each in said if isinstance(each, events.Key)] == ["up", "f9", "q"]


def test_bytes_that_are_no_text_are_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    said: list[Message] = []

    async def read() -> None:
        driver = CalmDriver(App[None]())
        monkeypatch.setattr(driver, "fileno", reading)

        def hear(message: Message) -> None:
            said.append(message)
            if isinstance(message, events.Key):
                driver.exit_event.set()

        monkeypatch.setattr(driver, "process_message", hear)
        driver.run_input_thread()

    os.write(writing, f"{START}a".encode() + b"\xff\xc3" + f"b{END}q".encode())
    os.close(writing)
    asyncio.run(read())
    os.close(reading)
    assert [each.text for each in said if isinstance(each, events.Paste)] == ["a\ufffd\ufffdb"]
    assert [each.key for each in said if isinstance(each, events.Key)] == ["q"]
