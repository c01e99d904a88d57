"""Fake hosts, in the real index's pages: each a resource provider with the inventory that compute would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.loops.inventory import inventories_of, traits_of
from pileus.compute.model.aggregate import ZONE_KEY, Aggregate
from pileus.compute.model.host import COMPUTE_BINARY, DEFAULT_ZONE, Host, Service
from pileus.compute.scheduler.ask import Ask
from pileus.compute.scheduler.hosts import TRUTHS, Coded, Hosts, Names
from pileus.compute.scheduler.prefilter import Narrowed
from pileus.compute.settings import Settings
from pileus.placement.index.page import PAGE, Page
from pileus.placement.index.search import search
from pileus.placement.index.snapshot import Snapshot
from pileus.placement.model.allocation import Claim, Stock, require_fit
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.request_group import AggregateWish, CandidateRequest, RequestGroup, TraitWish
from pileus.placement.model.state import ProviderState
from pileus.replay.request import Size

CLASSES = ("VCPU", "MEMORY_MB", "DISK_GB")

_ANY_TIME = datetime(1970, 1, 1)  # a service's row has one; nobody looks at it


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """The hosts that there shall be. Sizes take turns, and so do zones, each of an aggregate of its own."""

    count: int
    sizes: Sequence[Size]
    zones: Sequence[str] = (DEFAULT_ZONE,)


class FakeHosts:
    """The hosts of one replay, and what servers take of them."""

    def __init__(self, plan: HostPlan, settings: Settings) -> None:
        self.count = plan.count
        self._pages: list[Page] = []
        self._numbers: dict[str, int] = {}  # provider → host's number; one is called like the other
        self.used: dict[str, int] = dict.fromkeys(CLASSES, 0)
        self.capacity: dict[str, int] = dict.fromkeys(CLASSES, 0)
        self.in_use = 0
        names = _names(plan.count)
        self._kinds = kinds = [_Kind.of(size, settings) for size in plan.sizes]
        self.aggregates = [_aggregate(number, zone) for number, zone in enumerate(plan.zones) if zone != DEFAULT_ZONE]
        of_zone = {one.zone: frozenset((one.uuid,)) for one in self.aggregates}
        for number, name in enumerate(names):
            aggregates = of_zone.get(plan.zones[number % len(plan.zones)], frozenset())
            self._add(number, name, kinds[number % len(kinds)], aggregates)
        self._columns = _columns_of(names, kinds, plan.zones)

    def _add(self, number: int, name: str, kind: _Kind, aggregates: frozenset[str]) -> None:
        if not self._pages or self._pages[-1].is_full:
            self._pages.append(Page())
        stock = kind.inventories
        state = ProviderState(
            id=number,
            uuid=name,
            name=name,
            root_uuid=name,
            inventories=stock,
            used={},
            traits=kind.traits,
            aggregates=aggregates,
        )
        self._pages[-1].put(state)
        self._numbers[name] = number
        for resource_class, inventory in stock.items():
            self.capacity[resource_class] += int(inventory.capacity)

    # --- a decision ---

    @property
    def snapshot(self) -> Snapshot:
        """What a search looks at."""
        return Snapshot(tuple(self._pages))

    def candidates(self, ask: Ask, narrow: Narrowed, limit: int | None) -> Sequence[int]:
        """Return the numbers of the hosts that placement names, at most so many, in ascending order."""
        required = [frozenset((name,)) for name in ask.required_traits | narrow.required]
        group = RequestGroup(
            resources=ask.resources,
            traits=TraitWish(required, ask.forbidden_traits),
            aggregates=AggregateWish(narrow.member_of, narrow.not_member_of),
        )
        request = CandidateRequest(groups=[group], limit=limit)
        numbers = self._numbers
        return [numbers[uuid] for found in search(self.snapshot, request) for uuid in found.allocations]

    def views(self, numbers: Sequence[int]) -> Hosts:
        """Return hosts as filters and weighers see them."""
        return self._columns.take(np.array(numbers, np.intp))

    def number(self, provider: str) -> int:
        """Return the number of the host that a resource provider stands for."""
        return self._numbers[provider]

    # --- what servers take ---

    def claim(self, number: int, server_id: str, amounts: Mapping[str, int]) -> None:
        """Let a server have something of a host. Raises CapacityExceeded, NoInventory, ConstraintsViolated."""
        state = self._state(number)
        stock = Stock(
            {(state.uuid, name): inventory for name, inventory in state.inventories.items()},
            {(state.uuid, name): used for name, used in state.used.items()},
        )
        require_fit([Claim(consumer_uuid=server_id, wanted={state.uuid: amounts})], (), stock)
        self._use(number, state, amounts, 1)

    def release(self, number: int, amounts: Mapping[str, int]) -> None:
        """Take back from a server what it has of a host."""
        self._use(number, self._state(number), amounts, -1)

    def _use(self, number: int, state: ProviderState, amounts: Mapping[str, int], sign: int) -> None:
        used, columns = dict(state.used), self._columns.numbers
        for name, amount in amounts.items():
            used[name] = used.get(name, 0) + sign * amount
            self.used[name] = self.used.get(name, 0) + sign * amount
            if name in CLASSES:
                columns[f"used:{name}"][number] += sign * amount
                columns[f"free:{name}"][number] -= sign * amount
        before = int(columns["servers"][number])
        columns["servers"][number] = before + sign
        self.in_use += bool(before + sign) - bool(before)
        page = number // PAGE
        self._pages[page] = self._pages[page].copy()  # as the index does: a search may look at the old one
        self._pages[page].put(replace(state, used=used))

    def _state(self, number: int) -> ProviderState:
        page, slot = divmod(number, PAGE)
        return self._pages[page].at(slot)

    # --- how well it is packed ---

    def is_any_large_enough(self, size: Size) -> bool:
        """Tell whether a host would have room for a server of a size if it were empty."""
        return any(kind.is_large_enough(size) for kind in self._kinds)

    def rooms(self) -> Mapping[str, NDArray[np.int64]]:
        """Return resource class → how much each host has left."""
        return {name: self._columns.numbers[f"free:{name}"] for name in CLASSES}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What hosts of one size have alike."""

    host: Host
    inventories: Mapping[str, Inventory]
    traits: frozenset[str]

    @classmethod
    def of(cls, size: Size, settings: Settings) -> _Kind:
        """Return the kind of hosts of a size, with the inventory that compute would give them."""
        host = _host(size)
        stocks = inventories_of(host, settings).items()
        inventories = {name: Inventory(resource_class=name, **stock) for name, stock in stocks}
        return cls(host, inventories, frozenset(traits_of(host)))

    def is_large_enough(self, size: Size) -> bool:
        """Tell whether such a host would have room for a server of a size if it were empty."""
        stocks = self.inventories
        return all(
            name in stocks and stocks[name].is_amount_allowed(amount) and stocks[name].has_room(0, amount)
            for name, amount in size.amounts().items()
        )

    def numbers(self) -> Mapping[str, int]:
        """Return what filters and weighers see of such a host while nobody is there, of what is a number."""
        host, stocks = self.host, self.inventories
        free = {name: int(stocks[name].capacity) if name in stocks else 0 for name in CLASSES}
        total = {"VCPU": host.vcpus, "MEMORY_MB": host.memory_mb, "DISK_GB": host.local_gb}
        return {
            **{f"free:{name}": amount for name, amount in free.items()},
            **{f"used:{name}": 0 for name in CLASSES},
            **{f"total:{name}": amount for name, amount in total.items()},
            "servers": 0,
            "hypervisor_version": host.hypervisor_version,
            **dict.fromkeys(TRUTHS, True),
        }


