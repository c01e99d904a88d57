"""Rebuilding servers: the same server, from the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pileus.compute.backend import Backend
from pileus.compute.db import keypair as keypairs
from pileus.compute.db import server as rows
from pileus.compute.model import action_rule as rules
from pileus.compute.model.error.keypair import KeyPairNotFound, KeyPairUnknown
from pileus.compute.model.image import require_fits
from pileus.compute.model.quota import require_personality_allowed
from pileus.compute.model.server import ImageSnapshot, Server, VmState
from pileus.compute.operations import quota
from pileus.compute.operations.server import require_metadata_allowed
from pileus.compute.operations.task import Asker, act, require_may_change
from pileus.compute.scheduler.demand import require_same_parts
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction


def rebuild(
    tx: Transaction,
    backend: Backend,
    server: Server,
    asker: Asker,
    image: ImageSnapshot,
    changes: Mapping[str, Any],
    metadata: Mapping[str, str] | None,
    *,
    defaults: QuotaSettings,
) -> Server:
    """Begin to rebuild a server of an image, with some of what it was made with changed: columns and their values.

    `defaults` are the quotas of who has none of his own. A `key_name` among the changes is one of the caller's key
    pairs. Raises KeyPairUnknown, MetadataLimitExceeded, PartsChanged, DemandInvalid, what says that a file or the image
    does not fit, and what the server's state forbids.
    """
    now = backend.clock.now()
    require_may_change(server, asker)
    rules.require_allowed(rules.REBUILD, server)
    require_fits(image, server.flavor)
    if server.image is not None:
        require_same_parts(server.flavor, server.image.properties, image.properties)
    limits = quota.limits(tx, defaults, server.project_id)
    if metadata is not None:
        require_metadata_allowed(limits, metadata)
        rows.set_metadata(tx, server.id, metadata)
    require_personality_allowed(limits, changes.get("personality") or {})
    values = {**changes, **_key(tx, asker, changes)}
    rows.set_image(tx, server.id, image, now)
    if values:
        rows.change(tx, server.id, now, **values)
    old_image = None if image == server.image else msgspec.to_builtins(server.image)
    arguments = {"is_running": server.vm_state != VmState.STOPPED, "old_image": old_image}
    act(tx, backend, server, rules.REBUILD, "rebuild", arguments, asker)
    return rows.get(tx, server.id)


def _key(tx: Transaction, asker: Asker, changes: Mapping[str, Any]) -> dict[str, str | None]:
    if "key_name" not in changes:
        return {}
    if changes["key_name"] is None:
        return {"public_key": None}
    try:
        return {"public_key": keypairs.get(tx, asker.user_id, changes["key_name"]).public_key}
    except KeyPairNotFound:
        raise KeyPairUnknown from None
