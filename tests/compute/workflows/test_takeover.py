"""Something else is asked for while a server is under way: the later word holds, and no disk is lost."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.messages import Destroy
from pileus.compute.model.server import TaskState
from pileus.compute.settings import Settings
from pileus.compute.workflows import WORKFLOWS
from pileus.kit.workflow import Runner
from tests.compute import scenes
from tests.compute.kept import Kept
from tests.compute.scenes import lose, on_a_dead_host, two_hosts
from tests.compute.world import OWNER, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pileus.compute.workflows.means import Means
    from pileus.kit.workflow import Run, Step

MOST_STEPS = 20
LIVE = {"block_migration": False, "disk_over_commit": False, "host": None}
SHARED = {"onSharedStorage": False}


def _act(action: str, value: Any = None, *, is_admin: bool = False) -> Callable[[World, str], None]:
    def ask(world: World, server_id: str) -> None:
        reply = world.act(server_id, action, value, is_admin=is_admin)
        assert reply.status in (200, 202, 204, 409), reply.body

    return ask


def _delete(world: World, server_id: str) -> None:
    assert world.delete(server_id) == 204


def _evacuate_from_the_first(world: World, server_id: str) -> None:
    lose(world, "h1")
    reply = world.act(server_id, "evacuate", SHARED, is_admin=True)
    assert reply.status in (200, 400, 409), reply.body  # 400: it has left that host


@dataclass(frozen=True)
class Scenario:
    """What is under way, what is asked for then, and how the server may be in the end."""

    prepare: Callable[[World], str]
    first: Callable[[World, str], None]
    second: Callable[[World, str], None]
    ends: tuple[str, ...]  # statuses; none: it is no more


_RESIZE = _act("resize", {"flavorRef": "2"})
_MIGRATE_LIVE = _act("os-migrateLive", LIVE, is_admin=True)
_REVERT = _act("revertResize")
_EVACUATE = _act("evacuate", SHARED, is_admin=True)
_RESET = _act("os-resetState", {"state": "active"}, is_admin=True)

SCENARIOS = {
    "resize, evacuate": Scenario(two_hosts, _RESIZE, _evacuate_from_the_first, ("ACTIVE", "VERIFY_RESIZE")),
    "resize, delete softly": Scenario(two_hosts, _RESIZE, _delete, ("SOFT_DELETED", "")),
    "revert, delete": Scenario(scenes.moved, _REVERT, _delete, ("",)),
    "revert, reset": Scenario(scenes.moved, _REVERT, _RESET, ("ACTIVE",)),
    "live migrate, evacuate": Scenario(two_hosts, _MIGRATE_LIVE, _evacuate_from_the_first, ("ACTIVE",)),
    "live migrate, delete softly": Scenario(two_hosts, _MIGRATE_LIVE, _delete, ("SOFT_DELETED",)),
    "evacuate, delete softly": Scenario(on_a_dead_host, _EVACUATE, _delete, ("SOFT_DELETED", "ACTIVE")),
    "snapshot, delete softly": Scenario(two_hosts, _act("createImage", {"name": "snap"}), _delete, ("SOFT_DELETED",)),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_later_word_holds_after_whatever_step_it_comes(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    settings = Settings(reclaim_deleted_after_s=3600.0 if name.endswith("softly") else 0.0)
    with closing(World(tmp_path, settings)) as world:
        server_id = scenario.prepare(world)
        with closing(Kept(world)) as before:
            for moment in range(MOST_STEPS):
                before.go_back()
                calls = _watch(world, moment, partial(scenario.second, world, server_id))
                scenario.first(world, server_id)
                world.settle()
                if len(calls) <= moment:
                    assert moment > 1, "nothing was done"
                    return
                _ends_well(world, server_id, scenario.ends)
    raise AssertionError("it never ends")


def _ends_well(world: World, server_id: str, statuses: tuple[str, ...]) -> None:
    for host in world.hosts.values():
        host.start_agent()
    for _ in range(2):
        world.repair()
    world.check()
    row = world.server(server_id)
    assert ("" if row.deleted_at else row.status) in statuses


def _watch(world: World, moment: int, act: Callable[[], None]) -> list[str]:
    """Have something done after a step was called so often, before its row is written; return the steps called."""
    calls: list[str] = []

    def watched(step: Step[Means]) -> Step[Means]:
        def do(run: Run, means: Means) -> Any:
            result = step.do(run, means)
            calls.append(step.name)
            if len(calls) == moment + 1:
                act()
            return result

        return replace(step, do=do)

    workflows = [replace(one, steps=tuple(watched(step) for step in one.steps)) for one in WORKFLOWS]
    world.runner = Runner(world.database, world.store, workflows, world.means, owner=OWNER, clock=world.clock)
    return calls


# --- a revert whose old host is silent ------------------------------------------------------------


@pytest.fixture
def moved(world: World) -> str:
    return scenes.moved(world)


def test_a_server_is_not_reverted_to_a_host_that_is_silent(world: World, moved: str) -> None:
    lose(world, "h1")
    world.done(moved, "revertResize")
    row = world.server(moved)
    assert (row.status, row.host, world.hosts["h2"].guests) == ("VERIFY_RESIZE", "h2", {moved})
    world.hosts["h1"].start_agent()
    world.beat()
    world.done(moved, "revertResize")
    assert (world.server(moved).status, world.server(moved).host) == ("ACTIVE", "h1")
    world.check()


def _wait(world: World, seconds: int) -> None:
    for _ in range(seconds // 5):
        world.work()
        world.clock.sleep(5)
        world.beat()


def _begin_revert(world: World, server_id: str) -> None:
    """The new guest is gone, and then the old host is silent."""
    world.act(server_id, "revertResize")
    world.run()
    (order,) = world.bus.messages(Destroy)
    assert order.server_id == server_id
    lose(world, "h1")
    world.work()
    assert world.unfinished() == [("revert_resize", "do", 3)]


def test_a_revert_waits_for_its_host_whatever_an_administrator_says(world: World, moved: str) -> None:
    _begin_revert(world, moved)
    _wait(world, 600)
    _RESET(world, moved)
    world.hosts["h1"].start_agent()
    world.hosts["h1"].beat()
    world.bus.deliver()
    world.guest_loop.run()
    world.settle()
    world.repair()
    assert (world.server(moved).status, world.hosts["h1"].guests) == ("ACTIVE", {moved})
    world.check()


@pytest.mark.parametrize("again", ["delete", "evacuate"])
def test_who_needs_no_guest_does_not_wait_for_a_revert(world: World, moved: str, again: str) -> None:
    _begin_revert(world, moved)
    if again == "delete":
        _delete(world, moved)
    else:
        _RESET(world, moved)
        _EVACUATE(world, moved)
    world.settle()
    _ends_well(world, moved, ("" if again == "delete" else "ACTIVE",))


def test_a_return_that_fails_on_its_host_is_tried_again(world: World, moved: str) -> None:
    world.hosts["h1"].broken["bring_back"] = "not now"
    world.act(moved, "revertResize")
    _wait(world, 60)
    assert world.server(moved).task_state == TaskState.RESIZE_REVERTING
    world.hosts["h1"].broken.clear()
    world.settle()
    assert (world.server(moved).status, world.server(moved).host) == ("ACTIVE", "h1")
    world.check()


def test_what_is_being_deleted_is_not_evacuated(world: World) -> None:
    server_id = on_a_dead_host(world)
    _delete(world, server_id)
    assert world.act(server_id, "evacuate", SHARED, is_admin=True).status == 409
    world.settle()
    _ends_well(world, server_id, ("",))


def test_what_has_left_its_dead_host_meanwhile_is_not_built_anew(world: World) -> None:
    server_id = two_hosts(world)

    def evacuate() -> None:
        _evacuate_from_the_first(world, server_id)
        world.new_host("h3")

    calls = _watch(world, 7, evacuate)
    _MIGRATE_LIVE(world, server_id)
    world.settle()
    assert calls[7] == "land"
    assert world.last_action(server_id)["action"] == "evacuate"
    _ends_well(world, server_id, ("ACTIVE",))
    assert world.hosts["h2"].guests == {server_id}


def test_a_server_that_landed_on_a_host_that_died_is_evacuated_from_there(world: World) -> None:
    server_id = two_hosts(world)
    world.new_host("h3")
    calls = _watch(world, 6, lambda: lose(world, "h2"))
    world.done(server_id, "os-migrateLive", {**LIVE, "host": "h2"}, is_admin=True)
    assert calls[6:8] == ["send", "land"]
    row = world.server(server_id)
    assert (row.status, row.host, row.task_state) == ("ACTIVE", "h2", None)
    world.done(server_id, "evacuate", {**SHARED, "host": "h3"}, is_admin=True)
    _ends_well(world, server_id, ("ACTIVE",))
    assert world.hosts["h3"].guests == {server_id}


@pytest.mark.parametrize("answers", [False, True])
def test_an_evacuation_that_overtakes_a_rebuild_is_the_only_one_that_ends_it(world: World, answers: bool) -> None:
    server_id = two_hosts(world)
    world.act(server_id, "rebuild", {"imageRef": world.image_id})
    world.run()
    if answers:  # and it has only to be written that it is rebuilt
        world.bus.deliver()
    else:
        world.bus.waiting.clear()
    lose(world, "h1")
    _EVACUATE(world, server_id)
    seen = []
    while world.unfinished():
        world.runner._advance(world.unfinished_ids()[0], is_leased=False)
        seen.append(world.server(server_id).task_state)
        world.bus.deliver()
        world.clock.sleep(5)
        world.hosts["h2"].beat()
    assert set(seen[:-1]) == {TaskState.REBUILDING}
    assert seen[-1] is None
    _ends_well(world, server_id, ("ACTIVE",))
    assert world.hosts["h2"].guests == {server_id}


# --- an administrator says what a moved server is -------------------------------------------------


def test_a_moved_server_that_is_said_to_be_active_stays_where_it_is_and_nothing_is_kept_for_it(
    world: World, moved: str
) -> None:
    _RESET(world, moved)
    world.settle()
    (migration,) = world.migrations(moved)
    assert migration.status == "confirmed"
    assert world.hosts["h1"].driver.list_aside() == []
    assert world.allocations() == {moved: "h2"}
    row = world.server(moved)
    assert (row.status, row.host, row.old_flavor) == ("ACTIVE", "h2", None)
    world.check()


def test_who_moves_it_again_at_once_loses_no_disk(world: World, moved: str) -> None:
    _RESET(world, moved)
    world.done(moved, "migrate", is_admin=True)
    world.done(moved, "revertResize")
    assert (world.server(moved).status, world.server(moved).host) == ("ACTIVE", "h2")
    _ends_well(world, moved, ("ACTIVE",))


def test_one_that_is_said_to_be_broken_keeps_its_way_back(world: World, moved: str) -> None:
    _act("os-resetState", {"state": "error"}, is_admin=True)(world, moved)
    world.settle()
    world.repair()
    assert world.hosts["h1"].driver.list_aside() == [moved]
    assert world.delete(moved) == 204
    world.settle()
    _ends_well(world, moved, ("",))