def _columns_of(names: Sequence[str], kinds: Sequence[_Kind], zones: Sequence[str]) -> Hosts:
    """Return hosts, of which kinds and zones take turns, as filters and weighers see them while nobody is there."""
    rows = np.arange(len(names), dtype=np.intp)
    of_kinds = [kind.numbers() for kind in kinds]
    numbers = {name: np.array([one[name] for one in of_kinds])[rows % len(kinds)] for name in of_kinds[0]}
    alike, of_zone = np.zeros(len(names), np.intp), rows % len(zones)
    words = {
        "zone": Coded(zones, of_zone),
        "aggregates": Coded([() if zone == DEFAULT_ZONE else ({ZONE_KEY: zone},) for zone in zones], of_zone),
        "hypervisor_type": Coded([RESOURCES.hypervisor_type], alike),
        "cpu_info": Coded([RESOURCES.cpu_info], alike),
    }
    return Hosts(Names(names, names, names), rows, numbers, words)


def _names(count: int) -> Sequence[str]:
    """Return names whose order is that of the numbers."""
    width = len(str(count))
    return [f"host-{number:0{width}d}" for number in range(1, count + 1)]


def _aggregate(number: int, zone: str) -> Aggregate:
    """Return the aggregate that puts its hosts into a zone."""
    return Aggregate(
        number=number, uuid=zone, name=zone, created_at=_ANY_TIME, updated_at=None, metadata={ZONE_KEY: zone}
    )


def _host(size: Size) -> Host:
    """Return a host of some size, as the fake driver would tell of it."""
    service = Service(
        number=1,
        uuid="",
        host="fake",
        binary=COMPUTE_BINARY,
        is_disabled=False,
        disabled_reason=None,
        is_forced_down=False,
        last_seen_at=None,
        created_at=_ANY_TIME,
        updated_at=None,
    )
    return Host(
        number=1,
        uuid="",
        service=service,
        hostname="fake",
        vcpus=size.vcpus,
        memory_mb=size.memory_mb,
        local_gb=size.disk_gb,
        disk_available_gb=size.disk_gb,
        hypervisor_type=RESOURCES.hypervisor_type,
        hypervisor_version=RESOURCES.hypervisor_version,
        cpu_info=RESOURCES.cpu_info,
        traits=RESOURCES.traits,
    )
