"""Filters that look at where other servers are: those that a hint names, and those of the group."""

from __future__ import annotations

from collections.abc import Collection

from pileus.compute.model.server_group import AFFINITY, ANTI_AFFINITY
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import looks_at


def _members(ask: Ask) -> Collection[str]:
    return () if ask.group is None else ask.group.members


@looks_at(named=lambda ask: ask.same_hosts or ())
def same_host(ask: Ask, host: HostView) -> str | None:
    """The host must have one of the servers that the hint same_host names."""
    if ask.same_hosts is None or host.host in ask.same_hosts:
        return None
    return "it has none of the servers that this one shall be with"


@looks_at(named=lambda ask: ask.different_hosts)
def different_host(ask: Ask, host: HostView) -> str | None:
    """The host must have none of the servers that the hint different_host names."""
    if host.host in ask.different_hosts:
        return "it has a server that this one shall not be with"
    return None


@looks_at(named=_members)
def server_group_affinity(ask: Ask, host: HostView) -> str | None:
    """The host must be where the others of the group are, if any is anywhere."""
    group = ask.group
    if group is None or group.policy != AFFINITY or not group.members or host.host in group.members:
        return None
    return "the other servers of the group are elsewhere"


@looks_at(named=_members)
def server_group_anti_affinity(ask: Ask, host: HostView) -> str | None:
    """The host must not have as many of the group as may be on one."""
    group = ask.group
    if group is None or group.policy != ANTI_AFFINITY or group.members.get(host.host, 0) < group.most_per_host:
        return None
    return f"it has {group.members[host.host]} of the group's servers"
