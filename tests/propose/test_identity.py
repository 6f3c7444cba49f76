"""A parameter stays itself, with all that was learnt of it, whatever is edited around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kapso.propose.tune.identity import align
from kapso.propose.tune.reading import read_file

Make = Callable[..., Any]

PROGRAM = """def f(x):
    x = x + 0.3
    x = x * 0.7
    if x > 0.5:
        x = x - 0.2
    return x
"""


def aligned(before: str, after: str, path: str = "a.py") -> dict[str, str]:
    """Texts of the literals in `after` → texts of what they were in `before`."""
    a, b = before.encode(), after.encode()
    old, new = read_file(path, a).slots, read_file(path, b).slots
    texts = {slot.name: slot.text for slot in old}
    pairs = align(a, old, b, new)
    return {slot.text: texts[pairs[slot.name]] for slot in new if slot.name in pairs}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("    x = x + 0.3\n", "", {"0.7": "0.7", "0.5": "0.5", "0.2": "0.2"}),
        ("    x = x * 0.7\n", "", {"0.3": "0.3", "0.5": "0.5", "0.2": "0.2"}),
        ("x + 0.3", "x + 0.9", {"0.9": "0.3", "0.7": "0.7", "0.5": "0.5", "0.2": "0.2"}),
        ("    x = x + 0.3\n    x = x * 0.7\n", "    x = x * 0.7\n    x = x + 0.3\n", None),
        ("    if", "    x = x / 0.4\n    if", None),
        ("def f", "# a comment\nSCALE = 3\n\n\ndef f", None),
        ("    if x > 0.5:\n        x", "    x", {"0.3": "0.3", "0.7": "0.7", "0.2": "0.2"}),
        ("x * 0.7", "x * 0.7 + x * 0.6", {n: n for n in ("0.3", "0.7", "0.5", "0.2")}),
    ],
)  # fmt: skip
def test_literals_are_followed_through_structural_edits(
    before: str, after: str, expected: dict[str, str] | None
) -> None:
    edited = PROGRAM.replace(before, after)
    assert edited != PROGRAM
    assert aligned(PROGRAM, edited) == (expected or {n: n for n in ("0.3", "0.7", "0.5", "0.2")})


def test_a_renamed_setting_is_a_new_one() -> None:
    assert aligned("rate = 0.3\nlimit = 7\n", "speed = 0.3\nlimit = 7\n") == {"7": "7"}


def test_a_copy_is_new_and_the_original_stays_itself() -> None:
    copied = PROGRAM.replace("    x = x * 0.7\n", "    x = x * 0.7\n    x = x * 0.7\n")
    old, new = (read_file("a.py", text.encode()).slots for text in (PROGRAM, copied))
    pairs = align(PROGRAM.encode(), old, copied.encode(), new)
    assert len(new) == 5 and len(pairs) == len(set(pairs.values())) == 4


def land_edit(run: Any, before: str, after: str) -> Any:
    """A structural edit of the best, as another proposer would land it."""
    parent = run.best
    text = run.commits[parent.commit]["a.py"].decode()
    assert before in text
    number = len(run.attempts)
    run.land(number, {"a.py": text.replace(before, after, 1).encode()}, None, parent)
    return run.attempts[-1]


def reach(names: dict[str, Any]) -> float:
    """Best (0) where `f(1)` comes to 2 and its steps are of one size."""
    return -abs(float(names["f"](1.0)) - 2.0)


def test_tuning_goes_on_after_a_statement_was_deleted(search: Make) -> None:
    run = search({"a.py": PROGRAM.replace("return x", "return x * 9 if x < 0.01 else x")}, reach).run(12)
    before = dict(run.tune._trials.by_number[run.best.number].values)
    value = before["a.py:f.x#2"]
    line = next(x for x in run.commits[run.best.commit]["a.py"].decode().splitlines(True) if "x +" in x)
    run.score = lambda content: 10.0 + len(run.attempts)
    edited = land_edit(run, line, "")
    trial = run.tune._trials.by_number[edited.number]
    assert trial.values["a.py:f.x#2"] == value
    assert "a.py:f.x" not in trial.values
    idea = run.tune.ideate(run.context(len(run.attempts)))
    assert "a.py:f.x#2" in idea.parameters and "a.py:f.x" not in idea.parameters
    changed = {name for name, new in idea.parameters.items() if new != trial.values[name]}
    text = run.edited(idea)["a.py"].decode()
    run.land(len(run.attempts), {"a.py": text.encode()}, idea, run.best)
    assert run.tune._trials.by_number[len(run.attempts) - 1].changed == tuple(
        sorted(changed, key=list(idea.parameters).index)
    )
    reread = {slot.name: slot.value for slot in read_file("a.py", text.encode()).slots}
    assert reread["a.py:f.x"] == idea.parameters["a.py:f.x#2"]


def test_identities_follow_from_ancestry_and_not_from_the_order_of_landing(search: Make) -> None:
    run = search({"a.py": PROGRAM}, lambda names: 0.0)
    first = land_edit(run, "    if x", "    x = x / 0.4\n    if x")
    second = land_edit(run, "    x = x + 0.3\n", "    x = x - 0.1\n    x = x + 0.3\n")
    values = [run.tune._trials.by_number[a.number].values for a in (first, second)]
    fresh = run.fresh()
    for attempt in (run.attempts[0], second, first):
        fresh.observe(attempt)
    assert [fresh._trials.by_number[a.number].values for a in (first, second)] == values
    names = [set(v) - {"a.py:f.x", "a.py:f.x#2", "a.py:f.x#3", "a.py:f.if"} for v in values]
    assert all(len(new) == 1 for new in names) and names[0] != names[1]


def test_replaying_rebuilds_what_was_learnt_across_structural_edits(search: Make) -> None:
    run = search({"a.py": PROGRAM}, reach).run(8)
    run.score = (lambda score: lambda content: score(content) + 0.5)(run.score)
    land_edit(run, "    if x", "    x = x * 1.1\n    if x")
    run.run(15)
    replayed = run.fresh()
    for attempt in run.attempts:
        replayed.observe(attempt)
    number = len(run.attempts)
    assert replayed.ideate(run.context(number)) == run.tune.ideate(run.context(number))
    reread = run.fresh()
    for attempt in run.attempts:
        reread.observe(replace(attempt, parameters={}))
    trials = run.tune._trials.by_number
    assert all(reread._trials.by_number[number].values == trial.values for number, trial in trials.items())


def test_what_was_learnt_is_borrowed_by_the_family_that_a_structural_edit_begins(search: Make) -> None:
    text = "".join(f"c{i} = {0.1 + i / 10:.1f}  # kapso: 0..1\n" for i in range(6))

    def score(names: dict[str, Any]) -> float:
        far = sum((float(names[f"c{i}"]) - 0.8) ** 2 for i in range(6))
        return 0.1 * ("extra" in names) - far

    run = search({"a.py": text}, score).run(25)
    edited = land_edit(run, "c0", "extra = 0.3  # kapso: 0..1\nc0")
    assert run.best is edited
    trial = run.tune._trials.by_number[edited.number]
    family = run.tune._trials.family(trial.values, trial.root)
    assert len(family.all) == 1 and len(family.borrowed) >= 20
    scores = {a.number: a.score for a in run.attempts}
    shift = edited.score - scores[edited.parents[0]]
    assert all(t.height == pytest.approx(scores[t.number] + shift) for t in family.borrowed)
    run.run(12)
    arms = [idea.hypothesis.split(":")[0] for idea in run.ideas[-12:]]
    assert "model" in arms[:3]
