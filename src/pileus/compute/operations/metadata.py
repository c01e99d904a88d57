"""Changing servers' metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.compute.db import server as rows
from pileus.compute.model.action_rule import ALLOW_METADATA, require_in
from pileus.compute.model.error.server import MetadataItemNotFound
from pileus.compute.model.server import Server
from pileus.compute.operations import quota
from pileus.compute.operations.server import require_metadata_allowed
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction


def _lock(tx: Transaction, server: Server, now: datetime) -> Server:
    """Return the server as it is now, and keep others from changing its metadata until the transaction ends.

    Without it, of two changes at the same time the second would write back what it read before the first.
    """
    rows.update(tx, server.id, now)
    return rows.get(tx, server.id)


def replace(
    tx: Transaction, server: Server, metadata: Mapping[str, str], settings: QuotaSettings, now: datetime
) -> Mapping[str, str]:
    """Put this in the place of all metadata. Raises InstanceInvalidState, MetadataLimitExceeded."""
    return _write(tx, _lock(tx, server, now), metadata, settings)


def merge(
    tx: Transaction, server: Server, changes: Mapping[str, str], settings: QuotaSettings, now: datetime
) -> Mapping[str, str]:
    """Add these items, or change them. Raises InstanceInvalidState, MetadataLimitExceeded."""
    current = _lock(tx, server, now)
    return _write(tx, current, {**current.metadata, **changes}, settings)


def _write(tx: Transaction, server: Server, metadata: Mapping[str, str], settings: QuotaSettings) -> Mapping[str, str]:
    require_in(ALLOW_METADATA, server, "update metadata")
    require_metadata_allowed(quota.limits(tx, settings, server.project_id), metadata)
    rows.set_metadata(tx, server.id, metadata)
    return metadata


def remove(tx: Transaction, server: Server, key: str, now: datetime) -> None:
    """Remove one item. Raises InstanceInvalidState, MetadataItemNotFound."""
    current = _lock(tx, server, now)
    if key not in current.metadata:
        raise MetadataItemNotFound
    require_in(ALLOW_METADATA, current, "delete metadata")
    rows.set_metadata(tx, server.id, {name: value for name, value in current.metadata.items() if name != key})
