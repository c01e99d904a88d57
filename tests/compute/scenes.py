"""What tests of moves begin with: servers and hosts in a certain place and state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.compute.world import SILENT_S

if TYPE_CHECKING:
    from tests.compute.world import World


def two_hosts(world: World) -> str:
    """A server that runs on h1, and h2 is there beside it."""
    world.new_host("h1")
    server_id = world.active()
    world.new_host("h2")
    return server_id


def moved(world: World) -> str:
    """A server that was moved from h1 to h2 and waits for its owner's word."""
    server_id = two_hosts(world)
    world.done(server_id, "migrate", is_admin=True)
    assert world.server(server_id).host == "h2"
    return server_id


def lose(world: World, name: str) -> None:
    """A host is not heard of any more, for so long that it counts as down."""
    world.hosts[name].vanish()
    world.clock.sleep(SILENT_S)
    world.beat()


def on_a_dead_host(world: World) -> str:
    """A server whose host, h1, is down; h2 is there."""
    server_id = two_hosts(world)
    lose(world, "h1")
    return server_id


def new_flavor(world: World, flavor_id: str, ephemeral_gb: int, swap_mb: int = 0) -> str:
    body = {"id": flavor_id, "name": flavor_id, "ram": 512, "vcpus": 1, "disk": 1, "swap": swap_mb}
    body |= {"OS-FLV-EXT-DATA:ephemeral": ephemeral_gb}
    assert world.call("compute", "POST", "/v2.1/flavors", {"flavor": body}, is_admin=True).status == 200
    return flavor_id


def with_two_disks(world: World, host: str) -> str:
    """A server on a host with two ephemeral disks, on which something is written."""
    local = {"destination_type": "local", "delete_on_termination": True}
    root = {**local, "boot_index": 0, "source_type": "image", "uuid": world.image_id}
    blank = {**local, "boot_index": -1, "source_type": "blank", "volume_size": 1}
    disks: list[dict[str, Any]] = [root, blank, blank]
    server_id = world.active(flavorRef=new_flavor(world, "two", 2), block_device_mapping_v2=disks)
    for number in (0, 1):
        world.hosts[host].driver.guests[server_id].disks[number] = f"the guest's {number}"
    return server_id


def disks_of(world: World, host: str, server_id: str) -> list[str]:
    """What is on a server's ephemeral disks."""
    return list(world.hosts[host].driver.guests[server_id].disks.values())
