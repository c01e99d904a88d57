"""Shelving servers: keeping them without room on any host. Making them images is in `image.py`."""

from __future__ import annotations

from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import server as rows
from pileus.compute.model import action_rule as rules
from pileus.compute.model.error.host import (
    AvailabilityZoneUnknown,
    ComputeHostUnknown,
    HostNotInZone,
    HypervisorNotFound,
)
from pileus.compute.model.error.server import ShelvedHere
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.server import Server, VmState
from pileus.compute.operations.task import Asker, act
from pileus.kit.db import Transaction


def offload(tx: Transaction, backend: Backend, server: Server, asker: Asker) -> None:
    """Begin to free the host of a shelved server. Raises what the server's state forbids."""
    act(tx, backend, server, rules.SHELVE_OFFLOAD, "shelve_offload", {}, asker)


def unshelve(
    tx: Transaction,
    backend: Backend,
    server: Server,
    asker: Asker,
    *,
    zone: str | rows.Unchanged | None = rows.UNCHANGED,
    host: str | None = None,
) -> None:
    """Begin to bring a shelved server back: to this host, and pinned to this zone, or to none if it is None.

    Raises ShelvedHere, AvailabilityZoneUnknown, ComputeHostUnknown, HostNotInZone, and what the server's state forbids.
    """
    now = backend.clock.now()
    rules.require_allowed(rules.UNSHELVE, server)
    is_chosen = zone is not rows.UNCHANGED or host is not None
    if server.vm_state == VmState.SHELVED:
        if is_chosen:
            raise ShelvedHere(server_id=server.id, state="SHELVED")
        act(tx, backend, server, rules.UNSHELVE, "unshelve_here", {"image_id": server.shelved_image_id}, asker)
        return
    pinned = server.availability_zone if isinstance(zone, rows.Unchanged) else zone
    _require_place(tx, pinned if is_chosen else None, host)
    rows.update(tx, server.id, now, availability_zone=pinned)
    arguments = {"image_id": server.shelved_image_id, "host": host}
    act(tx, backend, server, rules.UNSHELVE, "unshelve", arguments, asker)


def _require_place(tx: Transaction, zone: str | None, host: str | None) -> None:
    zones = hosts.zones(tx)
    if zone is not None and zone != DEFAULT_ZONE and zone not in zones.values():
        raise AvailabilityZoneUnknown
    if host is None:
        return
    try:
        hosts.get(tx, host)
    except HypervisorNotFound:
        raise ComputeHostUnknown(host=host) from None
    if zone is not None and zones.get(host, DEFAULT_ZONE) != zone:
        raise HostNotInZone(host=host, zone=zone)
