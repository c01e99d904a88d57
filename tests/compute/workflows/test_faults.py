"""A process dies before each thing that it does to the outside, one after the other, and the work is still done.

What comes after an effect and before the next one changes nothing but memory, so this is every moment there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.workflows import WORKFLOWS
from pileus.kit.workflow import Runner
from tests.compute.world import OWNER, DiedError, Host, World

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


SCENARIOS = {
    "boot": Scenario(_new_host, lambda world, _: world.boot(), _ends(("ACTIVE", ""))),
    "boot that fails": Scenario(
        _broken_host("spawn"), lambda world, _: world.boot(), _ends(("ERROR", "spawn is broken"))
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
    ),
    "delete while it boots": Scenario(_new_host, _boot_and_delete, _ends()),
    "delete": Scenario(_active, lambda world, server_id: world.delete(server_id), _ends()),
    "stop": Scenario(_active, lambda world, server_id: world.act(server_id, "os-stop"), _ends(("SHUTOFF", ""))),
    "start": Scenario(_stopped, lambda world, server_id: world.act(server_id, "os-start"), _ends(("ACTIVE", ""))),
    "reboot": Scenario(
        _active, lambda world, server_id: world.act(server_id, "reboot", {"type": "HARD"}), _ends(("ACTIVE", ""))
    ),
    "reboot that fails": Scenario(
        _broken_host("reboot"),
        lambda world, server_id: world.act(server_id, "reboot", {"type": "HARD"}),
        _ends(("ACTIVE", "")),
    ),
    "snapshot": Scenario(_active, lambda world, server_id: world.snapshot(server_id), _images(1)),
    "snapshot that fails": Scenario(
        _broken_host("snapshot"), lambda world, server_id: world.snapshot(server_id), _images(0)
    ),
    "delete while it is snapshotted": Scenario(_active, _snapshot_and_delete, _ends()),
}


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Scenario:
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


def test_the_control_plane_may_die_before_each_of_its_effects(scenario: Scenario, worlds: Iterator[World]) -> None:
    for deadly, world in enumerate(worlds):
        server_id = scenario.prepare(world)
        scenario.ask(world, server_id)
        world.effects.seen.clear()
        world.effects.deadly = deadly
        try:
            world.settle()
        except DiedError:
            world.start()
        else:
            assert deadly > 3, "nothing was done"
            return
        _ends_well(world, scenario, server_id)
    raise AssertionError("it never ends")


def test_the_agent_may_die_before_each_of_its_effects(scenario: Scenario, worlds: Iterator[World]) -> None:
    for deadly, world in enumerate(worlds):
        server_id = scenario.prepare(world)
        scenario.ask(world, server_id)
        host = world.hosts.get("h1")
        if host is None:
            return
        host.effects.seen.clear()
        host.effects.deadly = deadly
        if not _dies(world, host):
            return
        _ends_well(world, scenario, server_id)
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
