"""What an agent needs of a hypervisor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from pileus.compute.messages import ConsoleAddress, GuestDiagnostics, GuestSpec, GuestState, Resources
from pileus.compute.model.power import PowerState
from pileus.kit.errors import NotFound, Unavailable

NO_DISKS: Mapping[int, Path] = MappingProxyType({})


class GuestNotFound(NotFound):
    """The hypervisor has no such guest of this cloud."""

    message = "Instance {server_id} could not be found on this host."


class HypervisorFailed(Unavailable):
    """The hypervisor refused or broke; `reason` says how, in words for the server's owner."""

    message = "{reason}"


class HostFailed(HypervisorFailed):
    """Something is wrong with the host. `why` is for who runs it: it may name files, programs and other guests."""

    message = "The hypervisor could not do it; the log of its host says why."

    def __str__(self) -> str:
        return str(self.details["why"])


@dataclass(frozen=True, slots=True)
class Kernel:
    """What boots a guest whose disk has no boot loader."""

    path: Path
    ramdisk: Path | None = None


class Driver(Protocol):
    """One hypervisor of one host, seen by one cloud.

    Every verb may be called again with the same arguments and then changes nothing more.
    A driver touches only guests that carry its cloud's id.
    """

    needs_config_drives: bool
    """Whether its guests read one: none is made for what only pretends to be a guest."""

    def resources(self) -> Resources:
        """Return what the host has."""

    def list_guests(self) -> Sequence[GuestState]:
        """Return every guest of this cloud on this host, running or not."""

    def power_state(self, server_id: str) -> PowerState:
        """Return one guest's power state. Raises GuestNotFound."""

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
        """Build the guest on a copy-on-write overlay of `base_image` and start it, if it shall run.

        `disks` are what ephemeral disks of these numbers shall hold, each a qcow2; the others are made empty.

        Does nothing to a guest that was built to its end before, even if it is switched off by now; a half-built one
        is built anew. `config_drive` and `kernel` are copied. Raises HypervisorFailed, and then leaves neither guest
        nor disks.
        """

    def destroy(self, server_id: str) -> None:
        """Remove the guest and its disks; a guest that is not there is no error. What was set aside stays."""

    def start(self, server_id: str) -> None:
        """Power on. Raises GuestNotFound."""

    def stop(self, server_id: str, timeout_s: float) -> None:
        """Ask the guest to shut down and cut its power after `timeout_s`. Raises GuestNotFound."""

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:
        """Restart the guest. Raises GuestNotFound."""

    def pause(self, server_id: str) -> None:
        """Let the guest stand still. Raises GuestNotFound."""

    def unpause(self, server_id: str) -> None:
        """Let it go on. Raises GuestNotFound."""

    def suspend(self, server_id: str) -> None:
        """Write the guest's memory to disk and power it off. Raises GuestNotFound."""

    def resume(self, server_id: str) -> None:
        """Let it go on from there. Raises GuestNotFound."""

    def rescue(
        self,
        guest: GuestSpec,
        base_image: Path,
        base_format: str,
        config_drive: Path | None,
        *,
        kernel: Kernel | None = None,
    ) -> None:
        """Restart the guest on an overlay of `base_image`, with its own root disk as the second one.

        Raises GuestNotFound, HypervisorFailed.
        """

    def unrescue(self, server_id: str) -> None:
        """Restart the guest on its own root disk, and remove the other one. Raises GuestNotFound."""

    def set_aside(self, server_id: str, target: Path | None, disks: Mapping[int, Path] = NO_DISKS) -> None:
        """Power the guest off and set it aside with its disks, so that it is no guest of this host any more.

        With `target`, write the root disk there, flattened to one qcow2, and the ephemeral disks of these numbers to
        `disks`. Raises GuestNotFound, HypervisorFailed.
        """

    def list_aside(self) -> Sequence[str]:
        """Return the servers of which something is set aside."""

    def resize(self, guest: GuestSpec, config_drive: Path | None, *, is_running: bool = True) -> None:
        """Build a guest of this size on a copy of the disk that was set aside, and start it, if it shall run.

        Raises GuestNotFound, HypervisorFailed.
        """

    def bring_back(self, server_id: str, *, is_running: bool = True) -> None:
        """Let what was set aside be the guest again, and start it, if it shall run.

        Raises GuestNotFound if there is neither.
        """

    def drop_aside(self, server_id: str) -> None:
        """Remove what was set aside; that there is nothing is no error."""

    def receive(self, guest: GuestSpec) -> None:
        """Make ready for a guest that comes by live migration. Raises HypervisorFailed."""

    def send_away(self, server_id: str, to: str) -> None:
        """Move the running guest to another host; one that is not here has left before. Raises HypervisorFailed."""

    def land(self, server_id: str, state: PowerState) -> None:
        """Finish what `receive` began: the guest has come, in this state. Raises GuestNotFound."""

    def abort_migration(self, server_id: str) -> None:
        """Give up the live migration under way. Raises HypervisorFailed if there is none."""

    def complete_migration(self, server_id: str) -> None:
        """Have the live migration under way come to an end. Raises HypervisorFailed if there is none."""

    def set_password(self, server_id: str, password: str) -> None:
        """Set the password of the guest's administrator. Raises GuestNotFound, HypervisorFailed."""

    def crash(self, server_id: str) -> None:
        """Make the guest write a dump of its memory. Raises GuestNotFound, HypervisorFailed."""

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return what the serial console has shown (at most the last 100 KiB). Raises GuestNotFound."""

    def console_address(self, server_id: str, protocol: str) -> ConsoleAddress:
        """Return where the console of a protocol (vnc, spice, serial, mks) listens.

        Raises GuestNotFound, and HypervisorFailed if the guest has no such console.
        """

    def diagnostics(self, server_id: str) -> GuestDiagnostics:
        """Return how a running guest is. Raises GuestNotFound, HypervisorFailed."""

    def snapshot(self, server_id: str, target: Path) -> None:
        """Write the root disk, flattened to one qcow2 without backing file, to `target`; the guest keeps running.

        Raises GuestNotFound, HypervisorFailed.
        """
