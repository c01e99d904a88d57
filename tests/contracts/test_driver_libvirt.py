"""What the libvirt driver promises beyond the contract."""

from __future__ import annotations

import struct
import subprocess
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.model.power import PowerState
from tests.contracts import boot_sector
from tests.contracts.driver_bench import Bench, guest_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import libvirt

    NewBench = Callable[..., Bench]

pytestmark = pytest.mark.real


def test_a_snapshot_of_a_writing_guest_shows_one_moment(new_libvirt_bench: NewBench, tmp_path: Path) -> None:
    bench = new_libvirt_bench(boot_sector.counting())
    server_id = bench.spawn()
    numbers = []
    for turn in range(2):
        target = tmp_path / f"snapshot-{turn}"
        bench.driver.snapshot(server_id, target)
        first, last = (read_number(target, sector) for sector in (boot_sector.FIRST_SECTOR, boot_sector.LAST_SECTOR))
        assert first - last in (0, 1)
        numbers.append(first)
    assert 0 < numbers[0] < numbers[1], "the guest wrote on after the first snapshot"


def test_a_snapshot_job_left_by_a_dead_process_is_replaced(
    new_libvirt_bench: NewBench, tmp_path: Path, connection: libvirt.virConnect
) -> None:
    from pileus.compute.agent.drivers.libvirt import disk, snapshot

    bench = new_libvirt_bench(boot_sector.counting())
    server_id = bench.spawn()
    left = tmp_path / "left"
    disk.create_empty(left, boot_sector.DISK_BYTES)
    snapshot.begin_copy(find_domain(connection, server_id), left)
    bench.driver.snapshot(server_id, tmp_path / "snapshot")
    assert read_number(tmp_path / "snapshot", boot_sector.FIRST_SECTOR) > 0


