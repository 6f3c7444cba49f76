"""`kapso report`: where the page goes, what it tells, and that nothing of the user's is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kapso = Callable[..., Any]
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in (".", "knowledge", "tui")),
}


def test_by_default_it_goes_to_the_run_s_folder_and_the_working_tree_stays(
    kapso: Kapso, packing: Any
) -> None:
    done = kapso("report")
    path = Path(done.out.strip())
    assert done.code == 0
    assert path == packing.repository.common_dir / "kapso/runs/packing-3f9a/report.html"
    assert path.read_text().startswith("<!doctype html>")
    assert "kB, about packing-3f9a" in done.err
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, capture_output=True, text=True, check=True).stdout == ""


def test_it_tells_what_the_log_knows(kapso: Kapso, packing: Any) -> None:
    page = kapso("report", "-o", "-").out
    assert "RADIUS: 1 → 2" in page and "Pack circles" in page
    assert '<span class="l del" data-n="">' in page and '<span class="l add" data-n="1">' in page
    assert "GIT binary patch" not in page and "Binary files" in page
    assert "neu é.txt" in page
    assert "exit #: <code>ZeroDivisionError</code>" in page
    assert "1 lead before did not hold" in page
    assert f"git worktree add --detach ../packing-3f9a-again {packing.base}" in page
    holdout = page.partition("Hold-out</h3>")[2].partition("</table>")[0]
    assert "2.25" in holdout and "2 (best)" in holdout


def test_a_file_and_json(kapso: Kapso, packing: Any, tmp_path: Path) -> None:
    target = tmp_path / "out.html"
    done = kapso("report", "packing", "-o", str(target), "--json")
    assert json.loads(done.out) == {
        "run": "packing-3f9a",
        "report": str(target),
        "bytes": target.stat().st_size,
    }
    assert done.err == ""
    again = kapso("report", "packing", "-o", str(target))
    assert (again.code, again.out) == (0, f"{target}\n")
    assert [path.name for path in tmp_path.glob("*out.html*")] == ["out.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-o", "missing/report.html"],
            "error[no-such-place]: the report cannot go to `missing/report.html`",
        ),
        (["-o", "src"], "error[no-such-place]: the report cannot go to `src`: it is a folder"),
        (["nope"], "error[no-such-run]"),
        (["-o", "-", "--json"], "error[usage]: `--json` and `-o -` both want standard output"),
    ],
)
def test_what_cannot_be_is_a_mistake_in_the_command(
    kapso: Kapso, packing: Any, arguments: list[str], said: str
) -> None:
    done = kapso("report", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)


@pytest.mark.parametrize("target", ["/dev/full", "-"])
def test_a_full_disk_is_the_machine_s_fault(packing: Any, target: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "kapso", "report", "-o", target]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert done.returncode == 1
    assert done.stderr.startswith("error[report-not-written]: the report cannot be written to ")


@pytest.mark.parametrize(
    ("command", "example"), [("report", "kapso report -o -"), ("run", "kapso run --report")]
)
def test_the_help_has_an_example(kapso: Kapso, command: str, example: str) -> None:
    assert example in kapso(command, "--help").out


def test_a_run_that_has_only_begun_has_a_report(kapso: Kapso, start: Callable[..., Any]) -> None:
    start("early-0001")
    page = kapso("report", "-o", "-").out
    assert "The baseline has not been scored." in page
    assert "Nothing was scored." in page and "No attempt was made yet." in page


def test_hostile_records_do_not_break_it(kapso: Kapso, start: Callable[..., Any]) -> None:
    """What a pulled run says about itself is not trusted to be of the right type."""
    run = start("odd-0001", seed="</script>", file=["x"], parallel={"a": 1}, evaluator=7)
    run.land({}, 1.0, proposer="baseline")
    run.land({"pack.py": b"RADIUS = 2\n"}, 2.0, verdict="better")
    run.finish(best=1, reason="<b>", noise="x", confirmed={"pairs": "many", "attempt": None, "low": []})
    done = kapso("report", "-o", "-")
    assert done.code == 0
    assert (
        "<b>"
        not in done.out.partition("How far to trust it")[0].partition("Sandbox")[0].partition("<main")[2]
    )
    assert "not confirmed" in done.out
