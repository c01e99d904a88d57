"""What an agent needs of a hypervisor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pileus.compute.messages import GuestSpec, GuestState, Resources
from pileus.compute.model.power import PowerState
from pileus.kit.errors import NotFound, Unavailable


class GuestNotFound(NotFound):
    """The hypervisor has no such guest of this cloud."""

    message = "Instance {server_id} could not be found on this host."


class HypervisorFailed(Unavailable):
    """The hypervisor refused or broke; `reason` says how, in words for the server's owner."""

    message = "{reason}"


class Driver(Protocol):
    """One hypervisor of one host, seen by one cloud.

    Every verb may be called again with the same arguments and then changes nothing more.
    A driver touches only guests that carry its cloud's id.
    """

    def resources(self) -> Resources:
        """Return what the host has."""

    def list_guests(self) -> Sequence[GuestState]:
        """Return every guest of this cloud on this host, running or not."""

    def power_state(self, server_id: str) -> PowerState:
        """Return one guest's power state. Raises GuestNotFound."""

    def spawn(self, guest: GuestSpec, base_image: Path, base_format: str, config_drive: Path | None) -> None:
        """Build the guest on a copy-on-write overlay of `base_image` and start it.

        Does nothing to a guest that was built to its end before, even if it is switched off by now; a half-built one
        is built anew. `config_drive` is copied. Raises HypervisorFailed, and then leaves neither guest nor disks.
        """

    def destroy(self, server_id: str) -> None:
        """Remove the guest and its disks; a guest that is not there is no error."""

    def start(self, server_id: str) -> None:
        """Power on. Raises GuestNotFound."""

    def stop(self, server_id: str, timeout_s: float) -> None:
        """Ask the guest to shut down and cut its power after `timeout_s`. Raises GuestNotFound."""

    def reboot(self, server_id: str, *, hard: bool, timeout_s: float) -> None:
        """Restart the guest. Raises GuestNotFound."""

    def console_output(self, server_id: str, lines: int | None = None) -> str:
        """Return what the serial console has shown (at most the last 100 KiB). Raises GuestNotFound."""

    def snapshot(self, server_id: str, target: Path) -> None:
        """Write the root disk, flattened to one qcow2 without backing file, to `target`; the guest keeps running.

        Raises GuestNotFound, HypervisorFailed.
        """
