"""`kapso sql`: every example answers, nothing but reading is possible, mistakes say what to do."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Outcome, Verdict
from kapso.errors import UsageError
from kapso.git.repository import Repository
from kapso.memory import Episodes, described
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Example, Line, Record, Sighting, Subject, Tally
from kapso.memory.query import ask, bring_up_to_date
from kapso.memory.schema import column_types
from kapso.memory.sync import open_synced
from tests.cli.conftest import Kapso, MadeRun, make_program, start_made_run

PACK = """import math


def grow(radius):
    return math.sqrt(radius) + 1


def shrink(radius):
    return radius / 2
"""


SUBJECT = Subject(About.PLACE, {"path": "pack.py", "region": "grow"})


def lesson(run: MadeRun) -> Line:
    seen = Sighting(
        run=run.run,
        goal="packing",
        evaluator="e",
        seen=5,
        concerned=Tally(4, better=1, failed=3),
        others=Tally(1, better=1),
        examples=[Example(2, run.attempts[2].commit, "for")],
        record=Record(4, 3, 0.4, 0.9, told=Tally(2, better=1), withheld=Tally(1)),
        time="2026-11-01T12:00:00Z",
    )
    return Line(SUBJECT, {run.run: seen})


EDITS = (
    ("math.sqrt(radius)", "math.sqrt(radius - 9)", "ValueError: math domain error"),
    ("+ 1", "+ 2", None),
    ("radius / 2", "radius / 0", "ZeroDivisionError: division by zero"),
    ("math.sqrt", "numpy.sqrt", "NameError: name 'numpy' is not defined"),
    ("import math", "import numpy", "NameError: name 'math' is not defined"),
    ("math.sqrt(radius) + 1", "numpy.sqrt(radius)", "NameError: name 'numpy' is not defined"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A run whose attempts edit two functions, with a lesson about one of them."""
    repository = Repository.open(make_program(tmp_path_factory.mktemp("learnt") / "program"))
    run = start_made_run(repository, "packing-3f9a", started="2026-11-01T11:59:00Z")
    run.land({"pack.py": PACK.encode()}, 1.0, proposer="baseline", title="baseline")
    for old, new, error in EDITS:
        attempt = run.land(
            {"pack.py": PACK.replace(old, new).encode()},
            None if error else 2.0,
            outcome=Outcome.CRASHED if error else Outcome.SCORED,
            verdict=None if error else Verdict.BETTER,
            reason=f"`run` ended with exit code 1: {error}" if error else None,
            recalled=("L00000001", "9f3a1c02be47"),
            proposer="llm",
            record=False,
        )
        told = {"withheld": ["L00000002"], "predicted": {SUBJECT.id: 0.75}}
        run.record(attempt.number, **told)
    run.finish(best=2)
    Ledger(run.repository).put({SUBJECT.key: lesson(run)})
    return run


@pytest.fixture
def learnt(made: MadeRun, monkeypatch: pytest.MonkeyPatch) -> MadeRun:
    """The run that was made, in the current folder."""
    monkeypatch.chdir(made.repository.root)
    return made


@pytest.fixture(scope="module")
def episodes(made: MadeRun) -> Episodes:
    """Its log, with all that queries ask for."""
    found, _ = open_synced(made.repository)
    bring_up_to_date(made.repository, found)
    return found


def rows(kapso: Kapso, query: str) -> list[dict[str, Any]]:
    result = kapso("sql", query, "--json")
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_attempts_with_their_hunks_errors_and_lessons(kapso: Kapso, learnt: MadeRun) -> None:
    found = rows(
        kapso,
        "SELECT attempt, path, region, kinds, names, signature FROM attempts JOIN hunks USING (run, attempt) "
        "ORDER BY attempt",
    )
    assert [(each["attempt"], each["region"]) for each in found] == [
        (1, "grow"), (2, "grow"), (3, "shrink"), (4, "grow"), (5, ""),
        (6, "grow"),
    ]  # fmt: skip
    assert found[3]["names"] == ["+numpy", "-math"] and "call" in found[3]["kinds"]
    assert found[4]["kinds"] == ["import"]
    signatures = [each["signature"] for each in found]
    assert signatures[0] == "crashed in run: ValueError: math domain error" and signatures[1] is None
    assert signatures[3] == signatures[4]
    (shown,) = rows(kapso, "SELECT lesson, about, attempts, subject FROM lessons")
    assert shown["lesson"] == SUBJECT.id and shown["attempts"] == 4
    assert json.loads(shown["subject"]) == {"path": "pack.py", "region": "grow"}


