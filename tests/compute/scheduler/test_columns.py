"""Columns are a faster way to the same decision: host by host, every filter says what it says of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pileus.compute.model.guest_topology import CellWish, GuestCell, GuestTopology, TopologyWish
from pileus.compute.model.topology import HostCell, Topology
from pileus.compute.scheduler.ask import Ask, GroupWish, HostView
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.scheduler.choose import choose
from pileus.compute.scheduler.facts import Filter, looks_at
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.settings import SchedulerSettings, Settings

NAMES = tuple(f"h{number}" for number in range(8))
FILTERS = (
    "ComputeFilter", "ComputeCapabilitiesFilter", "ImagePropertiesFilter", "ServerGroupAffinityFilter",
    "ServerGroupAntiAffinityFilter", "SameHostFilter", "DifferentHostFilter", "CoreFilter", "RamFilter", "DiskFilter",
    "AggregateCoreFilter", "AggregateRamFilter", "AggregateDiskFilter", "IoOpsFilter", "AggregateIoOpsFilter",
    "NumInstancesFilter", "AggregateNumInstancesFilter", "IsolatedHostsFilter", "AggregateInstanceExtraSpecsFilter",
    "AggregateImagePropertiesIsolation", "AggregateMultiTenancyIsolation", "AggregateTypeAffinityFilter", "JsonFilter",
    "NUMATopologyFilter", "PciPassthroughFilter", "SimpleCIDRAffinityFilter",
)  # fmt: skip
SCHEDULER = new_scheduler(
    Settings(
        scheduler=SchedulerSettings(
            enabled_filters=FILTERS, isolated_hosts=("h1", "h2"), isolated_images=("i",), max_instances_per_host=3,
            max_io_ops_per_host=2,
        )
    )
)  # fmt: skip

some_hosts = st.frozensets(st.sampled_from(NAMES), max_size=3)
AMOUNTS = ("VCPU", "MEMORY_MB", "DISK_GB", "CUSTOM_PCI_1_2")
amounts = st.fixed_dictionaries({name: st.integers(0, 4) for name in AMOUNTS})
metadata = st.dictionaries(
    st.sampled_from(("ssd", "instance_type", "filter_tenant_id", "max_io_ops_per_host", "cpu_allocation_ratio")),
    st.sampled_from(("1", "2", "small", "p", "true")),
    max_size=2,
)
views = st.builds(
    HostView,
    host=st.none(),
    provider=st.just("p"),
    node=st.sampled_from(("n1", "n2")),
    zone=st.sampled_from(("east", "west")),
    is_up=st.booleans(),
    is_enabled=st.booleans(),
    disabled_reason=st.sampled_from((None, "disk")),
    free=amounts,
    used=amounts,
    total=amounts,
    servers=st.integers(0, 4),
    io_ops=st.integers(0, 3),
    failed_builds=st.integers(0, 2),
    address=st.sampled_from(("", "10.0.0.1", "10.0.1.1")),
    topology=st.sampled_from((Topology(), Topology(cells=(HostCell(memory_mb=2, shared_cpus=(0, 1)),)))),
    hypervisor_type=st.sampled_from(("QEMU", "fake")),
    hypervisor_version=st.sampled_from((7002022, 8000000)),
    cpu_info=st.sampled_from(({"arch": "x86_64"}, {"arch": "aarch64", "topology": {"cores": 2}})),
    aggregates=st.lists(metadata, max_size=2).map(tuple),
)
fleets = st.lists(st.tuples(st.sampled_from(NAMES), views), max_size=8, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [_named(view, host) for host, view in sorted(pairs)]
)
asks = st.builds(
    Ask,
    server_id=st.just("s"),
    project_id=st.sampled_from(("p", "q")),
    resources=amounts,
    flavor_name=st.sampled_from(("small", "large")),
    extra_specs=st.dictionaries(
        st.sampled_from(("capabilities:num_instances", "free_ram_mb", "capabilities:host", "ssd", "hw:cpu_policy")),
        st.sampled_from(("<= 2", "true", "s== h1")),
        max_size=2,
    ),
    wish=st.sampled_from((None, TopologyWish(cells=(CellWish(cpus=(0,), memory_mb=1),)))),
    held=st.dictionaries(
        st.sampled_from(NAMES),
        st.just((GuestTopology(cells=(GuestCell(host_cell=0, cpus=(0,), memory_mb=2),)),)),
        max_size=2,
    ),
    image_id=st.sampled_from(("i", "j")),
    image_properties=st.sampled_from(({}, {"hw_architecture": "x86_64"}, {"img_hv_requested_version": ">=8"})),
    hints=st.sampled_from(({}, {"query": '["<", "$num_io_ops", 2]'}, {"build_near_host_ip": "10.0.1.7"})),
    availability_zone=st.sampled_from((None, "east")),
    only_host=st.sampled_from((None, None, "h1")),
    only_node=st.sampled_from((None, None, "n1")),
    excluded_hosts=some_hosts,
    same_hosts=st.none() | some_hosts,
    different_hosts=some_hosts,
    group=st.none()
    | st.builds(
        GroupWish,
        policy=st.sampled_from(("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")),
        members=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), max_size=3),
    ),
)


def _named(view: HostView, host: str) -> HostView:
    return HostView(**{**{name: getattr(view, name) for name in HostView.__slots__}, "host": host})


def _one_by_one(ask: Ask, hosts: list[HostView], filters: Mapping[str, Filter]) -> list[tuple[str, str, str]]:
    """Who is refused by what, if every host is asked about by every filter."""
    answers = ((host, name, check(ask, host)) for host in hosts for name, check in filters.items())
    first: dict[str, tuple[str, str, str]] = {}
    for host, name, reason in answers:
        if reason is not None:
            first.setdefault(host.host, (host.host, name, reason))
    return list(first.values())


@given(ask=asks, hosts=fleets)
@settings(max_examples=100, deadline=None)
def test_columns_refuse_whom_each_filter_refuses_host_by_host_and_say_the_same(ask: Ask, hosts: list[HostView]) -> None:
    choice = SCHEDULER.choose(ask, Hosts.of(hosts))
    wanted = _one_by_one(ask, hosts, SCHEDULER.filters)
    assert [(one.host, one.filter, one.reason) for one in choice.refused] == wanted
    assert {name: len(refused) for name, refused in choice.refusals.items()} == Counter(name for _, name, _ in wanted)
    assert {host.host for host in choice.ranked} == {host.host for host in hosts} - {host for host, _, _ in wanted}


@given(ask=asks, hosts=fleets)
@settings(max_examples=50, deadline=None)
def test_each_filter_alone_looks_at_what_it_says(ask: Ask, hosts: list[HostView]) -> None:
    columns = Hosts.of(hosts)
    for name, check in SCHEDULER.filters.items():
        choice = choose(ask, columns, {name: check}, ())
        assert [(one.host, one.reason) for one in choice.refused] == [
            (host.host, reason) for host in hosts if (reason := check(ask, host)) is not None
        ], name


@given(hosts=fleets)
@settings(max_examples=25, deadline=None)
def test_a_host_is_the_same_out_of_columns_as_into_them(hosts: list[HostView]) -> None:
    columns = Hosts.of(reversed(hosts))
    assert [columns.view(index) for index in range(len(columns))] == hosts


@given(ask=asks, hosts=fleets, chosen=st.sets(st.integers(0, 7)))
@settings(max_examples=50, deadline=None)
def test_some_of_the_hosts_are_judged_as_if_there_were_no_others(
    ask: Ask, hosts: list[HostView], chosen: set[int]
) -> None:
    indices = [index for index in sorted(chosen) if index < len(hosts)]
    some = Hosts.of(hosts).take(np.array(indices, dtype=np.intp))
    alone = [hosts[index] for index in indices]
    choice, wanted = SCHEDULER.choose(ask, some), SCHEDULER.choose(ask, Hosts.of(alone))
    assert [some.view(index) for index in range(len(some))] == alone
    assert (choice.refused, choice.ranked) == (wanted.refused, wanted.ranked)
    assert choice.scores.tolist() == wanted.scores.tolist()


def test_the_best_few_are_the_first_of_the_whole_ranking() -> None:
    hosts = [
        HostView(
            host=f"h{number:02}", provider=f"p{number}", zone="nova", is_up=True, is_enabled=True,
            free={"MEMORY_MB": number * 7 % 5},
        )
        for number in range(40)
    ]  # fmt: skip
    choice = new_scheduler(Settings()).choose(Ask(server_id="s", project_id="p", resources={}), Hosts.of(hosts))
    for count in (1, 5, 9, 39, 40, 50):
        assert list(choice.best(count)) == list(choice.ranked[:count])


def test_a_filter_is_asked_once_for_all_hosts_that_look_the_same_to_it() -> None:
    asked: list[str] = []

    def silent(_ask: Ask, host: HostView) -> str | None:
        asked.append(host.host)
        return None if host.zone == "east" else "it is elsewhere"

    @looks_at("zone")
    def frank(ask: Ask, host: HostView) -> str | None:
        return silent(ask, host)

    ask = Ask(server_id="s", project_id="p", resources={})
    hosts = [
        HostView(host=f"h{n}", provider="p", zone="east" if n % 2 else "west", is_up=True, is_enabled=True)
        for n in range(10)
    ]
    for check, times in ((silent, 10), (frank, 2)):
        asked.clear()
        choice = choose(ask, Hosts.of(hosts), {"Zone": check}, ())
        assert (len(asked), choice.summary()) == (times, "Zone: 5")
