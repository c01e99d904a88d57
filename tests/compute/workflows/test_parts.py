"""Parts of a host for one server: decided once, kept with it, and free again when it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import GuestSpec
from pileus.compute.model.guest_topology import GuestCell
from pileus.compute.model.topology import HostCell, Topology
from tests.compute.parts import MACHINE, extra_specs, held_by
from tests.compute.world import World


@pytest.fixture
def pinned(tmp_path: Path) -> Iterator[World]:
    """A world whose hosts have four dedicated CPUs in two cells; flavors demand one, and two."""
    world = World(tmp_path)
    world.machine = {"topology": MACHINE}
    extra_specs(world, "1", "2", hw__cpu_policy="dedicated")
    yield world
    world.close()


def cpus(world: World, holder: str) -> set[int]:
    held = held_by(world, holder)
    return set() if held is None else {cpu for cell in held.cells for cpu in cell.own_cpus}


def cell(world: World, server_id: str) -> GuestCell:
    held = held_by(world, server_id)
    assert held is not None
    return held.cells[0]


def fault(world: World, **more: Any) -> str:
    server_id = world.boot(**more)
    world.settle()
    found = world.server(server_id).fault
    assert found is not None
    return found.message


def test_no_two_servers_share_a_cpu_and_a_deleted_ones_is_free(pinned: World) -> None:
    pinned.new_host()
    servers = [pinned.active() for _ in range(4)]
    assert sorted(cpu for one in servers for cpu in cpus(pinned, one)) == [2, 3, 6, 7]
    pinned.check()
    assert "no host with room" in fault(pinned)
    freed = cpus(pinned, servers[1])
    pinned.delete(servers[1])
    pinned.settle()
    assert cpus(pinned, pinned.active()) == freed


def test_who_has_which_cpu_survives_a_restart_and_every_power_cut(pinned: World) -> None:
    pinned.new_host()
    server_id = pinned.active()
    before = cell(pinned, server_id)
    pinned.start()
    pinned.done(server_id, "reboot", {"type": "HARD"})
    pinned.done(server_id, "rebuild", {"imageRef": pinned.image_id})
    assert cell(pinned, server_id) == before
    pinned.check()


def test_a_resized_server_holds_both_until_its_owner_has_said_so(pinned: World) -> None:
    pinned.new_host()
    server_id = pinned.resized()
    migration = pinned.waiting_migration(pinned.server(server_id)).uuid
    before, after = cpus(pinned, migration), cpus(pinned, server_id)
    assert before
    assert after
    assert not before & after
    pinned.done(server_id, "revertResize")
    assert (cpus(pinned, server_id), cpus(pinned, migration)) == (before, set())
    pinned.check()


def test_a_confirmed_resize_lets_the_old_cpus_go(pinned: World) -> None:
    pinned.new_host()
    server_id = pinned.resized()
    pinned.done(server_id, "confirmResize")
    pinned.check()
    assert cpus(pinned, pinned.active()) | cpus(pinned, server_id) <= {2, 3, 6, 7}


def test_a_shelved_server_holds_nothing(pinned: World) -> None:
    pinned.new_host()
    server_id = pinned.active()
    pinned.done(server_id, "shelve")
    assert cpus(pinned, server_id) == set()
    pinned.done(server_id, "unshelve")
    assert cpus(pinned, server_id)
    pinned.check()


def test_a_host_whose_cells_are_full_is_not_the_one(pinned: World) -> None:
    extra_specs(pinned, "1", hw__cpu_policy="dedicated", hw__emulator_threads_policy="isolate")
    pinned.machine["topology"] = Topology(
        cells=tuple(HostCell(id=n, memory_mb=1024, shared_cpus=(2 * n,), dedicated_cpus=(2 * n + 1,)) for n in (0, 1))
    )
    pinned.new_host("h1")
    message = fault(pinned)  # each cell has one dedicated CPU, and two of one cell are asked for
    assert "refused by NUMATopologyFilter: 1" in message


def test_a_guest_without_such_pages_on_any_host_finds_none(pinned: World) -> None:
    pinned.new_host("h1")
    extra_specs(pinned, "1", hw__mem_page_size="large")
    assert "refused by NUMATopologyFilter: 1" in fault(pinned)
    extra_specs(pinned, "1", hw__mem_page_size="any")
    assert cell(pinned, pinned.active()).page_kib == 4


def test_the_filter_may_be_off_and_still_nobody_gets_what_is_not_there(tmp_path: Path) -> None:
    from pileus.compute.settings import SchedulerSettings, Settings

    world = World(tmp_path, Settings(scheduler=SchedulerSettings(enabled_filters=("ComputeFilter",))))
    try:
        world.new_host("h1", topology=MACHINE)
        extra_specs(world, "1", hw__mem_page_size="large")
        assert "No valid host was found." in fault(world)
        world.check()
    finally:
        world.close()


def test_what_a_server_has_for_itself_is_shown(pinned: World) -> None:
    pinned.new_host()
    extra_specs(pinned, "1", hw__cpu_policy="dedicated", hw__mem_page_size="small")
    server_id = pinned.active()

    def shown(*, is_admin: bool) -> Any:
        reply = pinned.call(
            "compute", "GET", f"/v2.1/servers/{server_id}/topology", version="2.78", is_admin=is_admin
        )  # fmt: skip
        assert reply.status == 200, reply.body
        return reply.decoded()

    node = {"memory_mb": 512, "siblings": [], "vcpu_set": [0]}
    (cpu,) = cpus(pinned, server_id)
    assert shown(is_admin=False) == {"nodes": [node], "pagesize_kb": 4}
    of_host = {"host_node": cell(pinned, server_id).host_cell, "cpu_pinning": {"0": cpu}}
    assert shown(is_admin=True) == {"nodes": [node | of_host], "pagesize_kb": 4}


def test_an_order_leaves_nothing_to_choose(pinned: World) -> None:
    built: list[GuestSpec] = []
    host = pinned.new_host()
    spawn = host.driver.spawn

    def remember(guest: GuestSpec, *arguments: Any, **more: Any) -> None:
        built.append(guest)
        spawn(guest, *arguments, **more)

    host.driver.spawn = remember  # type: ignore[method-assign]
    server_id = pinned.active()
    assert [guest.topology for guest in built] == [held_by(pinned, server_id)]
    assert isinstance(host.driver, FakeDriver)
