"""Guests on QEMU, through libvirt."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING
from uuid import UUID

import libvirt

from pileus.compute.agent.drivers.driver import GuestNotFound, HostFailed, HypervisorFailed
from pileus.compute.agent.drivers.libvirt import console, disk, host, snapshot
from pileus.compute.agent.drivers.libvirt.aside import EXTRA_DISK, RESCUE_DISK, Aside, list_aside, with_own_disk
from pileus.compute.agent.drivers.libvirt.connection import Connection, translated
from pileus.compute.agent.drivers.libvirt.diagnostics import console_address_of, diagnostics_of
from pileus.compute.agent.drivers.libvirt.domain import (
    definition_of,
    ignore_gone,
    is_persistent,
    owners_of,
    power_state_of,
    shut_down,
    write_definition,
)
from pileus.compute.agent.drivers.libvirt.domain_xml import Disks, domain_name, domain_prefix, domain_xml
from pileus.compute.agent.drivers.libvirt.probe import probe
from pileus.compute.agent.keyed_lock import KeyedLock
from pileus.compute.messages import GuestState
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pileus.compute.messages import ConsoleAddress, GuestDiagnostics, GuestSpec, Resources

_ASIDE_TIMEOUT_S = 60.0  # for a guest to shut itself down before it is moved
_CONFIG_DRIVE = "disk.config"
_NO_LIVE_MIGRATION = "The hypervisor of this host does not move guests while they run."
_SNAPSHOT_ATTEMPTS = 3

_REMOVE_ALL = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


class LibvirtDriver:
    """A `Driver` for the libvirt at `uri`; guests' files live under `<state>/instances/<server id>`.

    A guest that shall run is first started and then defined, so a defined domain is one that was built to its end: a
    spawn that arrives late leaves it alone even if it is switched off by now, and anything less is built anew.
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
            return power_state_of(self._get(server_id))

    def spawn(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,
        config_drive: Path | None,
        *,
        is_running: bool = True,
    ) -> None:
        """Build the guest and start it; `config_drive` is copied. Raises HypervisorFailed."""
        base = base_image.absolute()
        self._spawn(
            guest, base, base_format, config_drive,
            lambda root: disk.create_overlay(base, base_format, root, guest.root_gb), is_running=is_running,
        )  # fmt: skip

    def _spawn(
        self,
        guest: GuestSpec,
        base: Path,
        base_format: str,
        config_drive: Path | None,
        make_root: Callable[[Path], None],
        *,
        is_running: bool,
    ) -> None:
        with self._verbs.hold(guest.server_id), translated():
            if self._adopt(guest.server_id):
                return
            self._remove(guest.server_id)
            try:
                xml = self._build(guest, base, base_format, config_drive, make_root)
                if is_running:
                    self._connection.get().createXML(xml, 0)
                self._define(xml)
            except (libvirt.libvirtError, HypervisorFailed, OSError) as error:
                self._remove(guest.server_id)
                if isinstance(error, OSError):
                    raise HostFailed(why=f"The guest's disks could not be made: {error}") from error
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
            elif power_state_of(domain) == PowerState.PAUSED:
                domain.resume()

    def stop(self, server_id: str, timeout_s: float) -> None:
        """Press the power button, and cut the power after `timeout_s`. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            shut_down(self._get(server_id), timeout_s)

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:
        """Switch the guest off and on, with a new QEMU. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            shut_down(domain, 0.0 if hard else timeout_s)
            domain.create()

    def pause(self, server_id: str) -> None:
        """Let the guest stand still. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            if power_state_of(domain) == PowerState.RUNNING:
                domain.suspend()

    def unpause(self, server_id: str) -> None:
        """Let it go on. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            if power_state_of(domain) == PowerState.PAUSED:
                domain.resume()

    def suspend(self, server_id: str) -> None:
        """Write the guest's memory to disk and power it off. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            if domain.isActive():
                domain.managedSave(0)

    def resume(self, server_id: str) -> None:
        """Let it go on from there. Raises GuestNotFound, HypervisorFailed."""
        self.start(server_id)

    def rescue(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,
        config_drive: Path | None,  # noqa: ARG002 - it has one
    ) -> None:
        """Restart the guest on an overlay of the image. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(guest.server_id)
        with self._verbs.hold(guest.server_id), translated():
            domain = self._get(guest.server_id)
            if not files.rescued_definition.exists():
                write_definition(files.rescued_definition, definition_of(domain))
            shut_down(domain, 0.0)
            own = files.rescued_definition.read_text()
            disks = self._disks(files.directory, base_image.absolute(), base_format, RESCUE_DISK)
            disks.root.unlink(missing_ok=True)
            disk.create_overlay(disks.base, base_format, disks.root, guest.root_gb)
            self._define(with_own_disk(self._xml(guest, disks), own))
            domain.create()

    def unrescue(self, server_id: str) -> None:
        """Restart the guest on its own root disk. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            domain = self._get(server_id)
            if files.rescued_definition.exists():
                shut_down(domain, 0.0)
                self._define(files.rescued_definition.read_text())
                (files.directory / RESCUE_DISK).unlink(missing_ok=True)
                files.rescued_definition.unlink()
            if not domain.isActive():
                domain.create()

    def set_aside(self, server_id: str, target: Path | None) -> None:
        """Set the guest aside. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            if not files.path.exists():
                self._leave(server_id, files)
            if target is not None:
                disk.flatten(files.path / "disk", target)

    def _leave(self, server_id: str, files: Aside) -> None:
        domain = self._find(server_id)
        if domain is not None:
            shut_down(domain, _ASIDE_TIMEOUT_S)
            if not files.definition.exists():
                write_definition(files.definition, definition_of(domain))
            domain.undefineFlags(_REMOVE_ALL)
        elif not files.definition.exists():
            raise GuestNotFound(server_id=server_id)
        files.directory.rename(files.path)

    def list_aside(self) -> Sequence[str]:
        """Return the servers of which something is set aside."""
        return list(list_aside(self._instances))

    def resize(self, guest: GuestSpec, config_drive: Path | None, *, is_running: bool = True) -> None:
        """Build a guest of this size on a copy of the disk set aside. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(guest.server_id)
        root, base, base_format = files.read_root(guest.server_id)

        def copy(target: Path) -> None:
            shutil.copyfile(root, target)
            disk.resize(target, guest.root_gb)
            files.copy_extra_disks()

        self._spawn(guest, base, base_format, config_drive, copy, is_running=is_running)

    def bring_back(self, server_id: str, *, is_running: bool = True) -> None:
        """Let what was set aside be the guest again. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            if files.path.exists():
                self._remove(server_id)
                files.path.rename(files.directory)
            if files.definition.exists():
                self._define(files.definition.read_text())
                files.definition.unlink()
            domain = self._get(server_id)
            if is_running and not domain.isActive():
                domain.create()

    def drop_aside(self, server_id: str) -> None:
        """Remove what was set aside."""
        with self._verbs.hold(server_id):
            path = self._files(server_id).path
            if path.exists():
                shutil.rmtree(path)

    def receive(self, guest: GuestSpec) -> None:  # noqa: ARG002 - whoever it is
        """Refuse: a running guest is not moved between these hosts. Raises HypervisorFailed."""
        raise HypervisorFailed(_NO_LIVE_MIGRATION)

    def send_away(self, server_id: str, to: str) -> None:  # noqa: ARG002 - wherever it is
        """Refuse. Raises HypervisorFailed."""
        raise HypervisorFailed(_NO_LIVE_MIGRATION)

    def land(self, server_id: str, state: PowerState) -> None:  # noqa: ARG002 - nothing has come
        """Refuse. Raises HypervisorFailed."""
        raise HypervisorFailed(_NO_LIVE_MIGRATION)

    def abort_migration(self, server_id: str) -> None:  # noqa: ARG002 - nothing is under way
        """Refuse. Raises HypervisorFailed."""
        raise HypervisorFailed(_NO_LIVE_MIGRATION)

    def complete_migration(self, server_id: str) -> None:  # noqa: ARG002 - nothing is under way
        """Refuse. Raises HypervisorFailed."""
        raise HypervisorFailed(_NO_LIVE_MIGRATION)

    def set_password(self, server_id: str, password: str) -> None:
        """Set root's password through the guest's agent. Raises GuestNotFound, HypervisorFailed if it has none."""
        with translated():
            self._get(server_id).setUserPassword("root", password, 0)

    def crash(self, server_id: str) -> None:
        """Interrupt the guest so that it dumps its memory. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            self._get(server_id).injectNMI(0)

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return the end of the console's log. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            self._get(server_id)
        return console.read_tail(self._connection, self._directory(server_id) / "console.log", lines)

    def console_address(self, server_id: str, protocol: str) -> ConsoleAddress:
        """Return where the console of a protocol listens. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return console_address_of(self._get(server_id), protocol)

    def diagnostics(self, server_id: str) -> GuestDiagnostics:
        """Return how a running guest is. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return diagnostics_of(self._get(server_id))

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
            self._define(definition_of(domain))
        return bool(domain.isPersistent())

    def _build(
        self,
        guest: GuestSpec,
        base: Path,
        base_format: str,
        config_drive: Path | None,
        make_root: Callable[[Path], None],
    ) -> str:
        """Make the guest's files, and return its definition."""
        directory = self._directory(guest.server_id)
        directory.mkdir(mode=0o700)
        if config_drive:
            copy = directory / _CONFIG_DRIVE
            shutil.copyfile(config_drive, copy)
            copy.chmod(0o600)
        make_root(directory / "disk")
        _make_extra_disks(guest, directory)
        disks = self._disks(directory, base, base_format, "disk")
        console.create_log(disks.console)
        return self._xml(guest, disks)

    def _disks(self, directory: Path, base: Path, base_format: str, root: str) -> Disks:
        drive = directory / _CONFIG_DRIVE
        return Disks(
            root=directory / root,
            base=base,
            base_format=base_format,
            config_drive=drive if drive.exists() else None,
            console=directory / "console.log",
            extra=Aside(directory).extra_disks,
        )

    def _xml(self, guest: GuestSpec, disks: Disks) -> str:
        return domain_xml(
            guest,
            self._cloud_id,
            disks,
            host.guest_owner(),
            kvm=self._has_kvm(),
            emulator=self._get_machine().emulator,
        )

    def _files(self, server_id: str) -> Aside:
        return Aside(self._directory(server_id))

    def _define(self, xml: str) -> None:
        self._connection.get().defineXML(xml)

    def _remove(self, server_id: str) -> None:
        """Remove all there is of a guest, wherever its building or removal stopped."""
        domain = self._find(server_id)
        if domain is not None:
            if domain.isActive():
                ignore_gone(domain.destroy)
            if is_persistent(domain):
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
        if owners_of(domain) != (self._cloud_id, server_id):
            raise HostFailed(why=f"The domain {name} is not of this cloud.")
        return domain

    def _list_states(self) -> Iterator[GuestState]:
        prefix = domain_prefix(self._cloud_id)
        for domain in self._connection.get().listAllDomains():
            if not domain.name().startswith(prefix):
                continue
            try:
                cloud_id, server_id = owners_of(domain)
                state = power_state_of(domain)
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


def _make_extra_disks(guest: GuestSpec, directory: Path) -> None:
    """Make the disks beside the root disk that are not there yet."""
    for index, wanted in enumerate(guest.disks):
        path = directory / f"{EXTRA_DISK}{index}"
        if not path.exists():
            disk.create_formatted(path, wanted.size_mb, label=None if wanted.is_swap else f"ephemeral{index}")
