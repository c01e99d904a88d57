"""The machines that the libvirt driver makes of what images and flavors ask for, each booted for real."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.image_format import require_safe
from pileus.compute.messages import CpuTopology, GuestDisk, GuestSpec, Hardware
from pileus.compute.model.power import PowerState
from tests.contracts import boot_sector, bootable
from tests.contracts.driver_bench import Bench, guest_spec
from tests.lacking import skip_outside_ci

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import libvirt

    NewBench = Callable[..., Bench]

pytestmark = [pytest.mark.real, pytest.mark.long]


# --- drives ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bus", ["ide", "sata", "scsi", "usb", "virtio"])
def test_a_guest_boots_from_each_bus_and_is_copied_as_it_runs(new_libvirt_bench: NewBench, bus: str) -> None:
    bench = new_libvirt_bench()
    server_id = bench.spawn(hardware=Hardware(disk_bus=bus))
    bench.driver.snapshot(server_id, bench.directory / "taken")
    require_safe(bench.directory / "taken", "qcow2")


def test_a_guest_that_asks_for_a_cd_drive_has_its_config_drive_there(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    bench = new_libvirt_bench()
    server_id = bench.spawn(hardware=Hardware(cdrom_bus="sata"))
    assert "device='cdrom'" in connection.lookupByUUIDString(server_id).XMLDesc()


def test_a_guest_boots_from_an_iso_image_and_is_copied_as_it_runs(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    bench.base, bench.base_format = bootable.cd(bench.directory), "raw"
    for machine in ("", "q35"):
        server_id = bench.spawn(hardware=Hardware(root_device="cdrom", machine=machine), disks=(GuestDisk(size_mb=4),))
        bench.driver.snapshot(server_id, bench.directory / "taken")
        require_safe(bench.directory / "taken", "qcow2")


def test_a_guest_from_an_iso_image_comes_through_a_rescue_and_another_size(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    usual = bench.base
    bench.base, bench.base_format = bootable.cd(bench.directory), "raw"
    guest = guest_spec(hardware=Hardware(root_device="cdrom"))
    server_id = bench.spawn(server_id=guest.server_id, hardware=guest.hardware)
    bench.driver.rescue(replace(guest, hardware=Hardware()), usual, "qcow2", None)
    bench.await_console(server_id, "login:", times=2)
    bench.driver.unrescue(server_id)
    bench.await_console(server_id, "login:", times=3)
    resized(bench, replace(guest, root_gb=1))


def test_a_guest_keeps_the_disks_that_its_flavor_adds_in_another_size(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    guest = guest_spec(disks=(GuestDisk(size_mb=16), GuestDisk(size_mb=4, is_swap=True)))
    files = bench.files(bench.spawn(server_id=guest.server_id, disks=guest.disks))
    ephemeral, swap = files / "disk.eph0", files / "disk.swap"
    assert (sized_mb(ephemeral), sized_mb(swap)) == (16, 4)
    assert b"ephemeral0" in ephemeral.read_bytes()[:4096]
    assert b"SWAPSPACE2" in swap.read_bytes()[:4096]
    bench.driver.stop(guest.server_id, 0)
    with ephemeral.open("rb+") as file:
        file.seek(15 << 20)
        file.write(b"what the guest remembers")
    grown = replace(guest, disks=(GuestDisk(size_mb=32), GuestDisk(size_mb=8, is_swap=True)))
    resized(bench, grown)
    assert (sized_mb(ephemeral), sized_mb(swap)) == (32, 8)
    assert b"what the guest remembers" in ephemeral.read_bytes()
    bench.driver.set_aside(guest.server_id, None)
    with pytest.raises(HypervisorFailed, match="cannot shrink to 16 MiB"):
        bench.driver.resize(guest, None)
    bench.driver.bring_back(guest.server_id)
    bench.await_power(guest.server_id, PowerState.RUNNING)
    assert (sized_mb(ephemeral), sized_mb(swap)) == (32, 8)


# --- what boots -----------------------------------------------------------------------------------


def test_a_guest_boots_by_uefi_and_its_variables_go_with_its_disks(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    require_uefi(bench)
    bench.base, bench.base_format = bootable.efi_disk(bench.directory), "raw"
    guest = guest_spec(hardware=Hardware(firmware="uefi"), memory_mb=256)
    server_id = bench.spawn(server_id=guest.server_id, hardware=guest.hardware, memory_mb=256)
    nvram = bench.files(server_id) / "nvram"
    bench.driver.stop(server_id, 0)
    with nvram.open("rb+") as file:
        file.seek(-16, 2)
        file.write(b"what it was told")
    resized(bench, guest)
    bench.driver.set_aside(server_id, None)
    bench.driver.bring_back(server_id, is_running=False)
    assert nvram.read_bytes().endswith(b"what it was told")
    bench.driver.destroy(server_id)
    assert not nvram.exists()


def test_a_machine_for_which_there_is_no_uefi_is_refused_in_words(new_libvirt_bench: NewBench) -> None:
    refuses(new_libvirt_bench(), Hardware(firmware="uefi", machine="isapc"), "install the package ovmf")


def test_a_machine_that_the_host_does_not_have_is_refused_in_words(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    refuses(bench, Hardware(machine="virt-8.0"), "no machine type virt-8.0")
    refuses(bench, Hardware(machine="q35", disk_bus="ide"), "no IDE bus")


def test_a_kernel_and_a_ramdisk_boot_a_disk_that_cannot_boot_itself(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    raw, kernel = bootable.guest_without_loader(bench.directory)
    bench.base, bench.base_format = raw, "raw"
    guest = guest_spec(memory_mb=192, hardware=Hardware(kernel_arguments="console=ttyS0 quiet panic=5 spoken=here"))
    server_id = bench.spawn(kernel=kernel, server_id=guest.server_id, memory_mb=192, hardware=guest.hardware)
    kernel.path.unlink()  # the image may go: the guest has its own copy
    resized(bench, guest)
    assert bench.driver.console_output(server_id).count("boot count: 2") == 1


# --- devices --------------------------------------------------------------------------------------


def test_a_guest_has_all_the_devices_that_are_asked_for(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    bench = new_libvirt_bench()
    hardware = Hardware(
        machine="q35", disk_bus="scsi", vif_model="e1000e", watchdog_action="reset", has_guest_agent=True,
        has_boot_menu=True, rng_bytes=512, cpu_topology=CpuTopology(sockets=1, cores=2, threads=1),
    )  # fmt: skip
    server_id = bench.spawn(vcpus=2, hardware=hardware)
    found = connection.lookupByUUIDString(server_id).XMLDesc()
    for said in ("pc-q35", "model='i6300esb' action='reset'", "type='e1000e'", "bytes='512'", "cores='2'"):
        assert said in found
    with pytest.raises(HypervisorFailed, match="agent does not answer"):
        bench.driver.set_password(server_id, "secret")
    assert bench.driver.diagnostics(server_id).nics


@pytest.mark.parametrize("model", ["ne2k_pci", "pcnet", "rtl8139", "e1000", "vmxnet3"])
def test_a_guest_has_the_card_that_is_asked_for(new_libvirt_bench: NewBench, model: str) -> None:
    new_libvirt_bench().spawn(hardware=Hardware(vif_model=model))


def test_a_guest_is_interrupted_to_dump_its_memory(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench(boot_sector.interruptible())
    server_id = bench.spawn()
    for times in (1, 2):
        bench.driver.crash(server_id)
        bench.await_console(server_id, "nmi", times=times)


def test_a_host_tells_what_its_machines_may_have(new_libvirt_bench: NewBench) -> None:
    traits = set(new_libvirt_bench().driver.resources().traits)
    assert {
        "COMPUTE_IMAGE_TYPE_AMI", "COMPUTE_IMAGE_TYPE_ISO", "COMPUTE_STORAGE_BUS_SCSI", "COMPUTE_NET_VIF_MODEL_E1000",
        "HW_ARCH_X86_64", "HW_CPU_X86_SSE2", "COMPUTE_FIRMWARE_BIOS",
    } <= traits  # fmt: skip


# --- what they share ------------------------------------------------------------------------------


def require_uefi(bench: Bench) -> None:
    if "COMPUTE_FIRMWARE_UEFI" not in bench.driver.resources().traits:
        skip_outside_ci("there is no UEFI firmware (package ovmf)")


def resized(bench: Bench, guest: GuestSpec) -> None:
    """Have the guest built in another size, let it boot, and drop what it was."""
    bench.driver.set_aside(guest.server_id, None)
    bench.driver.resize(guest, None)
    bench.await_console(guest.server_id, "login:")
    bench.driver.drop_aside(guest.server_id)


def refuses(bench: Bench, hardware: Hardware, why: str) -> None:
    guest = guest_spec(hardware=hardware)
    with pytest.raises(HypervisorFailed, match=why):
        bench.driver.spawn(guest, bench.base, bench.base_format, None)
    assert not bench.is_listed(guest.server_id)
    assert not bench.files(guest.server_id).exists()


def sized_mb(path: Path) -> int:
    return path.stat().st_size >> 20
