"""Flavors as clients see them."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.links import links
from pileus.compute.model.flavor import Flavor
from pileus.kit.http.message import Request

_EXTRA_SPECS = "os_compute_api:os-flavor-extra-specs:index"


def brief(request: Request, flavor: Flavor) -> dict[str, Any]:
    """Return a row of a short list."""
    document = {"id": flavor.id, "name": flavor.name, "links": links(request, f"flavors/{flavor.id}")}
    return {**document, "description": flavor.description} if request.since(v.FLAVOR_DESCRIPTION) else document


def full(request: Request, flavor: Flavor) -> dict[str, Any]:
    """Return everything about a flavor that its caller may see."""
    document = {
        **brief(request, flavor),
        "ram": flavor.memory_mb,
        "disk": flavor.root_gb,
        "vcpus": flavor.vcpus,
        "swap": flavor.swap_mb or (0 if request.since(v.SWAP_NUMBER) else ""),
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gb,
        "os-flavor-access:is_public": flavor.is_public,
    }
    if not request.since(v.NO_RXTX_FACTOR):
        document |= {"rxtx_factor": flavor.rxtx_factor, "OS-FLV-DISABLED:disabled": flavor.is_disabled}
    if request.since(v.FLAVOR_SHOWS_SPECS) and request.may(_EXTRA_SPECS, {"project_id": request.context.project_id}):
        document["extra_specs"] = dict(flavor.extra_specs)
    return document
