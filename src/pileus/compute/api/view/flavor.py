"""Flavors as clients see them."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.links import links
from pileus.compute.model.flavor import Flavor
from pileus.kit.http.message import Request


def brief(request: Request, flavor: Flavor) -> dict[str, Any]:
    """Return a row of a short list."""
    return {"id": flavor.id, "name": flavor.name, "links": links(request, f"flavors/{flavor.id}")}


def full(request: Request, flavor: Flavor) -> dict[str, Any]:
    """Return everything about a flavor."""
    return {
        **brief(request, flavor),
        "ram": flavor.memory_mb,
        "disk": flavor.root_gb,
        "vcpus": flavor.vcpus,
        "swap": flavor.swap_mb or "",
        "rxtx_factor": flavor.rxtx_factor,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gb,
        "OS-FLV-DISABLED:disabled": flavor.is_disabled,
        "os-flavor-access:is_public": flavor.is_public,
    }
