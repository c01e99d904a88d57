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
from tests.compute.world import OWNER, SILENT_S, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pileus.compute.workflows.means import Means
    from pileus.kit.workflow import Run, Step

MOST_STEPS = 20
LIVE = {"block_migration": False, "disk_over_commit": False, "host": None}
SHARED = {"onSharedStorage": False}


def _on_the_first(world: World) -> str:
    world.new_host("h1")
    server_id = world.active()
    world.new_host("h2")
    return server_id


def _moved(world: World) -> str:
    server_id = _on_the_first(world)
    world.done(server_id, "migrate", is_admin=True)
    assert world.server(server_id).host == "h2"
    return server_id


def _lose(world: World, name: str) -> None:
    world.hosts[name].vanish()
    world.clock.sleep(SILENT_S)
    world.beat()


def _on_a_dead_host(world: World) -> str:
    server_id = _on_the_first(world)
    _lose(world, "h1")
    return server_id


def _act(action: str, value: Any = None, *, is_admin: bool = False) -> Callable[[World, str], None]:
    def ask(world: World, server_id: str) -> None:
        reply = world.act(server_id, action, value, is_admin=is_admin)
        assert reply.status in (200, 202, 204, 409), reply.body

    return ask


def _delete(world: World, server_id: str) -> None:
    assert world.delete(server_id) == 204


def _evacuate_from_the_first(world: World, server_id: str) -> None:
    _lose(world, "h1")
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
    "resize, evacuate": Scenario(_on_the_first, _RESIZE, _evacuate_from_the_first, ("ACTIVE", "VERIFY_RESIZE")),
    "resize, delete softly": Scenario(_on_the_first, _RESIZE, _delete, ("SOFT_DELETED", "")),
    "revert, delete": Scenario(_moved, _REVERT, _delete, ("",)),
    "revert, reset": Scenario(_moved, _REVERT, _RESET, ("ACTIVE",)),
    "live migrate, evacuate": Scenario(_on_the_first, _MIGRATE_LIVE, _evacuate_from_the_first, ("ACTIVE",)),
    "live migrate, delete softly": Scenario(_on_the_first, _MIGRATE_LIVE, _delete, ("SOFT_DELETED",)),
    "evacuate, delete softly": Scenario(_on_a_dead_host, _EVACUATE, _delete, ("SOFT_DELETED", "ACTIVE")),
    "snapshot, delete softly": Scenario(
        _on_the_first, _act("createImage", {"name": "snap"}), _delete, ("SOFT_DELETED",)
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_later_word_holds_after_whatever_step_it_comes(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    settings = Settings(reclaim_deleted_after_s=3600.0 if name.endswith("softly") else 0.0)
    for moment in range(MOST_STEPS):
        with closing(World(tmp_path / str(moment), settings)) as world:
            server_id = scenario.prepare(world)
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
    return _moved(world)


def test_a_server_is_not_reverted_to_a_host_that_is_silent(world: World, moved: str) -> None:
    _lose(world, "h1")
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
    _lose(world, "h1")
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
    server_id = _on_a_dead_host(world)
    _delete(world, server_id)
    assert world.act(server_id, "evacuate", SHARED, is_admin=True).status == 409
    world.settle()
    _ends_well(world, server_id, ("",))


def test_what_has_left_its_dead_host_meanwhile_is_not_built_anew(world: World) -> None:
    server_id = _on_the_first(world)

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
