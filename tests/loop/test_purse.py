"""The budget of dollars is a hard limit, whatever is under way."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.errors import Interrupted
from kapso.loop.purse import Purse
from kapso.loop.slots import Slots
from kapso.propose.author import BudgetSpent

CALLS = st.lists(st.tuples(st.floats(0.001, 0.05), st.floats(0, 1), st.booleans()), max_size=60)


@given(limit=st.floats(0.01, 0.2), calls=CALLS)
def test_never_more_is_spent_than_the_limit_whatever_is_held(
    limit: float, calls: list[tuple[float, float, bool]]
) -> None:
    purse = Purse(limit)
    held: list[tuple[float, float]] = []
    for most, part, settles in calls:
        try:
            held.append((purse.hold(most), most * part))
        except BudgetSpent:
            assert not purse.affords(most)
        if settles and held:
            purse.settle(*held.pop(0))
        assert purse.spent + sum(most for most, _ in held) <= limit + 1e-6
    for each in held:
        purse.settle(*each)
    assert purse.spent <= limit + 1e-6 and not purse.is_held


def test_ten_equal_calls_use_up_a_budget_for_ten() -> None:
    purse = Purse(0.1)
    for _ in range(10):
        purse.settle(purse.hold(0.01), 0.01)
    with pytest.raises(BudgetSpent, match=r"up to \$0.0100 could pass .* \$0.0000"):
        purse.hold(0.01)


def test_an_unknown_price_needs_a_purse_without_limit() -> None:
    assert Purse(None).affords(None) and not Purse(1.0).affords(None)


def test_who_was_written_gets_a_slot_before_who_begins() -> None:
    slots, never = Slots(1), threading.Event()
    slots.take(1, never)
    waiter = threading.Thread(target=slots.take, args=(2, never))
    waiter.start()
    while not slots._queue:
        pass
    slots._free.append(1)  # a second slot comes up: it is the waiting attempt's
    assert not slots.has_free
    slots.give_back(1)
    waiter.join(5)
    assert slots[2] in (0, 1) and slots.has_free


def test_slots_go_by_arrival_and_to_the_user_first() -> None:
    slots, never = Slots(1), threading.Event()
    slots.take(1, never)
    got: list[int] = []

    def wait_for_one(number: int) -> None:
        slots.take(number, never, is_first=number == 4)
        got.append(number)
        slots.give_back(number)

    waiters = [threading.Thread(target=wait_for_one, args=(number,)) for number in (2, 3, 4)]
    for count, waiter in enumerate(waiters, 1):
        waiter.start()
        while len(slots._queue) < count:
            pass
    slots.give_back(1)
    for waiter in waiters:
        waiter.join(5)
    assert got == [4, 2, 3] and slots.take_free(5) and not slots.take_free(6)


def test_waiting_for_a_slot_ends_when_the_run_is_left() -> None:
    slots, cancel = Slots(1), threading.Event()
    slots.take(1, cancel)
    slots.take(1, cancel)  # it has one
    cancel.set()
    with pytest.raises(Interrupted):
        slots.take(2, cancel)
