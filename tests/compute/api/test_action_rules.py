"""Which actions are taken in which state and version, by whom, and what is written down of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.world import IMAGE, SILENT_S, World

LIVE = {"block_migration": "auto", "host": None}


@pytest.fixture
def world(world: World) -> World:
    """One with a host."""
    world.new_host()
    return world


def _status(world: World, server_id: str, action: str, value: Any = None, **options: Any) -> int:
    return world.act(server_id, action, value, **options).status


def test_a_locked_server_is_changed_by_administrators_alone(world: World) -> None:
    server_id = world.active()
    world.done(server_id, "lock", {"locked_reason": "mine"}, version="2.73")
    refused = world.act(server_id, "pause")
    assert refused.status == 409
    assert b"is locked" in bytes(refused.body)
    assert world.delete(server_id) == 409
    for action in ("os-stop", "shelve", "rescue", "unpause"):
        assert _status(world, server_id, action) == 409, action
    assert world.server(server_id).locked_reason == "mine"
    assert _status(world, server_id, "createImage", {"name": "a snapshot changes nothing"}) == 202
    world.settle()
    world.done(server_id, "pause", is_admin=True)
    world.done(server_id, "unlock")
    assert world.server(server_id).locked_by is None
    world.done(server_id, "unpause")


def test_what_an_administrator_has_locked_its_owner_does_not_unlock(world: World) -> None:
    server_id = world.active()
    world.done(server_id, "lock", is_admin=True)
    assert world.server(server_id).locked_by == "admin"
    assert _status(world, server_id, "unlock") == 403
    assert _status(world, server_id, "unlock", is_admin=True) == 202


def test_a_lock_takes_a_reason_since_its_version_alone(world: World) -> None:
    server_id = world.active()
    world.done(server_id, "lock", {"locked_reason": "ignored"})
    assert world.server(server_id).locked_reason is None
    assert _status(world, server_id, "lock", {"other": 1}, version="2.73") == 400


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        (None, ("unpause", "resume", "unrescue", "confirmResize", "revertResize", "unshelve", "restore", "os-start")),
        ("pause", ("pause", "suspend", "rescue", "migrate", "os-start")),
        ("suspend", ("suspend", "pause", "resize", "rescue")),
        ("os-stop", ("pause", "suspend", "os-stop")),
        ("rescue", ("rescue", "pause", "shelve", "rebuild")),
        ("shelve", ("shelve", "pause", "os-start", "rescue")),
    ],
)
def test_a_state_forbids_what_makes_no_sense_in_it(world: World, state: str | None, refused: tuple[str, ...]) -> None:
    server_id = world.active()
    if state is not None:
        world.done(server_id, state)
    bodies = {"resize": {"flavorRef": "2"}, "rebuild": {"imageRef": world.image_id}}
    for action in refused:
        reply = world.act(server_id, action, bodies.get(action), is_admin=True)
        assert reply.status == 409, (action, reply.body)
    world.check()


def test_moving_is_for_managers_and_naming_the_host_for_administrators(world: World) -> None:
    server_id = world.active()
    assert _status(world, server_id, "migrate") == 403
    assert _status(world, server_id, "os-migrateLive", LIVE, version="2.25") == 403
    assert _status(world, server_id, "evacuate", {}, version="2.14") == 403
    assert _status(world, server_id, "shelveOffload") == 403
    assert _status(world, server_id, "os-resetState", {"state": "error"}) == 403


def test_a_host_may_be_named_and_must_be_another(world: World) -> None:
    server_id = world.active()
    world.new_host("h2")
    for host, status in (("h1", 400), ("nowhere", 400)):
        assert _status(world, server_id, "migrate", {"host": host}, is_admin=True, version="2.56") == status
        live = {**LIVE, "host": host}
        assert _status(world, server_id, "os-migrateLive", live, is_admin=True, version="2.30") == status
    world.done(server_id, "migrate", {"host": "h2"}, is_admin=True, version="2.56")
    assert world.server(server_id).host == "h2"
    world.done(server_id, "confirmResize")
    world.done(server_id, "os-migrateLive", {**LIVE, "host": "h1"}, is_admin=True, version="2.68")
    assert world.server(server_id).host == "h1"
    world.check()


def test_force_needs_a_host_and_is_gone_in_the_end(world: World) -> None:
    server_id = world.active()
    forced = {**LIVE, "force": True}
    assert _status(world, server_id, "os-migrateLive", forced, is_admin=True, version="2.30") == 400
    assert _status(world, server_id, "os-migrateLive", forced, is_admin=True, version="2.68") == 400
    assert _status(world, server_id, "evacuate", {"force": True}, is_admin=True, version="2.29") == 400


def test_only_what_is_on_a_dead_host_is_evacuated(world: World) -> None:
    server_id = world.active()
    world.new_host("h2")
    assert _status(world, server_id, "evacuate", {}, is_admin=True, version="2.14") == 400
    world.hosts["h1"].vanish()
    world.clock.sleep(SILENT_S)
    world.beat()
    assert _status(world, server_id, "evacuate", {"host": "nowhere"}, is_admin=True, version="2.29") == 404
    world.done(server_id, "evacuate", {}, is_admin=True, version="2.95")
    row = world.server(server_id)
    assert (row.host, row.status) == ("h2", "SHUTOFF")  # since that version
    world.hosts["h1"].start_agent()
    world.repair()
    world.check()


def test_a_resize_wants_another_flavor_that_there_is(world: World) -> None:
    server_id = world.active()
    for flavor, status in (("1", 400), ("nothing", 400), (None, 400)):
        assert _status(world, server_id, "resize", {"flavorRef": flavor}) == status, flavor


def test_a_resized_server_is_deleted_with_what_it_would_go_back_to(world: World) -> None:
    server_id = world.active()
    world.new_host("h2")
    world.done(server_id, "migrate", is_admin=True)
    world.check()
    world.delete(server_id)
    world.settle()
    world.check()
    assert [host.driver.list_aside() for host in world.hosts.values()] == [[], []]
    assert world.allocations() == {}


def test_a_reverted_resize_gives_the_old_size_back(world: World) -> None:
    server_id = world.active()
    world.done(server_id, "os-stop")
    world.done(server_id, "resize", {"flavorRef": "2"})
    assert world.server(server_id).flavor.id == "2"
    world.done(server_id, "revertResize")
    row = world.server(server_id)
    assert (row.flavor.id, row.status, row.old_flavor) == ("1", "SHUTOFF", None)
    assert world.last_action(server_id)["action"] == "revertResize"
    world.check()


def test_an_unshelved_server_goes_where_it_is_told(world: World) -> None:
    server_id = world.active()
    world.new_host("h2")
    world.done(server_id, "shelve")
    asked = {"host": "h2"}
    assert _status(world, server_id, "unshelve", asked, version="2.91") == 403
    assert _status(world, server_id, "unshelve", {"host": "no"}, version="2.91", is_admin=True) == 400
    assert _status(world, server_id, "unshelve", {"availability_zone": "no"}, version="2.77") == 400
    assert _status(world, server_id, "unshelve", {}, version="2.77") == 400
    world.done(server_id, "unshelve", asked, version="2.91", is_admin=True)
    assert world.server(server_id).host == "h2"
    world.check()


def test_a_rebuild_changes_what_its_version_knows(world: World) -> None:
    server_id = world.active()
    body = {"imageRef": world.image_id, "name": "new", "metadata": {"a": "b"}}
    reply = world.act(server_id, "rebuild", body)
    assert reply.status == 202
    assert reply.decoded()["server"]["name"] == "new"
    assert reply.decoded()["server"]["adminPass"]
    world.settle()
    assert world.server(server_id).metadata == {"a": "b"}
    assert _status(world, server_id, "rebuild", {**body, "hostname": "h"}) == 400
    assert _status(world, server_id, "rebuild", {**body, "hostname": "he"}, version="2.90") == 202
    world.settle()
    assert world.server(server_id).hostname == "he"
    assert _status(world, server_id, "rebuild", {"imageRef": server_id}) == 400
    world.check()


def test_a_server_is_rescued_with_an_image_that_its_owner_may_read(world: World) -> None:
    server_id, body = world.active(), {"name": "theirs", "disk_format": "raw", "container_format": "bare"}
    made = world.call("image", "POST", "/v2/images", {**body, "visibility": "private"}, is_admin=True)
    theirs = str(made.decoded()["id"])
    world.put_bytes(theirs, IMAGE)
    refused = world.act(server_id, "rescue", {"rescue_image_ref": theirs})
    assert (refused.status, f"Requested rescue image '{theirs}' is not supported".encode() in bytes(refused.body)) == (
        400,
        True,
    )
    empty = str(world.call("image", "POST", "/v2/images", body).decoded()["id"])
    large = str(world.call("image", "POST", "/v2/images", {**body, "min_ram": 10**6}).decoded()["id"])
    world.put_bytes(large, IMAGE)
    for image_id in (empty, large, server_id):
        assert _status(world, server_id, "rescue", {"rescue_image_ref": image_id}) == 400
    assert world.server(server_id).task_state is None
    world.done(server_id, "rescue", {"rescue_image_ref": world.new_image()})
    assert world.server(server_id).status == "RESCUE"
    assert _status(world, server_id, "rescue", {"rescue_image_ref": theirs}) == 409  # the state comes first


def test_backups_rotate(world: World) -> None:
    server_id = world.active()
    for name in ("one", "two", "three"):
        body = {"name": name, "backup_type": "daily", "rotation": 2}
        reply = world.act(server_id, "createBackup", body, version="2.45")
        assert reply.decoded()["image_id"]
        world.settle()
        world.clock.sleep(60)
    images = world.call("image", "GET", "/v2/images?image_type=backup").decoded()["images"]
    assert sorted(image["name"] for image in images) == ["three", "two"]


def test_the_guest_is_asked_at_once(world: World) -> None:
    server_id = world.active()
    assert _status(world, server_id, "changePassword", {"adminPass": "geheim"}) == 202
    assert _status(world, server_id, "trigger_crash_dump", version="2.17") == 202
    assert _status(world, server_id, "trigger_crash_dump") == 400
    world.hosts["h1"].broken["set_password"] = "The guest has no agent."
    refused = world.act(server_id, "changePassword", {"adminPass": "geheim"})
    assert refused.status == 409
    assert b"geheim" not in bytes(refused.body)
    assert world.last_action(server_id)["message"] == "Error"


def test_networks_are_none_of_ours(world: World) -> None:
    server_id = world.active()
    assert _status(world, server_id, "addSecurityGroup", {"name": "default"}) == 404
    assert _status(world, server_id, "addFixedIp", {"networkId": "n"}) == 400
    assert _status(world, server_id, "removeFixedIp", {"address": "10.0.0.1"}) == 400
    assert _status(world, server_id, "removeFixedIp", {"address": "10.0.0.1"}, version="2.44") == 400
    assert _status(world, server_id, "addFloatingIp", {"address": "10.0.0.1"}) == 404
    assert _status(world, server_id, "injectNetworkInfo", is_admin=True) == 202
    assert _status(world, server_id, "resetNetwork", is_admin=True) == 410


def test_a_live_migration_is_aborted_while_it_prepares(world: World) -> None:
    server_id = world.active()
    world.new_host("h2")
    assert _status(world, server_id, "os-migrateLive", LIVE, is_admin=True, version="2.25") == 202
    world.run()
    (migration,) = _migrations(world, server_id)
    path = f"/v2.1/servers/{server_id}/migrations/{migration}"
    assert world.call("compute", "DELETE", path, is_admin=True, version="2.24").status == 400  # only running ones
    assert world.call("compute", "DELETE", path, is_admin=True, version="2.65").status == 202
    world.settle()
    assert (world.server(server_id).host, world.server(server_id).status) == ("h1", "ACTIVE")
    world.check()


def _migrations(world: World, server_id: str) -> list[int]:
    reply = world.call("compute", "GET", f"/v2.1/servers/{server_id}/migrations", is_admin=True, version="2.23")
    return [migration["id"] for migration in reply.decoded()["migrations"]]
