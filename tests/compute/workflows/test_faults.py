"""A process dies before each thing that it does to the outside, one after the other, and the work is still done.

What comes after an effect and before the next one changes nothing but memory, so this is every moment there is.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.workflows import WORKFLOWS
from pileus.kit.workflow import Runner
from tests.compute.effects import DiedError
from tests.compute.kept import Kept
from tests.compute.workflows.further import FURTHER
from tests.compute.workflows.scenario import FAILURES, SCENARIOS, Scenario
from tests.compute.world import OWNER, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pileus.compute.workflows.means import Means
    from pileus.kit.workflow import Run, Step, Workflow
    from tests.compute.host import Host

MOST_EFFECTS = 120

DEADLY = {**SCENARIOS, **FURTHER}
ALL = {**DEADLY, **FAILURES}


@pytest.fixture(params=ALL)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return ALL[request.param]


@pytest.fixture(params=DEADLY)
def deadly(request: pytest.FixtureRequest) -> Scenario:
    """A scenario in which each moment is tried."""
    return DEADLY[request.param]


def _again_and_again(world: World) -> Iterator[int]:
    """Let the world be as it is now so often, and number the times."""
    with closing(Kept(world)) as now:
        for moment in range(MOST_EFFECTS):
            now.go_back()
            yield moment
    raise AssertionError("it never ends")


def _ends_well(world: World, scenario: Scenario, server_id: str) -> None:
    world.settle()
    world.repair()
    world.check()
    scenario.ends(world, server_id)


def test_no_workflow_is_forgotten() -> None:
    """Another test asserts that a scenario does what it says here: see the last one."""
    done = {kind for scenario in SCENARIOS.values() for kind in scenario.kinds.split()}
    assert done == {workflow.kind for workflow in WORKFLOWS}
    undone = {kind for scenario in ALL.values() for kind in scenario.undoes.split()}
    assert undone == {workflow.kind for workflow in WORKFLOWS if _undoings(workflow)}


def _undoings(workflow: Workflow[Means]) -> set[str]:
    found = {step.name for step in workflow.steps if step.undo is not None}
    return found if workflow.failed is None else found | {"failed"}


def test_the_control_plane_may_die_before_each_of_its_effects(deadly: Scenario, world: World) -> None:
    server_id = deadly.prepare(world)
    deadly.ask(world, server_id)
    for moment in _again_and_again(world):
        world.effects.seen.clear()
        world.effects.deadly = moment
        try:
            world.settle()
        except DiedError:
            world.start()
        else:
            assert moment > 2, "nothing was done"
            return
        _ends_well(world, deadly, server_id)


@pytest.mark.parametrize("name", ["h1", "h2"])
def test_an_agent_may_die_before_each_of_its_effects(deadly: Scenario, name: str, world: World) -> None:
    server_id = deadly.prepare(world)
    deadly.ask(world, server_id)
    host = world.hosts.get(name)
    if host is None:
        return
    for moment in _again_and_again(world):
        host.effects.seen.clear()
        host.effects.deadly = moment
        if not _dies(world, host):
            return
        _ends_well(world, deadly, server_id)


def _dies(world: World, host: Host) -> bool:
    try:
        world.settle()
    except DiedError:
        host.start_agent()
        return True
    return False


def test_every_step_and_its_undoing_may_run_twice(scenario: Scenario, world: World) -> None:
    """As if the process died after every effect and before its row."""
    server_id, undone = scenario.prepare(world), set[tuple[str, str]]()
    doubled = [_doubled(one, undone) for one in WORKFLOWS]
    world.runner = Runner(world.database, world.store, doubled, world.means, owner=OWNER, clock=world.clock)
    scenario.ask(world, server_id)
    world.settle()
    _ends_well(world, scenario, server_id)
    assert set(scenario.kinds.split()) <= world.kinds()
    for workflow in WORKFLOWS:
        if workflow.kind in scenario.undoes.split():
            assert {name for kind, name in undone if kind == workflow.kind} == _undoings(workflow)


def _doubled(workflow: Workflow[Means], undone: set[tuple[str, str]]) -> Workflow[Means]:
    """Return a workflow that does everything twice, and writes down what it undoes."""

    def twice(call: Any, undoing: str = "") -> Any:
        def run_twice(run: Run, means: Means) -> Any:
            if undoing:
                undone.add((run.kind, undoing))
            call(run, means)
            return call(run, means)

        return None if call is None else run_twice

    steps: tuple[Step[Means], ...] = tuple(
        replace(step, do=twice(step.do), undo=twice(step.undo, step.name)) for step in workflow.steps
    )
    return replace(workflow, steps=steps, failed=twice(workflow.failed, "failed"))