def test_told_withheld_and_predicted_each_have_a_row(kapso: Kapso, learnt: MadeRun) -> None:
    query = "SELECT lesson, told, count(*) AS times FROM recalled GROUP BY ALL ORDER BY lesson"
    assert rows(kapso, query) == [
        {"lesson": "L00000001", "told": True, "times": 6},
        {"lesson": "L00000002", "told": False, "times": 6},
    ]
    assert rows(kapso, "SELECT DISTINCT probability FROM predictions") == [{"probability": 0.75}]


def answered(episodes: Episodes, sql: str) -> list[dict[str, Any]]:
    found = ask(episodes, sql, 60)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


@pytest.mark.parametrize("example", described.EXAMPLES, ids=lambda each: each.question[:40])
def test_every_example_answers(episodes: Episodes, example: described.Example) -> None:
    may_be_empty = ("FROM stages", "FROM lessons", "parameters->>", "'failed'")
    assert answered(episodes, example.sql) or any(words in example.sql for words in may_be_empty)


def test_some_examples_answer_right(episodes: Episodes) -> None:
    def ask_for(words: str) -> list[dict[str, Any]]:
        (sql,) = [each.sql for each in described.EXAMPLES if words in each.question]
        return answered(episodes, sql)

    grow = {"path": "pack.py", "region": "grow"}
    assert ask_for("In which functions")[0] == {**grow, "attempts": 4, "better": 1, "failed": 3}
    best = ask_for("How did the best come about")
    assert [(each["attempt"], each["score"]) for each in best] == [(0, 1.0), (2, 2.0)]
    (error,) = ask_for("Which errors come back")
    assert (error["region"], error["times"]) == ("grow", 2) and "NameError" in error["signature"]
    assert ask_for("Which names")[0] == {"name": "+numpy", "attempts": 3, "failed": 1.0}
    told = ask_for("Do attempts that were told")[0]
    assert told["lesson"] == "L00000001" and told["told"] == pytest.approx(1 / 6) and told["withheld"] is None


