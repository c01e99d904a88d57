"""What a scheduling decision is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pileus.compute.model.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A server that wants a host."""

    server_id: str
    project_id: str
    resources: Mapping[str, int]
    required_traits: frozenset[str] = frozenset()
    forbidden_traits: frozenset[str] = frozenset()
    availability_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """A host as filters and weighers see it. Amounts are what is free by placement's account."""

    host: str
    provider: str  # the resource provider that stands for it
    zone: str
    is_up: bool
    is_enabled: bool
    disabled_reason: str | None = None
    free: Mapping[str, int] = field(default_factory=dict)  # resource class → amount
    servers: int = 0


def ask_of(server: Server) -> Ask:
    """Return what a new server wants."""
    flavor = server.flavor
    amounts = {
        "VCPU": flavor.vcpus,
        "MEMORY_MB": flavor.memory_mb,
        "DISK_GB": flavor.disk_gb + -(-flavor.swap_mb // 1024),
    }
    wishes = {
        name.removeprefix("trait:"): wish for name, wish in flavor.extra_specs.items() if name.startswith("trait:")
    }
    return Ask(
        server_id=server.id,
        project_id=server.project_id,
        resources={name: amount for name, amount in amounts.items() if amount > 0},
        required_traits=frozenset(trait for trait, wish in wishes.items() if wish == "required"),
        forbidden_traits=frozenset(trait for trait, wish in wishes.items() if wish == "forbidden"),
        availability_zone=server.availability_zone,
    )
