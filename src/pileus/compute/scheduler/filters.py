"""Filters: `(Ask, HostView) → the reason that this host will not do, or None`."""

from __future__ import annotations

from pileus.compute.scheduler.ask import Ask, HostView


def compute(_ask: Ask, host: HostView) -> str | None:
    """The host must be up and enabled."""
    if not host.is_up:
        return "its compute service is down"
    if not host.is_enabled:
        return f"its compute service is disabled ({host.disabled_reason or 'no reason given'})"
    return None


def availability_zone(ask: Ask, host: HostView) -> str | None:
    """The host must be in the zone that was asked for."""
    if ask.availability_zone in (None, host.zone):
        return None
    return f"it is in the availability zone {host.zone}, not {ask.availability_zone}"


DEFAULT = (compute, availability_zone)
