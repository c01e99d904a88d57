"""Filters that look at the host itself: whether it is there, where it is, whom it is for."""

from __future__ import annotations

from collections.abc import Collection

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import looks_at


@looks_at()
def all_hosts(_ask: Ask, _host: HostView) -> str | None:
    """Any host will do."""
    return None


@looks_at("is_up", "is_enabled")
def compute(_ask: Ask, host: HostView) -> str | None:
    """The host must be up and enabled."""
    if not host.is_up:
        return "its compute service is down"
    if not host.is_enabled:
        return f"its compute service is disabled ({host.disabled_reason or 'no reason given'})"
    return None


@looks_at("zone")
def availability_zone(ask: Ask, host: HostView) -> str | None:
    """The host must be in the zone that was asked for."""
    if ask.availability_zone in (None, host.zone):
        return None
    return f"it is in the availability zone {host.zone}, not {ask.availability_zone}"


@looks_at(
    if_asked=lambda ask: () if ask.only_node is None else ("node",),
    named=lambda ask: ask.excluded_hosts | ({ask.only_host} if ask.only_host else set()),
)
def destination(ask: Ask, host: HostView) -> str | None:
    """The host must be the one that was named, if one was, and none that is ruled out."""
    if host.host in ask.excluded_hosts:
        return "the server is to leave it"
    if ask.only_host not in (None, host.host):
        return f"it is {host.host}, not {ask.only_host}"
    if ask.only_node not in (None, host.node):
        return f"it is {host.node}, not {ask.only_node}"
    return None


@looks_at(named=lambda _ask, *, hosts, **_options: hosts)
def isolated_hosts(
    ask: Ask, host: HostView, *, hosts: Collection[str], images: Collection[str], is_restricted: bool
) -> str | None:
    """An isolated image must be on an isolated host; and, if it is restricted, no other image may be there."""
    is_isolated = host.host in hosts
    if images and ask.image_id in images:
        return None if is_isolated else "the image may only be on isolated hosts"
    if is_isolated and is_restricted:
        return "it is isolated, for other images"
    return None
