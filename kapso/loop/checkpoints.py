"""Which of LangGraph's checkpoints are kept: those that an attempt can go on from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite import SqliteSaver


class Checkpoints(SqliteSaver):
    """Keeps nothing before the candidate has its pending ref, when an attempt is proposed anew, and nothing
    after it has landed, when git alone counts.

    Each step is safe to repeat, so what a step has written before its checkpoint is not kept either.
    """

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep `checkpoint`, if it is worth that; returns the configuration that names it."""
        values = checkpoint["channel_values"]
        if values.get("candidate") and not values.get("measured"):
            return super().put(config, checkpoint, metadata, new_versions)
        return {"configurable": {**config["configurable"], "checkpoint_id": checkpoint["id"]}}

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep nothing."""
