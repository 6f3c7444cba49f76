"""Which parameters matter, told from the attempts alone."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kapso.propose.importance import importance

Make = Callable[..., Any]

TEXT = "rate = 0.01\nrounds = 40\nunused = 7.5\nother = 30\n"


def test_what_matters_is_ranked_by_its_share_and_the_rest_is_left_out(search: Make) -> None:
    def score(names: dict[str, Any]) -> float:
        return -2 * abs(math.log10(float(names["rate"])) + 1) - abs(float(names["rounds"]) - 60) / 60

    mean: Counter[str] = Counter()  # in one run of ten, chance makes what does not matter look as if it did
    for seed in range(3):
        shares = importance(search({"a.py": TEXT}, score, seed=seed).run(60).attempts)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
        assert 0.4 < sum(shares.values()) <= 1.0001
        mean.update({name: share / 3 for name, share in shares.items()})
    assert [name for name, _ in mean.most_common(2)] == ["a.py:rate", "a.py:rounds"]
    assert max(mean["a.py:unused"], mean["a.py:other"]) < 0.1


def test_a_choice_that_decides_comes_first(search: Make) -> None:
    text = "mode = 'a'  # kapso: a|b|c\nx = 0.2  # kapso: 0..1\n"
    run = search({"a.py": text}, lambda n: {"a": 0.0, "b": 9.0, "c": -4.0}[n["mode"]] + 0.1 * n["x"]).run(40)
    assert next(iter(importance(run.attempts))) == "a.py:mode"


def test_what_other_proposers_changed_is_not_credited_to_parameters(search: Make) -> None:
    """Two programs, ten apart; within each, `x` alone matters."""
    run = search({"a.py": "x = 0.5  # kapso: 0..1\ny = 0.5  # kapso: 0..1\n"}, lambda n: -abs(n["x"] - 0.3))
    run.run(20)
    run.score = (lambda score: lambda content: score(content) + 10 * (b"#" in content["a.py"][:1]))(run.score)
    run.land(21, {"a.py": b"# better\nx = 0.5  # kapso: 0..1\ny = 0.9  # kapso: 0..1\n"}, None, run.best)
    run.run(30)
    shares = importance(run.attempts)
    assert shares.get("a.py:y", 0.0) < 0.1


def test_too_few_attempts_tell_nothing_and_failures_are_left_out(search: Make) -> None:
    run = search({"a.py": TEXT}, lambda n: float(n["rate"])).run(11)
    assert importance(run.attempts) == {}
    assert importance([]) == {}
    run.run(9)
    first = importance(run.attempts)
    assert first and importance([*run.attempts, replace(run.attempts[3], number=99, score=None)]) == first


def test_numpy_is_loaded_only_where_there_is_something_to_tell() -> None:
    code = "import sys, kapso.report.matters, kapso.propose.importance as i; i.importance([])"
    code += "; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
