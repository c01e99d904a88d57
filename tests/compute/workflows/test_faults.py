"""A process dies before each thing that it does to the outside, one after the other, and the work is still done.

What comes after an effect and before the next one changes nothing but memory, so this is every moment there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.workflows import WORKFLOWS
from pileus.kit.workflow import Runner
from tests.compute.world import OWNER, SILENT_S, DiedError, Host, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pileus.compute.workflows.means import Means
    from pileus.kit.workflow import Run, Step

MOST_EFFECTS = 120


@dataclass(frozen=True)
class Scenario:
    """Something that is asked for, and how it must end wherever somebody died."""

    prepare: Callable[[World], str]  # returns the server's id
    ask: Callable[[World, str], Any]
    ends: Callable[[World, str], None]
    kinds: str  # of the workflows that it is about


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


def _two_hosts(world: World) -> str:
    world.new_host("h1")
    server_id = world.active()
    world.new_host("h2")
    return server_id


def _resized(world: World) -> str:
    world.new_host("h1")
    server_id = world.resized()
    world.new_host("h2")
    return server_id


def _resized_elsewhere(world: World) -> str:
    server_id = _two_hosts(world)
    world.done(server_id, "migrate", is_admin=True)
    assert world.server(server_id).host == "h2"
    return server_id


def _without_room_for_the_new_one(verb: str) -> Callable[[World], str]:
    def prepare(world: World) -> str:
        server_id = _two_hosts(world)
        world.hosts["h2"].broken[verb] = f"{verb} is broken"
        return server_id

    return prepare


def _on_a_dead_host(world: World) -> str:
    server_id = _two_hosts(world)
    world.hosts["h1"].vanish()
    world.clock.sleep(SILENT_S)
    world.beat()
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

SCENARIOS = {
    "boot": Scenario(_new_host, lambda world, _: world.boot(), _ends(("ACTIVE", "")), "boot"),
    "boot that fails": Scenario(
        _broken_host("spawn"), lambda world, _: world.boot(), _ends(("ERROR", "spawn is broken")), "boot"
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
    "delete a resized one": Scenario(
        _resized_elsewhere, lambda world, server_id: world.delete(server_id), _ends(), "delete"
    ),
    "stop": Scenario(_active, _act("os-stop"), _ends(("SHUTOFF", "")), "stop"),
    "start": Scenario(_stopped, _act("os-start"), _ends(("ACTIVE", "")), "start"),
    "reboot": Scenario(_active, _act("reboot", {"type": "HARD"}), _ends(("ACTIVE", "")), "reboot"),
    "reboot that fails": Scenario(
        _broken_host("reboot"), _act("reboot", {"type": "HARD"}), _ends(("ACTIVE", "")), "reboot"
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
    ),
    "soft delete": Scenario(
        _active,
        lambda world, server_id: world.delete_softly(server_id),
        _ends(("SOFT_DELETED", "")),
        "soft_delete",
    ),
    "restore": Scenario(
        lambda world: world.softly_deleted(_active(world)), _act("restore"), _ends(("ACTIVE", "")), "restore"
    ),
    "resize here": Scenario(_active, _act("resize", {"flavorRef": "2"}), _at("h1", "VERIFY_RESIZE"), "resize"),
    "resize here that fails": Scenario(
        _broken_host("resize"), _act("resize", {"flavorRef": "2"}), _at("h1", "ACTIVE"), "resize"
    ),
    "migrate": Scenario(_two_hosts, _act("migrate", is_admin=True), _at("h2", "VERIFY_RESIZE"), "resize"),
    "migrate that fails": Scenario(
        _without_room_for_the_new_one("spawn"), _act("migrate", is_admin=True), _at("h1", "ACTIVE"), "resize"
    ),
    "migrate to nowhere": Scenario(_active, _act("migrate", is_admin=True), _at("h1", "ACTIVE"), "resize"),
    "delete while it is migrated": Scenario(
        _two_hosts, _deleted_while("migrate", is_admin=True), _ends(), "resize delete"
    ),
    "confirm": Scenario(_resized, _act("confirmResize"), _at("h1", "ACTIVE"), "confirm_resize"),
    "confirm elsewhere": Scenario(_resized_elsewhere, _act("confirmResize"), _at("h2", "ACTIVE"), "confirm_resize"),
    "revert": Scenario(_resized, _act("revertResize"), _at("h1", "ACTIVE"), "revert_resize"),
    "revert elsewhere": Scenario(_resized_elsewhere, _act("revertResize"), _at("h1", "ACTIVE"), "revert_resize"),
    "live migrate": Scenario(
        _two_hosts, _act("os-migrateLive", _LIVE, is_admin=True), _at("h2", "ACTIVE"), "live_migrate"
    ),
    "live migrate that fails": Scenario(
        _broken_host("send_away"), _act("os-migrateLive", _LIVE, is_admin=True), _at("h1", "ACTIVE"), "live_migrate"
    ),
    "delete while it is live migrated": Scenario(
        _two_hosts, _deleted_while("os-migrateLive", _LIVE, is_admin=True), _ends(), "live_migrate delete"
    ),
    "evacuate": Scenario(_on_a_dead_host, _evacuate, _is_back("h2"), "evacuate"),
    "shelve": Scenario(_active, _act("shelve"), _at(None, "SHELVED_OFFLOADED"), "shelve"),
    "shelve that fails": Scenario(_broken_host("snapshot"), _act("shelve"), _at("h1", "ACTIVE"), "shelve"),
    "delete while it is shelved": Scenario(_active, _deleted_while("shelve"), _ends(), "shelve delete"),
    "offload": Scenario(
        lambda world: world.shelved_here(_active(world)),
        _act("shelveOffload", is_admin=True),
        _at(None, "SHELVED_OFFLOADED"),
        "shelve_offload",
    ),
    "unshelve": Scenario(_after("shelve"), _act("unshelve"), _unshelved_images, "unshelve"),
    "unshelve that fails": Scenario(
        lambda world: world.breaking(_after("shelve")(world), "spawn"),
        _act("unshelve"),
        _at(None, "SHELVED_OFFLOADED"),
        "unshelve",
    ),
    "unshelve here": Scenario(
        lambda world: world.shelved_here(_active(world)), _act("unshelve"), _unshelved_images, "unshelve_here"
    ),
    "snapshot": Scenario(_active, lambda world, server_id: world.snapshot(server_id), _images(1), "snapshot"),
    "snapshot that fails": Scenario(
        _broken_host("snapshot"),
        lambda world, server_id: world.snapshot(server_id),
        _images(0),
        "snapshot unclaimed_image",
    ),
    "delete while it is snapshotted": Scenario(_active, _snapshot_and_delete, _ends(), "snapshot delete"),
    "backup": Scenario(
        _active,
        _act("createBackup", {"name": "b", "backup_type": "daily", "rotation": 1}),
        _images(1),
        "backup",
    ),
}


LIKE_STOP = ("pause", "unpause", "suspend", "resume", "unrescue", "restore")
"""Kinds that are one order and one row, as stop is: who dies in one of them dies in all."""


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return SCENARIOS[request.param]


@pytest.fixture(params=[name for name, one in SCENARIOS.items() if one.kinds not in LIKE_STOP])
def deadly(request: pytest.FixtureRequest) -> Scenario:
    """A scenario in which each moment is tried."""
    return SCENARIOS[request.param]


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Iterator[World]]:
    """One world after the other, each of them new."""

    def make() -> Iterator[World]:
        for number in range(MOST_EFFECTS):
            world = World(tmp_path / str(number))
            yield world
            world.close()

    made = make()
    yield made
    made.close()  # type: ignore[attr-defined]


def _ends_well(world: World, scenario: Scenario, server_id: str) -> None:
    world.settle()
    world.repair()
    world.check()
    scenario.ends(world, server_id)


def test_no_workflow_is_forgotten() -> None:
    assert {kind for scenario in SCENARIOS.values() for kind in scenario.kinds.split()} == {
        workflow.kind for workflow in WORKFLOWS
    }


def test_the_control_plane_may_die_before_each_of_its_effects(deadly: Scenario, worlds: Iterator[World]) -> None:
    for moment, world in enumerate(worlds):
        server_id = deadly.prepare(world)
        deadly.ask(world, server_id)
        world.effects.seen.clear()
        world.effects.deadly = moment
        try:
            world.settle()
        except DiedError:
            world.start()
        else:
            assert moment > 3, "nothing was done"
            return
        _ends_well(world, deadly, server_id)
    raise AssertionError("it never ends")


@pytest.mark.parametrize("name", ["h1", "h2"])
def test_an_agent_may_die_before_each_of_its_effects(deadly: Scenario, name: str, worlds: Iterator[World]) -> None:
    for moment, world in enumerate(worlds):
        server_id = deadly.prepare(world)
        deadly.ask(world, server_id)
        host = world.hosts.get(name)
        if host is None:
            return
        host.effects.seen.clear()
        host.effects.deadly = moment
        if not _dies(world, host):
            return
        _ends_well(world, deadly, server_id)
    raise AssertionError("it never ends")


def _dies(world: World, host: Host) -> bool:
    try:
        world.settle()
    except DiedError:
        host.start_agent()
        return True
    return False


def test_every_step_and_its_undoing_may_run_twice(scenario: Scenario, worlds: Iterator[World]) -> None:
    """As if the process died after every effect and before its row."""
    world = next(worlds)
    server_id = scenario.prepare(world)
    world.runner = Runner(
        world.database, world.store, [_doubled(one) for one in WORKFLOWS], world.means, owner=OWNER, clock=world.clock
    )
    scenario.ask(world, server_id)
    _ends_well(world, scenario, server_id)
    assert set(scenario.kinds.split()) <= world.kinds()


def _doubled(workflow: Any) -> Any:
    def twice(call: Any) -> Any:
        def run_twice(run: Run, means: Means) -> Any:
            call(run, means)
            return call(run, means)

        return None if call is None else run_twice

    steps: tuple[Step[Means], ...] = tuple(
        replace(step, do=twice(step.do), undo=twice(step.undo)) for step in workflow.steps
    )
    return replace(workflow, steps=steps, failed=twice(workflow.failed))
