"""Servers that come and go on a few hosts, where one can count by hand what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import hypothesis
import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pileus.compute.scheduler.catalog import Scheduler, new_scheduler
from pileus.compute.settings import SchedulerSettings, Settings
from pileus.replay.fake_hosts import CLASSES, FakeHosts, HostPlan
from pileus.replay.outcome import Outcome, fragmentation
from pileus.replay.replay import replay
from pileus.replay.request import Request, Size
from pileus.replay.trace.file import Trace

ONCE = Settings(cpu_allocation_ratio=1.0, ram_allocation_ratio=1.0, reserved_host_memory_mb=0)
PACKING = {"ram_weight_multiplier": -1.0, "cpu_weight_multiplier": -1.0, "disk_weight_multiplier": -1.0}


def settings(**scheduler: Any) -> Settings:
    return msgspec.structs.replace(ONCE, scheduler=SchedulerSettings(**scheduler))


def server(name: str, vcpus: int = 2, start_s: float = 0, **more: Any) -> Request:
    return Request(id=name, start_s=start_s, size=Size(vcpus, vcpus * 1024), **more)


def crowd(count: int, vcpus: int = 2) -> list[Request]:
    return [server(f"s{number}", vcpus) for number in range(count)]


SPREAD, PACK = new_scheduler(ONCE), new_scheduler(settings(**PACKING))
few = hypothesis.settings(max_examples=50, deadline=None)


class Run:
    """Two hosts of four CPUs, unless a test says otherwise."""

    def __init__(
        self,
        requests: Sequence[Request],
        chosen: Settings = ONCE,
        *,
        hosts: int = 2,
        scheduler: Scheduler | None = None,
        check: Callable[[FakeHosts], None] = lambda _: None,
        **plan: Any,
    ) -> None:
        self.hosts = FakeHosts(HostPlan(count=hosts, sizes=plan.pop("sizes", [Size(4, 4096, 100)]), **plan), chosen)
        self.outcome: Outcome = replay(
            Trace(requests, 0),
            self.hosts,
            scheduler or new_scheduler(chosen),
            chosen,
            progress=lambda *_: check(self.hosts),
        )

    @property
    def used(self) -> list[int]:
        """The CPUs in use of each host."""
        return [
            state.used.get("VCPU", 0) for page in self.hosts.snapshot.pages for state in page.list_states(page.alive)
        ]

    @property
    def reasons(self) -> list[tuple[str, str, int]]:
        return [(one.by, one.reason, one.servers) for one in self.outcome.failures]


# --- packing --------------------------------------------------------------------------------------


def test_servers_are_spread_until_every_host_is_full() -> None:
    assert Run(crowd(2)).used == [2, 2]
    full = Run(crowd(4))
    assert full.used == [4, 4]
    assert (full.outcome.placed, full.outcome.failed, full.outcome.hosts_in_use) == (4, 0, 2)
    assert [(one.resource_class, one.capacity, one.used) for one in full.outcome.uses][:2] == [
        ("VCPU", 8, 8),
        ("MEMORY_MB", 8192, 8192),
    ]


def test_weighers_turned_round_fill_one_host_after_the_other() -> None:
    assert Run(crowd(3), settings(**PACKING), hosts=4).used == [4, 2, 0, 0]


def test_hosts_promise_more_than_they_have_at_the_allocation_ratio() -> None:
    twice = msgspec.structs.replace(ONCE, cpu_allocation_ratio=2.0, ram_allocation_ratio=2.0)
    assert Run(crowd(9), twice).used == [8, 8]


def test_who_leaves_makes_room_and_one_that_leaves_as_another_comes_leaves_first() -> None:
    run = Run([server("a", 4, end_s=10), server("b", 4, 1), server("c", 4, 9.9), server("d", 4, 10)])
    assert (run.outcome.placed, run.used) == (3, [4, 4])
    assert [(one.server, one.by) for one in run.outcome.failures] == [("c", "placement")]


def test_the_most_is_remembered_when_servers_have_gone() -> None:
    run = Run([server("a", 4, end_s=5), server("b", 2, 1, end_s=5), server("c", 1, 9)])
    assert (run.outcome.most_hosts_in_use, run.outcome.hosts_in_use) == (2, 1)
    assert (run.outcome.uses[0].most_used, run.outcome.uses[0].used) == (6, 1)


def test_shapes_and_zones_take_turns() -> None:
    sizes = [Size(2, 8192), Size(8, 8192)]
    run = Run([server("a", 8, availability_zone="b")], hosts=4, sizes=sizes, zones=("a", "b"))
    assert run.hosts.capacity["VCPU"] == 20
    assert run.used == [0, 8, 0, 0]


def test_what_is_free_here_and_there_is_fragmented() -> None:
    rooms = {name: np.array([1, 1, 3, -5]) for name in CLASSES}
    found = fragmentation("two", Size(2, 1), rooms)
    assert (found.fitting, found.pooled, found.share) == (1, 2, 0.5)
    run = Run(crowd(2, 3))  # one CPU is left on each host
    assert [one.size.vcpus for one in run.outcome.fragmentations] == [3, 3]
    assert run.outcome.fragmentations[0].pooled == 0
    assert run.outcome.fragmentations[0].share == 0


# --- failures -------------------------------------------------------------------------------------


def test_who_is_told_that_there_is_no_room_is_told_of_what() -> None:
    big = [replace(server("m"), size=Size(1, 9000)), replace(server("d"), size=Size(1, 1, 200))]
    assert sorted(Run([*big, server("c", 5)]).reasons) == [
        ("placement", "no host is large enough in DISK_GB", 1),
        ("placement", "no host is large enough in MEMORY_MB", 1),
        ("placement", "no host is large enough in VCPU", 1),
    ]
    assert Run(crowd(6)).reasons == [("placement", "no host has so much MEMORY_MB or VCPU left", 2)]
    # The first takes all CPUs of one host, the second the memory of the other.
    both = Run([replace(server("a"), size=Size(4, 1)), replace(server("b"), size=Size(1, 4000)), server("c")])
    assert both.used == [4, 1]
    assert [reason for _, reason, _ in both.reasons] == [
        "no host has all of it: what is left of one thing is where nothing is left of another"
    ]


def test_a_trait_that_no_host_has_is_named() -> None:
    picky = server("a", extra_specs={"trait:CUSTOM_GOLD": "required"})
    shy = server("b", extra_specs={"trait:COMPUTE_NODE": "forbidden"})
    odd = server("c", extra_specs={"resources:CUSTOM_GPU": "1"})
    assert sorted(reason for _, reason, _ in Run([picky, shy, odd]).reasons) == [
        "every host has the trait COMPUTE_NODE",
        "no host has any CUSTOM_GPU",
        "no host has the trait CUSTOM_GOLD",
    ]


def test_filters_are_counted_with_the_hosts_that_they_refused() -> None:
    chosen = settings(enabled_filters=("NumInstancesFilter",), max_instances_per_host=1)
    (failure,) = Run(crowd(5, 1), chosen).outcome.failures
    assert (failure.by, failure.servers, failure.hosts, failure.server) == ("NumInstancesFilter", 3, 6, "s2")
    assert failure.reason == "it has 1 servers, and 1 are the limit"


def test_all_hosts_are_asked_if_none_of_those_that_placement_names_first_will_do() -> None:
    chosen = settings(max_placement_results=1)
    run = Run([server("a"), server("b", hints={"different_host": "a"})], chosen)
    assert run.used == [2, 2]
    run = Run([server("a"), server("b", hints={"same_host": "nobody"})], chosen)
    assert [(one.by, one.hosts) for one in run.outcome.failures] == [("SameHostFilter", 2)]


def test_with_more_hosts_than_placement_names_it_looks_for_the_zone_too() -> None:
    chosen = settings(max_placement_results=1)
    run = Run([server("a", availability_zone="east")], chosen, zones=("west", "east"))
    assert run.used == [0, 2]
    run = Run([server("a", availability_zone="nova"), server("b", availability_zone="north")], chosen, zones=("west",))
    assert run.reasons == [("placement", "no host is in an aggregate that it may be in", 2)]


def test_a_server_that_contradicts_itself_is_refused_with_the_reason() -> None:
    odd = server("a", extra_specs={"hw:cpu_policy": "dedicated", "resources:VCPU": "1", "hw:numa_nodes": "three"})
    (failure,) = Run([odd]).outcome.failures
    assert (failure.by, failure.server) == ("placement", "a")
    assert failure.reason


def test_groups_and_hints_say_who_is_beside_whom() -> None:
    group: dict[str, Any] = {"group": "g", "group_policy": "anti-affinity"}
    apart = Run([server("a", **group), server("b", **group), server("c", **group)])
    assert apart.used == [2, 2]
    assert [one.by for one in apart.outcome.failures] == ["ServerGroupAntiAffinityFilter"]
    together = Run([server("a"), server("b", hints={"same_host": "a"}), server("c", hints={"different_host": ["a"]})])
    assert together.used == [4, 2]


def test_a_group_forgets_members_that_left() -> None:
    group: dict[str, Any] = {"group": "g", "group_policy": "anti-affinity"}
    run = Run([server("a", end_s=1, **group), server("b", **group), server("c", start_s=2, **group)])
    assert run.outcome.placed == 3


# --- what always holds ----------------------------------------------------------------------------


@st.composite
def traces(draw: st.DrawFn) -> list[Request]:
    starts = sorted(draw(st.lists(st.integers(0, 20), min_size=1, max_size=40)))
    return [
        Request(
            id=str(number),
            start_s=start,
            end_s=draw(st.none() | st.integers(start, 30)),
            size=Size(draw(st.integers(1, 5)), draw(st.integers(1, 5000)), draw(st.integers(0, 60))),
        )
        for number, start in enumerate(starts)
    ]


def require_sound(hosts: FakeHosts) -> None:
    """No host gave more than it has, and the index says of every host what filters and weighers see."""
    states = [state for page in hosts.snapshot.pages for state in page.list_states(page.alive)]
    for state in states:
        for name, used in state.used.items():
            assert 0 <= used <= state.inventories[name].capacity
    for name in CLASSES:
        rooms = [int(one.inventories[name].capacity) - one.used.get(name, 0) for one in states]
        assert hosts.rooms()[name].tolist() == rooms
        columns = [page.column(name) for page in hosts.snapshot.pages]
        assert [int(room) for one in columns if one for room in one.room][: hosts.count] == rooms
        assert hosts.used[name] == sum(one.used.get(name, 0) for one in states)


@few
@given(traces(), st.booleans())
def test_no_host_ever_gives_more_than_it_has(requests: list[Request], is_packing: bool) -> None:
    run = Run(requests, scheduler=PACK if is_packing else SPREAD, hosts=3, check=require_sound)
    outcome = run.outcome
    assert outcome.placed + sum(one.servers for one in outcome.failures) == len(requests)


@few
@given(traces())
def test_the_same_trace_has_the_same_outcome(requests: list[Request]) -> None:
    runs = [Run(requests, scheduler=SPREAD, hosts=3) for _ in range(2)]
    one, other = (replace(run.outcome, replay_s=0.0, latencies=()) for run in runs)
    assert one == other


def test_more_hosts_than_a_page_of_the_index_are_all_used() -> None:
    run = Run(crowd(1100, 4), settings(max_placement_results=5), hosts=1100)
    assert (run.outcome.placed, run.outcome.hosts_in_use) == (1100, 1100)
    require_sound(run.hosts)


def test_latencies_are_told_of_each_part() -> None:
    latencies = {one.name: one for one in Run(crowd(3)).outcome.latencies}
    assert list(latencies) == ["candidates", "choice", "claim", "decision"]
    assert all(0 < one.p50 <= one.p90 <= one.p99 <= one.most for one in latencies.values())
    nobody = Run([server("a", 99)]).outcome.latencies
    assert [one.name for one in nobody] == ["candidates", "choice", "decision"]


def test_samples_end_with_the_last_server() -> None:
    samples = Run([server("a"), server("b", start_s=7), server("c", 99, start_s=9)]).outcome.samples
    assert [(one.requests, one.at_s, one.failed) for one in samples] == [(1, 0, 0), (2, 7, 0), (3, 9, 1)]
    assert [one.shares["VCPU"] for one in samples] == [0.25, 0.5, 0.5]
