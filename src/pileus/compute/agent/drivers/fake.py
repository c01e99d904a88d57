"""A hypervisor in memory: guests that boot at once, write a login prompt and keep what they are told.

It is a first-class driver. A cloud can run on it for a demonstration, a test or a load measurement, with as many hosts
as one likes; given a directory, its guests survive a restart of the control plane.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import GuestNotFound, HypervisorFailed
from pileus.compute.messages import GuestSpec, GuestState, Resources
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    # Given a verb and a server's id: the reason why it shall fail now, or None.
    Fault = Callable[[str, str], str | None]

_CONSOLE_LIMIT = 100 * 1024
_FILE = "fake-guests.json"

RESOURCES = Resources(
    vcpus=16,
    memory_mb=65536,
    disk_gb=1024,
    disk_available_gb=1024,
    hypervisor_type="fake",
    hypervisor_version=1000,
    hypervisor_hostname="fake",
    cpu_info={"arch": "x86_64", "model": "Fake", "vendor": "Pileus", "features": [], "topology": {}},
    traits=("COMPUTE_NODE", "COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW"),
)


@dataclass(slots=True)
class FakeGuest:
    """One guest: what it was built from, and what became of it."""

    hostname: str
    name: str
    power_state: int = PowerState.SHUTDOWN
    console: str = ""
    boots: int = 0

    def boot(self) -> None:
        """Power on, and say so on the console."""
        self.boots += 1
        self.power_state = PowerState.RUNNING
        self.console += f"[    0.000000] Fake boot {self.boots} of {self.name}\n\n{self.hostname} login: \n"


class FakeDriver:
    """A `Driver` whose guests are entries of a dictionary.

    `latency_s` is how long each verb takes. `fault` may name a reason for any verb of any server to fail. With
    `directory` the guests are kept in a JSON file there, written after every change.
    """

    def __init__(
        self,
        resources: Resources = RESOURCES,
        *,
        directory: Path | None = None,
        latency_s: float = 0.0,
        fault: Fault | None = None,
    ) -> None:
        self.guests: dict[str, FakeGuest] = {}
        self._resources = resources
        self._file = directory / _FILE if directory else None
        self._latency_s = latency_s
        self._fault = fault
        self._lock = threading.RLock()
        self._load()

    def resources(self) -> Resources:
        """Return what the host is said to have."""
        return self._resources

    def list_guests(self) -> Sequence[GuestState]:
        """Return every guest, running or not."""
        with self._lock:
            return [
                GuestState(server_id=server_id, power_state=guest.power_state)
                for server_id, guest in self.guests.items()
            ]

    def power_state(self, server_id: str) -> PowerState:
        """Return one guest's power state. Raises GuestNotFound."""
        with self._lock:
            return PowerState(self._get(server_id).power_state)

    def spawn(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,  # noqa: ARG002 - a guest that is no machine needs no format
        config_drive: Path | None,  # noqa: ARG002 - nor reads who it is
    ) -> None:
        """Build and boot the guest. Raises HypervisorFailed when there is no such image."""
        self._enter("spawn", guest.server_id)
        if not base_image.is_file():
            raise HypervisorFailed(f"There is no base image {base_image.name}.")
        with self._lock:
            if guest.server_id in self.guests:
                return
            built = FakeGuest(hostname=guest.hostname, name=guest.name)
            built.boot()
            self.guests[guest.server_id] = built
            self._save()

    def destroy(self, server_id: str) -> None:
        """Remove the guest; that it is not there is no error."""
        self._enter("destroy", server_id)
        with self._lock:
            if self.guests.pop(server_id, None):
                self._save()

    def start(self, server_id: str) -> None:
        """Power on. Raises GuestNotFound."""
        self._enter("start", server_id)
        with self._lock:
            guest = self._get(server_id)
            if guest.power_state != PowerState.RUNNING:
                guest.boot()
                self._save()

    def stop(self, server_id: str, timeout_s: float) -> None:  # noqa: ARG002 - a fake guest obeys at once
        """Power off. Raises GuestNotFound."""
        self._enter("stop", server_id)
        with self._lock:
            self._get(server_id).power_state = PowerState.SHUTDOWN
            self._save()

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:  # noqa: ARG002 - as above
        """Restart the guest. Raises GuestNotFound."""
        self._enter("reboot", server_id)
        with self._lock:
            self._get(server_id).boot()
            self._save()

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return the console's text. Raises GuestNotFound."""
        self._enter("console_output", server_id)
        with self._lock:
            text = self._get(server_id).console[-_CONSOLE_LIMIT:]
        return text if lines is None else "".join(text.splitlines(keepends=True)[-lines:] if lines else [])

    def snapshot(self, server_id: str, target: Path) -> None:
        """Write a small, empty, but real qcow2 to `target`. Raises GuestNotFound."""
        self._enter("snapshot", server_id)
        with self._lock:
            self._get(server_id)
        target.write_bytes(empty_qcow2())

    def write_console(self, server_id: str, text: str) -> None:
        """Let the guest say something. Raises GuestNotFound."""
        with self._lock:
            self._get(server_id).console += text
            self._save()

    def set_power_state(self, server_id: str, state: PowerState) -> None:
        """Let the guest get into a state by itself, as one that crashed or shut itself down. Raises GuestNotFound."""
        with self._lock:
            self._get(server_id).power_state = state
            self._save()

    def _enter(self, verb: str, server_id: str) -> None:
        if self._latency_s:
            time.sleep(self._latency_s)
        reason = self._fault(verb, server_id) if self._fault else None
        if reason:
            raise HypervisorFailed(reason)

    def _get(self, server_id: str) -> FakeGuest:
        try:
            return self.guests[server_id]
        except KeyError:
            raise GuestNotFound(server_id=server_id) from None

    def _load(self) -> None:
        if self._file and self._file.exists():
            kept = json.loads(self._file.read_text())
            self.guests = {server_id: FakeGuest(**guest) for server_id, guest in kept.items()}

    def _save(self) -> None:
        """Keep the guests; a crash leaves the file as it was before or as it is after."""
        if not self._file:
            return
        part = self._file.with_suffix(".part")
        with part.open("w") as file:
            json.dump({server_id: asdict(guest) for server_id, guest in self.guests.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._file)


def empty_qcow2(size_bytes: int = 1 << 20) -> bytes:
    """Return an empty qcow2 (version 3) of this virtual size, at most 2 MiB, in four clusters of 512 bytes."""
    cluster = 512
    l1_entries = -(-size_bytes // (cluster // 8 * cluster))
    if l1_entries > cluster // 8:
        raise ValueError(size_bytes)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        0,  # no backing file
        0,
        9,  # clusters of 2⁹ bytes
        size_bytes,
        0,  # not encrypted
        l1_entries,
        cluster * 3,  # where the L1 table is
        cluster,  # where the refcount table is
        1,
        0,  # no snapshots
        0,
        0,  # no incompatible, compatible or autoclear features
        0,
        0,
        4,  # refcounts of 2⁴ bits
        104,
    )
    refcount_table = struct.pack(">Q", cluster * 2)
    refcounts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(cluster, b"\0") for part in (header, refcount_table, refcounts, b""))
