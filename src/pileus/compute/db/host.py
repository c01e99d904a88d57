"""Compute hosts in the database: what heartbeats tell of them, and what servers use of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, case, func, or_, select

from pileus.compute.db import fleet
from pileus.compute.db import service as service_rows
from pileus.compute.db.batches import batches
from pileus.compute.db.tables import AGGREGATE_HOST, AGGREGATE_METADATA, HYPERVISOR, SERVER, SERVICE
from pileus.compute.messages import Heartbeat, Resources
from pileus.compute.model.error.host import HypervisorNotFound
from pileus.compute.model.host import COMPUTE_BINARY, DEFAULT_ZONE, Host, Use
from pileus.compute.model.server import BUSY_TASKS, VmState
from pileus.compute.model.topology import Topology
from pileus.kit import ids
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_H, _S = HYPERVISOR.c, SERVER.c
_SERVICE_COLUMNS = [column.label(f"service_{column.name}") for column in SERVICE.c]
_ALL = (
    select(HYPERVISOR, *_SERVICE_COLUMNS)
    .join(SERVICE, (SERVICE.c.host == _H.host) & (SERVICE.c.binary == COMPUTE_BINARY))
    .order_by(_H.number)
)
_BY_HOST = _ALL.where(_H.host == bindparam("at"))
_USE_COLUMNS = (
    select(
        _S.host,
        func.sum(_S.vcpus).label("vcpus"),
        func.sum(_S.memory_mb).label("memory_mb"),
        func.sum(_S.disk_gb).label("disk_gb"),
        func.count().label("servers"),
        func.count(_S.task_state).label("tasks"),
        func.sum(case((or_(_S.vm_state == VmState.BUILDING, _S.task_state.in_(BUSY_TASKS)), 1), else_=0)).label("busy"),
    )
    .where(_S.deleted_at.is_(None))
    .group_by(_S.host)
)
_USE = _USE_COLUMNS.where(_S.host.is_not(None))
_USE_OF_HOST = _USE_COLUMNS.where(_S.host == bindparam("at"))
_OF_IMAGE = (
    select(_S.host, func.count().label("servers"))
    .where(_S.image_id == bindparam("image"), _S.host.is_not(None), _S.deleted_at.is_(None))
    .group_by(_S.host)
)
_ALL_ZONES = (
    select(AGGREGATE_HOST.c.host, AGGREGATE_METADATA.c.value)
    .join(AGGREGATE_METADATA, AGGREGATE_METADATA.c.aggregate_number == AGGREGATE_HOST.c.aggregate_number)
    .where(AGGREGATE_METADATA.c.key == "availability_zone")
    .order_by(AGGREGATE_HOST.c.aggregate_number)
)
_ZONES_OF_HOST = _ALL_ZONES.where(AGGREGATE_HOST.c.host == bindparam("at"))
_OF_PROVIDER = select(_H.host, _H.hostname).where(_H.uuid == bindparam("uuid"))
_PROVIDERS = select(_H.uuid).order_by(_H.number)
_FAILED_BUILDS = select(_H.failed_builds).where(_H.host == bindparam("at"))
_UPDATE = HYPERVISOR.update().where(_H.host == bindparam("at"))
_FACTS = (
    "hostname", "vcpus", "memory_mb", "local_gb", "hypervisor_type", "hypervisor_version", "cpu_info", "traits",
    "address", "topology", "metrics",
)  # fmt: skip
_MOVING = ("disk_available_gb", "uptime", "updated_at")
_MOVE = _UPDATE.values({name: bindparam(f"new_{name}") for name in _MOVING})
_BEAT = _MOVE.where(*(_H[name] == bindparam(f"same_{name}") for name in _FACTS))
"""A heartbeat of a host that is as it was."""


def upsert(tx: Transaction, host: str, resources: Resources, now: datetime, *, uptime: str = "") -> None:
    """Write what a heartbeat says: the host lives, and has these resources. Makes its rows at the first one."""
    service_rows.touch(tx, host, COMPUTE_BINARY, now)
    facts = _facts(resources)
    same = {f"same_{name}": value for name, value in facts.items()}
    if not tx.changed(_BEAT, {"at": host, **same, **_moved(resources, uptime, now)}):
        moving = _moving(resources, uptime) | {"updated_at": now}
        _write(tx, host, {**facts, **moving, "generation": fleet.next_generation(tx)})


def _write(tx: Transaction, host: str, values: Mapping[str, Any]) -> None:
    if not tx.changed(_UPDATE.values(**values), {"at": host}):
        made = {"uuid": ids.new_uuid(), "host": host, "failed_builds": 0, "created_at": values["updated_at"]}
        insert_if_absent(tx, HYPERVISOR, {**made, **values})


def note_alive(tx: Transaction, beats: Sequence[tuple[Heartbeat, datetime]]) -> None:
    """Write that hosts live of which nothing is new but what they measured, and when they said so.

    One that was deleted is made again.
    """
    beats = sorted(beats, key=lambda one: one[0].host)  # all processes lock rows in the same order
    known = _known(tx, [beat.host for beat, _ in beats])
    alive = [(beat, at) for beat, at in beats if beat.host in known and not beat.resources.metrics]
    others = [(beat, at) for beat, at in beats if beat.host not in known or beat.resources.metrics]
    if alive:
        service_rows.touch_all(tx, COMPUTE_BINARY, [(beat.host, at) for beat, at in alive])
    for beat, at in others:
        service_rows.touch(tx, beat.host, COMPUTE_BINARY, at)
    generation = fleet.next_generation(tx) if others else 0
    for beat, at in others:
        moving = _moving(beat.resources, beat.uptime) | {"updated_at": at}
        _write(tx, beat.host, {**_facts(beat.resources), **moving, "generation": generation})
    if alive:
        tx.execute(_MOVE, [{"at": beat.host, **_moved(beat.resources, beat.uptime, at)} for beat, at in alive])


def _known(tx: Transaction, hosts: Sequence[str]) -> set[str]:
    """Return those of some hosts that have a row."""
    return {name for some in batches(hosts) for (name,) in tx.tuples(select(_H.host).where(_H.host.in_(some)))}


def _moved(resources: Resources, uptime: str, at: datetime) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in (_moving(resources, uptime) | {"updated_at": at}).items()}


def _facts(resources: Resources) -> dict[str, Any]:
    """Return what hosts are chosen by, which seldom changes."""
    return {
        "hostname": resources.hypervisor_hostname,
        "vcpus": resources.vcpus,
        "memory_mb": resources.memory_mb,
        "local_gb": resources.disk_gb,
        "hypervisor_type": resources.hypervisor_type,
        "hypervisor_version": resources.hypervisor_version,
        "cpu_info": msgspec.json.encode(resources.cpu_info).decode(),
        "traits": msgspec.json.encode(sorted(resources.traits)).decode(),
        "address": resources.address,
        "metrics": msgspec.json.encode(resources.metrics).decode(),
        "topology": msgspec.json.encode(resources.topology, order="deterministic").decode(),
    }


def _moving(resources: Resources, uptime: str) -> dict[str, Any]:
    """Return what every heartbeat may change."""
    return {"disk_available_gb": resources.disk_available_gb, "uptime": uptime[:255]}


def get(tx: Transaction, host: str) -> Host:
    """Return a host by its name. Raises HypervisorNotFound."""
    row = tx.first(_BY_HOST, {"at": host})
    if row is None:
        raise HypervisorNotFound(hypervisor_id=host)
    use, zones_of_host = tx.first(_USE_OF_HOST, {"at": host}), tx.all(_ZONES_OF_HOST, {"at": host})
    return _host(row, _use(use) if use else Use(), zones_of_host[-1].value if zones_of_host else DEFAULT_ZONE)


def find_of(tx: Transaction, uuid: str) -> tuple[str, str] | None:
    """Return the host that a resource provider stands for, and what its hypervisor calls itself."""
    row = tx.first(_OF_PROVIDER, {"uuid": uuid})
    return None if row is None else (row.host, row.hostname)


def list_providers(tx: Transaction) -> Sequence[str]:
    """Return the resource providers that stand for hosts."""
    return [row.uuid for row in tx.all(_PROVIDERS)]


def list_all(tx: Transaction) -> Sequence[Host]:
    """Return every host, with what is used of it."""
    return _hosts(tx, tx.all(_ALL))


def count_failed_build(tx: Transaction, host: str) -> None:
    """Write that a server could not be built on a host."""
    values = {"failed_builds": _H.failed_builds + 1, "generation": fleet.next_generation(tx)}
    tx.execute(_UPDATE.values(**values), {"at": host})


def forget_failed_builds(tx: Transaction, host: str) -> None:
    """Write that a server was built on a host, if others could not be before."""
    if tx.scalar(_FAILED_BUILDS, {"at": host}):  # looked at first: an update locks the row of a host that builds well
        tx.execute(_UPDATE.values(failed_builds=0, generation=fleet.next_generation(tx)), {"at": host})


def delete(tx: Transaction, host: str) -> None:
    """Forget a host's hypervisor, when its service goes."""
    fleet.note_gone(tx)
    tx.execute(HYPERVISOR.delete().where(_H.host == host))


