"""The bench of harnesses: its stream of edits, its turns, a small race and a kill of Kapso, a real model."""

from __future__ import annotations

import importlib
import json
import os
import pwd
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "experiments/bench"
Part = Callable[[str], Any]


@pytest.fixture(scope="module")
def part() -> Iterator[Part]:
    """`part("script")`: a module of the bench, which is a script's and no installed package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        yield lambda name: importlib.import_module(f"harnesses.{name}")


def applied(program: str, reply: str) -> str:
    """The program with the reply's one block carried out."""
    found = re.search(r"<<<<<<< SEARCH\n(.*?)=======\n(.*?)>>>>>>> REPLACE", reply, re.DOTALL)
    assert found is not None and program.count(found[1]) == 1
    return program.replace(found[1], found[2])


def scored(evaluator: str, program: Path) -> float:
    names: dict[str, Any] = {"__name__": "evaluator"}
    exec(evaluator, names)
    return float(names["evaluate"](str(program))["combined_score"])


def test_every_edit_applies_to_whatever_came_of_others(part: Part, tmp_path: Path) -> None:
    script = part("script")
    program, scores = script.PROGRAM, []
    assert script.reply_of(program) is None
    for number in (3, 40, 41, 900):
        program = applied(program, script.reply(number))
        assert script.reply_of(program) == number
        (tmp_path / "program.py").write_text(program)
        scores.append(scored(script.EVALUATOR, tmp_path / "program.py"))
    assert len(set(scores)) == len(scores)
    assert script.reply(7) == script.reply(7) != script.reply(8)


def test_harnesses_take_turns_and_their_clocks_stand_still_in_those_of_others(part: Part) -> None:
    server_part = part("server")
    turns, order = server_part.Turns(["a", "b"], 3), []
    server = server_part.ModelServer(turns, lambda name: None)

    def ask(name: str) -> None:
        for _ in range(6):
            body = json.dumps({"messages": [{"role": "user", "content": "an edit, please"}]}).encode()
            request = urllib.request.Request(f"{server.url(name)}/chat/completions", body)
            with urllib.request.urlopen(request) as answer:
                told = json.load(answer)
            order.append((name, told["choices"][0]["message"]["content"]))
            time.sleep(0.02)
        turns.leave(name)

    clients = [threading.Thread(target=ask, args=(name,)) for name in ("a", "b")]
    for name, client in zip(("a", "b"), clients, strict=True):
        turns.enter(name)
        client.start()
    turns.begin()
    for client in clients:
        client.join()
    server.close()
    assert [name for name, _ in order] == [*"aaabbbaaabbb"]
    assert [text for name, text in order if name == "a"] == [text for name, text in order if name == "b"]
    first, last = turns.sent["a"][0], turns.sent["a"][-1]
    assert turns.clock("a", last) < last - first - 0.02 * 2  # b's turn came between
    assert sum(turns.clock(name, time.time()) for name in "ab") <= time.time() - first


@pytest.mark.slow
def test_kapso_races_and_is_killed_without_a_loss(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH / "harness.py"), "--harnesses", "kapso", "--iterations", "20"]
    command += ["--kills", "2", "--kill-iterations", "20", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads((tmp_path / "harness.json").read_text())
    race = told["race"]["kapso"]
    assert race["replies"] == race["stored"] == 20
    assert len(race["scores"]) == 21  # the baseline's among them
    assert race["cpu_ms"] > 0 and len(race["iterations_ms"]) == 19
    for kill in told["kills"]["kapso"]:
        assert kill["paid"] >= 2
        assert kill["lost"] <= 1  # sent, and not read yet when the kill came
        assert (kill["forgotten"], kill["processes_left"]) == (0, 0)
        assert kill["paid_in_all"] == 20
    assert "| Kapso |" in (tmp_path / "harness.md").read_text()


@pytest.mark.slow
def test_a_real_model_on_this_machine_leads_to_attempts() -> None:
    script = [sys.executable, str(BENCH / "local_model.py")]
    # The environment is the user's: in the home folder of the tests there is never one.
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    env = {**os.environ, "XDG_CACHE_HOME": str(home / ".cache")}
    if subprocess.run([*script, "--is-made"], env=env).returncode:
        pytest.skip(f"needs a model and llama.cpp, which `python {BENCH.name}/local_model.py` installs")
    done = subprocess.run([*script, "--attempts", "2"], check=True, capture_output=True, text=True, env=env)
    told = json.loads(done.stdout)
    assert told["attempts"] == sum(told["outcomes"].values()) == 2
    assert "abandoned" not in told["outcomes"]
    assert told["replies"] >= 2 and told["output_tokens"] > 0
