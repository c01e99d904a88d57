"""The filters and weighers by the names that operators know, with the options that the settings give them.

Other people's are found by entry point: a function `(Ask, HostView) → str | None` under `pileus.scheduler.filters`, or
one `(Ask, HostView) → float` under `pileus.scheduler.weighers`.
"""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from pileus.compute.scheduler import weighers
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.choose import Choice, Weigher, Weighing, by_host, choose
from pileus.compute.scheduler.facts import Filter
from pileus.compute.scheduler.filter import affinity, aggregate, capability, host, load, machine, query
from pileus.compute.scheduler.fleet import Fleet
from pileus.compute.scheduler.hosts import Hosts
from pileus.compute.scheduler.metric import metrics_filter, metrics_weigher, ratios
from pileus.compute.settings import SchedulerSettings, Settings
from pileus.kit.settings import SettingInvalid

FILTER_GROUP = "pileus.scheduler.filters"
WEIGHER_GROUP = "pileus.scheduler.weighers"
DESTINATION = "Destination"
METRICS_OPTION = "metrics_weight_multiplier"

_Options = Mapping[str, Any]
_ALWAYS: Mapping[str, Filter] = {DESTINATION: host.destination, "AvailabilityZoneFilter": host.availability_zone}
"""What holds whether it is enabled or not."""

_PLAIN: Mapping[str, Filter] = {
    **_ALWAYS,
    "AllHostsFilter": host.all_hosts,
    "ComputeFilter": host.compute,
    "ComputeCapabilitiesFilter": capability.compute_capabilities,
    "SameHostFilter": affinity.same_host,
    "DifferentHostFilter": affinity.different_host,
    "ServerGroupAffinityFilter": affinity.server_group_affinity,
    "ServerGroupAntiAffinityFilter": affinity.server_group_anti_affinity,
    "AggregateInstanceExtraSpecsFilter": aggregate.aggregate_instance_extra_specs,
    "AggregateMultiTenancyIsolation": aggregate.aggregate_multi_tenancy_isolation,
    "AggregateTypeAffinityFilter": aggregate.aggregate_type_affinity,
    "JsonFilter": query.json_query,
    "NUMATopologyFilter": machine.numa_topology,
    "PciPassthroughFilter": machine.pci_passthrough,
    "SimpleCIDRAffinityFilter": machine.simple_cidr_affinity,
}


