"""Making images of servers."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.compute.backend import Backend
from pileus.compute.db import server as rows
from pileus.compute.model.errors import InstanceNotReady
from pileus.compute.model.image import attributes_of_snapshot
from pileus.compute.model.server import CREATE_IMAGE, Server, require_allowed
from pileus.compute.operations.task import Asker, begin, claim
from pileus.compute.workflows import unclaimed_image
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import PileusError


def create(backend: Backend, server: Server, name: str, properties: Mapping[str, str], asker: Asker, token: str) -> str:
    """Make a queued image, as the caller, and begin to fill it with the server's root disk. Returns the image's id.

    Raises InstanceInvalidState, InstanceNotReady, and what the image service refuses.
    """
    require_allowed(CREATE_IMAGE, server)
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    image_id = ids.new_uuid()
    # Should this process die between here and `_begin`, the image would stay queued for ever: this one removes it.
    backend.database.write(backend.work.begin, unclaimed_image.KIND, image_id, unclaimed_image.arguments(backend.clock))
    try:
        backend.images.create({**attributes_of_snapshot(server, name, properties), "id": image_id}, token)
        backend.database.write(_begin, backend, server.id, image_id, asker)
    except PileusError:  # the image service refused, or somebody else was faster
        backend.images.delete(image_id, token)
        backend.database.write(backend.work.cancel, image_id)
        raise
    backend.work.nudge()
    return image_id


def _begin(tx: Transaction, backend: Backend, server_id: str, image_id: str, asker: Asker) -> None:
    server, now = rows.get(tx, server_id), backend.clock.now()
    claim(tx, server, CREATE_IMAGE, now)
    backend.work.cancel(tx, image_id)
    begin(tx, backend.work, server, "createImage", "snapshot", {"image_id": image_id}, asker, now)
