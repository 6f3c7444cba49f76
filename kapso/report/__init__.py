"""What came of a run, for people: one self-contained HTML file, and a Markdown summary for CI.

Reads git and the episodic log, changes neither. Text from a run may be hostile: all of it is escaped.
"""

from kapso.report.facts import Facts, collect

__all__ = ["Facts", "collect"]