def test_every_column_is_described_and_none_else(episodes: Episodes) -> None:
    found: dict[str, list[str]] = {}
    columns = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
    for table, column in ask(episodes, columns, 60).rows:
        found.setdefault(table, []).append(column)
    del found["kapso_schema"]
    assert found == {table: list(columns) for table, columns in described.COLUMNS.items()}
    assert found.keys() == described.TABLES.keys()
    assert all(column_types(table).keys() == set(columns) for table, columns in found.items())


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM attempts",
        "CREATE TABLE mine (a INT)",
        "INSERT INTO runs SELECT * FROM runs",
        "PRAGMA database_list",
        "SET memory_limit = '8GB'",
        "ATTACH 'x.db' AS x",
        "COPY (SELECT 1) TO 'out.csv'",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('pack.py')",
        "SELECT * FROM 'pack.py'",
        "SELECT * FROM glob('*')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'out.csv'",
        "EXPLAIN ANALYZE DELETE FROM attempts",
        "WITH gone AS (DELETE FROM attempts RETURNING *) SELECT * FROM gone",
        "SELECT nothing FROM attempts",
        "SELEC 1",
        "",
    ],
)
def test_nothing_but_reading_the_log(episodes: Episodes, learnt: MadeRun, statement: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(episodes, statement, 60)
    assert caught.value.help and "--schema" in caught.value.help
    assert not list(Path().glob("*.csv")) and not list(Path().glob("x.db"))
    assert answered(episodes, "SELECT count(*) AS n FROM attempts") == [{"n": 7}]


def test_a_mistake_is_told_without_a_traceback(kapso: Kapso, learnt: MadeRun) -> None:
    result = kapso("sql", "SELECT score, nothing FROM attempts")
    assert result.code == 2 and result.err.startswith("error[sql]: ") and "`kapso sql --schema`" in result.err
    assert "nothing" in result.err and "Traceback" not in result.err
    assert "^" not in kapso("sql", "SELECT * FROM nothing").err


def test_a_query_that_takes_too_long_is_ended(kapso: Kapso, learnt: MadeRun) -> None:
    since = time.monotonic()
    query = "SELECT count(*) FROM range(3000000) a, range(3000000) b WHERE a.range * b.range % 7 = 3"
    result = kapso("sql", query, "--timeout", "1s")
    assert result.code == 2 and "longer than 1s" in result.err and "--timeout" in result.err
    assert time.monotonic() - since < 60


def test_a_table_csv_and_the_schema(kapso: Kapso, learnt: MadeRun) -> None:
    columns = "attempt, names, started, NULL AS nothing, 1.5 AS x"
    query = f"SELECT {columns} FROM hunks JOIN attempts USING (run, attempt)"
    found = list(csv.reader(io.StringIO(kapso("sql", query, "--csv").out)))
    assert found[0] == ["attempt", "names", "started", "nothing", "x"]
    assert found[4] == ["4", '["+numpy", "-math"]', "2026-11-01T12:00:08Z", "", "1.5"]
    shown = kapso("sql", query).out.splitlines()
    assert shown[0].split() == found[0] and "+numpy, -math" in shown[4]
    assert kapso("sql", query, "--csv", "--json").code == 2
    schema = kapso("sql", "--schema")
    assert schema.code == 0
    for table in described.TABLES:
        assert f"\n{table}  " in f"\n{schema.out}"
    assert all(f"-- {each.question}" in schema.out for each in described.EXAMPLES)
    told = [json.loads(line) for line in kapso("sql", "--schema", "--json").out.splitlines()]
    assert {"table": "hunks", "column": "kinds"}.items() <= told[
        [t["column"] for t in told].index("kinds")
    ].items()


def test_lessons_follow_what_git_holds(kapso: Kapso, learnt: MadeRun) -> None:
    assert len(rows(kapso, "FROM lessons")) == 1
    other = Line(Subject(About.OPERATOR, {"proposer": "mutate", "operator": "delete"}), {})
    Ledger(learnt.repository).put({other.subject.key: other})
    assert len(rows(kapso, "FROM lessons")) == 2
    assert kapso("reindex").code == 0
    assert len(rows(kapso, "FROM lessons")) == 2 and len(rows(kapso, "FROM hunks")) == 6


def test_an_empty_repository_has_empty_tables(kapso: Kapso, repository: object) -> None:
    assert rows(kapso, "SELECT count(*) AS n FROM attempts") == [{"n": 0}]
    assert kapso("sql", "FROM runs").code == 0


def test_columns_of_one_name_are_all_kept(kapso: Kapso, repository: object) -> None:
    assert rows(kapso, "SELECT 1 AS a, 2 AS a, 'x' AS b") == [{"a": 1, "a_2": 2, "b": "x"}]


def test_an_answer_that_would_fill_memory_is_cut(
    kapso: Kapso, repository: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kapso.memory.query.MOST_CHARACTERS", 100_000)
    result = kapso("sql", "SELECT repeat('x', 1000) AS x FROM range(5000)", "--csv")
    assert "only the first 128 rows" in result.err and result.out.count("\n") == 129
    whole = kapso("sql", "SELECT repeat('x', 1000) AS x FROM range(90)", "--csv")
    assert not whole.err and whole.out.count("\n") == 91
