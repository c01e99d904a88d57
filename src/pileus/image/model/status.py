"""The states of an image and the ways between them."""

from __future__ import annotations

from pileus.image.model.errors import TransitionRefused

QUEUED = "queued"  # described, no bytes yet
SAVING = "saving"  # bytes are coming in
UPLOADING = "uploading"  # bytes are coming in to the staging area
IMPORTING = "importing"  # staged bytes are on their way to the stores
ACTIVE = "active"  # whole
DEACTIVATED = "deactivated"  # whole, but withdrawn from use
KILLED = "killed"  # of older releases: an upload failed
PENDING_DELETE = "pending_delete"  # deleted, bytes not yet
DELETED = "deleted"

WAYS: dict[str, frozenset[str]] = {
    QUEUED: frozenset({SAVING, UPLOADING, IMPORTING, ACTIVE, DELETED}),
    SAVING: frozenset({ACTIVE, KILLED, DELETED, QUEUED}),
    UPLOADING: frozenset({IMPORTING, QUEUED, DELETED}),
    IMPORTING: frozenset({ACTIVE, DELETED, QUEUED}),
    ACTIVE: frozenset({PENDING_DELETE, DELETED, DEACTIVATED}),
    DEACTIVATED: frozenset({ACTIVE, PENDING_DELETE, DELETED}),
    KILLED: frozenset({DELETED}),
    PENDING_DELETE: frozenset({DELETED, ACTIVE, DEACTIVATED}),  # restored as it was
    DELETED: frozenset(),
}

STATUSES = tuple(WAYS)

ON_THE_WAY = frozenset({SAVING, UPLOADING, IMPORTING})
"""States in which bytes come in, or wait to."""

FORMATS_OPEN = frozenset({QUEUED, IMPORTING})
"""States in which the disk and container format may still change."""


def require_way(old: str, new: str) -> None:
    """Raise TransitionRefused unless an image may go from `old` to `new`."""
    if new not in WAYS[old]:
        raise TransitionRefused(old=old, new=new)
