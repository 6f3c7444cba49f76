"""`kapso run --report` and the summary of a CI step: written however the run ends, and never in its way."""

from __future__ import annotations

import html
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]
SLOW_SCORE = {"score.sh": 'sleep 0.5; echo "{\\"score\\": $(wc -c < "$1")}"\n'}


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


@pytest.mark.slow
def test_a_run_leaves_a_report_and_a_summary(demo: Demo, tmp_path: Path, summary: Path) -> None:
    kapso, report = demo(), tmp_path / "report.html"
    summary.write_text("before\n")
    done = kapso("run", "--attempts", "8", "--json", "--report", str(report), check=0)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["event"] == "run.finished"
    assert f"kapso: report: {report}" in done.stderr
    page, text = report.read_text(), summary.read_text()
    best = f"{events[-1]['best_score']:.7g}"
    run = events[0]["run"]
    assert text.startswith("before\n\n## Kapso: demo ")
    for written in (page, text):
        assert best in written and run in written and "repeat exactly" in written.lower()
        assert "the budget of attempts is used up" in written
    level = kapso.json("show", "baseline")[0]["sandbox"]
    assert f"Sandbox: {level}" in page and f"<code>{level}</code>" in text
    assert "<details><summary>What the best changed: 1 file" in text and "```diff\n" in text
    assert kapso.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_a_resumed_run_appends_again(demo: Demo, tmp_path: Path, summary: Path) -> None:
    kapso, report = demo(), tmp_path / "report.html"
    kapso("run", "--attempts", "2")
    kapso("resume", "--attempts", "4", "--report", str(report))
    assert summary.read_text().count("## Kapso: demo ") == 2
    assert "--attempts 4" in report.read_text()


@pytest.mark.slow
def test_a_terminated_run_has_its_report(demo: Demo, tmp_path: Path, summary: Path) -> None:
    kapso, report = demo(extra=SLOW_SCORE), tmp_path / "report.html"
    process = kapso.start("run", "--attempts", "50", "--parallel", "1", "--json", "--report", str(report))
    while json.loads(process.stdout.readline())["event"] != "attempt.proposed":
        pass
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert time.monotonic() - asked < 10  # five seconds where the machine is not busy
    for written in (report.read_text(), summary.read_text()):
        assert "The run was interrupted" in written and "beaten the baseline yet" in written


@pytest.mark.slow
def test_nobody_has_to_read_the_summary(demo: Demo, tmp_path: Path) -> None:
    kapso, report = demo(), tmp_path / "report.html"
    process = kapso.start("run", "--attempts", "2", "--report", str(report))
    process.stdout.close()
    process.stderr.read()
    assert process.wait(60) == 141
    assert "the budget of attempts is used up" in report.read_text()


def test_a_report_that_cannot_be_written_is_refused_before_the_run(demo: Demo) -> None:
    kapso = demo()
    done = kapso("run", "--attempts", "2", "--report", "missing/report.html", check=2)
    assert done.stderr.startswith("error[no-such-place]")
    assert kapso.json("ls") == []


def test_what_cannot_be_written_in_the_end_does_not_fail_the_run(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kapso = demo()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    done = kapso("run", "--attempts", "1")
    assert done.returncode in (0, 3)
    assert f"`{tmp_path}` (GITHUB_STEP_SUMMARY) cannot be written: Is a directory" in done.stderr


def test_a_run_that_cannot_begin_says_so_in_the_summary(demo: Demo, summary: Path) -> None:
    kapso = demo(extra={"score.sh": "echo '<b>broken</b>'; exit 1\n"})
    kapso("run", "--attempts", "2", check=4)
    text = summary.read_text()
    assert "## Kapso failed" in text and "broken" in text and "<b>" not in text


@pytest.mark.slow
def test_the_commands_of_the_report_repeat_the_run(demo: Demo, tmp_path: Path) -> None:
    """As a stranger would: paste what stands under "Repeat the run" into a shell."""
    kapso, report = demo("search: {seed: 3, parallel: 1}\n"), tmp_path / "report.html"
    kapso("run", "--attempts", "6", "--report", str(report))
    kapso.git("commit", "--allow-empty", "-qm", "the program goes on")
    (first,) = kapso.json("ls")
    section = report.read_text().partition("Repeat the run")[2].partition("</section>")[0]
    commands = html.unescape("\n".join(re.findall(r"<code>(.*?)</code></pre>", section, re.DOTALL)))
    assert "kapso run goal.yaml" in commands
    script = f'set -e\nkapso() {{ "{sys.executable}" -m kapso "$@"; }}\n{commands}\n'
    done = subprocess.run(
        ["sh", "-c", script], cwd=kapso.root, env=kapso.environment(), capture_output=True, text=True
    )
    assert done.returncode in (0, 3), done.stderr
    second = next(run for run in kapso.json("ls") if run["run"] != first["run"])
    keys = ("score", "title", "proposer", "parents")
    tried = [[[a[key] for key in keys] for a in kapso.json("ls", run["run"])] for run in (first, second)]
    assert tried[0] == tried[1]
    assert "began with what they had found" not in section
    kapso("run", "--attempts", "1", "--report", str(report))
    assert "began with what they had found" in report.read_text()
    identities = {kapso.json("show", run["run"], "baseline")[0]["evaluator"] for run in (first, second)}
    assert len(identities) == 1
