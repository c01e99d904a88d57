"""Durable workflows: steps that are done, or undone, whatever happens to the process in between."""

from pileus.kit.workflow.runner import Runner
from pileus.kit.workflow.store import WorkflowStore, read_order_id, workflow_tables
from pileus.kit.workflow.workflow import Run, Step, StepFailed, Waiting, Workflow, Written

__all__ = [
    "Run", "Runner", "Step", "StepFailed", "Waiting", "Workflow", "WorkflowStore", "Written",
    "read_order_id", "workflow_tables",
]  # fmt: skip
