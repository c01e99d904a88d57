"""Guests on QEMU, through libvirt."""

from __future__ import annotations

import shutil
import socket
import time
from typing import TYPE_CHECKING
from uuid import UUID

import libvirt

from pileus.compute.agent.drivers.driver import GuestNotFound, HypervisorFailed
from pileus.compute.agent.drivers.libvirt import console, disk, host, snapshot
from pileus.compute.agent.drivers.libvirt.connection import Connection, translated
from pileus.compute.agent.drivers.libvirt.domain_xml import (
    NAMESPACE,
    Disks,
    domain_name,
    domain_prefix,
    domain_xml,
    owner_ids,
)
from pileus.compute.agent.drivers.libvirt.probe import probe
from pileus.compute.agent.keyed_lock import KeyedLock
from pileus.compute.messages import GuestState
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pileus.compute.messages import GuestSpec, Resources

_ASK_AGAIN_S = 10.0  # a guest that is still booting does not hear the power button
_PAUSE_S = 0.1
_SNAPSHOT_ATTEMPTS = 3

_POWER_STATE = {
    libvirt.VIR_DOMAIN_NOSTATE: PowerState.NO_STATE,
    libvirt.VIR_DOMAIN_RUNNING: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: PowerState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: PowerState.RUNNING,  # on its way down, not there yet
    libvirt.VIR_DOMAIN_SHUTOFF: PowerState.SHUTDOWN,
    libvirt.VIR_DOMAIN_CRASHED: PowerState.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: PowerState.SUSPENDED,
}
_REMOVE_ALL = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


