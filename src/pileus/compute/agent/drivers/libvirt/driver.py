"""Guests on QEMU, through libvirt."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING
from uuid import UUID

import libvirt

from pileus.compute.agent.drivers.driver import NO_DISKS, GuestNotFound, HostFailed, HypervisorFailed
from pileus.compute.agent.drivers.libvirt import console, disk, host, snapshot
from pileus.compute.agent.drivers.libvirt.builder import Builder
from pileus.compute.agent.drivers.libvirt.cells import CpuSets
from pileus.compute.agent.drivers.libvirt.connection import Connection, translated
from pileus.compute.agent.drivers.libvirt.diagnostics import console_address_of, diagnostics_of
from pileus.compute.agent.drivers.libvirt.domain import (
    definition_of,
    power_state_of,
    set_password,
    shut_down,
    write_definition,
)
from pileus.compute.agent.drivers.libvirt.domains import Domains, forget
from pileus.compute.agent.drivers.libvirt.drive import Base, read_root_drive
from pileus.compute.agent.drivers.libvirt.files import Files, list_aside
from pileus.compute.agent.keyed_lock import KeyedLock
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pileus.compute.agent.drivers.driver import Kernel
    from pileus.compute.messages import ConsoleAddress, GuestDiagnostics, GuestSpec, GuestState, Resources

_ASIDE_TIMEOUT_S = 60.0  # for a guest to shut itself down before it is moved
_NO_LIVE_MIGRATION = "The hypervisor of this host does not move guests while they run."


class LibvirtDriver:
    """A `Driver` for the libvirt at `uri`; guests' files live under `<state>/instances/<server id>`.

    A guest that shall run is first started and then defined, so a defined domain is one that was built to its end: a
    spawn that arrives late leaves it alone even if it is switched off by now, and anything less is built anew.
    """

    needs_config_drives = True

    def __init__(
        self,
        state: Path,
        cloud_id: str,
        uri: str = "qemu:///system",
        hostname: str | None = None,
        cpu_sets: CpuSets | None = None,
    ) -> None:
        self._state = state.absolute()
        self._instances = self._state / "instances"
        self._instances.mkdir(parents=True, exist_ok=True)
        self._hostname = hostname or socket.gethostname()
        self._connection = Connection(uri, self._state / "libvirt")
        self._domains = Domains(self._connection, cloud_id)
        self._cpu_sets = cpu_sets or CpuSets()
        self._builder = Builder(self._connection, cloud_id, self._state / "libvirt" / "kvm.json", self._cpu_sets)
        self._verbs = KeyedLock()
        self._snapshots = KeyedLock()

    def close(self) -> None:
        """Hang up; guests go on."""
        self._connection.close()

    def resources(self) -> Resources:
        """Return what the host has. Raises HypervisorFailed."""
        with translated():
            machine = self._builder.machine()
            return host.read_resources(self._connection.get(), machine, self._state, self._hostname, self._cpu_sets)

    def list_guests(self) -> Sequence[GuestState]:
        """Return every guest of this cloud, running or not. Raises HypervisorFailed."""
        with translated():
            return list(self._domains.list_states())

    def power_state(self, server_id: str) -> PowerState:
        """Return one guest's power state. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return power_state_of(self._domains.get(server_id))

    # --- building -------------------------------------------------------------------------------------

    def spawn(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,
        config_drive: Path | None,
        *,
        kernel: Kernel | None = None,
        disks: Mapping[int, Path] = NO_DISKS,
        is_running: bool = True,
    ) -> None:
        """Build the guest and start it; `config_drive` and `disks` are copied. Raises HypervisorFailed."""
        files, base = self._files(guest.server_id), Base(base_image.absolute(), base_format)

        def build() -> str:
            self._builder.make_root(guest, files, base)
            return self._builder.build(guest, files, base, config_drive, kernel=kernel, disks=disks)

        self._spawn(guest, files, build, is_running=is_running)

    def resize(self, guest: GuestSpec, config_drive: Path | None, *, is_running: bool = True) -> None:
        """Build a guest of this size on a copy of the disk set aside. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(guest.server_id)
        base = files.read_aside_base(guest.server_id)

        def build() -> str:
            self._builder.copy_root(guest, files)
            return self._builder.build(guest, files, base, config_drive)

        self._spawn(guest, files, build, is_running=is_running)

    def _spawn(self, guest: GuestSpec, files: Files, build: Callable[[], str], *, is_running: bool) -> None:
        with self._verbs.hold(guest.server_id), translated():
            if self._adopt(guest.server_id, files):
                return
            self._remove(guest.server_id, files)
            self._builder.require_buildable(guest)
            try:
                files.directory.mkdir(mode=0o700)
                xml = build()
                if is_running:
                    self._domains.start_new(xml)
                self._domains.define(xml)
            except (libvirt.libvirtError, HypervisorFailed, OSError) as error:
                self._remove(guest.server_id, files)
                if isinstance(error, OSError):
                    raise HostFailed(why=f"The guest's disks could not be made: {error}") from error
                raise

    def _adopt(self, server_id: str, files: Files) -> bool:
        """Tell whether the guest was built before. One that runs but was not defined yet becomes defined."""
        domain = self._domains.find(server_id)
        if domain is None or not files.root.exists():
            return False
        if domain.isActive() and not domain.isPersistent():
            self._domains.define(definition_of(domain))
        return bool(domain.isPersistent())

    def destroy(self, server_id: str) -> None:
        """Remove the guest and its disks; that it is not there is no error. Raises HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            self._remove(server_id, files)

    def _remove(self, server_id: str, files: Files) -> None:
        """Remove all there is of a guest, wherever its building or removal stopped."""
        self._domains.remove(server_id)
        if files.directory.exists():
            shutil.rmtree(files.directory)

    # --- power ----------------------------------------------------------------------------------------

    def start(self, server_id: str) -> None:
        """Power on, or wake a paused guest. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            if not domain.isActive():
                domain.create()
            elif power_state_of(domain) == PowerState.PAUSED:
                domain.resume()

    def stop(self, server_id: str, timeout_s: float) -> None:
        """Press the power button, and cut the power after `timeout_s`. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            shut_down(self._domains.get(server_id), timeout_s)

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:
        """Switch the guest off and on, with a new QEMU. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            shut_down(domain, 0.0 if hard else timeout_s)
            domain.create()

    def pause(self, server_id: str) -> None:
        """Let the guest stand still. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            if power_state_of(domain) == PowerState.RUNNING:
                domain.suspend()

    def unpause(self, server_id: str) -> None:
        """Let it go on. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            if power_state_of(domain) == PowerState.PAUSED:
                domain.resume()

    def suspend(self, server_id: str) -> None:
        """Write the guest's memory to disk and power it off. Raises GuestNotFound, HypervisorFailed."""
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            if domain.isActive():
                domain.managedSave(0)

    def resume(self, server_id: str) -> None:
        """Let it go on from there. Raises GuestNotFound, HypervisorFailed."""
        self.start(server_id)

    # --- rescue, and setting aside --------------------------------------------------------------------

    def rescue(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,
        config_drive: Path | None,  # noqa: ARG002 - it has one
        *,
        kernel: Kernel | None = None,
    ) -> None:
        """Restart the guest on an overlay of the image. Raises GuestNotFound, HypervisorFailed."""
        files, base = self._files(guest.server_id), Base(base_image.absolute(), base_format)
        with self._verbs.hold(guest.server_id), translated():
            domain = self._domains.get(guest.server_id)
            self._builder.require_buildable(guest)
            if not files.rescued_definition.exists():
                write_definition(files.rescued_definition, definition_of(domain))
            shut_down(domain, 0.0)
            own = read_root_drive(files.rescued_definition.read_text())
            self._domains.define(self._builder.build_rescue(guest, files, base, own, kernel))
            domain.create()

    def unrescue(self, server_id: str) -> None:
        """Restart the guest on its own root disk. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            domain = self._domains.get(server_id)
            if files.rescued_definition.exists():
                shut_down(domain, 0.0)
                self._domains.define(files.rescued_definition.read_text())
                files.drop_rescue()
            if not domain.isActive():
                domain.create()

    def set_aside(self, server_id: str, target: Path | None, disks: Mapping[int, Path] = NO_DISKS) -> None:
        """Set the guest aside. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            if not files.aside.exists():
                self._leave(server_id, files)
            for number, path in disks.items():
                files.pack_aside(number, path)
            if target is not None:
                disk.flatten(files.aside / files.root.name, target)

    def _leave(self, server_id: str, files: Files) -> None:
        domain = self._domains.find(server_id)
        if domain is not None:
            shut_down(domain, _ASIDE_TIMEOUT_S)
            if not files.definition.exists():
                write_definition(files.definition, definition_of(domain))
            forget(domain)
        elif not files.definition.exists():
            raise GuestNotFound(server_id=server_id)
        files.directory.rename(files.aside)

    def list_aside(self) -> Sequence[str]:
        """Return the servers of which something is set aside."""
        return list(list_aside(self._instances))

    def bring_back(self, server_id: str, *, is_running: bool = True) -> None:
        """Let what was set aside be the guest again. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._verbs.hold(server_id), translated():
            if files.aside.exists():
                self._remove(server_id, files)
                files.aside.rename(files.directory)
            if files.definition.exists():
                self._domains.define(files.definition.read_text())
                files.definition.unlink()
            domain = self._domains.get(server_id)
            if is_running and not domain.isActive():
                domain.create()

    def drop_aside(self, server_id: str) -> None:
        """Remove what was set aside."""
        with self._verbs.hold(server_id):
            path = self._files(server_id).aside
            if path.exists():
                shutil.rmtree(path)

    # --- live migration -------------------------------------------------------------------------------

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

    # --- questions ------------------------------------------------------------------------------------

    def set_password(self, server_id: str, password: str) -> None:
        """Set root's password through the guest's agent. Raises GuestNotFound, HypervisorFailed if it has none."""
        with translated():
            set_password(self._domains.get(server_id), password)

    def crash(self, server_id: str) -> None:
        """Interrupt the guest so that it dumps its memory. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            self._domains.get(server_id).injectNMI(0)

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return the end of the console's log. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            self._domains.get(server_id)
        return console.read_tail(self._connection, self._files(server_id).console, lines)

    def console_address(self, server_id: str, protocol: str) -> ConsoleAddress:
        """Return where the console of a protocol listens. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return console_address_of(self._domains.get(server_id), protocol)

    def diagnostics(self, server_id: str) -> GuestDiagnostics:
        """Return how a running guest is. Raises GuestNotFound, HypervisorFailed."""
        with translated():
            return diagnostics_of(self._domains.get(server_id))

    def snapshot(self, server_id: str, target: Path) -> None:
        """Write the root disk, as it is at one moment, to `target`. Raises GuestNotFound, HypervisorFailed."""
        files = self._files(server_id)
        with self._snapshots.hold(server_id), translated():
            snapshot.copy_root(lambda: self._domains.get(server_id), files, target, lambda: self._verbs.hold(server_id))

    def _files(self, server_id: str) -> Files:
        """Return the guest's files. Raises GuestNotFound for what is no server's id, and so no file name."""
        try:
            return Files(self._instances / str(UUID(server_id)))
        except ValueError:
            raise GuestNotFound(server_id=server_id) from None
