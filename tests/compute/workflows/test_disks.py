"""The disks of a server that is resized, or goes to another host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compute.scenes import disks_of, new_flavor, with_two_disks
from tests.compute.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.new_host("h1")
    yield made
    made.close()


def sizes_mb(world: World, server_id: str) -> list[int]:
    return [disk.size_mb for disk in world.server(server_id).block_devices]


def images(world: World) -> int:
    return len(world.call("image", "GET", "/v2/images?os_hidden=true", is_admin=True).decoded()["images"])


def test_ephemeral_disks_go_to_another_host_and_back(world: World) -> None:
    server_id = with_two_disks(world, "h1")
    world.new_host("h2")
    world.done(server_id, "migrate", is_admin=True)
    assert world.server(server_id).host == "h2"
    assert disks_of(world, "h2", server_id) == ["the guest's 0", "the guest's 1"]
    assert images(world) == 0
    world.done(server_id, "revertResize")
    assert disks_of(world, "h1", server_id) == ["the guest's 0", "the guest's 1"]
    world.check()


def test_a_smaller_ephemeral_disk_is_refused_and_the_server_goes_on(world: World) -> None:
    large, small = new_flavor(world, "large", 2), new_flavor(world, "small", 1)
    server_id = world.active(flavorRef=large)
    world.done(server_id, "resize", {"flavorRef": small})
    row = world.server(server_id)
    assert (row.status, row.flavor.id, sizes_mb(world, server_id)) == ("ACTIVE", large, [2048])
    (action,) = [
        one for one in world.call("compute", "GET", f"/v2.1/servers/{server_id}/os-instance-actions").decoded()[
            "instanceActions"
        ] if one["action"] == "resize"
    ]  # fmt: skip
    assert action["message"] is not None
    world.check()


def test_disks_follow_the_flavor_and_come_back_with_it(world: World) -> None:
    old, new = new_flavor(world, "old", 1, 8), new_flavor(world, "new", 2, 16)
    server_id = world.active(flavorRef=old)
    world.hosts["h1"].driver.guests[server_id].disks[0] = "the guest's"
    world.done(server_id, "resize", {"flavorRef": new})
    assert sizes_mb(world, server_id) == [2048, 16]
    assert disks_of(world, "h1", server_id) == ["the guest's"]
    world.done(server_id, "revertResize")
    assert sizes_mb(world, server_id) == [1024, 8]
    world.done(server_id, "resize", {"flavorRef": new})
    world.done(server_id, "confirmResize")
    assert sizes_mb(world, server_id) == [2048, 16]
    assert world.server(server_id).old_block_devices == ()
    world.check()
