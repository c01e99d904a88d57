from __future__ import annotations

from dataclasses import replace

import pytest

from pileus.compute.model.flavor import Flavor
from pileus.compute.scheduler import demand
from pileus.compute.scheduler.spec import DemandInvalid
from pileus.compute.settings import PciAlias


def flavor(**specs: str) -> Flavor:
    """A flavor of 4 CPUs; `cpu_policy` is the extra spec `hw:cpu_policy`."""
    named = {f"hw:{name.replace('__', '.')}": value for name, value in specs.items()}
    return Flavor(id="1", name="one", vcpus=4, memory_mb=4096, root_gb=1, extra_specs=named)


def test_devices_are_asked_for_by_their_alias() -> None:
    aliases = [PciAlias(name="nic", vendor_id="8086", product_id="1533")]

    def wanted(text: str) -> dict[str, int]:
        return demand.pci_amounts(replace(flavor(), extra_specs={"pci_passthrough:alias": text}), aliases)

    assert wanted("nic:2") == {"CUSTOM_PCI_8086_1533": 2}
    assert wanted("nic, nic:1") == {"CUSTOM_PCI_8086_1533": 2}
    with pytest.raises(DemandInvalid, match="PCI alias gpu is not defined"):
        wanted("gpu:1")
