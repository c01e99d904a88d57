from __future__ import annotations

from pileus.compute.messages import Done
from tests.compute.world import World


def shelved(world: World) -> tuple[str, str]:
    """A server that is on no host, and the image that it is kept as."""
    world.new_host()
    server_id = world.active()
    world.done(server_id, "shelve")
    return server_id, image_of(world, server_id)


def image_of(world: World, server_id: str) -> str:
    image_id = world.server(server_id).shelved_image_id
    assert image_id is not None
    return image_id


def test_a_server_is_unshelved_though_its_image_is_protected(world: World) -> None:
    server_id, image_id = shelved(world)
    world.protect(image_id)
    world.done(server_id, "unshelve")
    assert world.server(server_id).status == "ACTIVE"
    assert world.image(image_id) == "active"
    world.done(server_id, "pause")
    world.check()


def test_a_shelved_server_is_deleted_though_its_image_is_protected(world: World) -> None:
    server_id, image_id = shelved(world)
    world.protect(image_id)
    assert world.delete(server_id) == 204
    world.settle()
    assert world.server(server_id).deleted_at is not None
    assert world.image(image_id) == "active"
    world.check()


def test_unshelving_goes_on_until_the_image_service_answers(world: World) -> None:
    server_id, image_id = shelved(world)
    world.act(server_id, "unshelve")
    world.run()
    url = "http://image.test"
    app = world._transport._local.pop(url)
    world.work()
    assert [kind for kind, _, _ in world.unfinished()] == ["unshelve"]
    world._transport._local[url] = app
    world.settle()
    assert world.image(image_id) is None
    world.check()


def test_a_server_that_never_left_its_host_is_unshelved_without_its_image(world: World) -> None:
    world.new_host()
    server_id = world.shelved_here(world.active())
    image_id = image_of(world, server_id)
    world.done(server_id, "unshelve")
    server = world.server(server_id)
    assert (server.status, server.shelved_image_id, server.shelved_at) == ("ACTIVE", None, None)
    assert world.image(image_id) is None
    assert world.last_action(server_id)["message"] is None
    world.check()


def test_a_server_deleted_once_it_was_captured_leaves_no_image(world: World) -> None:
    """Nobody has heard of the image's end when the shelving is given up."""
    world.new_host()
    server_id = world.active()
    done: list[object] = []

    def lose_the_second(_address: str, message: object) -> int:
        if isinstance(message, Done):
            done.append(message)
        return 0 if isinstance(message, Done) and len(done) == 2 else 1

    world.bus.disturb = lose_the_second
    assert world.act(server_id, "shelve").status == 202
    world.work()
    (image,) = world.call("image", "GET", "/v2/images?name=vm-shelved").decoded()["images"]
    assert image["status"] == "active"
    assert world.delete(server_id) == 204
    world.settle()
    assert world.server(server_id).deleted_at is not None
    assert world.image(image["id"]) is None
    world.check()


def test_no_image_is_left_of_a_server_that_could_not_be_switched_off(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.broken["stop"] = "stop is broken"
    world.done(server_id, "shelve")
    assert world.server(server_id).vm_state == "active"
    images = world.call("image", "GET", "/v2/images").decoded()["images"]
    assert [image["id"] for image in images] == [world.image_id]
    world.repair()
    world.check()
