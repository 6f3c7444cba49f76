"""The episodic log: what happened in every attempt, kept in DuckDB and rebuilt from git at any time."""

from kapso.memory.episode import DiffSize, Episode, RunSummary, Stage, trusted_source
from kapso.memory.episodes import Episodes
from kapso.memory.recorder import Recorder

__all__ = ["DiffSize", "Episode", "Episodes", "Recorder", "RunSummary", "Stage", "trusted_source"]
