"""The catalog: which services there are, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place, or a part of one."""

    id: str
    description: str = ""
    parent_region_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something with an API, such as the image service."""

    id: str
    type: str
    name: str = ""
    description: str | None = None
    is_enabled: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a service answers, for one audience in one region. The URL may hold `$(project_id)s`."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str | None = None
    is_enabled: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointGroup:
    """Endpoints that have something in common: each of `filters` names a field and what it must be."""

    id: str
    name: str
    description: str | None = None
    filters: dict[str, str | None] = field(default_factory=dict)


GROUP_FILTERS = ("service_id", "region_id", "interface")


def matches(endpoint: Endpoint, filters: Mapping[str, str | None]) -> bool:
    """Tell whether an endpoint is what all filters of a group say."""
    return all(getattr(endpoint, name) == wanted for name, wanted in filters.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The endpoints that a project was given: one by one, and those that the filters of a group fit."""

    endpoint_ids: frozenset[str] = frozenset()
    groups: tuple[Mapping[str, str | None], ...] = ()

    def has(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint is one of them."""
        return endpoint.id in self.endpoint_ids or any(matches(endpoint, filters) for filters in self.groups)


Catalog = tuple[tuple[Service, ...], tuple[Endpoint, ...]]


def narrow(everything: Catalog, given: Given, *, is_all_without_filter: bool) -> Catalog:
    """Return what the catalog of a project shows of everything.

    A project that was given endpoints sees these alone, and of the services those that it can reach. Who was given
    none sees all, or with `is_all_without_filter` off nothing.
    """
    services, endpoints = everything
    seen = tuple(endpoint for endpoint in endpoints if given.has(endpoint))
    if not seen:
        return everything if is_all_without_filter else ((), ())
    reached = {endpoint.service_id for endpoint in seen if endpoint.is_enabled}
    return tuple(service for service in services if service.id in reached), seen


_PLACE = re.compile(r"[$%]\((project_id|tenant_id|user_id)\)s")
_PLACE_LIKE = re.compile(r"[$%]\(")


def is_template(url: str) -> bool:
    """Tell whether every place in a URL is one that a catalog can fill."""
    return _PLACE_LIKE.search(_PLACE.sub("", url)) is None


def render(
    services: Iterable[Service], endpoints: Iterable[Endpoint], *, project_id: str | None, user_id: str
) -> list[dict[str, Any]]:
    """Return the catalog as tokens show it; an endpoint that wants a project is left out where there is none."""
    known = {"project_id": project_id, "tenant_id": project_id, "user_id": user_id}
    by_service: dict[str, list[dict[str, Any]]] = {}
    for endpoint in endpoints:
        if any(known[name] is None for name in _PLACE.findall(endpoint.url)):
            continue
        url = _PLACE.sub(lambda place: str(known[place[1]]), endpoint.url)
        shown = {
            "id": endpoint.id,
            "interface": endpoint.interface,
            "region_id": endpoint.region_id,
            "url": url,
            "region": endpoint.region_id,
        }
        if endpoint.is_enabled:
            by_service.setdefault(endpoint.service_id, []).append(shown)
    return [
        {"endpoints": by_service.get(service.id, []), "id": service.id, "type": service.type, "name": service.name}
        for service in services
        if service.is_enabled
    ]
