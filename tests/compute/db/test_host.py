from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pileus.compute.db import aggregate, flavor, host, keypair, server
from pileus.compute.messages import Heartbeat
from pileus.compute.model.flavor import STANDARD
from pileus.compute.model.keypair import KeyPair
from pileus.compute.model.server import ImageSnapshot, Server, TaskState, VmState
from pileus.kit import ids
from pileus.kit.db import Database
from tests.compute.cloud import RESOURCES

if TYPE_CHECKING:
    pass

NOW = datetime(2026, 1, 1)


def new_server(**changes: object) -> Server:
    made = Server(
        id=ids.new_uuid(), project_id="p", user_id="u", name="vm", hostname="vm", flavor=STANDARD[0],
        image=ImageSnapshot(id="i"), created_at=NOW,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_many_hosts_are_written_down_as_alive_at_once(database: Database) -> None:
    later = NOW + timedelta(seconds=10)
    for name in ("h1", "h2", "gone"):
        database.write(host.upsert, name, RESOURCES, NOW)
    database.write(host.delete, "gone")
    fuller = replace(RESOURCES, disk_available_gb=3)
    beats = [
        (Heartbeat(host=name, resources=fuller, guests=(), uptime="1 day"), later) for name in ("h1", "gone", "new")
    ]
    database.write(host.note_alive, beats)
    with database.read() as tx:
        found = {one.host: one for one in host.list_all(tx)}
    assert {name: one.service.last_seen_at for name, one in found.items()} == {
        "h1": later, "h2": NOW, "gone": later, "new": later,
    }  # fmt: skip
    assert (found["h1"].disk_available_gb, found["h1"].uptime, found["h2"].uptime) == (3, "1 day", "")
    assert found["gone"].vcpus == RESOURCES.vcpus


def test_heartbeats_of_many_threads_make_one_host(database: Database) -> None:
    threads = [threading.Thread(target=lambda: database.write(host.upsert, "h1", RESOURCES, NOW)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        (found,) = host.list_all(tx)
        assert found.service.last_seen_at == NOW
        assert found.traits == ("HW_CPU_X86_AVX",)
        assert found.service.is_up(NOW + timedelta(seconds=60), 60)
        assert not found.service.is_up(NOW + timedelta(seconds=61), 60)


def test_a_flavor_is_added_once(database: Database) -> None:
    assert database.write(flavor.add, STANDARD[0], NOW)
    assert not database.write(flavor.add, STANDARD[0], NOW)
    with database.read() as tx:
        found = flavor.get(tx, "1")
    database.write(flavor.set_extra_specs, found, {"a": "b"})
    with database.read() as tx:
        assert flavor.list_all(tx)[0].extra_specs == {"a": "b"}
    database.write(flavor.delete, found)


def test_a_key_pairs_name_is_free_once(database: Database) -> None:
    made = KeyPair(user_id="u", name="k", fingerprint="f", public_key="p", created_at=NOW)
    assert database.write(keypair.add, made)
    assert not database.write(keypair.add, made)
    with database.read() as tx:
        assert keypair.count(tx, "u") == 1


def test_an_aggregate_puts_its_hosts_into_a_zone(database: Database) -> None:
    assert database.write(aggregate.add, "a", {"availability_zone": "east"}, NOW)
    with database.read() as tx:
        made = aggregate.find_by_name(tx, "a")
    assert made is not None
    assert database.write(aggregate.add_host, made, "h1")
    assert not database.write(aggregate.add_host, made, "h1")
    with database.read() as tx:
        assert host.zones(tx) == {"h1": "east"}


def test_the_metadata_of_all_its_aggregates_is_known_of_a_host(database: Database) -> None:
    for name, metadata in (("a", {"ssd": "true", "cpu": "new"}), ("b", {"ssd": "no"}), ("silent", {})):
        database.write(aggregate.add, name, metadata, NOW)
        with database.read() as tx:
            made = aggregate.find_by_name(tx, name)
        assert made is not None
        database.write(aggregate.add_host, made, "h1")
        if name == "b":
            database.write(aggregate.add_host, made, "h2")
    with database.read() as tx:
        assert aggregate.metadata_by_host(tx) == {
            "h1": ({"ssd": "true", "cpu": "new"}, {"ssd": "no"}),
            "h2": ({"ssd": "no"},),
        }


def test_a_host_knows_how_many_of_its_servers_keep_its_disks_busy_and_which_images_they_are_made_of(
    database: Database,
) -> None:
    database.write(host.upsert, "h1", RESOURCES, NOW)
    for vm_state, task_state in (
        (VmState.BUILDING, TaskState.SPAWNING), (VmState.ACTIVE, TaskState.IMAGE_SNAPSHOT), (VmState.ACTIVE, None),
        (VmState.ACTIVE, TaskState.REBOOTING), (VmState.ACTIVE, TaskState.RESIZE_PREP), (VmState.STOPPED, None),
    ):  # fmt: skip
        database.write(server.add, new_server(host="h1", vm_state=vm_state, task_state=task_state))
    database.write(server.add, new_server(host="h2", image=ImageSnapshot(id="other")))
    database.write(server.add, new_server(host=None))
    with database.read() as tx:
        (found,) = host.list_all(tx)
        assert (found.use.servers, found.use.busy_servers) == (6, 3)
        assert host.servers_of_image(tx, "i") == {"h1": 6}
        assert host.servers_of_image(tx, "nothing") == {}


def test_aggregates_are_listed_with_their_hosts_or_without(database: Database) -> None:
    database.write(aggregate.add, "rack", {"availability_zone": "z"}, NOW)
    with database.read() as tx:
        (made,) = aggregate.list_all(tx)
    database.write(aggregate.add_host, made, "h1")
    with database.read() as tx:
        (full,), (empty,) = aggregate.list_all(tx), aggregate.list_without_hosts(tx)
    assert (full.hosts, empty.hosts) == (("h1",), ())
    assert (empty.uuid, empty.zone) == (full.uuid, "z")
