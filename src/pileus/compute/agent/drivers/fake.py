"""A hypervisor in memory: guests that boot at once, write a login prompt and keep what they are told.

It is a first-class driver. A cloud can run on it for a demonstration, a test or a load measurement, with as many hosts
as one likes; given a directory, its guests survive a restart of the control plane.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import NO_DISKS, GuestNotFound, HypervisorFailed
from pileus.compute.agent.drivers.empty_qcow2 import empty_qcow2
from pileus.compute.agent.drivers.fake_guest import (
    FakeGuest,
    content_of,
    load,
    new_guest,
    pretended_diagnostics,
    save,
    write_content,
)
from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.agent.drivers.fake_migration import ABORT, COMPLETE, FakeMigrations
from pileus.compute.messages import ConsoleAddress, GuestDiagnostics, GuestSpec, GuestState, Resources
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pileus.compute.agent.drivers.driver import Kernel

    # Given a verb and a server's id: the reason why it shall fail now, or None.
    Fault = Callable[[str, str], str | None]

_CONSOLE_LIMIT = 100 * 1024
_CONSOLE_PORTS = {"vnc": 5900, "spice": 5901, "serial": 5902, "mks": 5903}


class FakeDriver:
    """A `Driver` whose guests are entries of a dictionary.

    `latency_s` is how long each verb takes, `migration_s` how long a live migration does. `fault` may name a reason
    for any verb of any server to fail. With `directory` the guests are kept in a JSON file there, written after every
    change.
    """

    needs_config_drives = False

    def __init__(
        self,
        resources: Resources = RESOURCES,
        *,
        directory: Path | None = None,
        latency_s: float = 0.0,
        migration_s: float = 0.0,
        fault: Fault | None = None,
    ) -> None:
        kept = load(directory) if directory else ({}, {})
        self.guests: dict[str, FakeGuest] = kept[0]
        self.aside: dict[str, FakeGuest] = kept[1]
        self._resources = resources
        self._directory = directory
        self._latency_s = latency_s
        self._migrations = FakeMigrations(migration_s)
        self._fault = fault
        self._lock = threading.RLock()

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
        *,
        kernel: Kernel | None = None,  # noqa: ARG002 - nor needs to be booted
        disks: Mapping[int, Path] = NO_DISKS,
        is_running: bool = True,
    ) -> None:
        """Build the guest, and boot it. Raises HypervisorFailed when there is no such image."""
        self._enter("spawn", guest.server_id)
        if not base_image.is_file():
            raise HypervisorFailed(f"There is no base image {base_image.name}.")
        with self._lock:
            if guest.server_id in self.guests:
                return
            self.guests[guest.server_id] = built = new_guest(guest)
            built.disks.update({number: content_of(path) for number, path in disks.items()})
            if is_running:
                built.boot()
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

    def pause(self, server_id: str) -> None:
        """Let the guest stand still. Raises GuestNotFound."""
        self._enter("pause", server_id)
        self.set_power_state(server_id, PowerState.PAUSED)

    def unpause(self, server_id: str) -> None:
        """Let it go on. Raises GuestNotFound."""
        self._enter("unpause", server_id)
        self.set_power_state(server_id, PowerState.RUNNING)

    def suspend(self, server_id: str) -> None:
        """Suspend. Raises GuestNotFound."""
        self._enter("suspend", server_id)
        self.set_power_state(server_id, PowerState.SUSPENDED)

    def resume(self, server_id: str) -> None:
        """Let it go on. Raises GuestNotFound."""
        self._enter("resume", server_id)
        self.set_power_state(server_id, PowerState.RUNNING)

    def rescue(
        self,
        guest: GuestSpec,
        base_image: Path,  # noqa: ARG002 - as for spawn
        base_format: str,  # noqa: ARG002
        config_drive: Path | None,  # noqa: ARG002
        *,
        kernel: Kernel | None = None,  # noqa: ARG002
    ) -> None:
        """Boot from something else. Raises GuestNotFound."""
        self._enter("rescue", guest.server_id)
        with self._lock:
            self._restart(guest.server_id, is_rescued=True)

    def unrescue(self, server_id: str) -> None:
        """Boot as always. Raises GuestNotFound."""
        self._enter("unrescue", server_id)
        with self._lock:
            self._restart(server_id, is_rescued=False)

    def _restart(self, server_id: str, *, is_rescued: bool) -> None:
        guest = self._get(server_id)
        if guest.is_rescued != is_rescued or guest.power_state != PowerState.RUNNING:
            guest.is_rescued = is_rescued
            guest.boot()
            self._save()

    def set_aside(self, server_id: str, target: Path | None, disks: Mapping[int, Path] = NO_DISKS) -> None:
        """Put the guest away. Raises GuestNotFound."""
        self._enter("set_aside", server_id)
        with self._lock:
            if server_id not in self.aside:
                self.aside[server_id] = self._get(server_id)
            self.guests.pop(server_id, None)
            self._save()
            kept = self.aside[server_id]
        for number, path in disks.items():
            write_content(path, kept.disks[number])
        if target is not None:
            target.write_bytes(empty_qcow2())

    def list_aside(self) -> Sequence[str]:
        """Return the servers of which something is set aside."""
        with self._lock:
            return list(self.aside)

    def resize(
        self,
        guest: GuestSpec,
        config_drive: Path | None,  # noqa: ARG002 - nor reads who it is
        *,
        is_running: bool = True,
    ) -> None:
        """Build the guest again, in another size. Raises GuestNotFound."""
        self._enter("resize", guest.server_id)
        with self._lock:
            if guest.server_id in self.guests:
                return
            if guest.server_id not in self.aside:
                raise GuestNotFound(server_id=guest.server_id)
            self.guests[guest.server_id] = built = new_guest(guest)
            built.disks.update(self.aside[guest.server_id].disks)
            if is_running:
                built.boot()
            self._save()

    def bring_back(self, server_id: str, *, is_running: bool = True) -> None:
        """Take the guest back. Raises GuestNotFound."""
        self._enter("bring_back", server_id)
        with self._lock:
            if server_id in self.aside:
                self.guests[server_id] = self.aside.pop(server_id)
                self.guests[server_id].power_state = PowerState.SHUTDOWN
            if is_running:
                self._restart(server_id, is_rescued=False)
            self._get(server_id)
            self._save()

    def drop_aside(self, server_id: str) -> None:
        """Remove what was set aside."""
        self._enter("drop_aside", server_id)
        with self._lock:
            if self.aside.pop(server_id, None):
                self._save()

    def receive(self, guest: GuestSpec) -> None:
        """Wait for a guest."""
        self._enter("receive", guest.server_id)
        with self._lock:
            self.guests.setdefault(guest.server_id, new_guest(guest, PowerState.NO_STATE))
            self._save()

    def send_away(self, server_id: str, to: str) -> None:  # noqa: ARG002 - whoever receives it has it already
        """Let the guest go, after a while. Raises HypervisorFailed if that was given up."""
        self._enter("send_away", server_id)
        with self._lock:
            if server_id not in self.guests:
                return
            self._migrations.begin(server_id)
        self._migrations.await_end(server_id)
        with self._lock:
            self.guests.pop(server_id, None)
            self._save()

    def land(self, server_id: str, state: PowerState) -> None:
        """Let the guest that came be in this state. Raises GuestNotFound."""
        self._enter("land", server_id)
        self.set_power_state(server_id, state)

    def abort_migration(self, server_id: str) -> None:
        """Give up. Raises HypervisorFailed."""
        self._migrations.wish(server_id, ABORT)

    def complete_migration(self, server_id: str) -> None:
        """Come to an end. Raises HypervisorFailed."""
        self._migrations.wish(server_id, COMPLETE)

    def set_password(self, server_id: str, password: str) -> None:  # noqa: ARG002 - nobody logs in to such a guest
        """Take a password. Raises GuestNotFound."""
        self._enter("set_password", server_id)
        self.power_state(server_id)

    def crash(self, server_id: str) -> None:
        """Say so on the console. Raises GuestNotFound."""
        self._enter("crash", server_id)
        self.write_console(server_id, "Fake crash dump\n")

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return the console's text. Raises GuestNotFound."""
        self._enter("console_output", server_id)
        with self._lock:
            text = self._get(server_id).console[-_CONSOLE_LIMIT:]
        return text if lines is None else "".join(text.splitlines(keepends=True)[-lines:] if lines else [])

    def console_address(self, server_id: str, protocol: str) -> ConsoleAddress:
        """Return an address where nobody listens. Raises GuestNotFound."""
        self._enter("console_address", server_id)
        with self._lock:
            self._get(server_id)
        return ConsoleAddress(host=self._resources.hypervisor_hostname, port=_CONSOLE_PORTS[protocol])

    def diagnostics(self, server_id: str) -> GuestDiagnostics:
        """Return the same figures of every guest. Raises GuestNotFound."""
        self._enter("diagnostics", server_id)
        with self._lock:
            self._get(server_id)
        return pretended_diagnostics(server_id)

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

    def _save(self) -> None:
        if self._directory:
            save(self._directory, self.guests, self.aside)
