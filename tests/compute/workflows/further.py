"""What happens to servers that have more of their host than others, where somebody dies at each moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.compute.parts import pinned
from tests.compute.scenes import disks_of, with_two_disks
from tests.compute.workflows.scenario import SCENARIOS, Scenario

if TYPE_CHECKING:
    from tests.compute.world import World

_BOTH, _SMALL, _LARGE = ("1", "2"), ("1",), ("2",)


def _pinned(name: str, *flavor_ids: str) -> Scenario:
    """Flavors are named whose servers have CPUs for themselves: a resized one may have had some before, or after."""
    return replace(SCENARIOS[name], prepare=pinned(SCENARIOS[name].prepare, *flavor_ids))


def _two_disks_on_two_hosts(world: World) -> str:
    world.new_host("h1")
    server_id = with_two_disks(world, "h1")
    world.new_host("h2")
    return server_id


def _has_its_disks(world: World, server_id: str) -> None:
    SCENARIOS["migrate"].ends(world, server_id)
    assert disks_of(world, "h2", server_id) == ["the guest's 0", "the guest's 1"]


FURTHER = {
    "pinned boot that fails": _pinned("boot that fails", *_BOTH),
    "pinned resize here": _pinned("resize here", *_BOTH),
    "pinned migrate that fails": _pinned("migrate that fails", *_BOTH),
    "pinned evacuate": _pinned("evacuate", *_BOTH),
    "pinned shelve": _pinned("shelve", *_BOTH),
    "pinned unshelve that fails": _pinned("unshelve that fails", *_BOTH),
    "pinned delete of a resized one": _pinned("delete a resized one", *_BOTH),
    "revert to a pinned one": _pinned("revert", *_SMALL),
    "revert of a pinned one": _pinned("revert", *_LARGE),
    "confirm of a pinned one": _pinned("confirm elsewhere", *_BOTH),
    "migrate with its disks": replace(SCENARIOS["migrate"], prepare=_two_disks_on_two_hosts, ends=_has_its_disks),
}
