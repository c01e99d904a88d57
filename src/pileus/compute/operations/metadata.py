"""Changing servers' metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.compute.db import server as rows
from pileus.compute.model.errors import MetadataItemNotFound
from pileus.compute.model.server import ALLOW_METADATA, Server, require_in
from pileus.compute.operations import quota
from pileus.compute.operations.server import require_metadata_allowed
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction


def replace(
    tx: Transaction, server: Server, metadata: Mapping[str, str], settings: QuotaSettings, now: datetime
) -> Mapping[str, str]:
    """Put this in the place of all metadata. Raises InstanceInvalidState, MetadataLimitExceeded."""
    require_in(ALLOW_METADATA, server, "update metadata")
    require_metadata_allowed(quota.limits(tx, settings, server.project_id), metadata)
    rows.set_metadata(tx, server.id, metadata)
    rows.update(tx, server.id, now)
    return metadata


def merge(
    tx: Transaction, server: Server, changes: Mapping[str, str], settings: QuotaSettings, now: datetime
) -> Mapping[str, str]:
    """Add these items, or change them. Raises InstanceInvalidState, MetadataLimitExceeded."""
    return replace(tx, server, {**server.metadata, **changes}, settings, now)


def remove(tx: Transaction, server: Server, key: str, now: datetime) -> None:
    """Remove one item. Raises InstanceInvalidState, MetadataItemNotFound."""
    if key not in server.metadata:
        raise MetadataItemNotFound
    require_in(ALLOW_METADATA, server, "delete metadata")
    rows.set_metadata(tx, server.id, {name: value for name, value in server.metadata.items() if name != key})
    rows.update(tx, server.id, now)