class LibvirtDriver:
    """A `Driver` for the libvirt at `uri`; guests' files live under `<state>/instances/<server id>`.

    A guest is first started and then defined, so a defined domain is one that was built to its end: a spawn that
    arrives late leaves it alone even if it is switched off by now, and anything less is built anew.
    """

    def __init__(self, state: Path, cloud_id: str, uri: str = "qemu:///system", hostname: str | None = None) -> None:
        self._state = state.absolute()
        self._instances = self._state / "instances"
        self._instances.mkdir(parents=True, exist_ok=True)
        self._cloud_id = cloud_id
        self._hostname = hostname or socket.gethostname()
        self._connection = Connection(uri, self._state / "libvirt")
        self._verbs = KeyedLock()
        self._snapshots = KeyedLock()
        self._machine: host.Machine | None = None

    def close(self) -> None:
        """Hang up; guests go on."""
        self._connection.close()

    def resources(self) -> Resources:
        """Return what the host has. Raises HypervisorFailed."""
        with translated():
            return host.read_resources(self._connection.get(), self._get_machine(), self._state, self._hostname)

    def list_guests(self) -> Sequence[GuestState]:
        """Return every guest of this cloud, running or not. Raises HypervisorFailed."""
        with translated():
            return list(self._list_states())

    def power_state(self, server_id: str) -> PowerState:
        """Return one guest's power state. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return _power_state(self._get(server_id))

    def spawn(self, guest: GuestSpec, base_image: Path, base_format: str, config_drive: Path | None) -> None:
        """Build the guest and start it; `config_drive` is copied. Raises HypervisorFailed."""
        with self._verbs.hold(guest.server_id), translated():
            if self._adopt(guest.server_id):
                return
            self._remove(guest.server_id)
            try:
                self._build(guest, base_image.absolute(), base_format, config_drive)
            except (libvirt.libvirtError, HypervisorFailed, OSError) as error:
                self._remove(guest.server_id)
                if isinstance(error, OSError):
                    raise HypervisorFailed(f"The guest's disks could not be made: {error}") from error
                raise

    def destroy(self, server_id: str) -> None:
        """Remove the guest and its disks; that it is not there is no error. Raises HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            self._remove(server_id)

    def start(self, server_id: str) -> None:
        """Power on, or wake a paused guest. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            if not domain.isActive():
                domain.create()
            elif _power_state(domain) == PowerState.PAUSED:
                domain.resume()

    def stop(self, server_id: str, timeout_s: float) -> None:
        """Press the power button, and cut the power after `timeout_s`. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            _shut_down(self._get(server_id), timeout_s)

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:
        """Switch the guest off and on, with a new QEMU. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            _shut_down(domain, 0.0 if hard else timeout_s)
            domain.create()

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return the end of the console's log. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            self._get(server_id)
        return console.read_tail(self._connection, self._directory(server_id) / "console.log", lines)

    def snapshot(self, server_id: str, target: Path) -> None:
        """Write the root disk, as it is at one moment, to `target`. Raises GuestNotFound, HypervisorFailed."""
        part = self._directory(server_id) / "snapshot.part"
        with self._snapshots.hold(server_id), translated():
            try:
                for _attempt in range(_SNAPSHOT_ATTEMPTS):
                    if self._copy(server_id, part):
                        shutil.move(part, target)
                        return
            finally:
                part.unlink(missing_ok=True)
        raise HypervisorFailed("The guest went up or down too often to copy its disk.")

    def _copy(self, server_id: str, part: Path) -> bool:
        """Copy the disk to `part`, and tell whether it came out whole."""
        root = part.with_name("disk")
        with self._verbs.hold(server_id):
            domain = self._get(server_id)
            part.unlink(missing_ok=True)
            if not domain.isActive():
                disk.flatten(root, part)
                return True
            disk.create_empty(part, disk.virtual_size_bytes(root, "qcow2"))
            snapshot.begin_copy(domain, part)
        return snapshot.await_copy(lambda: self._get(server_id))

    def _adopt(self, server_id: str) -> bool:
        """Tell whether the guest was built before. One that runs but was not defined yet becomes defined."""
        domain = self._find(server_id)
        if domain is None or not (self._directory(server_id) / "disk").exists():
            return False
        if domain.isActive() and not domain.isPersistent():
            self._define(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE))
        return bool(domain.isPersistent())

    def _build(self, guest: GuestSpec, base_image: Path, base_format: str, config_drive: Path | None) -> None:
        directory = self._directory(guest.server_id)
        directory.mkdir(mode=0o700)
        disks = Disks(
            root=directory / "disk",
            base=base_image,
            base_format=base_format,
            config_drive=directory / "disk.config" if config_drive else None,
            console=directory / "console.log",
        )
        if config_drive and disks.config_drive:
            shutil.copyfile(config_drive, disks.config_drive)
            disks.config_drive.chmod(0o600)
        disk.create_overlay(base_image, base_format, disks.root, guest.root_gb)
        console.create_log(disks.console)
        xml = domain_xml(
            guest,
            self._cloud_id,
            disks,
            host.guest_owner(),
            kvm=self._has_kvm(),
            emulator=self._get_machine().emulator,
        )
        self._connection.get().createXML(xml, 0)
        self._define(xml)

    def _define(self, xml: str) -> None:
        self._connection.get().defineXML(xml)

    def _remove(self, server_id: str) -> None:
        """Remove all there is of a guest, wherever its building or removal stopped."""
        domain = self._find(server_id)
        if domain is not None:
            if domain.isActive():
                _ignore_gone(domain.destroy)
            if _is_persistent(domain):
                domain.undefineFlags(_REMOVE_ALL)
        directory = self._directory(server_id)
        if directory.exists():
            shutil.rmtree(directory)

    def _directory(self, server_id: str) -> Path:
        """Return where the guest's files are. Raises GuestNotFound for what is no server's id, and so no file name."""
        try:
            return self._instances / str(UUID(server_id))
        except ValueError:
            raise GuestNotFound(server_id=server_id) from None

    def _get(self, server_id: str) -> libvirt.virDomain:
        domain = self._find(server_id)
        if domain is None:
            raise GuestNotFound(server_id=server_id)
        return domain

    def _find(self, server_id: str) -> libvirt.virDomain | None:
        """Return the domain of this guest. Raises HypervisorFailed where its name is somebody else's."""
        name = domain_name(self._cloud_id, server_id)
        try:
            domain = self._connection.get().lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise
        if _owner_ids(domain) != (self._cloud_id, server_id):
            raise HypervisorFailed(f"The domain {name} is not of this cloud.")
        return domain

    def _list_states(self) -> Iterator[GuestState]:
        prefix = domain_prefix(self._cloud_id)
        for domain in self._connection.get().listAllDomains():
            if not domain.name().startswith(prefix):
                continue
            try:
                cloud_id, server_id = _owner_ids(domain)
                state = _power_state(domain)
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                    continue  # it went while we looked
                raise
            if cloud_id == self._cloud_id and server_id:
                yield GuestState(server_id=server_id, power_state=state)

    def _get_machine(self) -> host.Machine:
        if self._machine is None:
            self._machine = host.read_machine(self._connection.get(), kvm=self._has_kvm())
        return self._machine

    def _has_kvm(self) -> bool:
        return probe(self._state / "libvirt" / "kvm.json").kvm


def _power_state(domain: libvirt.virDomain) -> PowerState:
    return _POWER_STATE.get(domain.state()[0], PowerState.NO_STATE)


def _owner_ids(domain: libvirt.virDomain) -> tuple[str | None, str | None]:
    try:
        return owner_ids(domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None, None
        raise


def _is_persistent(domain: libvirt.virDomain) -> bool:
    try:
        return bool(domain.isPersistent())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return False  # it was never defined, and is gone with its process
        raise


def _shut_down(domain: libvirt.virDomain, timeout_s: float) -> None:
    """Ask until the guest is down or the time is up, then cut its power."""
    now = begun = time.monotonic()
    ask_at = begun
    while domain.isActive() and now < begun + timeout_s:
        if now >= ask_at:
            _ignore_gone(domain.shutdown)
            ask_at = now + _ASK_AGAIN_S
        time.sleep(_PAUSE_S)
        now = time.monotonic()
    if domain.isActive():
        _ignore_gone(domain.destroy)


def _ignore_gone(verb: Callable[[], object]) -> None:
    """Call a domain's verb; that the domain went down by itself meanwhile is no error."""
    try:
        verb()
    except libvirt.libvirtError as error:
        if error.get_error_code() not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN):
            raise
