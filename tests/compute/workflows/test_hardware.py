"""What an image and a flavor ask of a guest's machine."""

from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.messages import CpuTopology, Hardware
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.server import ImageSnapshot
from pileus.compute.workflows.hardware import hardware_of
from pileus.kit.workflow import StepFailed


def hardware(
    properties: dict[str, Any] | None = None, specs: dict[str, str] | None = None, *, vcpus: int = 4, form: str = "raw"
) -> Hardware:
    image = ImageSnapshot(id="i", disk_format=form, properties=properties or {})
    flavor = Flavor(id="1", name="f", vcpus=vcpus, memory_mb=64, root_gb=1, extra_specs=specs or {})
    return hardware_of(image, flavor)


def topology(sockets: int, cores: int, threads: int) -> CpuTopology:
    return CpuTopology(sockets=sockets, cores=cores, threads=threads)


def test_a_plain_image_and_flavor_ask_for_nothing() -> None:
    assert hardware() == Hardware()


def test_each_property_is_where_the_host_looks_for_it() -> None:
    asked = {
        "hw_firmware_type": "uefi", "hw_machine_type": "q35", "hw_disk_bus": "SCSI", "hw_cdrom_bus": "sata",
        "hw_scsi_model": "lsilogic", "hw_vif_model": "e1000", "hw_watchdog_action": "reset",
        "hw_qemu_guest_agent": "yes", "hw_boot_menu": "True", "os_command_line": "quiet",
    }  # fmt: skip
    assert hardware(asked) == Hardware(
        firmware="uefi", machine="q35", disk_bus="scsi", cdrom_bus="sata", scsi_model="lsilogic", vif_model="e1000",
        watchdog_action="reset", has_guest_agent=True, has_boot_menu=True, kernel_arguments="quiet",
    )  # fmt: skip


def test_a_cd_is_the_root_device_of_who_boots_from_it() -> None:
    assert hardware(form="iso").root_device == "cdrom"


def test_an_images_watchdog_goes_before_its_flavors() -> None:
    specs = {"hw:watchdog_action": "pause"}
    assert hardware(specs=specs).watchdog_action == "pause"
    assert hardware({"hw_watchdog_action": "poweroff"}, specs).watchdog_action == "poweroff"


def test_a_flavor_may_slow_or_forbid_random_numbers() -> None:
    slow = hardware(specs={"hw_rng:rate_bytes": "512", "hw_rng:rate_period": "100"})
    assert (slow.has_rng, slow.rng_bytes, slow.rng_period_ms) == (True, 512, 100)
    assert not hardware(specs={"hw_rng:allowed": "False"}).has_rng


@pytest.mark.parametrize(
    ("properties", "specs", "found"),
    [
        ({}, {"hw:cpu_cores": "4"}, topology(1, 4, 1)),
        ({}, {"hw:cpu_sockets": "2", "hw:cpu_threads": "2"}, topology(2, 1, 2)),
        ({}, {"hw:cpu_max_sockets": "2"}, topology(2, 2, 1)),
        ({"hw_cpu_cores": "2"}, {}, topology(2, 2, 1)),
        ({"hw_cpu_threads": "2"}, {"hw:cpu_cores": "2"}, topology(2, 2, 1)),
        ({"hw_cpu_max_sockets": "1"}, {"hw:cpu_max_sockets": "2"}, topology(1, 4, 1)),
        ({}, {"hw:cpu_sockets": "3"}, topology(4, 1, 1)),
    ],
)
def test_processors_are_put_together_as_somebody_asks(
    properties: dict[str, str], specs: dict[str, str], found: CpuTopology
) -> None:
    assert hardware(properties, specs).cpu_topology == found


@pytest.mark.parametrize(
    ("properties", "specs", "reason"),
    [
        ({"hw_disk_bus": "xen"}, {}, "hw_disk_bus"),
        ({"hw_firmware_type": "coreboot"}, {}, "bios, uefi"),
        ({}, {"hw:cpu_cores": "many"}, "no number"),
        ({"hw_cpu_max_cores": "4"}, {"hw:cpu_max_cores": "2"}, "more than the flavor's 2"),
        ({}, {"hw:cpu_max_sockets": "1", "hw:cpu_max_cores": "1", "hw:cpu_max_threads": "1"}, "1:1:1 are impossible"),
    ],
)
def test_what_no_host_can_do_is_refused_in_words(
    properties: dict[str, str], specs: dict[str, str], reason: str
) -> None:
    with pytest.raises(StepFailed, match=reason):
        hardware(properties, specs)


def test_a_flavor_limits_what_a_guest_uses_of_its_host() -> None:
    specs = {
        "quota:cpu_shares": "512", "quota:cpu_quota": "-1", "quota:cpu_period": "0", "quota:cpu_limit": "7",
        "quota:disk_read_bytes_sec": "1024", "quota:vif_inbound_average": "1",
    }  # fmt: skip
    assert hardware(specs=specs).quota == {"cpu_shares": 512, "disk_read_bytes_sec": 1024}
