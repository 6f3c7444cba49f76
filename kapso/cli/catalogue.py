"""Every command of `kapso`: its name, where it is built, its line in the help. Nothing is imported here."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """`target` is `module:attribute`."""

    target: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "run": Entry("kapso.cli.run:run", "Improve the program that goal.yaml describes."),
    "resume": Entry("kapso.cli.run:resume", "Go on after a stop, a pause, a crash or a kill."),
    "pause": Entry("kapso.cli.control:pause", "Hold a run once what is in flight has ended."),
    "stop": Entry("kapso.cli.control:stop", "End a run once what is in flight has ended."),
    "doctor": Entry(
        "kapso.cli.doctor:doctor", "Check the machine and the goal, and evaluate the baseline twice."
    ),
    "ls": Entry("kapso.cli.ls:ls", "List runs, or the attempts of one."),
    "show": Entry("kapso.cli.show:show", "Everything about one attempt."),
    "best": Entry("kapso.cli.best:best", "The best attempt of a run."),
    "diff": Entry("kapso.cli.diff:diff", "What changed between two attempts; by default base against best."),
    "try": Entry("kapso.cli.attempt_by_hand:try_", "Evaluate a revision of your own as an attempt."),
    "sql": Entry("kapso.cli.sql:sql", "Ask the episodic log a question of your own."),
    "apply": Entry("kapso.cli.apply:apply", "Bring a result home as one clean commit."),
    "push": Entry("kapso.cli.share:push", "Share runs and lessons through git."),
    "pull": Entry("kapso.cli.share:pull", "Fetch runs and lessons that others shared."),
    "reindex": Entry("kapso.cli.reindex:reindex", "Rebuild the episodic log from git."),
    "gc": Entry("kapso.cli.gc:gc", "Remove old logs, workspaces and runs; a dry run first."),
    "init": Entry("kapso.cli.init:init", "Write a goal.yaml that works for this program."),
    "report": Entry("kapso.cli.report:report", "Write one self-contained HTML file about a run."),
    "steer": Entry("kapso.cli.steer:steer", "Give the proposers a hint."),
    "approve": Entry("kapso.cli.approve:approve", "Let attempts run that wait for approval; list them."),
    "reject": Entry("kapso.cli.approve:reject", "Say no to attempts that wait for approval."),
    "lessons": Entry("kapso.cli.lessons:lessons", "What was learnt, and what it is worth."),
    "learn": Entry("kapso.cli.learn:learn", "Read sources into the library."),
    "search": Entry("kapso.cli.search:search", "Search the library."),
    "tui": Entry("kapso_tui.command:tui", "The dashboard: start, watch, steer, take home."),
    "mcp": Entry("kapso.cli.mcp:mcp", "Serve library, lessons and runs to coding agents."),
}
"""In the order in which the help lists them."""
