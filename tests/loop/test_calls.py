"""What an attempt's calls leave on the disk, and what is made of it after a kill."""

from __future__ import annotations

import json
from pathlib import Path

from kapso.loop.calls import Calls, reply_of
from kapso.propose.author import Reply

REPLY = Reply("x = 3", "openai:m", {"files": ["a"]}, 10, 5, 0.002, 1.5)


def test_a_reply_comes_back_as_it_was(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    number = calls.begin("llm", "edit", {"messages": ["hi"]}, 0.01)
    calls.end(number, reply=REPLY, error=None, cost=0.002)
    [told] = Calls(tmp_path).ended()
    assert reply_of(told) == REPLY
    assert (told["purpose"], told["request"], told["number"]) == ("edit", {"messages": ["hi"]}, 1)
    assert Calls(tmp_path).cost == 0.002


def test_what_a_kill_cut_short_counts_as_the_most_that_it_can_cost(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.begin("llm", "edit", {}, 0.01)
    again = Calls(tmp_path)
    assert again.ended() == [] and again.cost == 0.01
    again.end(again.begin("llm", "edit", {}, 0.01), reply=REPLY, error=None, cost=0.002)
    assert [each["number"] for each in again.ended()] == [2] and again.cost == 0.012


def test_a_call_that_failed_costs_what_it_may_have_cost(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.end(calls.begin("llm", "edit", {}, 0.01), reply=None, error="429", cost=0.0)
    assert calls.cost == 0.0 and calls.ended()[0]["error"] == "429"


def test_nothing_and_an_unknown_price_cost_nothing_that_is_known(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    assert calls.cost is None and calls.all() == [] and calls.idea() is None
    calls.end(calls.begin("llm", "edit", {}, None), reply=Reply("x", "m"), error=None, cost=None)
    assert calls.cost is None


def test_half_a_file_is_no_call_and_numbers_go_on(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.keep_idea({"proposer": "llm", "idea": {"title": "t"}})
    (calls.folder / "3.json").write_text('{"purpose": "edit", "repl')
    assert calls.all() == [] and calls.idea() == {"proposer": "llm", "idea": {"title": "t"}}
    assert calls.begin("llm", "edit", {}, None) == 4
    assert json.loads((calls.folder / "4.json").read_text())["reply"] is None
