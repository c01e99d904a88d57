from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pileus.compute.agent.drivers.driver import Kernel
from pileus.compute.agent.drivers.libvirt.domain_xml import (
    NAMESPACE,
    Owner,
    Parts,
    Platform,
    domain_name,
    domain_prefix,
    domain_xml,
    owner_ids,
)
from pileus.compute.agent.drivers.libvirt.drive import Base, Drive, names_of, read_root_drive, read_root_name
from pileus.compute.agent.mac import mac_address
from pileus.compute.messages import CpuTopology, GuestSpec, Hardware

CLOUD_ID = "0123456789abcdef"
GUEST = GuestSpec(
    server_id=str(uuid.UUID(int=7)),
    name="Größe <1> & more",
    hostname="tiny",
    vcpus=3,
    memory_mb=512,
    root_gb=1,
    project_id="project",
    user_id="user",
    flavor_name="m1.tiny",
)
ROOT = Drive(Path("/state/instances/7/disk"), "qcow2", Base(Path("/state/instances/_base/image"), "raw"))
CONFIG = Drive(Path("/state/instances/7/disk.config"), is_read_only=True)
CONSOLE = Path("/state/instances/7/console.log")


def domain(
    *drives: Drive, kvm: bool = False, kernel: Kernel | None = None, uefi: Path | None = None, **hardware: Any
) -> ET.Element:
    guest = replace(GUEST, hardware=Hardware(**hardware))
    parts = Parts(drives or (ROOT, CONFIG), CONSOLE, kernel=kernel, uefi_code=uefi, nvram=uefi and Path("/state/nvram"))
    xml = domain_xml(guest, CLOUD_ID, parts, Platform("/usr/bin/qemu", Owner(1000, 64055), kvm=kvm))
    return ET.fromstring(xml)  # noqa: S314 - ours


def attribute(root: ET.Element, path: str, name: str) -> str | None:
    element = root.find(path)
    assert element is not None, path
    return element.get(name)


def test_a_domain_is_named_after_its_cloud_and_its_server() -> None:
    assert domain().findtext("name") == f"pileus-01234567-{GUEST.server_id}" == domain_name(CLOUD_ID, GUEST.server_id)
    assert domain_name(CLOUD_ID, GUEST.server_id).startswith(domain_prefix(CLOUD_ID))
    assert domain().findtext("uuid") == GUEST.server_id


def test_a_domain_carries_the_ids_of_its_cloud_and_server() -> None:
    mark = domain().find(f"metadata/{{{NAMESPACE}}}guest")
    assert mark is not None
    assert owner_ids(ET.tostring(mark, encoding="unicode")) == (CLOUD_ID, GUEST.server_id)
    assert mark.findtext(f"{{{NAMESPACE}}}name") == "Größe <1> & more"


def test_a_guest_gets_the_flavors_processors_and_memory() -> None:
    root = domain()
    assert root.findtext("vcpu") == "3"
    assert (root.findtext("memory"), attribute(root, "memory", "unit")) == ("512", "MiB")


def test_an_emulated_guest_gets_the_largest_processor_but_no_fifth_page_table_level() -> None:
    root = domain()
    assert root.get("type") == "qemu"
    assert attribute(root, "cpu", "mode") == "maximum"
    assert attribute(root, "cpu/feature", "name") == "la57"


def test_a_guest_on_kvm_gets_the_hosts_processor() -> None:
    root = domain(kvm=True)
    assert root.get("type") == "kvm"
    assert attribute(root, "cpu", "mode") == "host-passthrough"


def test_the_whole_disk_chain_is_named_with_its_formats_and_ends() -> None:
    disk = domain().find("devices/disk[1]")
    assert disk is not None
    assert attribute(disk, "driver", "type") == "qcow2"
    assert attribute(disk, "source", "file") == str(ROOT.path)
    assert attribute(disk, "backingStore/format", "type") == "raw"
    assert ROOT.base is not None
    assert attribute(disk, "backingStore/source", "file") == str(ROOT.base.path)
    end = disk.find("backingStore/backingStore")
    assert end is not None
    assert not end.attrib
    assert len(end) == 0


def test_the_config_drive_is_a_raw_disk_that_cannot_be_written() -> None:
    disk = domain().find("devices/disk[2]")
    assert disk is not None
    assert attribute(disk, "driver", "type") == "raw"
    assert disk.find("readonly") is not None


def test_a_guest_without_config_drive_has_one_disk() -> None:
    assert len(domain(ROOT).findall("devices/disk")) == 1


