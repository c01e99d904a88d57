"""The control plane or an agent is killed for real, at each moment of each workflow: `make crash` does them all.

Moments are before each thing that a process does to the outside, and in the middle of it: in a transaction that is not
yet committed, in a guest that is not yet written down, in an image that is half fetched. A moment after an effect and
before its row is the one before that row is written.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.compute.effects import DiedError
from tests.compute.kept import Kept
from tests.compute.victim import AgentOf, ControlPlane
from tests.compute.workflows.scenario import SCENARIOS, Scenario
from tests.compute.world import World

MOST_MOMENTS = 400
SOME = {
    "boot": 5,
    "migrate that fails": 13,
    "evacuate": 11,
    "unshelve": 12,
    "rebuild that fails": 9,
}  # each n-th moment


@pytest.fixture(params=["control plane", "h1", "h2"])
def victim(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("name", SOME)
def test_a_process_may_be_killed_at_some_moments(name: str, victim: str, world: World) -> None:
    _kill(victim, world, SCENARIOS[name], every=SOME[name])


@pytest.mark.crash
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_process_may_be_killed_at_each_moment(name: str, victim: str, world: World) -> None:
    _kill(victim, world, SCENARIOS[name])


def _kill(name: str, world: World, scenario: Scenario, every: int = 1) -> None:
    server_id = scenario.prepare(world)
    scenario.ask(world, server_id)
    if name != "control plane" and (name not in world.hosts or not world.hosts[name].is_there):
        return  # the scenario does without
    with closing(Kept(world)) as now:
        for moment in range(0, MOST_MOMENTS, every):
            now.go_back()
            with closing(_begin(name, world, moment)) as victim:
                try:
                    world.settle()
                except DiedError:
                    victim.start_again()
                else:
                    assert moment or name != "control plane", "nothing was done"
                    return
            _require_good_end(world, scenario, server_id, f"{name} was killed at {moment}: {victim.last}")
    raise AssertionError("it never ends")


def _begin(name: str, world: World, deadly: int) -> ControlPlane | AgentOf:
    return ControlPlane(world, deadly) if name == "control plane" else AgentOf(world.hosts[name], deadly)


def _require_good_end(world: World, scenario: Scenario, server_id: str, what_was: str) -> None:
    try:
        world.settle()
        world.repair()
        world.check()
        scenario.ends(world, server_id)
    except BaseException as error:
        error.add_note(what_was)
        raise
