"""Making servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import keypair as keypairs
from pileus.compute.db import quota as quotas
from pileus.compute.db import server as rows
from pileus.compute.db import server_group as groups
from pileus.compute.model.block_device import BlockDevice, disks_of
from pileus.compute.model.error.host import AvailabilityZoneUnknown, ComputeHostUnknown
from pileus.compute.model.error.image import ZeroDiskRefused
from pileus.compute.model.error.keypair import KeyPairNotFound, KeyPairUnknown
from pileus.compute.model.error.server import HostnameAmbiguous
from pileus.compute.model.error.server_group import (
    ServerGroupMemberLimitExceeded,
    ServerGroupNotFound,
    ServerGroupUnknown,
)
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.image import require_fits
from pileus.compute.model.news import NounNews
from pileus.compute.model.quota import UNLIMITED, Usage, require_personality_allowed
from pileus.compute.model.server import ImageSnapshot, Server, TaskState, VmState, hostname_of
from pileus.compute.operations import quota
from pileus.compute.operations.flavor import get_usable
from pileus.compute.operations.image import get_for_user
from pileus.compute.operations.server import require_metadata_allowed
from pileus.compute.operations.task import Asker, begin
from pileus.compute.scheduler.demand import require_understood
from pileus.compute.settings import QuotaSettings
from pileus.kit import ids
from pileus.kit.db import Transaction

ROOT_DEVICE = "/dev/vda"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAsk:
    """What somebody wants: one server, or several alike."""

    name: str
    flavor_id: str
    image_id: str
    may_use_any_flavor: bool = False  # also one that is not public and that the project has no access to
    may_use_any_group: bool = False  # also another project's
    may_use_zero_disk: bool = False  # a flavor that leaves it to the image how large the root disk is
    description: str | None = None
    hostname: str | None = None  # None: made of the name
    key_name: str | None = None
    user_data: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    personality: Mapping[str, str] = field(default_factory=dict)
    trusted_certificates: Sequence[str] | None = None
    block_devices: Sequence[BlockDevice] = ()
    fewest: int = 1
    most: int = 1
    availability_zone: str | None = None
    requested_host: str | None = None
    requested_node: str | None = None
    is_host_forced: bool = False
    hints: Mapping[str, object] = field(default_factory=dict)
    group_id: str | None = None
    is_disk_config_auto: bool = True
    access_ip_v4: str = ""
    access_ip_v6: str = ""


def create(backend: Backend, asker: Asker, token: str, ask: ServerAsk) -> Sequence[Server]:
    """Write the servers down and begin to boot them.

    As many as the quota has room for, between the fewest and the most. Raises ImageNotFound, ImageNotActive,
    FlavorUnknown, ZeroDiskRefused, KeyPairUnknown, AvailabilityZoneUnknown, ComputeHostUnknown, ServerGroupUnknown,
    HostnameAmbiguous, DemandInvalid, QuotaExceeded and other limits, and what says that the flavor is too small.
    """
    if ask.hostname is not None and ask.most > 1:
        raise HostnameAmbiguous
    image = get_for_user(backend.images, ask.image_id, token)
    defaults = backend.quota_of(asker.project_id)
    return backend.database.write(_create, backend, asker, ask, image, defaults)


def _create(
    tx: Transaction, backend: Backend, asker: Asker, ask: ServerAsk, image: ImageSnapshot, defaults: QuotaSettings
) -> Sequence[Server]:
    now = backend.clock.now()
    flavor = _flavor(tx, ask, asker.project_id)
    require_fits(image, flavor)
    require_understood(flavor, image.properties, backend.settings.pci.alias)
    _require_place(tx, ask, asker.project_id)
    first = Server(
        **_plain(ask),
        id="",
        project_id=asker.project_id,
        user_id=asker.user_id,
        hostname=ask.hostname or "",
        flavor=flavor,
        image=image,
        created_at=now,
        vm_state=VmState.BUILDING,
        task_state=TaskState.SCHEDULING,
        reservation_id=f"r-{ids.new_hex_id()[:8]}",
        public_key=_public_key(tx, asker.user_id, ask.key_name),
        has_config_drive=True,  # every guest gets one, as there is no metadata service
        block_devices=disks_of(flavor, ask.block_devices),
        root_device_name=image.root_device_name or ROOT_DEVICE,
    )
    servers = [_numbered(first, index, ask.most) for index in range(_count(tx, defaults, asker, ask, flavor))]
    for server in servers:
        rows.add(tx, server)
        begin(tx, backend.work, server, "create", "boot", {}, asker, now)
    if ask.group_id is not None:
        more = {"instance_uuids": [server.id for server in servers]}
        tx.note(NounNews(noun=groups.get(tx, ask.group_id), verb="add_member", more=more))
    return servers


_AS_ASKED = (
    "name", "description", "key_name", "user_data", "metadata", "tags", "personality", "trusted_certificates",
    "availability_zone", "requested_host", "requested_node", "is_host_forced", "hints", "group_id",
    "is_disk_config_auto", "access_ip_v4", "access_ip_v6",
)  # fmt: skip


def _plain(ask: ServerAsk) -> dict[str, Any]:
    """Return what a server has just as it was asked for."""
    return {name: getattr(ask, name) for name in _AS_ASKED}


# --- what is named must be there ------------------------------------------------------------------


def _flavor(tx: Transaction, ask: ServerAsk, project_id: str) -> Flavor:
    flavor = get_usable(tx, ask.flavor_id, project_id, may_use_any=ask.may_use_any_flavor)
    if flavor.root_gb == 0 and not ask.may_use_zero_disk:
        raise ZeroDiskRefused
    return flavor


def _require_place(tx: Transaction, ask: ServerAsk, project_id: str) -> None:
    """Raise AvailabilityZoneUnknown, ComputeHostUnknown or ServerGroupUnknown unless these are there."""
    zone = ask.availability_zone
    if zone is not None and zone != DEFAULT_ZONE and zone not in hosts.zones(tx).values():
        raise AvailabilityZoneUnknown
    if not ask.is_host_forced:
        _require_host(tx, ask.requested_host, ask.requested_node)
    if ask.group_id is not None:
        _require_group(tx, ask.group_id, project_id, may_use_any=ask.may_use_any_group)


def _require_host(tx: Transaction, host: str | None, node: str | None) -> None:
    if host is None and node is None:
        return
    if not any(one.host == (host or one.host) and one.hostname == (node or one.hostname) for one in hosts.list_all(tx)):
        raise ComputeHostUnknown(host=host or node)


def _require_group(tx: Transaction, group_id: str, project_id: str, *, may_use_any: bool) -> None:
    try:
        group = groups.get(tx, group_id)
    except ServerGroupNotFound:
        raise ServerGroupUnknown(group_id=group_id) from None
    if group.project_id != project_id and not may_use_any:
        raise ServerGroupUnknown(group_id=group_id)


def _public_key(tx: Transaction, user_id: str, key_name: str | None) -> str | None:
    if key_name is None:
        return None
    try:
        return keypairs.get(tx, user_id, key_name).public_key
    except KeyPairNotFound:
        raise KeyPairUnknown from None


# --- how many -------------------------------------------------------------------------------------


def _count(tx: Transaction, defaults: QuotaSettings, asker: Asker, ask: ServerAsk, flavor: Flavor) -> int:
    """Return how many servers may be made, and keep others from counting until this transaction ends."""
    quotas.take_turn(tx, f"project:{asker.project_id}")
    limits = quota.both_limits(tx, defaults, asker.project_id, asker.user_id)
    require_metadata_allowed(limits[1], ask.metadata)
    require_personality_allowed(limits[1], ask.personality)
    one = Usage(instances=1, cores=flavor.vcpus, ram_mb=flavor.memory_mb)
    count = quota.most_servers(tx, limits, asker.project_id, asker.user_id, one, fewest=ask.fewest, most=ask.most)
    if ask.group_id is not None:
        _require_room_in_group(tx, limits[1], ask.group_id, asker.user_id, count)
    return count


def _require_room_in_group(tx: Transaction, limits: Mapping[str, int], group_id: str, user_id: str, count: int) -> None:
    allowed = limits["server_group_members"]
    if allowed != UNLIMITED and groups.count_members(tx, group_id, user_id) + count > allowed:
        raise ServerGroupMemberLimitExceeded


def _numbered(server: Server, index: int, most: int) -> Server:
    name = server.name if most == 1 else f"{server.name}-{index + 1}"
    server_id = ids.new_uuid()
    hostname = server.hostname or hostname_of(name, server_id)
    return replace(server, id=server_id, name=name, hostname=hostname, launch_index=index)
