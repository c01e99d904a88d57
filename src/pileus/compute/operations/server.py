"""Changing and deleting servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import action as actions
from pileus.compute.db import host as hosts
from pileus.compute.db import server as rows
from pileus.compute.model.action_rule import SOFT_DELETE
from pileus.compute.model.error.host import PinnedZoneElsewhere, PinnedZoneTaken
from pileus.compute.model.error.server import MetadataLimitExceeded
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.quota import UNLIMITED
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.compute.operations import move
from pileus.compute.operations.task import Asker, act, begin, record, require_may_change
from pileus.kit.db import Transaction


def update(tx: Transaction, server: Server, changes: Mapping[str, Any], now: datetime) -> Server:
    """Change what a user may choose of a server, such as its name: columns and their values."""
    rows.update(tx, server.id, now, **changes)
    return rows.get(tx, server.id)


def pinned_zone(tx: Transaction, server: Server, zone: str | None) -> str | None:
    """Return the zone that a server may be pinned to: none, the one that it is pinned to, or where it is.

    Raises PinnedZoneTaken, PinnedZoneElsewhere.
    """
    if zone is None or zone == server.availability_zone:
        return zone
    if server.availability_zone is not None:
        raise PinnedZoneTaken
    current = None if server.host is None else hosts.zones(tx).get(server.host, DEFAULT_ZONE)
    if zone != current:
        raise PinnedZoneElsewhere(zone=current, wanted=zone)
    return zone


def delete(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
    """Begin to delete a server, whatever it is doing; one that is being deleted already is left to that.

    Raises InstanceLocked.
    """
    require_may_change(server, asker)
    now = backend.clock.now()
    if not rows.set_state(tx, server.id, task_state=TaskState.DELETING, now=now, unless_task=[TaskState.DELETING]):
        return
    # A step that ends has its workflow's row first and the server's then. The other way round here: of what is begun
    # before we have the server, nothing escapes. If both meet, the database ends one of them, and it is tried again.
    backend.work.cancel(tx, server.id)
    begin(tx, backend.work, server, "delete", "delete", {}, asker, now)


def soft_delete(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
    """Begin to switch a server off and keep it until it is restored or reclaimed; one that never ran is deleted.

    Raises InstanceLocked.
    """
    if server.vm_state not in SOFT_DELETE.vm_states or server.host is None:
        delete(tx, backend, server, asker)
    elif server.task_state not in (TaskState.DELETING, TaskState.SOFT_DELETING):
        backend.work.cancel(tx, server.id)
        act(tx, backend, server, SOFT_DELETE, "soft_delete", {}, asker)


def reset_state(tx: Transaction, backend: Backend, server: Server, asker: Asker, *, vm_state: str) -> None:
    """Make a server active or in error by an administrator's word.

    One that was moved and is active has not to be asked whether it shall stay as it is.
    """
    now = backend.clock.now()
    record(tx, server, "resetState", asker, now)
    rows.set_state(tx, server.id, vm_state=vm_state, task_state=None, now=now)
    if vm_state == VmState.ACTIVE and server.task_state is None:
        move.conclude(tx, backend, server)
    actions.finish(tx, server.id, "resetState", now)


def require_metadata_allowed(limits: Mapping[str, int], metadata: Mapping[str, str]) -> None:
    """Raise MetadataLimitExceeded if these are more items than a server may have."""
    allowed = limits["metadata_items"]
    if allowed != UNLIMITED and len(metadata) > allowed:
        raise MetadataLimitExceeded(allowed=allowed)
