"""Placement knows what every host has: a provider each, with its inventory and traits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pileus.clients.placement import Placement, PlacementFailed, ProviderInUse, ProviderNameTaken
from pileus.compute.db import host
from pileus.compute.model.host import Host
from pileus.compute.settings import Settings
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database

logger = log.get_logger("pileus.compute.inventory")


def sync_inventory(database: Database, clock: Clock, settings: Settings, placement: Placement) -> None:
    """Bring placement up to date about every host that is up; writes only what differs.

    A host that placement does not take as it is keeps no other from being written.
    """
    with database.read() as tx:
        hosts = host.list_all(tx)
    known = {one.uuid for one in hosts}
    for one in hosts:
        if one.service.is_up(clock.now(), settings.service_down_time_s):
            try:
                _ensure(one, known, placement)
                _sync(one, settings, placement)
            except (PlacementFailed, ProviderNameTaken, ProviderInUse) as error:
                logger.warning("placement does not take a host as it is", host=one.host, reason=error.reason)


def _ensure(one: Host, known: Collection[str], placement: Placement) -> None:
    """Make a host's provider. One that an earlier life of the host left under its name is removed, if it is unused."""
    try:
        placement.ensure_provider(one.uuid, one.hostname)
    except ProviderNameTaken:
        stale = placement.find_provider(one.hostname)
        if stale is None or stale in known:  # another host goes by the same name
            raise
        logger.warning("replacing a provider that no host has", host=one.host, provider=stale)
        placement.delete_provider(stale)
        placement.ensure_provider(one.uuid, one.hostname)


def _sync(one: Host, settings: Settings, placement: Placement) -> None:
    placement.set_inventories(one.uuid, inventories_of(one, settings))
    placement.set_traits(one.uuid, traits_of(one))


def inventories_of(one: Host, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what a host offers; more is promised than it has where the settings say so."""
    classes = {
        "VCPU": (one.vcpus, 0, settings.cpu_allocation_ratio),
        "MEMORY_MB": (
            one.memory_mb,
            min(settings.reserved_host_memory_mb, one.memory_mb - 1),
            settings.ram_allocation_ratio,
        ),
        "DISK_GB": (one.local_gb, 0, settings.disk_allocation_ratio),
    }
    return {
        name: {
            "total": total,
            "reserved": reserved,
            "min_unit": 1,
            "max_unit": total,
            "step_size": 1,
            "allocation_ratio": ratio,
        }
        for name, (total, reserved, ratio) in classes.items()
        if total > 0
    }


def traits_of(one: Host) -> set[str]:
    """Return a host's traits; a disabled one carries the standard trait that says so."""
    return {*one.traits, *(("COMPUTE_STATUS_DISABLED",) if one.service.is_disabled else ())}
