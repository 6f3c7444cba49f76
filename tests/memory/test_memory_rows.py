"""Whatever text and numbers an attempt holds, the log gives them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapso.errors import MachineError
from kapso.memory import Episode, Episodes, RunSummary, Stage
from kapso.memory.episode import best_of, summarise

MakeEpisode = Callable[..., Episode]

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | finite
    | st.text()
    | st.just("\ud800")
    | st.just(float("inf")),
    lambda inner: st.lists(inner),
)


@pytest.fixture
def in_memory() -> Episodes:
    return Episodes(None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(),
    feedback=st.none() | st.text(),
    score=st.none() | finite,
    metrics=st.dictionaries(st.text(), finite),
    parameters=st.dictionaries(st.text(), json_values),
    lessons=st.lists(st.text()),
    command=st.text(st.characters(codec=None) | st.just("\ud800")),
    rss=st.none() | st.integers(0, 2**63 - 1),
)
def test_everything_comes_back(
    make_episode: MakeEpisode,
    in_memory: Episodes,
    title: str,
    feedback: str | None,
    score: float | None,
    metrics: dict[str, float],
    parameters: dict[str, object],
    lessons: list[str],
    command: str,
    rss: int | None,
) -> None:
    attempt = replace(
        make_episode(1).attempt,
        title=title,
        feedback=feedback,
        score=score,
        metrics=metrics,
        parameters=parameters,
        recalled=tuple(lessons),
    )
    stage = Stage("run", command, 0, 1.0, None, rss)
    in_memory.record([Episode(attempt, stages=(stage,))])
    found = in_memory.episode("pack-3f9a", 1)
    assert found is not None
    assert found.attempt == attempt
    assert found.stages == (replace(stage, command=command.encode("utf-8", "backslashreplace").decode()),)


def test_what_is_no_number_is_left_out_as_in_git(log: Episodes, make_episode: MakeEpisode) -> None:
    metrics = {"score": 1.0, "odd": float("nan"), "endless": float("inf")}
    log.record([Episode(replace(make_episode(1).attempt, metrics=metrics))])
    assert log.attempts("pack-3f9a")[0].metrics == {"score": 1.0}


@pytest.mark.parametrize(
    ("scores", "maximize", "best"),
    [
        ([1.0, 3.0, 2.0], True, 1),
        ([1.0, 3.0, 0.5], False, 2),
        ([1.0, 1.0], True, 0),
        ([None, 1.0], True, 1),
        ([None], True, None),
        ([], True, None),
    ],
)
def test_the_best(
    make_episode: MakeEpisode, scores: list[float | None], maximize: bool, best: int | None
) -> None:
    episodes = [make_episode(number, score=score) for number, score in enumerate(scores)]
    found = best_of(reversed(episodes), maximize=maximize)
    assert (found.number if found else None) == best


def test_a_summary_of_odd_facts(make_episode: MakeEpisode) -> None:
    goal = {"goal": 7, "objective": None, "started": "yesterday", "direction": "sideways"}
    end = {"status": ["finished"], "best": "9", "finished": "2026-11-01T13:00:00"}
    found = summarise("my-goal-3f9a", [make_episode(0), make_episode(1, score=9.0)], goal=goal, end=end)
    assert (found.goal, found.objective, found.status, found.best_attempt) == (
        "my-goal",
        None,
        "interrupted",
        1,
    )
    assert found.started == make_episode(0).attempt.started
    assert found.to_json()["finished"] == "2026-11-01T13:00:00Z"


def test_an_attempt_that_the_records_call_best_but_git_lacks(make_episode: MakeEpisode) -> None:
    found: RunSummary = summarise("pack-3f9a", [make_episode(0)], goal={}, end={"best": 5})
    assert found.best_attempt == 0


def test_what_cannot_be_stored_does_not_cost_the_file(
    log: Episodes, make_episode: MakeEpisode, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_episode(0)
    log.record([first])
    with pytest.raises(MachineError):
        log.record([replace(first, attempt=replace(first.attempt, number=2**40))])
    assert len(log.attempts("pack-3f9a")) == 1
    assert capsys.readouterr().err == ""
