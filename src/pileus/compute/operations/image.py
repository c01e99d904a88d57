"""Making images of servers: snapshots, backups, and what a shelved server is kept as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pileus.compute.backend import Backend, Images
from pileus.compute.db import server as rows
from pileus.compute.model import action_rule as rules
from pileus.compute.model.error.image import ImageNotFound
from pileus.compute.model.error.server import InstanceNotReady
from pileus.compute.model.image import attributes_of_snapshot, snapshot_of
from pileus.compute.model.server import ImageSnapshot, Server, VmState
from pileus.compute.operations.task import Asker, act, require_may_change
from pileus.compute.workflows import unclaimed_image
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import NotFound, PileusError

_NO_KERNEL = "nokernel"  # the kernel_id of an image that boots itself


def get_for_user(images: Images, image_id: str, token: str) -> ImageSnapshot:
    """Return an image as the caller may see it, to make something of it, with what boots it.

    Raises ImageNotFound, ImageNotActive.
    """
    image = _get_for_user(images, image_id, token)
    kernel_id, ramdisk_id = (image.properties.get(name) for name in ("kernel_id", "ramdisk_id"))
    if not kernel_id or kernel_id == _NO_KERNEL:
        return image
    ramdisk = _get_for_user(images, str(ramdisk_id), token) if ramdisk_id else None
    return replace(image, kernel=_get_for_user(images, str(kernel_id), token), ramdisk=ramdisk)


def _get_for_user(images: Images, image_id: str, token: str) -> ImageSnapshot:
    try:
        return snapshot_of(images.get(image_id, token))
    except NotFound:
        raise ImageNotFound from None


def create(backend: Backend, server: Server, name: str, properties: Mapping[str, str], asker: Asker, token: str) -> str:
    """Make a queued image, as the caller, and begin to fill it with the server's root disk. Returns the image's id.

    Raises what the server's state forbids, and what the image service refuses.
    """
    attributes = attributes_of_snapshot(server, name, properties)
    return _fill(backend, server, rules.CREATE_IMAGE, "snapshot", attributes, {}, asker, token)


def back_up(
    backend: Backend,
    server: Server,
    name: str,
    properties: Mapping[str, str],
    asker: Asker,
    token: str,
    *,
    backup_type: str,
    rotation: int,
) -> str:
    """The same, and begin to delete the oldest backups of this type so that `rotation` of them are left.

    Raises what the server's state forbids, and what the image service refuses.
    """
    attributes = attributes_of_snapshot(server, name, properties)
    attributes |= {"image_type": "backup", "backup_type": backup_type}
    arguments = {"backup_type": backup_type, "rotation": rotation, "owner": asker.project_id}
    return _fill(backend, server, rules.CREATE_BACKUP, "backup", attributes, arguments, asker, token)


def shelve(backend: Backend, server: Server, asker: Asker, token: str) -> None:
    """Begin to keep a server as an image alone.

    Raises what the server's state forbids, and what the image service refuses.
    """
    require_may_change(server, asker)
    attributes = attributes_of_snapshot(server, f"{server.name}-shelved", {})
    arguments = {"is_running": server.vm_state == VmState.ACTIVE}
    is_offloaded_at_once = backend.settings.shelved_offload_after_s == 0
    kind = "shelve" if is_offloaded_at_once else "shelve_here"
    _fill(backend, server, rules.SHELVE, kind, attributes, arguments, asker, token)


def _fill(
    backend: Backend,
    server: Server,
    rule: rules.ActionRule,
    kind: str,
    attributes: dict[str, Any],
    arguments: dict[str, Any],
    asker: Asker,
    token: str,
) -> str:
    """Make a queued image, and begin the workflow of this kind that fills it. Returns the image's id."""
    rules.require_allowed(rule, server)
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    image_id = ids.new_uuid()

    def begin(tx: Transaction) -> None:
        backend.work.cancel(tx, image_id)
        current = rows.get(tx, server.id)
        act(tx, backend, current, rule, kind, {**arguments, "image_id": image_id}, asker)

    # Should this process die between here and `begin`, the image would stay queued for ever: this one removes it.
    backend.database.write(backend.work.begin, unclaimed_image.KIND, image_id, unclaimed_image.arguments(backend.clock))
    _create(backend, {**attributes, "id": image_id}, token, begin)
    return image_id


def _create(backend: Backend, attributes: dict[str, Any], token: str, begin: Callable[[Transaction], None]) -> None:
    try:
        backend.images.create(attributes, token)
        backend.database.write(begin)
    except PileusError:  # the image service refused, or somebody else was faster
        backend.images.delete(attributes["id"], token)
        backend.database.write(backend.work.cancel, attributes["id"])
        raise
