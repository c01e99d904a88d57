"""Aggregates: groups of hosts; one with an `availability_zone` puts its hosts into that zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ZONE_KEY = "availability_zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One group of hosts."""

    number: int
    uuid: str
    name: str
    created_at: datetime
    updated_at: datetime | None
    hosts: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> str | None:
        """The availability zone of its hosts."""
        return self.metadata.get(ZONE_KEY)
