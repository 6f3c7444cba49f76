"""Lines of lessons, as hypothesis draws them and as tests want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from kapso.memory.lessons.lesson import About, Example, Line, Mark, Record, Sighting, Subject, Tally


def subject_of(operator: str = "delete", proposer: str = "mutate") -> Subject:
    return Subject(About.OPERATOR, {"proposer": proposer, "operator": operator})


def sighting_of(run: str = "demo-1111", better: int = 3, total: int = 4, **more: Any) -> Sighting:
    facts = {"goal": "demo", "evaluator": "e1", "seen": total, "others": Tally(total=10, better=1, worse=9)}
    concerned = Tally(total=total, better=better, worse=total - better, scored=total, gain=0.25 * better)
    examples = (Example(2, "ab" * 20, "for"),)
    return Sighting(run=run, **{"concerned": concerned, "examples": examples, **facts, **more})


def line_of(*sightings: Sighting, subject: Subject | None = None, marks: Sequence[Mark] = ()) -> Line:
    return Line(subject or subject_of(), {each.run: each for each in sightings}, tuple(marks))


_counts = st.integers(0, 6)
_figures = st.floats(-4, 4, allow_nan=False).map(lambda each: each + 0.0)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _figures | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_tallies = st.builds(
    lambda better, same, worse, failed, scored, gain, square: Tally(
        better + same + worse + failed + scored, better, same, worse, failed, scored, gain, square
    ),
    *[_counts] * 5,
    *[_figures] * 2,
)
_runs = st.sampled_from(["demo-1111", "demo-2222", "other-3333"])
_sightings = st.builds(
    Sighting,
    run=_runs,
    goal=st.sampled_from(["demo", "other"]),
    evaluator=st.sampled_from(["", "e1"]),
    seen=_counts,
    concerned=_tallies,
    others=_tallies,
    detail=st.dictionaries(st.text(max_size=3), _json, max_size=2),
    examples=st.lists(
        st.builds(Example, _counts, st.sampled_from(["", "ab" * 20]), st.sampled_from(["for", "against"])),
        max_size=2,
    ).map(tuple),
    record=st.builds(Record, _counts, _counts, _figures, _figures, _figures, _tallies, _tallies),
    files=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    language=st.sampled_from([None, "python"]),
    time=st.sampled_from(["", "2026-11-24T09:30:00Z"]),
)
_marks = st.builds(
    Mark,
    st.sampled_from(["2026-11-24T09:30:00Z", "2026-11-24T09:31:00Z"]),
    st.sampled_from(["retire", "pin", "pulled"]),
    st.sampled_from(["Ada", "Bob"]),
    st.sampled_from(["", "why"]),
)


def lines_about(subject: Subject) -> st.SearchStrategy[Line]:
    """Lines as the file tells them: sightings by run, marks in order, each once."""
    return st.builds(
        lambda sightings, marks: Line(
            subject,
            {each.run: each for each in sorted(sightings, key=lambda each: each.run)},
            tuple(sorted(set(marks), key=lambda each: (each.time, each.change, each.by, each.why))),
        ),
        st.lists(_sightings, max_size=3, unique_by=lambda each: each.run),
        st.lists(_marks, max_size=3),
    )


SUBJECTS = [subject_of(), Subject(About.PLACE, {"path": "a.py", "region": ""}), subject_of("swap")]
MEMORIES = st.fixed_dictionaries({}, optional={each.key: lines_about(each) for each in SUBJECTS}).map(
    lambda found: dict(sorted(found.items()))
)
