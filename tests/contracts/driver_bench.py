"""A place to try a hypervisor driver: one per implementation, each with guests that boot in a moment."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pileus.compute.agent import config_drive
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import GuestSpec
from pileus.compute.model.power import PowerState
from tests.contracts import boot_sector
from tests.lacking import LackingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pileus.compute.agent.drivers.driver import Driver, Kernel
    from pileus.compute.agent.drivers.libvirt.cells import CpuSets

PATIENCE_S = 60.0


@dataclass
class Bench:
    """A driver, what it builds guests on, and a way to get a new driver for the same guests."""

    directory: Path
    reopen: Callable[[], Driver]
    base: Path
    base_format: str = "qcow2"
    driver: Driver = field(init=False)

    def __post_init__(self) -> None:
        self.driver = self.reopen()

    def spawn(self, *, kernel: Kernel | None = None, **changes: Any) -> str:
        """Build a guest and return its id once it has greeted."""
        guest = guest_spec(**changes)
        drive = self.directory / f"{guest.server_id}.iso"
        config_drive.build(guest, drive)
        self.driver.spawn(guest, self.base, self.base_format, drive, kernel=kernel)
        drive.unlink()
        self.await_console(guest.server_id, "login:")
        return guest.server_id

    def await_console(self, server_id: str, text: str, times: int = 1) -> None:
        await_true(lambda: self.driver.console_output(server_id).count(text) >= times, f"{text!r} on the console")

    def await_power(self, server_id: str, state: PowerState) -> None:
        await_true(lambda: self.driver.power_state(server_id) == state, state.name)

    def is_listed(self, server_id: str) -> bool:
        return server_id in {guest.server_id for guest in self.driver.list_guests()}

    def files(self, server_id: str) -> Path:
        """Where a driver that has files keeps the guest's."""
        return self.directory / "state" / "instances" / server_id

    def clear(self) -> None:
        for guest in self.driver.list_guests():
            self.driver.destroy(guest.server_id)


def guest_spec(**changes: Any) -> GuestSpec:
    values: dict[str, Any] = {
        "server_id": str(uuid.uuid4()),
        "name": "Größe <1> & more",
        "hostname": "tiny",
        "vcpus": 1,
        "memory_mb": 32,
        "root_gb": 0,
        "project_id": uuid.uuid4().hex,
        "user_id": uuid.uuid4().hex,
        "flavor_name": "m1.tiny",
    }
    return GuestSpec(**(values | changes))


def fake_bench(directory: Path) -> Bench:
    base = directory / "base"
    base.write_bytes(b"anything")
    state = directory / "state"
    state.mkdir()
    return Bench(directory, lambda: FakeDriver(directory=state), base)


def libvirt_bench(
    directory: Path, verdict: Path, sector: bytes | None = None, cpu_sets: CpuSets | None = None
) -> Bench:
    """A bench on the machine's libvirt; `verdict` is a file of the probe's, which takes seconds to come by."""
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    state = directory / "state"
    state.mkdir(mode=0o700)
    (state / "libvirt").mkdir()
    shutil.copy(verdict, state / "libvirt" / "kvm.json")
    cloud_id = uuid.uuid4().hex
    base = directory / "base"
    write_base(base, sector or boot_sector.polite())
    return Bench(directory, lambda: LibvirtDriver(state, cloud_id, cpu_sets=cpu_sets), base)


def write_base(path: Path, sector: bytes) -> None:
    raw = path.with_suffix(".raw")
    raw.write_bytes(sector.ljust(boot_sector.DISK_BYTES, b"\0"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()


def require_libvirt(scratch: Path) -> None:
    """Raises LackingError with what is missing."""
    for program in ("qemu-system-x86_64", "qemu-img", "genisoimage"):
        if shutil.which(program) is None:
            raise LackingError(f"{program} is not installed")
    try:
        import libvirt  # noqa: F401
    except ModuleNotFoundError as error:
        raise LackingError("libvirt-python is not installed (pip install 'pileus[libvirt]')") from error
    from pileus.compute.agent.drivers.driver import HypervisorFailed
    from pileus.compute.agent.drivers.libvirt.connection import Connection

    try:
        Connection("qemu:///system", scratch).get()
    except HypervisorFailed as error:
        raise LackingError(str(error)) from error


def await_true(is_so: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > give_up:
            raise AssertionError(f"no {what} within {PATIENCE_S:g} s")
        time.sleep(0.05)
