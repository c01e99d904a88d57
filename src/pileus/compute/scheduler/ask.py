"""What a scheduling decision is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pileus.compute.model.guest_topology import GuestTopology, TopologyWish
from pileus.compute.model.server import Server
from pileus.compute.model.topology import Topology
from pileus.compute.scheduler import demand, support
from pileus.compute.scheduler.wish import cpu_amounts, thread_traits, topology_wish
from pileus.compute.settings import PciAlias
from pileus.kit import log

logger = log.get_logger("pileus.compute.scheduler")

_TRAIT = "trait:"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """What the server's group asks for."""

    policy: str
    most_per_host: int = 1  # of anti-affinity
    members: Mapping[str, int] = field(default_factory=dict)  # host → how many others of the group are there


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A server that wants a host."""

    server_id: str
    project_id: str
    resources: Mapping[str, int]
    required_traits: frozenset[str] = frozenset()
    forbidden_traits: frozenset[str] = frozenset()
    flavor_name: str = ""
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    wish: TopologyWish | None = None  # parts of the machine that the guest shall have for itself
    held: Mapping[str, Sequence[GuestTopology]] = field(default_factory=dict)  # host → what guests have of it so
    image_id: str | None = None
    image_properties: Mapping[str, Any] = field(default_factory=dict)
    disk_format: str = ""  # the image's
    hints: Mapping[str, Any] = field(default_factory=dict)
    availability_zone: str | None = None
    only_host: str | None = None  # the one that an administrator named
    only_node: str | None = None
    is_forced: bool = False  # there, whatever else speaks against it
    excluded_hosts: frozenset[str] = frozenset()  # those that it shall leave, or must not go to
    same_hosts: frozenset[str] | None = None  # where the servers are that it shall be with; None: it asks for none
    different_hosts: frozenset[str] = frozenset()  # where the servers are that it shall not be with
    group: GroupWish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """A host as filters and weighers see it. What is free and used is so by placement's account."""

    host: str
    provider: str  # the resource provider that stands for it
    node: str = ""  # what the hypervisor calls itself
    zone: str
    is_up: bool
    is_enabled: bool
    disabled_reason: str | None = None
    free: Mapping[str, int] = field(default_factory=dict)  # resource class → amount, of what may be promised
    used: Mapping[str, int] = field(default_factory=dict)
    total: Mapping[str, int] = field(default_factory=dict)  # what the machine has, promised once
    servers: int = 0
    io_ops: int = 0  # its servers that are being built, moved, resized, rebuilt or copied
    failed_builds: int = 0  # since the last that went well
    image_servers: int = 0  # its servers that are made of the image that is asked for
    address: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)  # what it measured of itself
    topology: Topology = field(default_factory=Topology)
    hypervisor_type: str = ""
    hypervisor_version: int = 0  # 7002022 is 7.2.22
    cpu_info: Mapping[str, Any] = field(default_factory=dict)
    aggregates: tuple[Mapping[str, str], ...] = ()  # the metadata of each that it is in

    def aggregate_values(self, key: str) -> frozenset[str]:
        """Return what its aggregates say under a key."""
        return frozenset(metadata[key] for metadata in self.aggregates if key in metadata)

    def aggregate_words(self) -> Mapping[str, set[str]]:
        """Return all that its aggregates say, where commas separate words."""
        words: defaultdict[str, set[str]] = defaultdict(set)
        for metadata in self.aggregates:
            for key, value in metadata.items():
                words[key].update(word.strip() for word in value.split(","))
        return words

    def aggregate_number(self, key: str, default: float) -> float:
        """Return the least number that its aggregates say under a key; the default if they say none."""
        values = self.aggregate_values(key)
        try:
            return min(map(float, values), default=default)
        except ValueError:
            logger.warning("an aggregate's metadata is no number", host=self.host, key=key, values=sorted(values))
            return default


def ask_of(server: Server, aliases: Sequence[PciAlias] = ()) -> Ask:
    """Return what a new server wants; `aliases` name PCI devices. Raises DemandInvalid."""
    flavor, image = server.flavor, server.image
    properties = {} if image is None else image.properties
    named = demand.named_amounts(flavor)
    amounts = {
        **({} if {"VCPU", "PCPU"} & named.keys() else cpu_amounts(flavor, properties)),
        "MEMORY_MB": flavor.memory_mb,
        "DISK_GB": flavor.disk_gb + -(-flavor.swap_mb // 1024),
        **demand.pci_amounts(flavor, aliases),
        **support.amounts(flavor, properties),
    } | named
    wishes = [
        *thread_traits(flavor, properties).items(),
        *((name.removeprefix(_TRAIT), str(wish)) for name, wish in properties.items() if name.startswith(_TRAIT)),
        *demand.named_traits(flavor),
    ]
    return Ask(
        server_id=server.id,
        project_id=server.project_id,
        resources={name: amount for name, amount in amounts.items() if amount > 0},
        required_traits=support.traits(flavor, properties) | {trait for trait, wish in wishes if wish == "required"},
        forbidden_traits=frozenset(trait for trait, wish in wishes if wish == "forbidden"),
        flavor_name=flavor.name,
        extra_specs=flavor.extra_specs,
        wish=topology_wish(flavor, properties),
        image_id=None if image is None else image.id,
        image_properties=properties,
        disk_format="" if image is None else image.disk_format,
        hints=server.hints,
        availability_zone=server.availability_zone,
    )
