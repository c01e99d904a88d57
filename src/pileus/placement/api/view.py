"""How things look in replies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import versions
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider

UNKNOWN = "unknown"  # the type of consumers whose creator did not say
LAST_MODIFIED, CACHE_CONTROL = "last-modified", "cache-control"


def fresh(value: Any, modified_at: datetime, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a document that says since when it is like this; the edge takes that out again where it is unknown."""
    return Reply.json(value, status, {**freshness(modified_at), **(headers or {})})


def freshness(modified_at: datetime) -> dict[str, str]:
    """Return the headers of `fresh`."""
    return {LAST_MODIFIED: format_datetime(modified_at.replace(tzinfo=UTC), usegmt=True), CACHE_CONTROL: "no-cache"}


def latest(moments: Iterable[datetime | None], now: datetime) -> datetime:
    """Return the last of some times; now if there is none, or if one of them is always."""
    known = list(moments)
    return max((moment or now for moment in known), default=now)


def provider(request: Request, one: Provider) -> dict[str, Any]:
    """Show a resource provider."""
    document: dict[str, Any] = {"uuid": one.uuid, "name": one.name, "generation": one.generation}
    if request.since(versions.TREES):
        document |= {"parent_provider_uuid": one.parent_uuid, "root_provider_uuid": one.root_uuid}
    document["links"] = _provider_links(request, one)
    return document


def _provider_links(request: Request, one: Provider) -> list[dict[str, str]]:
    names = ["inventories", "usages"]
    if request.since(versions.AGGREGATES):
        names.append("aggregates")
    if request.since(versions.TRAITS):
        names.append("traits")
    if request.since(versions.ALLOCATIONS_LINK):
        names.append("allocations")
    path = f"/resource_providers/{one.uuid}"
    return [{"rel": "self", "href": path}, *({"rel": name, "href": f"{path}/{name}"} for name in names)]


def inventory(one: Inventory, generation: int | None = None) -> dict[str, Any]:
    """Show an inventory, on its own with its provider's generation."""
    document: dict[str, Any] = {} if generation is None else {"resource_provider_generation": generation}
    return document | {
        "total": one.total,
        "reserved": one.reserved,
        "min_unit": one.min_unit,
        "max_unit": one.max_unit,
        "step_size": one.step_size,
        "allocation_ratio": one.allocation_ratio,
    }


def inventories(all_of_it: Sequence[Inventory], generation: int) -> dict[str, Any]:
    """Show all inventories of a provider."""
    shown = {one.resource_class: inventory(one) for one in all_of_it}
    return {"resource_provider_generation": generation, "inventories": shown}


def resource_class(name: str) -> dict[str, Any]:
    """Show a resource class."""
    return {"name": name, "links": [{"rel": "self", "href": f"/resource_classes/{name}"}]}


def location(request: Request, path: str) -> dict[str, str]:
    """Return the header that says where something is."""
    return {"location": f"{request.base_url}{path}"}