def zones(tx: Transaction) -> Mapping[str, str]:
    """Return the availability zone of every host that an aggregate puts into one, by the host's name."""
    return {row.host: row.value for row in tx.all(_ALL_ZONES)}


def servers_of_image(tx: Transaction, image_id: str) -> Mapping[str, int]:
    """Return how many servers are made of an image, by the host that they are on."""
    return {row.host: int(row.servers) for row in tx.all(_OF_IMAGE, {"image": image_id})}


def _hosts(tx: Transaction, rows: Sequence[Row]) -> list[Host]:
    used = {row.host: _use(row) for row in tx.all(_USE)}
    zone_of = zones(tx)
    return [_host(row, used.get(row.host, Use()), zone_of.get(row.host, DEFAULT_ZONE)) for row in rows]


def _use(row: Row) -> Use:
    return Use(
        vcpus=int(row.vcpus),
        memory_mb=int(row.memory_mb),
        disk_gb=int(row.disk_gb),
        servers=int(row.servers),
        tasks=int(row.tasks),
        busy_servers=int(row.busy),
    )


def _host(row: Row, use: Use, zone: str) -> Host:
    return Host(
        number=row.number,
        uuid=row.uuid,
        service=service_rows.service_of(row, prefix="service_"),
        hostname=row.hostname,
        vcpus=row.vcpus,
        memory_mb=row.memory_mb,
        local_gb=row.local_gb,
        disk_available_gb=row.disk_available_gb,
        hypervisor_type=row.hypervisor_type,
        hypervisor_version=row.hypervisor_version,
        cpu_info=msgspec.json.decode(row.cpu_info),
        traits=tuple(msgspec.json.decode(row.traits)),
        address=row.address,
        topology=msgspec.json.decode(row.topology, type=Topology),
        uptime=row.uptime,
        failed_builds=row.failed_builds,
        zone=zone,
        use=use,
    )
