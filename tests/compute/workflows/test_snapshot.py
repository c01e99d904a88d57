from __future__ import annotations

from pileus.compute.messages import Done, Snapshot
from pileus.compute.workflows.unclaimed_image import PATIENCE
from tests.compute.effects import DiedError
from tests.compute.world import World


def test_a_snapshot_becomes_an_active_image(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id, "backup")
    assert world.image(image_id) == "queued"
    assert world.server(server_id).task_state == "image_snapshot"
    world.settle()
    assert world.image(image_id) == "active"
    assert world.images[image_id].startswith(b"QFI\xfb")
    assert world.server(server_id).vm_state == "active"
    assert world.last_action(server_id) | {"action": "createImage", "message": None} == world.last_action(server_id)
    world.check()


def test_a_snapshot_boots(world: World) -> None:
    world.new_host()
    image_id = world.snapshot(world.active())
    world.settle()
    world.active(imageRef=image_id)
    world.check()


def assert_failed(world: World, server_id: str, image_id: str) -> None:
    assert world.image(image_id) is None
    server = world.server(server_id)
    assert (server.vm_state, server.task_state, server.fault) == ("active", None, None)
    assert world.last_action(server_id)["message"] == "Error"
    world.check()


def test_a_disk_that_cannot_be_copied_leaves_no_image_and_a_free_server(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.broken["snapshot"] = "no room to copy"
    image_id = world.snapshot(server_id)
    world.settle()
    assert_failed(world, server_id, image_id)


def test_a_silent_host_leaves_no_image_and_a_free_server(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.vanish()
    image_id = world.snapshot(server_id)
    world.settle()
    assert_failed(world, server_id, image_id)


def test_an_image_deleted_under_a_snapshot_ends_it(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    world.run()
    assert world.call("image", "DELETE", f"/v2/images/{image_id}").status == 204
    world.settle()
    assert_failed(world, server_id, image_id)


def test_an_image_deleted_before_the_snapshot_began_ends_it(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    assert world.call("image", "DELETE", f"/v2/images/{image_id}").status == 204
    world.settle()
    assert_failed(world, server_id, image_id)


def test_a_snapshot_whose_outcome_was_lost_is_done_all_the_same(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    world.bus.disturb = lambda _address, message: 0 if isinstance(message, Done) else 1
    world.work()
    host.start_agent()  # and the agent that knew is no more
    world.settle()
    assert world.image(image_id) == "active"
    assert world.last_action(server_id)["message"] is None
    world.bus.disturb = lambda _address, _message: 1
    world.check()


def test_a_snapshot_that_comes_twice_is_made_once(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.bus.disturb = lambda _address, message: 3 if isinstance(message, Snapshot) else 1
    image_id = world.snapshot(server_id)
    world.settle()
    assert world.image(image_id) == "active"
    assert world.last_action(server_id)["message"] is None
    world.check()


def test_a_snapshot_that_is_refused_leaves_no_image(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.act(server_id, "os-stop")
    before = _count(world)
    assert world.act(server_id, "createImage", {"name": "x"}).status == 409
    assert _count(world) == before


def test_a_control_plane_that_dies_while_it_begins_a_snapshot_leaves_no_image(world: World) -> None:
    world.new_host()
    server_id = world.active()
    before = _count(world)
    for deadly in range(10):
        world.effects.seen.clear()
        world.effects.deadly = deadly
        try:
            assert world.act(server_id, "createImage", {"name": "x"}).status == 202
            break
        except DiedError:
            world.bus.waiting.clear()
            world.start()
            world.clock.sleep(PATIENCE.total_seconds())
            world.repair()
            assert _count(world) == before
            assert world.server(server_id).task_state is None
    assert deadly == 4, "it was asked, wrote down that the image is unclaimed, made it, and claimed it"
    world.effects.deadly = None
    world.settle()
    assert _count(world) == before + 1
    world.check()


def test_an_image_that_was_filled_stays_however_long_it_was_unclaimed(world: World) -> None:
    world.new_host()
    image_id = world.snapshot(world.active())
    world.settle()
    world.clock.sleep(PATIENCE.total_seconds())
    world.repair()
    assert world.image(image_id) == "active"


def test_an_image_that_the_image_service_refuses_leaves_nothing_to_do(world: World) -> None:
    world.new_host()
    server_id = world.active()
    assert world.act(server_id, "createImage", {"name": "x", "metadata": {"os_hash_value": "0"}}).status == 403
    assert world.server(server_id).task_state is None
    world.work()
    world.check()


def test_an_image_that_the_image_service_does_not_take_is_the_callers_fault(world: World) -> None:
    world.new_host()
    server_id = world.active()
    refused = world.act(server_id, "createImage", {"name": "x", "metadata": {"protected": "maybe"}})
    assert refused.status == 400, refused.body
    assert world.server(server_id).task_state is None
    world.work()
    world.check()


def test_a_snapshot_that_fails_frees_its_server_though_the_image_is_protected(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.broken["snapshot"] = "no room to copy"
    image_id = world.snapshot(server_id)
    world.protect(image_id)
    world.settle()
    assert world.image(image_id) == "queued"
    assert world.server(server_id).task_state is None
    world.check()


# --- backups --------------------------------------------------------------------------------------


def test_a_backup_makes_room_among_its_own_projects_images_alone(world: World) -> None:
    """Whatever images of others say of themselves: anybody may write that an image is a backup of a server."""
    world.new_host()
    server_id = world.active()
    _back_up(world, server_id, "one", 2)
    said = {"image_type": "backup", "backup_type": "daily", "instance_uuid": server_id}
    for _ in range(2):
        made = world.call("image", "POST", "/v2/images", {"name": "foreign", **said}, is_admin=True)
        assert made.status == 201, made.body
        world.clock.sleep(60)
    _back_up(world, server_id, "two", 2)
    assert _backups(world) == ["foreign", "foreign", "one", "two"]
    _back_up(world, server_id, "three", 2)
    assert _backups(world) == ["foreign", "foreign", "three", "two"]
    world.check()


def test_a_protected_backup_stays_and_its_server_is_free(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.protect(_back_up(world, server_id, "one", 1))
    _back_up(world, server_id, "two", 1)
    assert _backups(world) == ["one", "two"]
    assert world.server(server_id).task_state is None
    world.check()


def _back_up(world: World, server_id: str, name: str, rotation: int) -> str:
    body = {"name": name, "backup_type": "daily", "rotation": rotation}
    reply = world.act(server_id, "createBackup", body, version="2.45")
    assert reply.status == 202, reply.body
    world.settle()
    world.clock.sleep(60)
    return str(reply.decoded()["image_id"])


def _backups(world: World) -> list[str]:
    return sorted(image["name"] for image in world.means.images.list_by(image_type="backup"))


def _count(world: World) -> int:
    return len(world.call("image", "GET", "/v2/images").decoded()["images"])
