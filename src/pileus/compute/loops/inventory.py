"""Placement knows what every host has: a provider each, with its inventory and traits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pileus.clients.placement import Placement, PlacementFailed, ProviderInUse, ProviderNameTaken, ProviderNotFound
from pileus.compute.db import aggregate, host
from pileus.compute.model.host import Host
from pileus.compute.operations.aggregate_mirror import by_host
from pileus.compute.settings import Settings
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database

logger = log.get_logger("pileus.compute.inventory")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What placement should know of a host."""

    name: str
    inventories: Mapping[str, Mapping[str, Any]]
    traits: Collection[str]
    aggregates: Collection[str]


class InventoryLoop:
    """Brings placement up to date about every host that is up.

    A host that was found as it should be is looked at again when it, or its provider's generation, has changed.
    """

    def __init__(self, database: Database, clock: Clock, settings: Settings, placement: Placement) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._placement = placement
        self._found: dict[str, tuple[int | None, Wanted]] = {}  # provider → its generation before, and what was wanted

    def run(self) -> None:
        """Write what differs. A host that placement does not take as it is keeps no other from being written."""
        with self._database.read() as tx:
            hosts = host.list_all(tx)
            aggregates = aggregate.list_all(tx)
        known, of_host = {one.uuid for one in hosts}, by_host(aggregates)
        groups = [group.uuid for group in aggregates]
        generations = self._placement.generations()
        now, found = self._clock.now(), {}
        for one in hosts:
            if not one.service.is_up(now, self._settings.service_down_time_s):
                continue
            wanted = _wanted(one, self._settings, of_host.get(one.host, ()))
            looked = generations.get(one.uuid), wanted
            if looked[0] is None or looked != self._found.get(one.uuid):
                try:
                    if looked[0] is None:
                        _ensure(one, known, self._placement)
                    _sync(one, wanted, groups, self._placement)
                except (PlacementFailed, ProviderNameTaken, ProviderInUse, ProviderNotFound) as error:
                    logger.warning("placement does not take a host as it is", host=one.host, reason=error.reason)
                    continue
            found[one.uuid] = looked
        self._found = found


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


def _wanted(one: Host, settings: Settings, aggregates: Collection[str]) -> Wanted:
    return Wanted(one.hostname, inventories_of(one, settings), traits_of(one), aggregates)


def _sync(one: Host, wanted: Wanted, known_aggregates: Collection[str], placement: Placement) -> None:
    placement.set_inventories(one.uuid, wanted.inventories)
    placement.set_traits(one.uuid, wanted.traits)
    placement.set_aggregates(one.uuid, wanted.aggregates, known_aggregates)


def inventories_of(one: Host, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what a host offers; more is promised than it has where the settings say so."""
    classes = {
        "VCPU": (one.topology.shared_cpus if one.topology.cells else one.vcpus, 0, settings.cpu_allocation_ratio),
        "PCPU": (one.topology.dedicated_cpus, 0, 1.0),
        "MEMORY_MB": (
            one.memory_mb,
            min(settings.reserved_host_memory_mb, one.memory_mb - 1),
            settings.ram_allocation_ratio,
        ),
        "DISK_GB": (one.local_gb, 0, settings.disk_allocation_ratio),
        **{name: (count, 0, 1.0) for name, count in one.topology.pci_devices.items()},
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
