from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.compute.db import server as servers
from tests.compute.world import World

if TYPE_CHECKING:
    from pileus.kit.db import Transaction

STRANGER = "99999999-9999-9999-9999-999999999999"


def release(world: World) -> list[str]:
    return world.allocation_loop.run()


def claim(world: World, consumer: str) -> None:
    provider = world.provider("h1")
    world.placement.claim(consumer, {provider: {"VCPU": 1}}, project_id="p", user_id="u")


def test_what_a_deleted_server_still_holds_is_given_back(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.delete(server_id)
    world.settle()
    claim(world, server_id)
    assert release(world) == [server_id]
    world.check()


def test_what_a_server_without_a_host_holds_is_given_back(world: World) -> None:
    server_id = world.boot()
    world.settle()
    world.new_host()
    claim(world, server_id)
    assert release(world) == [server_id]
    world.check()


def test_what_a_running_server_holds_is_its_own(world: World) -> None:
    world.new_host()
    world.active()
    assert release(world) == []
    world.check()


def test_what_a_stranger_holds_is_left_alone(world: World) -> None:
    world.new_host()
    claim(world, STRANGER)
    assert release(world) == []
    assert world.allocations() == {STRANGER: "h1"}


@pytest.mark.parametrize("effects", range(10))
def test_what_a_server_holds_that_is_being_built_is_its_own(world: World, effects: int) -> None:
    """After so many writes of its boot; between placing it and writing its host down the row has no host."""
    world.new_host()
    server_id = world.boot()
    released: list[str] = []
    original = world.effects.tick

    def tick(what: str) -> None:
        original(what)
        if len(world.effects.seen) == effects:
            released.extend(release(world))

    world.effects.seen.clear()
    world.effects.tick = tick  # type: ignore[method-assign]
    world.settle()
    assert released == []
    assert world.server(server_id).vm_state == "active"
    world.check()


def test_a_server_deleted_between_the_look_and_the_release_is_released_once_and_for_all(world: World) -> None:
    server_id = world.boot()
    world.settle()
    world.new_host()
    claim(world, server_id)
    original = world.placement.release

    def delete_first(consumer: str) -> None:
        world.placement.release = original  # type: ignore[method-assign]
        world.delete(consumer)
        world.settle()
        original(consumer)

    world.placement.release = delete_first  # type: ignore[method-assign]
    assert release(world) == [server_id]
    world.check()


def test_a_host_without_a_provider_keeps_nobody_from_being_looked_at(world: World) -> None:
    world.new_host("h0")
    world.placement.delete_provider(world.provider("h0"))
    world.new_host("h1")
    world.placement.delete_provider(world.provider("h0"))
    server_id = _deleted(world)
    claim(world, server_id)
    assert release(world) == [server_id]


def _deleted(world: World) -> str:
    server_id = world.boot()

    def forget(tx: Transaction) -> None:
        world.store.cancel(tx, server_id, world.clock.now())
        servers.mark_deleted(tx, server_id, world.clock.now())

    world.database.write(forget)
    world.settle()
    return server_id


def test_of_a_host_that_is_as_it_was_placement_is_not_asked_again(world: World) -> None:
    world.new_host("h1")
    world.new_host("h2")
    server_id = world.active()
    release(world)
    asked: list[str] = []
    original = world.placement.consumers_of

    def consumers_of(provider: str) -> dict[str, dict[str, int]]:
        asked.append(provider)
        return original(provider)

    world.placement.consumers_of = consumers_of  # type: ignore[method-assign]
    release(world)
    assert asked == []
    claim(world, STRANGER)
    release(world)
    assert set(asked) == {world.provider("h1")}
    world.placement.release(STRANGER)
    assert release(world) == []
    assert world.allocations() == {server_id: world.server(server_id).host}


def test_what_is_known_to_be_held_is_given_back_once_its_server_is_deleted(world: World) -> None:
    world.new_host()
    server_id = world.active()
    assert release(world) == []
    world.database.write(lambda tx: servers.mark_deleted(tx, server_id, world.clock.now()))
    assert release(world) == [server_id]
    assert release(world) == []
    assert world.allocations() == {}
