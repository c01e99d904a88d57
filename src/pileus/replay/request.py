"""What a trace asks for: servers, and when they come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.server import ImageSnapshot, Server
from pileus.compute.model.server_group import ANTI_AFFINITY
from pileus.compute.scheduler.ask import Ask, ask_of
from pileus.compute.settings import PciAlias
from pileus.kit.errors import Invalid

_ANY_TIME = datetime(1970, 1, 1)  # a server's row has one; the scheduler does not look at it
_NOTHING: Mapping[str, Any] = {}  # one for all: there may be millions of servers


class TraceInvalid(Invalid):
    """A trace cannot be understood."""

    message = "{file}, {place}: {reason}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much a server takes, or a host has."""

    vcpus: int
    memory_mb: int
    disk_gb: int = 0

    def amounts(self) -> Mapping[str, int]:
        """Return resource class → amount, without those of which it is nothing."""
        amounts = {"VCPU": self.vcpus, "MEMORY_MB": self.memory_mb, "DISK_GB": self.disk_gb}
        return {name: amount for name, amount in amounts.items() if amount}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One server of a trace."""

    id: str
    start_s: float
    end_s: float | None = None  # None: it stays
    size: Size
    project: str = ""
    flavor: str = ""
    availability_zone: str | None = None
    group: str | None = None
    group_policy: str = ANTI_AFFINITY
    extra_specs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    image_properties: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    hints: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def ask(self, aliases: Sequence[PciAlias] = ()) -> Ask:
        """Return what the scheduler makes of it, but for what its group and its hints say. Raises DemandInvalid."""
        return ask_of(self._server(), aliases)

    def _server(self) -> Server:
        size = self.size
        flavor = Flavor(
            id=self.flavor,
            name=self.flavor,
            vcpus=size.vcpus,
            memory_mb=size.memory_mb,
            root_gb=size.disk_gb,
            extra_specs=self.extra_specs,
        )
        return Server(
            id=self.id,
            project_id=self.project,
            user_id="",
            name=self.id,
            hostname=self.id,
            flavor=flavor,
            image=ImageSnapshot(id="", properties=self.image_properties) if self.image_properties else None,
            created_at=_ANY_TIME,
            availability_zone=self.availability_zone,
            hints=self.hints,
        )
