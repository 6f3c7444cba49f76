"""What earlier runs taught is applied, avoided and told in a run; without lessons all is as it was."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.memory.lessons.faithful import check
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Line, Sighting, Subject, Tally
from tests.scripted.server import Request, ScriptedServer

Demo = Callable[..., Any]

BEST = '{"x": 3.0, "y": 20.0}\n'


def line(subject: Subject, concerned: Tally, others: Tally, **more: Any) -> Line:
    """What one earlier run of the demo saw of a subject."""
    seen = Sighting("demo-0000", "demo", "an evaluator", 60, concerned, others, **more)
    return Line(subject, {seen.run: seen})


def change(before: str, after: str) -> Line:
    subject = Subject(About.CHANGE, {"hunks": [["params.json", before, after]]})
    return line(subject, Tally(3, better=3, scored=3, gain=3.0, square=3.0), Tally(40, better=4, same=36))


def learnt(kapso: Any, *lines: Line) -> None:
    """Memory as an earlier run left it."""
    Ledger(Repository.open(kapso.root)).put({each.subject.key: each for each in lines})


def journal(kapso: Any, run: str) -> list[dict[str, Any]]:
    text = (kapso.root / ".git/kapso/runs" / run / "events.jsonl").read_text()
    return [json.loads(each) for each in text.splitlines()]


def attempts_of(kapso: Any, run: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kapso.json("ls", run)
    return found[1:]


def test_a_change_that_earned_before_is_applied_at_once_and_learnt_from(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 3}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    known = change(kapso.git("show", "HEAD:params.json"), BEST)
    learnt(kapso, known)
    done = kapso("run")
    assert "without lessons" not in done.stderr
    run = kapso.json("ls")[0]["run"]
    by_recipe = [each for each in attempts_of(kapso, run) if each["proposer"] == "recipe"]
    assert [each["score"] for each in by_recipe] == [10], "once, as it makes nothing new again"
    number, id = by_recipe[0]["attempt"], known.subject.id
    assert number <= 2, "an eighth goes without"
    assert id in by_recipe[0]["lessons"]
    proposed = [e for e in journal(kapso, run) if e["event"] == "attempt.proposed" and e["attempt"] == number]
    assert 0 < proposed[0]["predicted"][id] < 1, "told before the result is known"
    record = json.loads(kapso.git("show", f"refs/kapso/{run}/records:{number:04d}.json"))
    assert record["predicted"] == proposed[0]["predicted"]
    kept = Ledger(Repository.open(kapso.root)).lines()[known.subject.key]
    assert kept.sightings[run].concerned.better == 1 and kept.sightings[run].record.graded == 1
    assert kept.sightings["demo-0000"] == known.sightings["demo-0000"]


@pytest.mark.slow
def test_what_a_run_found_stands_at_the_beginning_of_the_next_ones(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 8}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    assert kapso("run").returncode == 0
    first = kapso.json("ls")[0]["run"]
    best = kapso.json("best", first)[0]["score"]
    told = [each for each in journal(kapso, first) if each["event"] == "lesson.learnt"]
    assert {"lesson", "kind", "statement", "change"} <= told[0].keys()
    assert any(each["kind"] == "prefer" and "params.json" in each["statement"] for each in told)
    found = check(kapso.root)
    assert found["lessons"] and not found["what"]
    kept = Ledger(Repository.open(kapso.root)).lines().values()
    whole = next(each for each in kept if each.subject.about is About.CHANGE)
    [path, old, _] = whole.subject.told["hunks"][0]
    forged = replace(whole, subject=Subject(About.CHANGE, {"hunks": [[path, old, "never made\n"]]}))
    Ledger(Repository.open(kapso.root)).put({forged.subject.key: forged})
    assert [each for each in check(kapso.root)["what"] if "another program" in each]
    assert kapso("lessons", "forget", forged.subject.id).returncode == 0
    kapso.edit("name: demo", "name: sibling")
    assert kapso("run", "--attempts", "2", "--seed", "6").returncode == 0
    second = kapso.json("ls")[0]["run"]
    assert second.startswith("sibling")
    assert max(each["score"] for each in attempts_of(kapso, second) if each["lessons"]) == best
    kapso.edit("name: sibling", "memory: {recall: false}\nname: sibling")
    kapso("run", "--attempts", "2", "--seed", "6")
    third = kapso.json("ls")[0]["run"]
    assert not any(each["lessons"] for each in attempts_of(kapso, third))
    assert "memory.jsonl" not in kapso.git("ls-tree", "--name-only", f"refs/kapso/{third}/goal")
    kept = Ledger(Repository.open(kapso.root)).lines().values()
    assert any(third in each.sightings for each in kept), "it teaches all the same"


@pytest.mark.slow
def test_a_model_is_told_what_helped_unless_a_lot_says_otherwise(
    demo: Demo, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_KEY", "k")
    llm = f'llm: {{model: "openai:scripted", base_url: "{scripted.openai_url}", api_key_env: SCRIPTED_KEY}}'
    kapso = demo("budget: {attempts: 4}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", f"propose: [{{{llm}}}]")
    known = change(kapso.git("show", "HEAD:params.json"), BEST)
    secret = line(
        Subject(About.OPERATOR, {"proposer": "mutate", "operator": "score.sh"}),
        Tally(9, better=9, scored=9),
        Tally(40, same=40),
    )
    learnt(kapso, known, secret)

    def respond(request: Request) -> str:
        number = len(scripted.requests)
        return (
            f"Title: try {number}\nWhat: w\nWhy: y\nExpect: score up\n\n"
            f'params.json\n```json\n{{"x": {number}, "y": {10 * number}}}\n```\n'
        )

    scripted.respond = respond
    assert kapso("run").returncode in (0, 3)
    run, id = kapso.json("ls")[0]["run"], known.subject.id
    told = 0
    for attempt, request in zip(attempts_of(kapso, run), scripted.requests, strict=True):
        record = json.loads(kapso.git("show", f"refs/kapso/{run}/records:{attempt['attempt']:04d}.json"))
        text = "\n".join(said for _, said in request.messages)
        is_told = "prefer (" in text and " in `params.json` made the program better" in text
        assert is_told == (id in attempt["lessons"]) == (id not in record["withheld"])
        assert "score.sh" not in text, "what is hidden stays so, whatever a lesson says"
        told += is_told
    assert told


def test_memory_that_cannot_be_read_ends_no_run(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    (kapso.root / "odd").mkdir()
    (kapso.root / "odd/lessons.jsonl").mkdir()
    (kapso.root / "odd/lessons.jsonl/x").write_text("no file of lessons")
    kapso.git("add", "odd")
    tree = kapso.git("write-tree", "--prefix=odd/").strip()
    kapso.git("reset", "-q", "--hard")
    kapso.git("update-ref", "refs/kapso/memory", kapso.git("commit-tree", "-m", "odd", tree).strip())
    done = kapso("run")
    assert done.returncode in (0, 3), done.stderr
    assert len(kapso.json("ls", kapso.json("ls")[0]["run"])) == 2


@pytest.mark.slow
def test_a_killed_run_goes_on_with_what_it_began_with(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 14}\nsearch: {parallel: 2}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    known = change(kapso.git("show", "HEAD:params.json"), BEST)
    learnt(kapso, known)
    process = kapso.start("run")
    run = kapso.wait_for(process, 4)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    learnt(kapso, change("x", "y"))
    assert kapso("resume", run).returncode == 0
    kapso.check_whole(run, 14)
    told = kapso.git("show", f"refs/kapso/{run}/goal:memory.jsonl").splitlines()
    assert len(told) == 1, "what was learnt elsewhere meanwhile is for later runs"
    events = [each for each in journal(kapso, run) if each["event"] == "attempt.proposed"]
    for each in attempts_of(kapso, run):
        number = each["attempt"]
        record = json.loads(kapso.git("show", f"refs/kapso/{run}/records:{number:04d}.json"))
        proposed = [e for e in events if e["attempt"] == number][-1]
        assert (record["withheld"], record["predicted"]) == (proposed["withheld"], proposed["predicted"])
    kept = Ledger(Repository.open(kapso.root)).lines()[known.subject.key]
    given = [each for each in attempts_of(kapso, run) if known.subject.id in each["lessons"]]
    assert kept.sightings[run].record.told.total == len(given)


@pytest.mark.slow
def test_a_seed_and_the_same_memory_give_the_same_run(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 10}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    learnt(kapso, change(kapso.git("show", "HEAD:params.json"), BEST), change('{"x"', "z"))
    memory = kapso.git("rev-parse", "refs/kapso/memory").strip()
    found = []
    for _ in range(2):
        kapso.git("update-ref", "refs/kapso/memory", memory)
        for ref in kapso.git("for-each-ref", "--format=%(refname)", "refs/kapso/*/goal").split():
            kapso.git("update-ref", "-d", ref)  # tune takes over from the runs that are known
        kapso("run")
        run = max((kapso.root / ".git/kapso/runs").iterdir(), key=lambda each: each.stat().st_mtime).name
        told = [e for e in journal(kapso, run) if e["event"] == "attempt.proposed"]
        found.append([(e["title"], e["withheld"], e["predicted"]) for e in told])
    assert len(found[0]) == 10 and found[0] == found[1]


@pytest.mark.slow
def test_lessons_that_cannot_be_kept_now_are_kept_later(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 30}\nsearch: {parallel: 1}\n")
    kapso.edit("cp params.json", "sleep 0.1; cp params.json")
    place = Subject(About.PLACE, {"path": "params.json", "region": ""})
    learnt(kapso, line(place, Tally(9, better=8, same=1), Tally(40, better=4, same=36)))
    lock = kapso.root / ".git/refs/kapso/memory.lock"
    lock.mkdir()  # a file that nobody holds would be taken away
    process = kapso.start("run")
    run = kapso.wait_for(process, 7)
    while not any("could not be kept" in line for line in iter(process.stderr.readline, "")):
        assert process.poll() is None, "it had nothing to keep"
    lock.rmdir()
    _, err = process.communicate(timeout=60)
    assert "without lessons" not in err
    told = [each["lesson"] for each in journal(kapso, run) if each["event"] == "lesson.learnt"]
    assert {line.subject.id for line in Ledger(Repository.open(kapso.root)).lines().values()} >= set(told)


@pytest.mark.slow
def test_a_run_of_others_vouches_for_no_lesson_that_it_began_with(demo: Demo, tmp_path: Path) -> None:
    kapso = demo("budget: {attempts: 2}\nsearch: {parallel: 1}\n")
    kapso.edit("propose: [tune]", "propose: [tune, recipe]")
    known = change(kapso.git("show", "HEAD:params.json"), BEST)
    learnt(kapso, known)
    kapso("run")
    run = kapso.json("ls")[0]["run"]
    kapso.git("clone", "-q", str(kapso.root), str(tmp_path / "there"))
    there = type(kapso)(tmp_path / "there")
    there.git(
        "fetch",
        "-q",
        "origin",
        "refs/heads/kapso/*:refs/heads/kapso/*",
        f"refs/kapso/{run}/*:refs/kapso/{run}/*",
    )
    there("resume", run, "--attempts", "4", check=0)
    kept = Ledger(Repository.open(there.root)).lines()
    assert known.subject.key in kept, "the run saw something of it"
    assert {name for line in kept.values() for name in line.sightings} == {run}