_OF_IMAGE = ("ImagePropertiesFilter", "IsolatedHostsFilter", "AggregateImagePropertiesIsolation")
"""Those that judge the image, and are asked again when a server gets another one where it is."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """What chooses hosts in this cloud."""

    filters: Mapping[str, Filter]
    weighings: Sequence[Weighing]
    host_subset_size: int = 1
    is_shuffled: bool = False  # hosts that are equally good
    chance: Callable[[int], int] = secrets.randbelow  # any number below the given one
    fleet: Fleet = field(default_factory=Fleet)  # all hosts, as far as this process knows

    def choose(self, ask: Ask, hosts: Hosts) -> Choice:
        """Rank the hosts; of one that an administrator forces a server to, nothing is asked but that it is that one."""
        return choose(ask, hosts, {DESTINATION: host.destination} if ask.is_forced else self.filters, self.weighings)

    def find_image_refusal(self, ask: Ask, host: HostView) -> str | None:
        """Return which filter does not let a server have its image on the host that it is on already, and why."""
        for name in _OF_IMAGE:
            reason = self.filters[name](ask, host) if name in self.filters else None
            if reason is not None:
                return f"{host.host}: {name}: {reason}"
        return None

    def best(self, choice: Choice, count: int) -> Sequence[HostView]:
        """Return the hosts to be tried, in turn; the first may be any of the best few, as the settings say."""
        size = max(choice.count_best() if self.is_shuffled else 1, self.host_subset_size)
        order = list(choice.order(max(count, size)))
        first = order.pop(self.chance(min(size, len(order)))) if order else None
        indices = order if first is None else [first, *order]
        return [choice.hosts.view(choice.passed[index]) for index in indices[:count]]


def new_scheduler(settings: Settings) -> Scheduler:
    """Return the scheduler that the settings describe. Raises SettingInvalid for a name that nothing goes by."""
    chosen = settings.scheduler
    return Scheduler(
        _filters(settings), _weighings(chosen), chosen.host_subset_size, chosen.shuffle_best_same_weighed_hosts
    )


# --- filters --------------------------------------------------------------------------------------


def _filters(settings: Settings) -> Mapping[str, Filter]:
    ours, others = {**_PLAIN, **_with_options(settings)}, _found(FILTER_GROUP)
    enabled = dict.fromkeys((*_ALWAYS, *settings.scheduler.enabled_filters))
    _require_known("enabled_filters", "filter", enabled, {**ours, **others})
    return {name: ours[name] if name in ours else others[name]() for name in enabled}


def _with_options(settings: Settings) -> Mapping[str, Filter]:
    chosen = settings.scheduler
    cpu: _Options = {"cpu_allocation_ratio": settings.cpu_allocation_ratio}
    ram: _Options = {"ram_allocation_ratio": settings.ram_allocation_ratio}
    disk: _Options = {"disk_allocation_ratio": settings.disk_allocation_ratio}
    io_ops: _Options = {"max_io_ops_per_host": chosen.max_io_ops_per_host}
    instances: _Options = {"max_instances_per_host": chosen.max_instances_per_host}
    return {
        "CoreFilter": partial(load.core, **cpu),
        "AggregateCoreFilter": partial(load.aggregate_core, **cpu),
        "RamFilter": partial(load.ram, **ram),
        "AggregateRamFilter": partial(load.aggregate_ram, **ram),
        "DiskFilter": partial(load.disk, **disk),
        "AggregateDiskFilter": partial(load.aggregate_disk, **disk),
        "IoOpsFilter": partial(load.io_ops, **io_ops),
        "AggregateIoOpsFilter": partial(load.aggregate_io_ops, **io_ops),
        "NumInstancesFilter": partial(load.num_instances, **instances),
        "AggregateNumInstancesFilter": partial(load.aggregate_num_instances, **instances),
        "IsolatedHostsFilter": partial(
            host.isolated_hosts,
            hosts=frozenset(chosen.isolated_hosts),
            images=frozenset(chosen.isolated_images),
            is_restricted=chosen.restrict_isolated_hosts_to_isolated_images,
        ),
        "MetricsFilter": metrics_filter(ratios(chosen.metrics.weight_setting)),
        "ImagePropertiesFilter": partial(
            capability.image_properties, default_architecture=chosen.image_properties_default_architecture
        ),
        "AggregateImagePropertiesIsolation": partial(
            aggregate.aggregate_image_properties_isolation,
            namespace=chosen.aggregate_image_properties_isolation_namespace,
            separator=chosen.aggregate_image_properties_isolation_separator,
        ),
    }


# --- weighers -------------------------------------------------------------------------------------


_WEIGHERS: Mapping[str, tuple[Weigher, float | None]] = {
    "ram_weight_multiplier": (weighers.ram, 0.0),
    "cpu_weight_multiplier": (weighers.cpu, 0.0),
    "disk_weight_multiplier": (weighers.disk, 0.0),
    "io_ops_weight_multiplier": (weighers.io_ops, 0.0),
    "hypervisor_version_weight_multiplier": (weighers.hypervisor_version, None),
    "pci_weight_multiplier": (weighers.pci, None),
    "num_instances_weight_multiplier": (weighers.num_instances, None),
    "build_failure_weight_multiplier": (weighers.build_failures, None),
    "image_cache_weight_multiplier": (weighers.image_cache, 0.0),
    "soft_affinity_weight_multiplier": (weighers.server_group_soft_affinity, None),
    "soft_anti_affinity_weight_multiplier": (weighers.server_group_soft_anti_affinity, None),
}
"""The multiplier's name → the weigher, and what counts as nothing."""


def _weighings(chosen: SchedulerSettings) -> Sequence[Weighing]:
    built_in = [
        Weighing(weigher=weigher, multiplier=getattr(chosen, option), option=option, least=least)
        for option, (weigher, least) in _WEIGHERS.items()
    ]
    counting = ratios(chosen.metrics.weight_setting)
    if counting:
        weigher = metrics_weigher(counting, chosen.metrics.weight_of_unavailable)
        built_in.append(Weighing(weigher=weigher, multiplier=chosen.metrics.weight_multiplier, option=METRICS_OPTION))
    others = _found(WEIGHER_GROUP)
    _require_known("custom_weighers", "weigher", chosen.custom_weighers, others)
    custom = [
        Weighing(weigher=by_host(others[name]()), multiplier=multiplier, option=f"{name}_weight_multiplier")
        for name, multiplier in chosen.custom_weighers.items()
    ]
    return [*built_in, *custom]


# --- names ----------------------------------------------------------------------------------------


def _found(group: str) -> Mapping[str, Callable[[], Any]]:
    return {found.name: found.load for found in entry_points(group=group)}


def _require_known(setting: str, kind: str, names: Iterable[str], known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known are: {', '.join(sorted(known)) or 'none'}"
            raise SettingInvalid(source=f"[compute.scheduler] {setting}", reason=f"there is no {kind} '{name}'{hint}")
