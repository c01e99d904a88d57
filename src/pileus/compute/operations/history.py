"""Forgetting what ended long ago."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.db import server
from pileus.compute.db.tables import WORKFLOW, WORKFLOW_STEP
from pileus.kit.db import Transaction
from pileus.kit.workflow import WorkflowStore


def purge(tx: Transaction, before: datetime) -> int:
    """Forget servers that were deleted, and workflows that ended, before a time; return how many."""
    return server.purge(tx, before) + WorkflowStore(WORKFLOW, WORKFLOW_STEP).purge(tx, before)
