"""What tests of moves begin with: servers and hosts in a certain place and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
