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
    workflow_id: str | None = None  # that does it
    events: tuple[ActionEvent, ...] = ()


SELECT_DESTINATIONS = "scheduler_select_destinations"
"""The event of a server for which no host would do; its details are the hosts and the reasons."""

EVENT_OF = {
    "create": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "start": "compute_start_instance",
    "stop": "compute_stop_instance",
    "reboot": "compute_reboot_instance",
    "createImage": "compute_snapshot_instance",
    "createBackup": "compute_backup_instance",
    "confirmResize": "compute_confirm_resize",
    "revertResize": "compute_revert_resize",
    "resize": "compute_finish_resize",
    "migrate": "compute_finish_resize",
    "live-migration": "compute_live_migration",
    "evacuate": "compute_rebuild_instance",
    "shelveOffload": "compute_shelve_offload_instance",
    "trigger_crash_dump": "compute_trigger_crash_dump",
    "changePassword": "compute_set_admin_password",
}
"""What the API calls the work of an action."""
