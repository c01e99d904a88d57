"""Making, changing and deleting servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pileus.compute.backend import Backend, Images, Work
from pileus.compute.db import flavor as flavors
from pileus.compute.db import host as hosts
from pileus.compute.db import keypair as keypairs
from pileus.compute.db import quota as quotas
from pileus.compute.db import server as rows
from pileus.compute.model.errors import (
    AvailabilityZoneUnknown,
    FlavorNotFound,
    FlavorUnknown,
    ImageNotFound,
    KeyPairNotFound,
    KeyPairUnknown,
    MetadataLimitExceeded,
    ZeroDiskRefused,
)
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.image import require_fits, snapshot_of
from pileus.compute.model.quota import UNLIMITED, Usage, most_that_fit
from pileus.compute.model.server import ImageSnapshot, Server, TaskState, VmState, hostname_of
from pileus.compute.operations import quota
from pileus.compute.operations.task import Asker, begin
from pileus.compute.settings import QuotaSettings
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAsk:
    """What somebody wants: one server, or several alike."""

    name: str
    flavor_id: str
    image_id: str
    may_use_any_flavor: bool = False  # also one that is not public and that the project has no access to
    may_use_zero_disk: bool = False  # a flavor that leaves it to the image how large the root disk is
    key_name: str | None = None
    user_data: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    fewest: int = 1
    most: int = 1
    availability_zone: str | None = None
    is_disk_config_auto: bool = True
    access_ip_v4: str = ""
    access_ip_v6: str = ""


# --- create ---------------------------------------------------------------------------------------


def create(backend: Backend, asker: Asker, token: str, ask: ServerAsk) -> Sequence[Server]:
    """Write the servers down and begin to boot them.

    As many as the quota has room for, between the fewest and the most. Raises ImageNotFound, ImageNotActive,
    FlavorUnknown, ZeroDiskRefused, KeyPairUnknown, AvailabilityZoneUnknown, QuotaExceeded, and what says that the
    flavor is too small.
    """
    image = _image(backend.images, ask.image_id, token)
    servers = backend.database.write(_create, backend, asker, ask, image)
    backend.work.nudge()
    return servers


def _image(images: Images, image_id: str, token: str) -> ImageSnapshot:
    try:
        return snapshot_of(images.get(image_id, token))
    except NotFound:
        raise ImageNotFound from None


def _create(tx: Transaction, backend: Backend, asker: Asker, ask: ServerAsk, image: ImageSnapshot) -> Sequence[Server]:
    now = backend.clock.now()
    flavor = _flavor(tx, ask, asker.project_id)
    if flavor.root_gb == 0 and not ask.may_use_zero_disk:
        raise ZeroDiskRefused
    require_fits(image, flavor)
    _require_zone(tx, ask.availability_zone)
    public_key = _public_key(tx, asker.user_id, ask.key_name)
    count = _count(tx, backend.settings.quota, asker.project_id, ask, flavor)
    first = _first(asker, ask, flavor, image, public_key, now)
    servers = [_numbered(first, index, ask.most) for index in range(count)]
    for server in servers:
        rows.add(tx, server)
        begin(tx, backend.work, server, "create", "boot", {}, asker, now)
    return servers


def _flavor(tx: Transaction, ask: ServerAsk, project_id: str) -> Flavor:
    try:
        flavor = flavors.get(tx, ask.flavor_id)
    except FlavorNotFound:
        raise FlavorUnknown(flavor_id=ask.flavor_id) from None
    if flavor.is_public or ask.may_use_any_flavor or project_id in flavors.list_access(tx, flavor):
        return flavor
    raise FlavorUnknown(flavor_id=ask.flavor_id)


def _require_zone(tx: Transaction, zone: str | None) -> None:
    if zone is not None and zone != DEFAULT_ZONE and zone not in hosts.zones(tx).values():
        raise AvailabilityZoneUnknown


def _public_key(tx: Transaction, user_id: str, key_name: str | None) -> str | None:
    if key_name is None:
        return None
    try:
        return keypairs.get(tx, user_id, key_name).public_key
    except KeyPairNotFound:
        raise KeyPairUnknown from None


def _count(tx: Transaction, settings: QuotaSettings, project_id: str, ask: ServerAsk, flavor: Flavor) -> int:
    """Return how many servers may be made, and keep others from counting until this transaction ends."""
    quotas.take_turn(tx, f"project:{project_id}")
    limits = quota.limits(tx, settings, project_id)
    require_metadata_allowed(limits, ask.metadata)
    one = Usage(instances=1, cores=flavor.vcpus, ram_mb=flavor.memory_mb)
    return most_that_fit(limits, rows.usage(tx, project_id), one, fewest=ask.fewest, most=ask.most)


def _first(
    asker: Asker, ask: ServerAsk, flavor: Flavor, image: ImageSnapshot, public_key: str | None, now: datetime
) -> Server:
    return Server(
        id="",
        project_id=asker.project_id,
        user_id=asker.user_id,
        name=ask.name,
        hostname="",
        flavor=flavor,
        image=image,
        created_at=now,
        vm_state=VmState.BUILDING,
        task_state=TaskState.SCHEDULING,
        availability_zone=ask.availability_zone,
        reservation_id=f"r-{ids.new_hex_id()[:8]}",
        key_name=ask.key_name,
        public_key=public_key,
        user_data=ask.user_data,
        has_config_drive=True,  # every guest gets one, as there is no metadata service
        is_disk_config_auto=ask.is_disk_config_auto,
        access_ip_v4=ask.access_ip_v4,
        access_ip_v6=ask.access_ip_v6,
        metadata=ask.metadata,
    )


def _numbered(server: Server, index: int, most: int) -> Server:
    name = server.name if most == 1 else f"{server.name}-{index + 1}"
    server_id = ids.new_uuid()
    return replace(server, id=server_id, name=name, hostname=hostname_of(name, server_id), launch_index=index)


# --- change and delete ----------------------------------------------------------------------------


def update(tx: Transaction, server: Server, changes: Mapping[str, Any], now: datetime) -> Server:
    """Change what a user may choose of a server: name, access_ip_v4, access_ip_v6, is_disk_config_auto."""
    rows.update(tx, server.id, now, **changes)
    return rows.get(tx, server.id)


def delete(tx: Transaction, work: Work, server: Server, asker: Asker, now: datetime) -> None:
    """Begin to delete a server, whatever it is doing; one that is being deleted already is left to that."""
    if not rows.set_state(tx, server.id, task_state=TaskState.DELETING, now=now, unless_task=[TaskState.DELETING]):
        return
    work.cancel(tx, server.id)
    begin(tx, work, server, "delete", "delete", {}, asker, now)


def reset_state(tx: Transaction, server: Server, vm_state: str, now: datetime) -> None:
    """Make a server active or in error by an administrator's word."""
    rows.set_state(tx, server.id, vm_state=vm_state, task_state=None, now=now)


def require_metadata_allowed(limits: Mapping[str, int], metadata: Mapping[str, str]) -> None:
    """Raise MetadataLimitExceeded if these are more items than a server may have."""
    allowed = limits["metadata_items"]
    if allowed != UNLIMITED and len(metadata) > allowed:
        raise MetadataLimitExceeded(allowed=allowed)
