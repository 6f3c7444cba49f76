"""`kapso doctor`: finds what is wrong by trying it, and leaves no run behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.loop.conftest import GOAL
from tests.scripted.server import ScriptedServer

Demo = Callable[..., Any]


def findings(kapso: Any, code: int = 0) -> dict[str, list[dict[str, Any]]]:
    """What was found, by what was looked at."""
    assert kapso("doctor", "--json").returncode == code
    found: dict[str, list[dict[str, Any]]] = {}
    for each in kapso.json("doctor"):
        found.setdefault(each["what"], []).append(each)
    return found


def test_a_sound_goal(demo: Demo) -> None:
    kapso = demo("holdout: sh hold.sh\n", extra={"hold.sh": "echo '{\"score\": 5}'\n"})
    done = kapso("doctor", check=0)
    assert "\x1b" not in done.stdout and done.stderr == ""
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    said = {what: (level, says) for level, what, says in lines}
    assert said["baseline"] == ("ok", "score = 3.75")
    assert said["noise"][1].startswith("none: 2 evaluations")
    assert said["holdout"] == ("ok", "score = 5, never shown to proposers")
    assert said["evaluate"][1].endswith("sh score.sh $KAPSO_OUT/params.json")
    assert kapso.git("for-each-ref", "refs/kapso", "refs/heads/kapso/") == ""
    assert not list((kapso.root / ".git/kapso").glob("runs/*"))


@pytest.mark.slow
def test_a_noisy_scorer_is_a_warning(demo: Demo) -> None:
    noisy = 'awk -v seed=$(date +%N) \'BEGIN { srand(seed); print "{\\"score\\": " rand() "}" }\'\n'
    [noise] = findings(demo(extra={"score.sh": noisy}))["noise"]
    assert noise["level"] == "warning" and "repeats: 3" in noise["says"]


@pytest.mark.slow
def test_proposers_that_have_nothing_to_try_are_a_warning(demo: Demo) -> None:
    [finding] = findings(demo(extra={"score.sh": "echo '{\"score\": 1}'\n", "params.json": "{}\n"}))[
        "propose"
    ]
    assert finding["level"] == "warning" and finding["says"].startswith("tune: no number")


@pytest.mark.parametrize(
    ("script", "what", "words"),
    [
        ("score.sh", "baseline", "exit code 9"),
        ("hold.sh", "holdout", "exit code 9"),
    ],
)
def test_what_fails_ends_the_check_up_with_its_remedy(demo: Demo, script: str, what: str, words: str) -> None:
    files = {"hold.sh": "echo '{\"score\": 5}'\n", script: "exit 9\n"}
    kapso = demo("holdout: sh hold.sh\n", extra=files)
    found = findings(kapso, code=4)
    [finding] = found[what]
    assert finding["level"] == "error" and words in finding["says"] and finding["help"]
    assert "kapso-doctor-" not in finding["help"]  # its logs are gone


def test_without_a_goal_the_machine_is_checked(demo: Demo) -> None:
    kapso = demo()
    (kapso.root / "goal.yaml").unlink()
    done = kapso("doctor", check=0)
    assert "sandbox" in done.stdout and "only the machine was checked" in done.stdout
    assert "models     the packages for openai" in done.stdout


def test_outside_a_repository_it_says_how_to_make_one(demo: Demo) -> None:
    kapso = demo()
    shutil.rmtree(kapso.root / ".git")
    done = kapso("doctor", check=2)
    assert "git init && git add -A && git commit -m start" in done.stdout


@pytest.mark.slow
def test_models_are_asked_for(demo: Demo, scripted: ScriptedServer) -> None:
    address = f"base_url: '{scripted.openai_url}'"
    propose = (
        "propose:\n  - tune\n  - llm:\n"
        f"      - {{model: 'openai:scripted', {address}, price: {{input: 1, output: 4}}, max_tokens: 100}}\n"
        f"      - {{model: 'openai:scriptd', {address}}}\n"
    )
    kapso = demo("budget: {cost: 1}\n", base_goal=GOAL.replace("propose: [tune]\n", propose))
    found = findings(kapso, code=2)
    good, bad = found["model"]
    assert (good["level"], bad["level"]) == ("ok", "error")
    assert good["says"] == "openai:scripted answers; $1 sent and $4 written, per million tokens"
    assert bad["help"] == "did you mean `openai:scripted`?"
    [cost] = found["missing-key"]
    assert "needs `max_tokens`" in cost["says"] and cost["where"].rpartition(":")[2].isdigit()
    assert scripted.requests == []


def test_sources_of_knowledge_are_asked_for_their_first_document(demo: Demo) -> None:
    kapso = demo("knowledge: [docs, 'history:', lost]\n", extra={"docs/a.md": "# Caching\n\nKeep results.\n"})
    docs, history, lost = findings(kapso, code=2)["knowledge"]
    assert docs["level"] == "ok" and docs["says"] == "docs: `a.md` can be read"
    assert history["level"] == "warning" and "no commit tells of" in history["says"]
    assert lost["level"] == "error" and "`lost` does not exist" in lost["says"]
    assert lost["where"].startswith("goal.yaml:") and "history:" in lost["help"]
