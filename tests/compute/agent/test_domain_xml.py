from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pileus.compute.agent.drivers.libvirt.domain_xml import (
    NAMESPACE,
    Disks,
    Owner,
    domain_name,
    domain_prefix,
    domain_xml,
    owner_ids,
)
from pileus.compute.agent.mac import mac_address
from pileus.compute.messages import GuestSpec

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
DISKS = Disks(
    root=Path("/state/instances/7/disk"),
    base=Path("/state/instances/_base/image"),
    base_format="raw",
    config_drive=Path("/state/instances/7/disk.config"),
    console=Path("/state/instances/7/console.log"),
)


def domain(*, kvm: bool = False, disks: Disks = DISKS) -> ET.Element:
    xml = domain_xml(GUEST, CLOUD_ID, disks, Owner(1000, 64055), kvm=kvm, emulator="/usr/bin/qemu")
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
    assert attribute(disk, "source", "file") == str(DISKS.root)
    assert attribute(disk, "backingStore/format", "type") == "raw"
    assert attribute(disk, "backingStore/source", "file") == str(DISKS.base)
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
    disks = Disks(root=DISKS.root, base=DISKS.base, base_format="raw", config_drive=None, console=DISKS.console)
    assert len(domain(disks=disks).findall("devices/disk")) == 1


def test_qemu_runs_with_the_rights_of_the_files_owner() -> None:
    label = domain().find("seclabel[@model='dac']")
    assert label is not None
    assert (label.get("type"), label.get("relabel"), label.findtext("label")) == ("static", "no", "+1000:+64055")


def test_the_console_is_logged_and_the_log_outlives_a_reboot() -> None:
    log = domain().find("devices/serial/log")
    assert log is not None
    assert log.attrib == {"file": str(DISKS.console), "append": "on"}


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
