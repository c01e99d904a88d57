"""What flavors and images demand of a host's machine: CPUs for oneself, NUMA cells, PCI devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.image_property import current
from pileus.compute.model.topology import Cell, numbers_in, pci_class
from pileus.compute.settings import PciAlias
from pileus.kit.errors import Invalid

_THREADS = "HW_CPU_HYPERTHREADING"


class DemandInvalid(Invalid):
    """The extra specs or the image's properties contradict themselves."""

    message = "No valid host was found. {reason}"


def _said(flavor: Flavor, properties: Mapping[str, Any], name: str) -> str:
    """Return what the extra spec `hw:name`, or else the image's property `hw_name`, says."""
    wanted = flavor.extra_specs.get(f"hw:{name}", current(properties).get(f"hw_{name}", ""))
    return str(wanted).strip()


def cpu_amounts(flavor: Flavor, properties: Mapping[str, Any]) -> dict[str, int]:
    """Return how many CPUs are shared, VCPU, and how many are the guest's own, PCPU. Raises DemandInvalid."""
    policy = _said(flavor, properties, "cpu_policy")
    own = flavor.vcpus if policy == "dedicated" else 0
    if policy == "mixed":
        mask = _said(flavor, properties, "cpu_dedicated_mask")
        try:
            own = len(numbers_in(mask) & set(range(flavor.vcpus)))
        except ValueError:
            raise DemandInvalid(reason=f"The mask of dedicated CPUs is not understood: {mask}") from None
    extra = 1 if own and _said(flavor, properties, "emulator_threads_policy") == "isolate" else 0
    return {"VCPU": flavor.vcpus - own, "PCPU": own + extra}


def thread_traits(flavor: Flavor, properties: Mapping[str, Any]) -> dict[str, str]:
    """Return which trait the policy for CPU threads requires or forbids."""
    wish = {"require": "required", "isolate": "forbidden"}.get(_said(flavor, properties, "cpu_thread_policy"))
    return {} if wish is None else {_THREADS: wish}


def cells(flavor: Flavor, properties: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the NUMA cells that the guest shall have; none if it does not care. Raises DemandInvalid."""
    text = _said(flavor, properties, "numa_nodes")
    if not text:
        return ()
    if not text.isdecimal() or not 0 < int(text) <= flavor.vcpus:
        raise DemandInvalid(reason=f"{flavor.vcpus} CPUs cannot be in {text} NUMA cells.")
    count = int(text)
    cpus = [_said(flavor, properties, f"numa_cpus.{number}") for number in range(count)]
    memory = [_said(flavor, properties, f"numa_mem.{number}") for number in range(count)]
    try:
        return tuple(
            Cell(
                cpus=len(numbers_in(cpus[number])) if any(cpus) else -(-flavor.vcpus // count),
                memory_mb=int(memory[number]) if any(memory) else flavor.memory_mb // count,
            )
            for number in range(count)
        )
    except ValueError:
        raise DemandInvalid(reason="The NUMA cells are not understood.") from None


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
