"""What extra specs of flavors and properties of images say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.image_property import current
from pileus.kit.errors import Invalid


class DemandInvalid(Invalid):
    """The extra specs or the image's properties contradict themselves."""

    message = "{reason}"


def both(flavor: Flavor, properties: Mapping[str, Any], name: str, kind: str = "hw") -> tuple[str, str]:
    """Return what the extra spec `hw:name` says, and what the image's property `hw_name` does."""
    of_flavor = flavor.extra_specs.get(f"{kind}:{name}", "")
    return str(of_flavor).strip(), str(current(properties).get(f"{kind}_{name}", "")).strip()


def said(flavor: Flavor, properties: Mapping[str, Any], name: str, kind: str = "hw") -> str:
    """Return what the extra spec `hw:name`, or else the image's property `hw_name`, says."""
    if f"{kind}:{name}" in flavor.extra_specs:
        return both(flavor, properties, name, kind)[0]
    return both(flavor, properties, name, kind)[1]