def test_a_guest_that_ignores_the_power_button_is_cut_off_when_its_time_is_up(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench(boot_sector.stubborn())
    server_id, begun = bench.spawn(), time.monotonic()
    bench.driver.stop(server_id, 1.0)
    assert time.monotonic() - begun >= 1.0
    assert bench.driver.power_state(server_id) == PowerState.SHUTDOWN


def test_a_disk_is_as_large_as_the_flavor_says(new_libvirt_bench: NewBench) -> None:
    from pileus.compute.agent.drivers.libvirt.disk import virtual_size_bytes

    bench = new_libvirt_bench()
    for root_gb, size_bytes in ((2, 2 << 30), (0, boot_sector.DISK_BYTES)):
        server_id = bench.spawn(root_gb=root_gb)
        assert virtual_size_bytes(guest_directory(bench, server_id) / "disk", "qcow2") == size_bytes


def test_an_image_larger_than_the_flavors_disk_is_refused(new_libvirt_bench: NewBench, tmp_path: Path) -> None:
    bench = new_libvirt_bench()
    large = tmp_path / "large"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", large, "3G"], check=True)
    refuses(bench, large, "qcow2", "3 GiB", root_gb=1)


def test_an_image_with_a_backing_file_is_refused(new_libvirt_bench: NewBench, tmp_path: Path) -> None:
    bench = new_libvirt_bench()
    evil = tmp_path / "evil"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", evil], check=True)
    refuses(bench, evil, "qcow2", "backing file")


def test_an_image_with_its_data_elsewhere_is_refused(new_libvirt_bench: NewBench, tmp_path: Path) -> None:
    bench = new_libvirt_bench()
    evil, data = tmp_path / "evil", tmp_path / "data"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={data}", evil, "1M"], check=True)
    refuses(bench, evil, "qcow2", "external file")


def test_an_image_of_another_format_than_declared_is_refused(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    refuses(bench, bench.base, "raw", "declared raw")


def test_a_guest_that_cannot_start_leaves_nothing(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    refuses(bench, bench.base, "qcow2", "libvirt", vcpus=100_000)


def test_what_a_half_done_spawn_left_is_built_anew(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    guest = guest_spec()
    directory = guest_directory(bench, guest.server_id)
    directory.mkdir()
    (directory / "disk").write_bytes(b"half a disk")
    bench.spawn(server_id=guest.server_id)


def test_a_running_guest_that_was_not_defined_yet_is_adopted(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    bench = new_libvirt_bench()
    server_id = bench.spawn()
    domain = find_domain(connection, server_id)
    domain.undefine()
    assert not domain.isPersistent()
    bench.driver.spawn(guest_spec(server_id=server_id), bench.base, "qcow2", None)
    assert domain.isPersistent()
    assert bench.driver.console_output(server_id).count("login:") == 1
    bench.driver.stop(server_id, 0)
    bench.driver.start(server_id)
    bench.await_console(server_id, "login:", times=2)


def test_a_domain_whose_disk_is_gone_is_built_anew(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    server_id = bench.spawn()
    bench.driver.stop(server_id, 0)
    (guest_directory(bench, server_id) / "disk").unlink()
    bench.spawn(server_id=server_id)
    assert bench.driver.power_state(server_id) == PowerState.RUNNING


def test_another_clouds_guest_is_neither_seen_nor_touched(
    new_libvirt_bench: NewBench, tmp_path: Path, connection: libvirt.virConnect
) -> None:
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    bench = new_libvirt_bench()
    server_id = bench.spawn()
    stranger = LibvirtDriver(tmp_path / "stranger", uuid.uuid4().hex)
    assert stranger.list_guests() == []
    stranger.destroy(server_id)
    assert find_domain(connection, server_id).isActive()


def test_a_domain_that_only_has_our_name_is_not_touched(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    from pileus.compute.agent.drivers.libvirt.domain_xml import domain_name

    bench = new_libvirt_bench()
    first = find_domain(connection, bench.spawn()).name()
    guest = guest_spec()
    name = domain_name(first.removeprefix("pileus-"), guest.server_id)
    xml = f"<domain type='qemu'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    squatter = connection.defineXML(xml)
    try:
        with pytest.raises(HypervisorFailed, match="not of this cloud"):
            bench.driver.spawn(guest, bench.base, "qcow2", None)
        with pytest.raises(HypervisorFailed, match="not of this cloud"):
            bench.driver.destroy(guest.server_id)
        assert not bench.is_listed(guest.server_id)
        assert squatter.isPersistent()
    finally:
        squatter.undefine()


def test_a_destroyed_guest_leaves_no_file(new_libvirt_bench: NewBench) -> None:
    bench = new_libvirt_bench()
    server_id = bench.spawn()
    assert sorted(path.name for path in guest_directory(bench, server_id).iterdir()) == [
        "console.log",
        "disk",
        "disk.config",
    ]
    bench.driver.destroy(server_id)
    assert not guest_directory(bench, server_id).exists()


def test_a_console_log_that_we_may_not_open_is_read_through_libvirtd(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    from pileus.compute.agent.drivers.libvirt import console

    bench = new_libvirt_bench()
    log = guest_directory(bench, bench.spawn()) / "console.log"
    assert console._read_end_through(connection, log, 7) == log.read_bytes()[-7:]
    assert console._read_end_through(connection, log, 1 << 20) == log.read_bytes()


def test_libvirts_complaints_do_not_reach_stderr(
    new_libvirt_bench: NewBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench = new_libvirt_bench()
    with pytest.raises(HypervisorFailed):
        bench.driver.spawn(guest_spec(vcpus=100_000), bench.base, "qcow2", None)
    assert capfd.readouterr().err == ""


def refuses(bench: Bench, image: Path, image_format: str, why: str, **changes: int) -> None:
    guest = guest_spec(**changes)
    with pytest.raises(HypervisorFailed, match=why):
        bench.driver.spawn(guest, image, image_format, None)
    assert not bench.is_listed(guest.server_id)
    assert not guest_directory(bench, guest.server_id).exists()


def guest_directory(bench: Bench, server_id: str) -> Path:
    return bench.directory / "state" / "instances" / server_id


def find_domain(connection: libvirt.virConnect, server_id: str) -> libvirt.virDomain:
    return connection.lookupByUUIDString(server_id)


def read_number(image: Path, sector: int) -> int:
    raw = image.with_suffix(".raw")
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", image, raw], check=True)
    with raw.open("rb") as file:
        file.seek(sector * 512)
        (number,) = struct.unpack("<I", file.read(4))
    raw.unlink()
    return int(number)
