"""Parts of hosts that servers and migrations hold, as every database keeps them."""

from __future__ import annotations

import threading
from dataclasses import replace

from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.db import held_topology, host, server_migration
from pileus.compute.db import server as servers
from pileus.compute.model.guest_topology import CellWish, GuestCell, GuestTopology, TopologyWish, fit
from pileus.compute.model.server_migration import Migration, MigrationStatus, MigrationType
from pileus.compute.model.topology import HostCell, Topology
from pileus.kit import ids
from pileus.kit.db import Database, Transaction
from tests.compute.db.test_server import NOW, new_server

ONE, OTHER, MOVE = (ids.new_uuid() for _ in range(3))
SMALL = GuestTopology(cells=(GuestCell(host_cell=0, cpus=(0,), pins={0: 2}, memory_mb=64),))
LARGE = GuestTopology(cells=(GuestCell(host_cell=1, cpus=(0, 1), pins={0: 6, 1: 7}, memory_mb=128, page_kib=2048),))


def found(database: Database, *holders: str) -> list[GuestTopology | None]:
    with database.read() as tx:
        return [held_topology.find(tx, holder) for holder in holders]


def test_what_is_held_is_found_by_holder_and_by_host(database: Database) -> None:
    database.write(held_topology.hold, ONE, "h1", SMALL)
    database.write(held_topology.hold, ONE, "h1", LARGE)  # in the place of the other
    database.write(held_topology.hold, OTHER, "h2", SMALL)
    assert found(database, ONE, OTHER, MOVE) == [LARGE, SMALL, None]
    with database.read() as tx:
        assert held_topology.by_host(tx, without=OTHER) == {"h1": [LARGE]}
        assert held_topology.on_host(tx, "h1", without=OTHER) == [LARGE]
        assert held_topology.on_host(tx, "h1", without=ONE) == []
    database.write(held_topology.release, ONE)
    database.write(held_topology.release, ONE)
    assert found(database, ONE) == [None]


def test_a_move_holds_what_its_server_had_and_gives_it_back_once(database: Database) -> None:
    database.write(held_topology.hold, ONE, "h1", SMALL)
    database.write(held_topology.set_apart, ONE, MOVE)
    database.write(held_topology.hold, ONE, "h2", LARGE)
    database.write(held_topology.set_apart, ONE, MOVE)  # again, as after a death
    assert found(database, ONE, MOVE) == [LARGE, SMALL]
    for _ in range(2):
        database.write(held_topology.give_back, MOVE, ONE)
        assert found(database, ONE, MOVE) == [SMALL, None]


def test_a_server_that_held_nothing_holds_nothing_again(database: Database) -> None:
    for _ in range(2):
        database.write(held_topology.set_apart, ONE, MOVE)
    database.write(held_topology.hold, ONE, "h2", LARGE)
    database.write(held_topology.set_apart, ONE, MOVE)
    assert found(database, ONE, MOVE) == [LARGE, None]
    database.write(held_topology.give_back, MOVE, ONE)
    assert found(database, ONE, MOVE) == [None, None]


def test_a_deleted_server_leaves_nothing_and_nor_do_its_moves(database: Database) -> None:
    mine, others = new_server(created_at=NOW), new_server(created_at=NOW)
    move = Migration(
        uuid=ids.new_uuid(), server_id=mine.id, user_id="u", project_id="p", type=MigrationType.RESIZE,
        status=MigrationStatus.FINISHED, source_host="h1", source_node="h1", created_at=NOW,
    )  # fmt: skip
    database.write(servers.add, mine)
    database.write(servers.add, others)
    database.write(server_migration.add, move)
    for holder in (mine.id, move.uuid, others.id):
        database.write(held_topology.hold, holder, "h1", SMALL)
    database.write(held_topology.release_all, mine.id)
    assert found(database, mine.id, move.uuid, others.id) == [None, None, SMALL]


def test_of_many_at_once_no_two_get_the_same_cpu(database: Database) -> None:
    machine = Topology(cells=(HostCell(memory_mb=4096, dedicated_cpus=tuple(range(6))),))
    database.write(host.upsert, "h1", replace(RESOURCES, topology=machine), NOW)
    wish = TopologyWish(cells=(CellWish(cpus=(0,), dedicated_cpus=(0,), memory_mb=1),))
    got: list[GuestTopology | None] = []

    def take(tx: Transaction, server_id: str) -> GuestTopology | None:
        taken = fit(machine, held_topology.on_host(tx, "h1", without=server_id), wish)
        if taken is not None:
            held_topology.hold(tx, server_id, "h1", taken)
        return taken

    threads = [threading.Thread(target=lambda: got.append(database.write(take, ids.new_uuid()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(cpu for one in got if one for cell in one.cells for cpu in cell.own_cpus) == list(range(6))
    assert got.count(None) == 2
