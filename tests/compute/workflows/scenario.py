"""What is asked for, and how it must end wherever somebody dies over it: one for each kind of workflow at least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pileus.compute.workflows import unclaimed_image
from pileus.kit import ids
from tests.compute.scenes import lose, moved, on_a_dead_host, two_hosts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compute.world import World


@dataclass(frozen=True)
class Scenario:
    """Something that is asked for, and how it must end wherever somebody died."""

    prepare: Callable[[World], str]  # returns the server's id
    ask: Callable[[World, str], Any]
    ends: Callable[[World, str], None]
    kinds: str  # of the workflows that it is about
    undoes: str = ""  # the kinds of which it undoes every step


def _new_host(world: World) -> str:
    world.new_host()
    return ""


def _broken_host(verb: str) -> Callable[[World], str]:
    def prepare(world: World) -> str:
        world.new_host()
        server_id = "" if verb == "spawn" else world.active()
        world.hosts["h1"].broken[verb] = f"{verb} is broken"
        return server_id

    return prepare


def _active(world: World) -> str:
    world.new_host()
    return world.active()


def _stopped(world: World) -> str:
    server_id = _active(world)
    world.act(server_id, "os-stop")
    world.settle()
    return server_id


def _boot_and_delete(world: World, _server_id: str) -> None:
    server_id = world.boot()
    world.run()
    world.delete(server_id)


def _snapshot_and_delete(world: World, server_id: str) -> None:
    world.snapshot(server_id)
    world.run()
    world.delete(server_id)


def _states(world: World) -> list[tuple[str, str]]:
    rows = world.call("compute", "GET", "/v2.1/servers/detail").decoded()["servers"]
    return [(row["status"], row.get("fault", {}).get("message", "")) for row in rows]


def _ends(*states: tuple[str, str]) -> Callable[[World, str], None]:
    """The one server there is shows one of these states and faults; without states there is none any more."""

    def check(world: World, _server_id: str) -> None:
        found = _states(world)
        assert found == [] if not states else len(found) == 1 and found[0] in states, found

    return check


def _images(count: int) -> Callable[[World, str], None]:
    """The server is free, and beside the one it was booted from there are so many images."""

    def check(world: World, server_id: str) -> None:
        _ends(("ACTIVE", ""))(world, server_id)
        images = world.call("image", "GET", "/v2/images").decoded()["images"]
        assert [image["status"] for image in images] == ["active"] * (count + 1)

    return check


def _resized(world: World) -> str:
    world.new_host("h1")
    server_id = world.resized()
    world.new_host("h2")
    return server_id


def _after(*actions: str) -> Callable[[World], str]:
    def prepare(world: World) -> str:
        server_id = _active(world)
        for action in actions:
            world.done(server_id, action)
        return server_id

    return prepare


def _act(action: str, value: Any = None, *, is_admin: bool = False) -> Callable[[World, str], Any]:
    def ask(world: World, server_id: str) -> None:
        reply = world.act(server_id, action, value, is_admin=is_admin)
        assert reply.status in (200, 202, 204), reply.body

    return ask


def _evacuate(world: World, server_id: str) -> None:
    _act("evacuate", {"onSharedStorage": False}, is_admin=True)(world, server_id)


def _is_back(host: str) -> Callable[[World, str], None]:
    """The dead host is there again, and what it still has is gone."""

    def check(world: World, server_id: str) -> None:
        world.hosts["h1"].start_agent()
        world.repair()
        world.check()
        _at(host, "ACTIVE")(world, server_id)

    return check


def _at(host: str | None, *statuses: str) -> Callable[[World, str], None]:
    """The server shows one of these statuses, on this host."""

    def check(world: World, server_id: str) -> None:
        row = world.server(server_id)
        assert row.status in statuses
        assert row.host == host
        assert [image["status"] for image in _images_of(world)] == ["active"] * len(_images_of(world))

    return check


def _images_of(world: World) -> list[dict[str, Any]]:
    return list(world.call("image", "GET", "/v2/images", is_admin=True).decoded()["images"])


def _deleted_while(action: str, value: Any = None, *, is_admin: bool = False) -> Callable[[World, str], None]:
    def ask(world: World, server_id: str) -> None:
        _act(action, value, is_admin=is_admin)(world, server_id)
        world.run()
        world.delete(server_id)

    return ask


def _unshelved_images(world: World, server_id: str) -> None:
    _at("h1", "ACTIVE")(world, server_id)
    assert len(_images_of(world)) == 1


_LIVE = {"block_migration": False, "disk_over_commit": False, "host": None}


def _deleted_softly(world: World) -> str:
    return world.deleting_softly(_active(world))


def _delete(world: World, server_id: str) -> None:
    assert world.delete(server_id) == 204


def _leave_unclaimed(world: World, _server_id: str) -> None:
    """The control plane died when it had made a snapshot's image, before it could begin to fill it."""
    image_id = ids.new_uuid()
    arguments = unclaimed_image.arguments(world.clock)
    world.database.write(world.runner.begin, unclaimed_image.KIND, image_id, arguments)
    body = {"id": image_id, "name": "snap", "disk_format": "qcow2", "container_format": "bare"}
    assert world.call("image", "POST", "/v2/images", body).status == 201
    world.work()
    world.clock.sleep(unclaimed_image.PATIENCE.total_seconds())


