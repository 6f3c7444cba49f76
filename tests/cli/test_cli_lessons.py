"""`kapso lessons`: listing, showing, deciding, exporting, and travelling between clones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Line, Record, Subject, Tally
from kapso.memory.lessons.user import UserMemory
from tests.cli.conftest import start_made_run
from tests.cli.test_cli_complete import completed
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

Kapso = Callable[..., Any]
CHANGE = Subject(About.CHANGE, {"hunks": [["a.py", "rows = sorted(rows)\n", "rows.sort()\n"]]})
SWAP = subject_of("swap")


@pytest.fixture
def root(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_repository({"a.py": "x = 1\n"})
    monkeypatch.chdir(root)
    return root


def put(root: Path, *lines: Line) -> None:
    with Repository.open(root) as repository:
        Ledger(repository).put({line.subject.key: line for line in lines})


def told(kapso: Kapso, *words: str) -> list[dict[str, Any]]:
    result = kapso("lessons", *words, "--json")
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_an_empty_memory_says_so_and_prints_nothing(root: Path, kapso: Kapso) -> None:
    result = kapso("lessons")
    assert (result.code, result.out) == (0, "") and "nothing was learnt" in result.err
    assert told(kapso) == []


def test_lessons_are_listed_by_the_contract_and_filtered(root: Path, kapso: Kapso) -> None:
    put(root, line_of(sighting_of()), line_of(sighting_of(goal="other", run="other-1"), subject=SWAP))
    found = told(kapso)
    assert {"lesson", "kind", "statement", "scope", "confidence", "value", "evidence", "status"} <= set(
        found[0]
    )
    assert {each["lesson"] for each in found} == {subject_of().id, SWAP.id}
    assert [each["lesson"] for each in told(kapso, "--run", "other")] == [SWAP.id]
    assert len(told(kapso, "--limit", "1")) == 1
    assert told(kapso, "--status", "retired") == []
    table = kapso("lessons").out
    assert subject_of().id in table and "CONFIDENCE" in table
    assert kapso("lessons", "--kind", "wish").code == 2


def test_the_beginning_of_an_id_shows_a_lesson_with_commits_and_branches(root: Path, kapso: Kapso) -> None:
    put(root, line_of(sighting_of(run="demo-1111")))
    git(root, "update-ref", "refs/heads/kapso/demo-1111/0002-swap", "HEAD")
    [shown] = told(kapso, "show", subject_of().id[:5])
    assert shown["evidence"] == [
        {
            "run": "demo-1111",
            "attempt": 2,
            "commit": "ab" * 20,
            "speaks": "for",
            "branch": "kapso/demo-1111/0002-swap",
        }
    ]
    assert shown["runs"][0]["concerned"]["better"] == 3 and shown["history"] == []
    text = kapso("lessons", "show", subject_of().id[1:]).out
    assert "attempt 2  abababababab  kapso/demo-1111/0002-swap" in text
    assert "4 attempts: 3 better, 1 worse" in text
    missing = kapso("lessons", "show", "L00")
    assert missing.code == 2 and "no lesson" in missing.err


def test_what_is_sure_comes_before_what_is_doubted_and_was_worth_a_little(root: Path, kapso: Kapso) -> None:
    little = Record(told=Tally(total=2, better=2), withheld=Tally(total=2, better=1))
    doubted = sighting_of(better=2, record=little)
    put(root, line_of(doubted), line_of(sighting_of(better=8, total=9), subject=SWAP))
    found = told(kapso)
    assert [each["lesson"] for each in found] == [SWAP.id, subject_of().id]
    assert found[1]["value"] > 0 and found[0]["value"] is None
    assert found[0]["confidence"] > found[1]["confidence"] and found[0]["status"] == found[1]["status"]


def test_a_fact_tells_what_was_measured_and_nothing_of_predictions(root: Path, kapso: Kapso) -> None:
    fact = Subject(About.EVALUATION, {"goal": "demo", "what": "noise"})
    seen = sighting_of(concerned=Tally(total=9, scored=9), others=Tally(), examples=(), detail={"sigma": 0.5})
    put(root, line_of(seen, subject=fact))
    text = kapso("lessons", "show", fact.id).out
    assert "concerned 9 attempts\n" in text and "found     sigma 0.5" in text
    assert "predicted" not in text and "value" not in text


def test_decisions_are_kept_with_who_why_and_when_and_the_latest_counts(root: Path, kapso: Kapso) -> None:
    put(root, line_of(sighting_of()), line_of(sighting_of(), subject=SWAP))
    id = subject_of().id
    [retired] = told(kapso, "retire", id, "--why", "the parser is gone")
    assert retired["status"] == "retired"
    assert told(kapso, "retire", id)[0]["why"] == "the parser is gone", "a second time for no reason"
    [restored] = told(kapso, "restore", id)
    assert restored["status"] != "retired"
    assert told(kapso, "quarantine", id)[0]["status"] == "quarantined"
    assert told(kapso, "restore", id)[0]["status"] != "quarantined"
    assert [each["pinned"] for each in told(kapso, "pin", id, SWAP.id)] == [True, True]
    assert told(kapso, "unpin", id)[0]["pinned"] is False
    [shown] = told(kapso, "show", id)
    changes = [(each["change"], each["by"], each["why"]) for each in shown["history"]]
    assert changes[:2] == [("retire", "Ada", "the parser is gone"), ("restore", "Ada", None)]
    assert kapso("lessons", "pin", id, "L99999999").code == 2
    assert told(kapso, "show", id)[0]["pinned"] is False, "all or none"


def test_a_playbook_is_written_with_its_recipe(root: Path, kapso: Kapso, tmp_path: Path) -> None:
    refused = kapso("lessons", "export")
    assert refused.code == 2 and "no lesson that is likely" in refused.err
    put(root, line_of(sighting_of(), subject=CHANGE))
    assert CHANGE.id in kapso("lessons", "export").out, "likely, though a candidate"
    file = tmp_path / "book.md"
    [done] = told(kapso, "export", CHANGE.id, "-o", str(file))
    assert done["recipes"] == [f"lesson-{CHANGE.id.lower()}"]
    assert kapso("lessons", "export", CHANGE.id).out == file.read_text()
    assert 'title: "`rows = sorted(rows)` becomes `rows.sort()`"\n' in file.read_text()
    assert kapso("lessons", "export", CHANGE.id, "-o", str(tmp_path / "no" / "x.md")).code != 0


@pytest.fixture
def clones(root: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The repository and another clone, with a bare remote between them."""
    bare, other = tmp_path / "hub.git", tmp_path / "other"
    git(root, "init", "-q", "--bare", "-b", "main", str(bare))
    git(root, "remote", "add", "origin", f"file://{bare}")
    git(root, "push", "-q", "origin", "main")
    git(root, "clone", "-q", f"file://{bare}", str(other))
    return root, other