def test_qemu_runs_with_the_rights_of_the_files_owner() -> None:
    label = domain().find("seclabel[@model='dac']")
    assert label is not None
    assert (label.get("type"), label.get("relabel"), label.findtext("label")) == ("static", "no", "+1000:+64055")


def test_the_console_is_logged_and_the_log_outlives_a_reboot() -> None:
    log = domain().find("devices/serial/log")
    assert log is not None
    assert log.attrib == {"file": str(CONSOLE), "append": "on"}


def test_a_guest_can_be_asked_to_shut_down() -> None:
    assert domain().find("features/acpi") is not None


def test_the_card_has_the_guests_own_address() -> None:
    address = attribute(domain(), "devices/interface/mac", "address")
    assert address == mac_address(GUEST.server_id)


@pytest.mark.parametrize("number", range(20))
def test_a_hardware_address_is_steady_and_in_our_range(number: int) -> None:
    server_id = str(uuid.UUID(int=number))
    assert mac_address(server_id) == mac_address(server_id)
    assert mac_address(server_id).startswith("fa:16:3e:")
    assert len(mac_address(server_id)) == 17


def test_the_first_drive_boots_and_a_drives_name_says_its_bus() -> None:
    drives = (Drive(ROOT.path, "qcow2", bus="scsi"), Drive(CONFIG.path, bus="virtio"), Drive(CONFIG.path, bus="usb"))
    root = domain(*drives)
    assert [target.get("dev") for target in root.iterfind("devices/disk/target")] == names_of(drives)
    assert names_of(drives) == ["sda", "vda", "sdb"]
    assert [disk.find("boot") is not None for disk in root.iterfind("devices/disk")] == [True, False, False]
    assert attribute(root, "devices/controller[@type='scsi']", "model") == "virtio-scsi"
    assert attribute(root, "devices/controller[@type='usb']", "model") == "qemu-xhci"


def test_the_root_disk_is_found_again_wherever_it_is() -> None:
    rescue = Drive(ROOT.path.with_name("disk.rescue"), "qcow2", ROOT.base, bus="ide")
    xml = ET.tostring(domain(rescue, ROOT), encoding="unicode")
    assert read_root_drive(xml) == ROOT
    assert read_root_name(xml) == "vda"


def test_a_cd_cannot_be_written() -> None:
    root = domain(replace(ROOT, device="cdrom", bus="ide"))
    assert attribute(root, "devices/disk/target", "dev") == "hda"
    assert root.find("devices/disk/readonly") is not None


def test_a_kernel_boots_the_guest_and_is_told_where_its_disk_is() -> None:
    root = domain(kernel=Kernel(Path("/k"), Path("/r")))
    assert (root.findtext("os/kernel"), root.findtext("os/initrd")) == ("/k", "/r")
    assert (root.findtext("os/cmdline") or "").startswith("root=/dev/vda console=tty0 console=ttyS0")
    told = domain(kernel=Kernel(Path("/k")), kernel_arguments="quiet")
    assert (told.findtext("os/cmdline"), told.find("os/initrd")) == ("quiet", None)


def test_a_guest_with_uefi_has_variables_of_its_own() -> None:
    root = domain(uefi=Path("/code"), firmware="uefi")
    assert (root.findtext("os/loader"), attribute(root, "os/loader", "readonly")) == ("/code", "yes")
    assert root.findtext("os/nvram") == "/state/nvram"


def test_what_an_image_asks_of_its_machine_is_there() -> None:
    root = domain(
        machine="q35", vif_model="e1000", watchdog_action="reset", has_guest_agent=True, has_boot_menu=True,
        rng_bytes=512, rng_period_ms=100, cpu_topology=CpuTopology(sockets=1, cores=3, threads=1),
    )  # fmt: skip
    assert attribute(root, "os/type", "machine") == "q35"
    assert attribute(root, "devices/interface/model", "type") == "e1000"
    assert attribute(root, "devices/watchdog", "action") == "reset"
    assert attribute(root, "devices/channel/target", "name") == "org.qemu.guest_agent.0"
    assert attribute(root, "os/bootmenu", "enable") == "yes"
    rate = root.find("devices/rng/rate")
    assert rate is not None
    assert rate.attrib == {"bytes": "512", "period": "100"}
    topology = root.find("cpu/topology")
    assert topology is not None
    assert topology.attrib == {"sockets": "1", "cores": "3", "threads": "1"}


def test_a_plain_guest_has_nothing_of_that() -> None:
    root = domain(has_rng=False)
    lacking = ("watchdog", "channel", "rng")
    assert [name for name in lacking if root.find(f"devices/{name}") is not None] == []
    assert root.find("cpu/topology") is None
    assert root.find("os/kernel") is None
