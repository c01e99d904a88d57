"""What flavors and images demand of a host's machine: parts of it for oneself, PCI devices, amounts and traits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.topology import pci_class
from pileus.compute.scheduler.spec import DemandInvalid
from pileus.compute.scheduler.wish import cpu_amounts, thread_traits, topology_wish
from pileus.compute.settings import PciAlias
from pileus.kit import log
from pileus.kit.errors import Invalid

logger = log.get_logger("pileus.compute.scheduler")

_FOR_PLACEMENT = re.compile("(resources|trait)([a-zA-Z0-9_-]{0,64}):(.+)")


class PartsChanged(Invalid):
    """A server is to be rebuilt of an image that asks for other parts of a machine than its own did."""

    message = (
        "An instance's NUMA topology cannot be changed as part of a rebuild. The image provided is invalid for this "
        "instance."
    )


def require_same_parts(flavor: Flavor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise PartsChanged unless two images ask for the same CPUs and NUMA cells; DemandInvalid if nobody could."""
    if any(part(flavor, before) != part(flavor, after) for part in (cpu_amounts, thread_traits, topology_wish)):
        raise PartsChanged


def require_understood(flavor: Flavor, properties: Mapping[str, Any], aliases: Sequence[PciAlias]) -> None:
    """Raise DemandInvalid for what no host could be asked for."""
    named_amounts(flavor)
    topology_wish(flavor, properties)
    pci_amounts(flavor, aliases)


def pci_amounts(flavor: Flavor, aliases: Sequence[PciAlias]) -> dict[str, int]:
    """Return how many PCI devices of which kind are wanted: `pci_passthrough:alias` is `NAME:COUNT, …`.

    Raises DemandInvalid.
    """
    amounts: dict[str, int] = {}
    known = {alias.name: pci_class(alias.vendor_id, alias.product_id) for alias in aliases}
    for part in filter(None, flavor.extra_specs.get("pci_passthrough:alias", "").split(",")):
        name, _, count = part.strip().partition(":")
        if name not in known or not (count or "1").isdecimal():
            raise DemandInvalid(reason=f"PCI alias {name} is not defined")
        amounts[known[name]] = amounts.get(known[name], 0) + int(count or 1)
    return amounts


# --- what extra specs ask of placement ------------------------------------------------------------


def named_amounts(flavor: Flavor) -> dict[str, int]:
    """Return the amounts that `resources:VCPU=2` and the like name; they go before the flavor's own.

    What groups such as `resources1:` ask for is added up, as a host is one provider. Raises DemandInvalid for groups
    that want one each.
    """
    groups = {group for _, group, _, _ in _named(flavor) if group}
    if len(groups) > 1 and flavor.extra_specs.get("group_policy") == "isolate":
        raise DemandInvalid(reason="A host is one resource provider, and group_policy=isolate asks for several.")
    amounts: dict[str, int] = {}
    for kind, _, name, value in _named(flavor):
        if kind == "resources" and value.isdecimal():
            amounts[name] = amounts.get(name, 0) + int(value)
        elif kind == "resources":  # older versions of the API take any text
            logger.warning("an extra spec is no amount", name=name, amount=value)
    return amounts


def named_traits(flavor: Flavor) -> list[tuple[str, str]]:
    """Return the traits that `trait:HW_CPU_X86_AVX=required` and the like name, each with the wish."""
    return [(name, wish) for kind, _, name, wish in _named(flavor) if kind == "trait"]


def _named(flavor: Flavor) -> list[tuple[str, str, str, str]]:
    """Return the kind, the group, the name and the value of each such extra spec."""
    found = ((_FOR_PLACEMENT.fullmatch(key), value) for key, value in flavor.extra_specs.items())
    return [(match[1], match[2], match[3], value) for match, value in found if match]
