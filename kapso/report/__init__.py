"""What came of a run, for people: one self-contained HTML file, and a Markdown summary for CI.

Reads git and the episodic log, changes neither. All text in it may be hostile: whatever is printed is escaped.
"""

from kapso.report.facts import Facts, collect

__all__ = ["Facts", "collect"]
