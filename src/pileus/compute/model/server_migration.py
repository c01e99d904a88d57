"""Migrations: each time that a server is moved to another host, or made another size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MigrationType(StrEnum):
    """How a server is moved."""

    MIGRATION = "migration"
    RESIZE = "resize"
    LIVE = "live-migration"
    EVACUATION = "evacuation"


class MigrationStatus(StrEnum):
    """How far a migration is."""

    ACCEPTED = "accepted"
    PRE_MIGRATING = "pre-migrating"
    MIGRATING = "migrating"
    FINISHED = "finished"  # the server waits for its owner's word
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"
    ERROR = "error"


IN_PROGRESS = frozenset(
    (
        MigrationStatus.ACCEPTED, MigrationStatus.PRE_MIGRATING, MigrationStatus.MIGRATING, MigrationStatus.FINISHED,
        MigrationStatus.PREPARING, MigrationStatus.RUNNING,
    )
)  # fmt: skip
"""A migration that may still hold what the server had on its old host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One move of one server. Its uuid is the consumer that holds, in placement, what the server had before."""

    number: int = 0  # the row's; 0 while there is none
    uuid: str
    server_id: str
    user_id: str | None
    project_id: str | None
    type: str
    status: str
    source_host: str | None
    source_node: str | None
    dest_host: str | None = None
    dest_node: str | None = None
    dest_address: str | None = None
    old_flavor_number: int | None = None
    new_flavor_number: int | None = None
    memory_total_bytes: int | None = None
    memory_processed_bytes: int | None = None
    disk_total_bytes: int | None = None
    disk_processed_bytes: int | None = None
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def is_in_progress(self) -> bool:
        """Whether it may still hold something on the old host."""
        return self.status in IN_PROGRESS
