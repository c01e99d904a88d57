"""/resource_providers/{uuid}/usages and /usages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import query, query_schema, versions, view
from pileus.placement.api.view import UNKNOWN
from pileus.placement.backend import Backend
from pileus.placement.db import allocation as allocations
from pileus.placement.db import inventory as inventories

ALL = "all"


def show_provider(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/usages."""
    with backend.database.read() as tx:
        generation, used = inventories.used_with_generation(tx, request.params["uuid"])
    document = {"resource_provider_generation": generation, "usages": used}
    return view.fresh(document, backend.clock.now())


def show_owner(request: Request, backend: Backend) -> Reply:
    """GET /usages."""
    asked = query.read(request, query_schema.LIST_USAGES)
    request.require({"project_id": asked["project_id"]})
    project_id, user_id = asked["project_id"], asked.get("user_id")
    with backend.database.read() as tx:
        used = allocations.used_by_owner(tx, project_id, user_id)
        counts = allocations.count_consumers_of_owner(tx, project_id, user_id)
    if not request.since(versions.CONSUMER_TYPES):
        usages: Mapping[str, Any] = _summed(used)
    elif asked.get("consumer_type") == ALL:
        usages = {ALL: {"consumer_count": sum(counts.values()), **_summed(used)}}
    else:
        usages = {
            kind or UNKNOWN: {"consumer_count": count, **_summed([row for row in used if row[0] == kind])}
            for kind, count in counts.items()
            if asked.get("consumer_type") in (None, kind or UNKNOWN)
        }
    return view.fresh({"usages": usages}, backend.clock.now())


def _summed(used: Iterable[tuple[str | None, str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for _, resource_class, amount in used:
        total[resource_class] += amount
    return total
