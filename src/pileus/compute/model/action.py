"""Actions: what was asked for a server, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent:
    """One piece of work of an action, on one host."""

    event: str
    host: str | None
    result: str | None  # Success, Error; None while it lasts
    details: str | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One request that changed a server."""

    server_id: str
    action: str
    request_id: str
    user_id: str
    project_id: str
    started_at: datetime
    updated_at: datetime | None = None
    finished_at: datetime | None = None
    message: str | None = None
    events: tuple[ActionEvent, ...] = ()


EVENT_OF = {
    "create": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "start": "compute_start_instance",
    "stop": "compute_stop_instance",
    "reboot": "compute_reboot_instance",
    "createImage": "compute_snapshot_instance",
}
"""What the API calls the work of an action."""
