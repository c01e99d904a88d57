"""What must be so in every moment of a storm, and what must be so when it is over."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from pileus.compute.db import server as servers
from pileus.compute.db import server_migration
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import VmState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pileus.compute.model.server import Server
    from pileus.kit.db import Transaction
    from tests.compute.host import Host
    from tests.compute.world import World

REPAIRED_IN = timedelta(seconds=240)
"""For so long may something be where no workflow wants it: a few rounds of a loop whose orders may be lost too."""

_TOO_FULL = text(
    "SELECT p.name, i.resource_class FROM inventory i JOIN resource_provider p ON p.id = i.provider_id "
    "WHERE (i.total - i.reserved) * i.allocation_ratio < "
    "(SELECT coalesce(sum(a.used), 0) FROM allocation a WHERE a.provider_id = i.provider_id "
    "AND a.resource_class = i.resource_class)"
)
_HELD = text(
    "SELECT DISTINCT c.uuid, p.name FROM allocation a JOIN consumer c ON c.id = a.consumer_id "
    "JOIN resource_provider p ON p.id = a.provider_id ORDER BY c.uuid, p.name"
)
_SUMS = text("SELECT resource_class, sum(used) AS used FROM allocation GROUP BY resource_class")
_POWERS_OF: dict[str, tuple[PowerState, ...]] = {
    VmState.ACTIVE: (PowerState.RUNNING,),
    VmState.STOPPED: (PowerState.SHUTDOWN, PowerState.CRASHED),
    VmState.PAUSED: (PowerState.PAUSED,),
    VmState.SUSPENDED: (PowerState.SUSPENDED,),
}

Stray = tuple[str, str, str]  # what it is, of which server, on which host


class Invariants:
    """Looks at a world after each step, and knows since when something is where it should not be."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[Stray, datetime] = {}

    def require(self) -> None:
        """Raise AssertionError if something is that must never be, or that was to be repaired long ago."""
        with self._world.databases["placement"].read() as tx:
            assert tx.all(_TOO_FULL) == [], "a host is over its capacity"
        now, strays = self._world.clock.now(), self.strays()
        self._since = {one: self._since.get(one, now) for one in strays}
        assert [one for one, since in self._since.items() if now - since > REPAIRED_IN] == [], "it is not repaired"

    def strays(self) -> list[Stray]:
        """Return what is where nobody wants it, and what is not where it should be."""
        return list(self._found())

    def _found(self) -> Iterator[Stray]:
        """Find what neither a server nor a workflow under way accounts for; what nobody can reach does not count."""
        world = self._world
        with world.databases["placement"].read() as rooms:
            held = [(str(row.uuid), str(row.name)) for row in rooms.all(_HELD)]
        with world.database.read() as tx:
            busy = {str(row.subject) for row in world.store.unfinished(tx)}
            rows = {row.id: row for row in servers.list_in_states(tx)}
            for consumer, host in held:
                if not _accounts_for(tx, rows, busy, consumer, host):
                    yield ("allocation", consumer, host)
        for machine in world.hosts.values():
            if machine.is_there:
                yield from _on_machine(machine, rows, busy)
        for row in rows.values():
            if row.id not in busy and row.task_state is not None:
                yield ("task", row.id, str(row.task_state))
            elif row.id not in busy and _lacks_guest(world, row):
                yield ("server without a guest", row.id, str(row.host))


def _on_machine(machine: Host, rows: dict[str, Server], busy: set[str]) -> Iterator[Stray]:
    for server_id in sorted(machine.guests - busy):
        if server_id not in rows or rows[server_id].host != machine.name:
            yield ("guest", server_id, machine.name)
    for server_id in sorted(set(machine.driver.list_aside()) - busy):
        if server_id not in rows or rows[server_id].vm_state not in (VmState.RESIZED, VmState.ERROR):
            yield ("set aside", server_id, machine.name)


def _accounts_for(tx: Transaction, rows: dict[str, Server], busy: set[str], consumer: str, host: str) -> bool:
    if consumer in busy or (consumer in rows and rows[consumer].host == host):
        return True
    found = server_migration.list_all(tx, uuid=consumer)
    return bool(found) and (found[0].is_in_progress or found[0].server_id in busy)


def _lacks_guest(world: World, row: Server) -> bool:
    if row.host is None:
        return row.vm_state not in (VmState.ERROR, VmState.SHELVED_OFFLOADED)
    return row.vm_state != VmState.ERROR and row.id not in world.hosts[row.host].guests


def require_all_adds_up(world: World) -> None:
    """Raise AssertionError unless, once all is quiet, everybody agrees about everything."""
    world.check()
    with world.database.read() as tx:
        rows = list(servers.list_in_states(tx))
    for row in rows:
        _require_power(world, row)
    _require_usage(world, rows)
    _require_images(world, rows)


def _require_power(world: World, row: Server) -> None:
    if row.host is None or row.vm_state == VmState.ERROR:
        return
    found = world.hosts[row.host].driver.power_state(row.id)
    about = f"{row.id} is {row.vm_state} with power {row.power_state}, and its guest's is {found}"
    assert found == row.power_state, about
    assert found in _POWERS_OF.get(row.vm_state, (found,)), about


def _require_usage(world: World, rows: list[Server]) -> None:
    """What a project is told that it uses, and what placement says of it, is what its servers take."""
    limits = world.call("compute", "GET", "/v2.1/limits").decoded()["limits"]["absolute"]
    used = (limits["totalInstancesUsed"], limits["totalCoresUsed"], limits["totalRAMUsed"])
    assert used == (len(rows), sum(row.flavor.vcpus for row in rows), sum(row.flavor.memory_mb for row in rows))
    with world.databases["placement"].read() as tx:
        held = {row.resource_class: row.used for row in tx.all(_SUMS)}
    placed = [row.flavor for row in rows if row.host is not None]
    placed += [row.old_flavor for row in rows if row.old_flavor is not None]  # held by the migration until then
    wanted = {
        "VCPU": sum(one.vcpus for one in placed),
        "MEMORY_MB": sum(one.memory_mb for one in placed),
        "DISK_GB": sum(one.disk_gb for one in placed),
    }
    assert sorted(held.values()) == sorted(wanted.values()), (held, wanted)


def _require_images(world: World, rows: list[Server]) -> None:
    """No image is left half made, or carries what nobody moves any more."""
    images = list(_images(world, "false"))
    unfinished = [image for image in images if image["status"] != "active"]
    assert unfinished == [], unfinished
    assert list(_images(world, "true")) == [], "what carried a disk is left"
    shelved = Counter(row.shelved_image_id for row in rows if row.shelved_image_id)
    assert max(shelved.values(), default=1) == 1
    assert set(shelved) <= {image["id"] for image in images}


def _images(world: World, is_hidden: str) -> Iterator[dict[str, str]]:
    path: str | None = f"/v2/images?limit=1000&os_hidden={is_hidden}"
    while path:
        page = world.call("image", "GET", path, is_admin=True).decoded()
        yield from page["images"]
        path = page.get("next")
