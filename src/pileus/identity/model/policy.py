"""Policies that somebody keeps here for other services, and the endpoints that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pileus.identity.model.catalog import Endpoint, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A text of rules. What it means is the business of the service that fetches it; `type` is of which kind it is."""

    id: str
    type: str
    blob: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a policy can be for: an endpoint, a service, or a service in a region and in those that lie within it."""

    endpoint_id: str | None = None
    service_id: str | None = None
    region_id: str | None = None


def places_of(endpoint: Endpoint, regions: Mapping[str, Region]) -> list[Place]:
    """Return where a policy for an endpoint may have been put, the nearest place first."""
    places = [Place(endpoint_id=endpoint.id)]
    region = regions.get(endpoint.region_id or "")
    while region is not None:
        places.append(Place(service_id=endpoint.service_id, region_id=region.id))
        region = regions.get(region.parent_region_id or "")
    return [*places, Place(service_id=endpoint.service_id)]


def covered(endpoints: Iterable[Endpoint], places: Iterable[Place], regions: Mapping[str, Region]) -> list[Endpoint]:
    """Return the endpoints that lie in one of the places."""
    wanted = set(places)
    return [endpoint for endpoint in endpoints if not wanted.isdisjoint(places_of(endpoint, regions))]