def test_what_two_clones_learnt_apart_meets_on_the_remote_and_is_quarantined_where_it_is_pulled(
    clones: tuple[Path, Path], kapso: Kapso, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = clones
    put(ours, line_of(sighting_of("demo-aaaa")))
    put(theirs, line_of(sighting_of("demo-bbbb")), line_of(sighting_of("demo-bbbb"), subject=SWAP))
    assert told(kapso, "push")[0]["status"] == "pushed"
    monkeypatch.chdir(theirs)
    [pushed] = told(kapso, "push")
    assert (pushed["status"], pushed["lessons"], pushed["changed"]) == ("pushed", 2, 2)
    assert told(kapso, "push")[0]["status"] == "up-to-date"
    on_remote = git(ours, "ls-remote", "origin", "refs/kapso/memory")
    monkeypatch.chdir(ours)
    [pulled] = told(kapso, "pull")
    assert (pulled["status"], pulled["changed"]) == ("pulled", 2)
    by_id = {each["lesson"]: each for each in told(kapso)}
    assert by_id[SWAP.id]["status"] == "quarantined" and "pulled from origin" in by_id[SWAP.id]["why"]
    assert by_id[subject_of().id]["status"] != "quarantined"
    assert told(kapso, "pull")[0]["status"] == "up-to-date"
    assert told(kapso, "push")[0]["status"] == "up-to-date"
    assert git(ours, "ls-remote", "origin", "refs/kapso/memory") == on_remote
    assert told(kapso, "trust", SWAP.id)[0]["status"] != "quarantined"
    assert told(kapso, "push")[0]["status"] == "up-to-date", "whom one trusts stays at home"
    monkeypatch.chdir(theirs)
    told(kapso, "retire", SWAP.id)
    told(kapso, "push")
    monkeypatch.chdir(ours)
    assert told(kapso, "pull", "--trust")[0]["changed"] == 2
    assert told(kapso, "show", SWAP.id)[0]["status"] == "retired"


def test_what_was_pulled_can_be_vouched_for_later(
    clones: tuple[Path, Path], kapso: Kapso, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = clones
    put(ours, line_of(sighting_of("demo-aaaa")))
    told(kapso, "push")
    monkeypatch.chdir(theirs)
    told(kapso, "pull")
    assert [each["status"] for each in told(kapso)] == ["quarantined"]
    assert told(kapso, "pull", "--trust")[0]["changed"] == 1
    assert [each["status"] for each in told(kapso)] != ["quarantined"]
    assert told(kapso, "pull", "--trust")[0]["status"] == "up-to-date"


def test_what_is_forgotten_is_gone_and_not_pulled_again(
    clones: tuple[Path, Path], kapso: Kapso, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = clones
    put(ours, line_of(sighting_of("demo-aaaa")), line_of(sighting_of("demo-aaaa"), subject=SWAP))
    told(kapso, "push")
    monkeypatch.chdir(theirs)
    put(theirs, line_of(sighting_of("demo-bbbb")))
    told(kapso, "pull")
    assert told(kapso, "forget", "--quarantined") == [{"forgotten": 1}]
    assert [each["lesson"] for each in told(kapso)] == [subject_of().id]
    assert told(kapso, "pull")[0]["status"] == "up-to-date"
    assert kapso("lessons", "forget", subject_of().id).out == "1 lesson forgotten\n"
    assert told(kapso) == []
    assert "--quarantined" in kapso("lessons", "forget").err


def test_push_and_pull_of_runs_carry_lessons_and_those_of_one_run_alone(
    clones: tuple[Path, Path], kapso: Kapso, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = clones
    put(ours, line_of(sighting_of("demo-aaaa")))
    result = kapso("push", "--json")
    assert [json.loads(line)["lessons"] for line in result.out.splitlines()] == [1], result.err
    monkeypatch.chdir(theirs)
    result = kapso("pull")
    assert result.out == "lessons: pulled (1 of 1)\n"
    assert [each["status"] for each in told(kapso)] == ["quarantined"]


def test_a_file_or_a_ref_of_lessons_is_merged(root: Path, kapso: Kapso, tmp_path: Path) -> None:
    put(root, line_of(sighting_of()))
    file = tmp_path / "their.jsonl"
    file.write_text(git(root, "show", "refs/kapso/memory:lessons.jsonl"))
    git(root, "update-ref", "refs/kapso/other", "refs/kapso/memory")
    git(root, "update-ref", "-d", "refs/kapso/memory")
    [merged] = told(kapso, "merge", str(file))
    assert (merged["status"], merged["changed"]) == ("merged", 1)
    assert told(kapso)[0]["status"] == "quarantined"
    assert told(kapso, "merge", "refs/kapso/other", "--trust")[0]["lessons"] == 1
    for bad in ("HEAD", "nothing-there"):
        assert kapso("lessons", "merge", bad).code != 0


def test_ids_are_completed(root: Path) -> None:
    put(root, line_of(sighting_of()), line_of(sighting_of(), subject=SWAP))
    assert completed("lessons", "re") == ["restore", "retire"] and completed("lessons", "fo") == ["forget"]
    assert completed("lessons", "show", SWAP.id[:5]) == [SWAP.id]
    assert len(completed("lessons", "retire", "")) == 2


def test_a_user_without_a_remote_is_told_so(root: Path, kapso: Kapso) -> None:
    put(root, line_of(sighting_of()))
    for word in ("push", "pull"):
        result = kapso("lessons", word)
        assert result.code == 2 and "no remote" in result.err


def test_show_tells_what_the_recalled_lessons_say(root: Path, kapso: Kapso) -> None:
    put(root, line_of(sighting_of()))
    with Repository.open(root) as repository:
        run = start_made_run(repository, "demo-1111", started="2026-11-01T12:00:00Z")
        run.land({}, 1.0)
        run.land({}, 2.0, recalled=(subject_of().id, "L00000007"), record=False)
        predicted = {subject_of().id: 0.75, "L00000009": 0.2}
        run.record(1, predicted=predicted, withheld=["L00000008"])
    text = kapso("show", "1").out
    statement = told(kapso)[0]["statement"]
    assert f"{subject_of().id}  " in text and statement in text and "predicted better: 75%" in text
    assert "L00000007  not known here" in text
    assert text.index("left out, to measure") < text.index("L00000008") < text.index("were about it")
    assert "L00000009  not known here; predicted 20%" in text
    shown = json.loads(kapso("show", "1", "--json").out)
    assert [each["statement"] for each in shown["taught"]] == [statement, None]
    assert shown["withheld"] == ["L00000008"] and shown["predicted"] == predicted


def test_ones_own_lessons_are_listed_apart(
    root: Path, kapso: Kapso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with Repository.open(root) as repository:
        UserMemory(repository).put({subject_of().key: line_of(sighting_of())})
    assert told(kapso) == []
    assert [each["lesson"] for each in told(kapso, "--user")] == [subject_of().id]