def _then_breaks(prepare: Callable[[World], str], verb: str, host: str = "h1") -> Callable[[World], str]:
    """Prepare, and have the host fail in something from then on."""

    def prepare_and_break(world: World) -> str:
        server_id = prepare(world)
        world.hosts[host].broken[verb] = f"{verb} is broken"
        return server_id

    return prepare_and_break


def _moved_from_a_dead_host(world: World) -> str:
    server_id = moved(world)
    lose(world, "h1")
    return server_id


def _image_of_no_host(world: World) -> str:
    return world.new_image(**{"trait:CUSTOM_FAST": "required"})


SCENARIOS = {
    "boot": Scenario(_new_host, lambda world, _: world.boot(), _ends(("ACTIVE", "")), "boot"),
    "boot that fails": Scenario(
        _broken_host("spawn"), lambda world, _: world.boot(), _ends(("ERROR", "spawn is broken")), "boot", undoes="boot"
    ),
    "boot without a host": Scenario(
        lambda _: "",
        lambda world, _: world.boot(),
        _ends(
            (
                "ERROR",
                "No valid host was found. There is no host with room for 1 DISK_GB, 512 MEMORY_MB, 1 VCPU.",
            )
        ),
        "boot",
    ),
    "delete while it boots": Scenario(_new_host, _boot_and_delete, _ends(), "boot delete"),
    "delete": Scenario(_active, lambda world, server_id: world.delete(server_id), _ends(), "delete"),
    "delete a resized one": Scenario(moved, lambda world, server_id: world.delete(server_id), _ends(), "delete"),
    "stop": Scenario(_active, _act("os-stop"), _ends(("SHUTOFF", "")), "stop"),
    "start": Scenario(_stopped, _act("os-start"), _ends(("ACTIVE", "")), "start"),
    "reboot": Scenario(_active, _act("reboot", {"type": "HARD"}), _ends(("ACTIVE", "")), "reboot"),
    "reboot that fails": Scenario(
        _broken_host("reboot"), _act("reboot", {"type": "HARD"}), _ends(("ACTIVE", "")), "reboot", undoes="reboot"
    ),
    "pause": Scenario(_active, _act("pause"), _ends(("PAUSED", "")), "pause"),
    "unpause": Scenario(_after("pause"), _act("unpause"), _ends(("ACTIVE", "")), "unpause"),
    "suspend": Scenario(_active, _act("suspend"), _ends(("SUSPENDED", "")), "suspend"),
    "resume": Scenario(_after("suspend"), _act("resume"), _ends(("ACTIVE", "")), "resume"),
    "rescue": Scenario(_active, _act("rescue"), _ends(("RESCUE", "")), "rescue"),
    "unrescue": Scenario(_after("rescue"), _act("unrescue"), _ends(("ACTIVE", "")), "unrescue"),
    "rebuild": Scenario(
        _stopped,
        lambda world, server_id: _act("rebuild", {"imageRef": world.image_id})(world, server_id),
        _ends(("SHUTOFF", "")),
        "rebuild",
    ),
    "rebuild that fails": Scenario(
        _broken_host("destroy"),
        lambda world, server_id: _act("rebuild", {"imageRef": world.image_id})(world, server_id),
        _ends(("ERROR", "destroy is broken")),
        "rebuild",
        undoes="rebuild",
    ),
    "rebuild of an image that may not be there": Scenario(
        _active,
        lambda world, server_id: _act("rebuild", {"imageRef": _image_of_no_host(world)})(world, server_id),
        _ends(("ACTIVE", "")),
        "rebuild",
    ),
    "soft delete": Scenario(_deleted_softly, _delete, _ends(("SOFT_DELETED", "")), "soft_delete"),
    "restore": Scenario(
        lambda world: world.softly_deleted(_active(world)), _act("restore"), _ends(("ACTIVE", "")), "restore"
    ),
    "resize here": Scenario(_active, _act("resize", {"flavorRef": "2"}), _at("h1", "VERIFY_RESIZE"), "resize"),
    "resize here that fails": Scenario(
        _broken_host("resize"), _act("resize", {"flavorRef": "2"}), _at("h1", "ACTIVE"), "resize"
    ),
    "migrate": Scenario(two_hosts, _act("migrate", is_admin=True), _at("h2", "VERIFY_RESIZE"), "resize"),
    "migrate that fails": Scenario(
        _then_breaks(two_hosts, "spawn", "h2"),
        _act("migrate", is_admin=True),
        _at("h1", "ACTIVE"),
        "resize",
        undoes="resize",
    ),
    "migrate to nowhere": Scenario(_active, _act("migrate", is_admin=True), _at("h1", "ACTIVE"), "resize"),
    "delete while it is migrated": Scenario(
        two_hosts, _deleted_while("migrate", is_admin=True), _ends(), "resize delete"
    ),
    "confirm": Scenario(_resized, _act("confirmResize"), _at("h1", "ACTIVE"), "confirm_resize"),
    "confirm elsewhere": Scenario(moved, _act("confirmResize"), _at("h2", "ACTIVE"), "confirm_resize"),
    "revert": Scenario(_resized, _act("revertResize"), _at("h1", "ACTIVE"), "revert_resize"),
    "revert elsewhere": Scenario(moved, _act("revertResize"), _at("h1", "ACTIVE"), "revert_resize"),
    "live migrate": Scenario(
        two_hosts, _act("os-migrateLive", _LIVE, is_admin=True), _at("h2", "ACTIVE"), "live_migrate"
    ),
    "live migrate that fails": Scenario(
        _then_breaks(two_hosts, "send_away"),
        _act("os-migrateLive", _LIVE, is_admin=True),
        _at("h1", "ACTIVE"),
        "live_migrate",
        undoes="live_migrate",
    ),
    "delete while it is live migrated": Scenario(
        two_hosts, _deleted_while("os-migrateLive", _LIVE, is_admin=True), _ends(), "live_migrate delete"
    ),
    "evacuate": Scenario(on_a_dead_host, _evacuate, _is_back("h2"), "evacuate"),
    "evacuate that fails": Scenario(
        _then_breaks(on_a_dead_host, "spawn", "h2"), _evacuate, _is_back("h1"), "evacuate", undoes="evacuate"
    ),
    "revert to a dead host": Scenario(
        _moved_from_a_dead_host,
        _act("revertResize"),
        _at("h2", "VERIFY_RESIZE"),
        "revert_resize",
        undoes="revert_resize",
    ),
    "shelve": Scenario(_active, _act("shelve"), _at(None, "SHELVED_OFFLOADED"), "shelve"),
    "shelve that fails": Scenario(
        _broken_host("snapshot"), _act("shelve"), _at("h1", "ACTIVE"), "shelve", undoes="shelve"
    ),
    "delete while it is shelved": Scenario(_active, _deleted_while("shelve"), _ends(), "shelve delete"),
    "shelve here": Scenario(
        lambda world: world.keeping_shelved(_active(world)), _act("shelve"), _at("h1", "SHELVED"), "shelve_here"
    ),
    "offload": Scenario(
        lambda world: world.shelved_here(_active(world)),
        _act("shelveOffload", is_admin=True),
        _at(None, "SHELVED_OFFLOADED"),
        "shelve_offload",
    ),
    "unshelve": Scenario(_after("shelve"), _act("unshelve"), _unshelved_images, "unshelve"),
    "unshelve that fails": Scenario(
        _then_breaks(_after("shelve"), "spawn"),
        _act("unshelve"),
        _at(None, "SHELVED_OFFLOADED"),
        "unshelve",
        undoes="unshelve",
    ),
    "unshelve here": Scenario(
        lambda world: world.shelved_here(_active(world)), _act("unshelve"), _unshelved_images, "unshelve_here"
    ),
    "snapshot": Scenario(_active, lambda world, server_id: world.snapshot(server_id), _images(1), "snapshot"),
    "snapshot that fails": Scenario(
        _broken_host("snapshot"),
        lambda world, server_id: world.snapshot(server_id),
        _images(0),
        "snapshot",
        undoes="snapshot",
    ),
    "delete while it is snapshotted": Scenario(_active, _snapshot_and_delete, _ends(), "snapshot delete"),
    "backup": Scenario(
        _active,
        _act("createBackup", {"name": "b", "backup_type": "daily", "rotation": 1}),
        _images(1),
        "backup",
    ),
    "image that nobody claims": Scenario(_active, _leave_unclaimed, _images(0), "unclaimed_image"),
}
"""Where somebody dies at each moment."""


