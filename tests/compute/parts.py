"""Parts of machines that servers of a world have for themselves: everybody agrees on them, and nobody shares any."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pileus.compute.db import flavor, held_topology
from pileus.compute.db.tables import HELD_TOPOLOGY
from pileus.compute.model.topology import HostCell, Topology
from pileus.compute.scheduler.wish import topology_wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pileus.compute.model.flavor import Flavor
    from pileus.compute.model.guest_topology import GuestTopology
    from pileus.compute.model.server import Server
    from pileus.compute.model.server_migration import Migration
    from tests.compute.world import World

MACHINE = Topology(
    cells=(
        HostCell(memory_mb=2048, shared_cpus=(0, 1), dedicated_cpus=(2, 3)),
        HostCell(id=1, memory_mb=2048, shared_cpus=(4, 5), dedicated_cpus=(6, 7)),
    )
)


def extra_specs(world: World, *flavor_ids: str, **specs: str) -> None:
    """Have flavors demand this; `hw__cpu_policy` is `hw:cpu_policy`."""
    named = {name.replace("__", ":"): value for name, value in specs.items()}
    for flavor_id in flavor_ids:
        world.database.write(lambda tx, of=flavor_id: flavor.set_extra_specs(tx, flavor.get(tx, of), named))


def pinned(prepare: Callable[[World], str], *flavor_ids: str) -> Callable[[World], str]:
    """Prepare a world of hosts with dedicated CPUs, where servers of these flavors have some for themselves."""

    def prepare_pinned(world: World) -> str:
        world.machine = {"topology": MACHINE}
        extra_specs(world, *flavor_ids, hw__cpu_policy="dedicated")
        return prepare(world)

    return prepare_pinned


def held_by(world: World, holder: str) -> GuestTopology | None:
    with world.database.read() as tx:
        return held_topology.find(tx, holder)


def check_parts(world: World, rows: Sequence[Server], waiting: Sequence[Migration]) -> None:
    """Servers hold what their flavors wish, so do moves that may be reverted, and their guests have that."""
    with world.database.read() as tx:
        found = {row.holder: row.host for row in tx.all(HELD_TOPOLOGY.select()) if row.topology is not None}
        empty = {row.holder for row in tx.all(HELD_TOPOLOGY.select()) if row.topology is None}
    wanted = {row.id: row.host for row in rows if _wishes(row.flavor)}
    moved = {row.id: row.old_flavor for row in rows}
    wanted |= {one.uuid: one.source_host for one in waiting if _wishes(moved[one.server_id])}
    assert found == wanted
    assert empty <= {one.uuid for one in waiting}
    _check_guests(world, rows)
    for host in world.hosts.values():
        cpus = Counter(
            cpu for kind in (host.driver.guests, host.driver.aside) for one in kind.values() for cpu in one.own_cpus
        )
        assert set(cpus.values()) <= {1}, (host.name, cpus)


def _check_guests(world: World, rows: Sequence[Server]) -> None:
    for row in rows:
        assert row.host
        guest, held = world.hosts[row.host].driver.guests.get(row.id), held_by(world, row.id)
        if guest is not None and held is not None:
            assert set(guest.own_cpus) == {cpu for cell in held.cells for cpu in cell.own_cpus}


def _wishes(size: Flavor | None) -> bool:
    return size is not None and topology_wish(size, {}) is not None
