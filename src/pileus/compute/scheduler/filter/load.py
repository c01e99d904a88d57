"""Filters that look at how much a host has to do. Placement has the last word on room; these may only be stricter."""

from __future__ import annotations

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import looks_at


@looks_at("total:VCPU", "used:VCPU")
def core(ask: Ask, host: HostView, *, cpu_allocation_ratio: float) -> str | None:
    """The host must have the CPUs, promised `cpu_allocation_ratio` times."""
    return _room(ask, host, "VCPU", cpu_allocation_ratio)


@looks_at("total:MEMORY_MB", "used:MEMORY_MB")
def ram(ask: Ask, host: HostView, *, ram_allocation_ratio: float) -> str | None:
    """The host must have the memory, promised `ram_allocation_ratio` times."""
    return _room(ask, host, "MEMORY_MB", ram_allocation_ratio)


@looks_at("total:DISK_GB", "used:DISK_GB")
def disk(ask: Ask, host: HostView, *, disk_allocation_ratio: float) -> str | None:
    """The host must have the disk, promised `disk_allocation_ratio` times."""
    return _room(ask, host, "DISK_GB", disk_allocation_ratio)


@looks_at("aggregates", "total:VCPU", "used:VCPU")
def aggregate_core(ask: Ask, host: HostView, *, cpu_allocation_ratio: float) -> str | None:
    """The same, with the least `cpu_allocation_ratio` that the host's aggregates say."""
    return core(ask, host, cpu_allocation_ratio=host.aggregate_number("cpu_allocation_ratio", cpu_allocation_ratio))


@looks_at("aggregates", "total:MEMORY_MB", "used:MEMORY_MB")
def aggregate_ram(ask: Ask, host: HostView, *, ram_allocation_ratio: float) -> str | None:
    """The same, with the least `ram_allocation_ratio` that the host's aggregates say."""
    return ram(ask, host, ram_allocation_ratio=host.aggregate_number("ram_allocation_ratio", ram_allocation_ratio))


@looks_at("aggregates", "total:DISK_GB", "used:DISK_GB")
def aggregate_disk(ask: Ask, host: HostView, *, disk_allocation_ratio: float) -> str | None:
    """The same, with the least `disk_allocation_ratio` that the host's aggregates say."""
    ratio = host.aggregate_number("disk_allocation_ratio", disk_allocation_ratio)
    return disk(ask, host, disk_allocation_ratio=ratio)


@looks_at("io_ops")
def io_ops(_ask: Ask, host: HostView, *, max_io_ops_per_host: float) -> str | None:
    """The host must not be at work on `max_io_ops_per_host` servers or more."""
    if host.io_ops < max_io_ops_per_host:
        return None
    return f"it is at work on {host.io_ops} servers, and {max_io_ops_per_host:g} are the limit"


@looks_at("aggregates", "io_ops")
def aggregate_io_ops(ask: Ask, host: HostView, *, max_io_ops_per_host: float) -> str | None:
    """The same, with the least `max_io_ops_per_host` that the host's aggregates say."""
    return io_ops(ask, host, max_io_ops_per_host=host.aggregate_number("max_io_ops_per_host", max_io_ops_per_host))


@looks_at("servers")
def num_instances(_ask: Ask, host: HostView, *, max_instances_per_host: float) -> str | None:
    """The host must have fewer than `max_instances_per_host` servers."""
    if host.servers < max_instances_per_host:
        return None
    return f"it has {host.servers} servers, and {max_instances_per_host:g} are the limit"


@looks_at("aggregates", "servers")
def aggregate_num_instances(ask: Ask, host: HostView, *, max_instances_per_host: float) -> str | None:
    """The same, with the least `max_instances_per_host` that the host's aggregates say."""
    most = host.aggregate_number("max_instances_per_host", max_instances_per_host)
    return num_instances(ask, host, max_instances_per_host=most)


def _room(ask: Ask, host: HostView, resource: str, ratio: float) -> str | None:
    wanted, total = ask.resources.get(resource, 0), host.total.get(resource, 0)
    if wanted > total:
        return f"it has only {total} {resource}"
    free = total * ratio - host.used.get(resource, 0)
    return None if wanted <= free else f"it has {free:g} {resource} left of {total}, promised {ratio:g} times"