def _fails(prepare: Callable[[World], str], verb: str, ask: Any, status: str, kind: str) -> Scenario:
    return Scenario(_then_breaks(prepare, verb), ask, _ends((status, "")), kind, undoes=kind)


FAILURES = {
    "stop that fails": _fails(_active, "stop", _act("os-stop"), "ACTIVE", "stop"),
    "start that fails": _fails(_stopped, "start", _act("os-start"), "SHUTOFF", "start"),
    "pause that fails": _fails(_active, "pause", _act("pause"), "ACTIVE", "pause"),
    "unpause that fails": _fails(_after("pause"), "unpause", _act("unpause"), "PAUSED", "unpause"),
    "suspend that fails": _fails(_active, "suspend", _act("suspend"), "ACTIVE", "suspend"),
    "resume that fails": _fails(_after("suspend"), "resume", _act("resume"), "SUSPENDED", "resume"),
    "rescue that fails": _fails(_active, "rescue", _act("rescue"), "ACTIVE", "rescue"),
    "unrescue that fails": _fails(_after("rescue"), "unrescue", _act("unrescue"), "RESCUE", "unrescue"),
    "soft delete that fails": _fails(_deleted_softly, "stop", _delete, "ACTIVE", "soft_delete"),
    "restore that fails": _fails(
        lambda world: world.softly_deleted(_active(world)), "start", _act("restore"), "SOFT_DELETED", "restore"
    ),
    "unshelve here that fails": _fails(
        lambda world: world.shelved_here(_active(world)), "start", _act("unshelve"), "SHELVED", "unshelve_here"
    ),
    "shelve here that fails": _fails(
        lambda world: world.keeping_shelved(_active(world)), "snapshot", _act("shelve"), "ACTIVE", "shelve_here"
    ),
    "backup that fails": _fails(
        _active,
        "snapshot",
        _act("createBackup", {"name": "b", "backup_type": "daily", "rotation": 1}),
        "ACTIVE",
        "backup",
    ),
}
"""What fails like others do where somebody dies at each moment, so that it is enough to do everything twice."""
