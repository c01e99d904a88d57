"""The files of one guest.

They are in a directory of its own while it is in use, and in another beside that while it is set aside. Whoever sets a
guest aside or rescues it first writes down the definition that it shall have again, so that whatever a dead process
left can be taken up.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import GuestNotFound, HypervisorFailed, Kernel
from pileus.compute.agent.drivers.libvirt import disk
from pileus.compute.agent.drivers.libvirt.drive import ROOT_DISK, Base, read_root_drive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pileus.compute.messages import GuestSpec

_SUFFIX = ".aside"
_EPHEMERAL = "disk.eph"  # and a number
_SWAP = "disk.swap"
_RESCUE = ".rescue"
_SMALL = ("kernel", "ramdisk", "nvram")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one guest, in use or set aside."""

    directory: Path  # of the guest in use

    @property
    def aside(self) -> Path:
        """Where the files are that are set aside."""
        return self.directory.with_name(self.directory.name + _SUFFIX)

    @property
    def definition(self) -> Path:
        """Where the definition is of a guest that is on its way aside, or back."""
        return self.directory / "domain.xml"

    @property
    def rescued_definition(self) -> Path:
        """Where the definition is that a guest in rescue shall have again."""
        return self.directory / "unrescue.xml"

    @property
    def root(self) -> Path:
        """The root disk."""
        return self.directory / ROOT_DISK

    @property
    def rescue_root(self) -> Path:
        """The root disk of a guest in rescue."""
        return self.directory / f"{ROOT_DISK}{_RESCUE}"

    @property
    def config_drive(self) -> Path:
        """The CD image that tells the guest who it is; there may be none."""
        return self.directory / "disk.config"

    @property
    def console(self) -> Path:
        """The log of the serial console."""
        return self.directory / "console.log"

    @property
    def nvram(self) -> Path:
        """The variables of the guest's UEFI firmware."""
        return self.directory / "nvram"

    @property
    def extra_disks(self) -> tuple[Path, ...]:
        """The disks beside the root disk, in their order."""
        return (*sorted(self.directory.glob(f"{_EPHEMERAL}*")), *self.directory.glob(_SWAP))

    def copy_config_drive(self, source: Path) -> None:
        """Keep a copy of the config drive. It may hold secrets of the guest's owner."""
        shutil.copyfile(source, self.config_drive)
        self.config_drive.chmod(0o600)

    def copy_kernel(self, kernel: Kernel | None, *, is_rescue: bool = False) -> None:
        """Keep copies of what boots the guest, so that it needs no image's file but that of its root disk."""
        target = self._kernel_at(is_rescue=is_rescue)
        assert target.ramdisk
        for path in (target.path, target.ramdisk):
            path.unlink(missing_ok=True)
        if kernel:
            shutil.copyfile(kernel.path, target.path)
        if kernel and kernel.ramdisk:
            shutil.copyfile(kernel.ramdisk, target.ramdisk)

    def find_kernel(self, *, is_rescue: bool = False) -> Kernel | None:
        """Return what boots the guest, None if its disk does."""
        found = self._kernel_at(is_rescue=is_rescue)
        if not found.path.exists():
            return None
        return found if found.ramdisk and found.ramdisk.exists() else Kernel(found.path)

    def _kernel_at(self, *, is_rescue: bool) -> Kernel:
        suffix = _RESCUE if is_rescue else ""
        return Kernel(self.directory / f"kernel{suffix}", self.directory / f"ramdisk{suffix}")

    def pack_aside(self, number: int, target: Path) -> None:
        """Write an ephemeral disk that is set aside to a qcow2. Raises HypervisorFailed."""
        disk.pack(self.aside / f"{_EPHEMERAL}{number}", target)

    def make_extra_disks(self, guest: GuestSpec, contents: Mapping[int, Path]) -> None:
        """Make the disks beside the root disk that are not there yet; `contents` of ephemeral ones, by number."""
        ephemeral = [one for one in guest.disks if not one.is_swap]
        for index, wanted in enumerate(ephemeral):
            path = self.directory / f"{_EPHEMERAL}{index}"
            if index in contents:
                disk.unpack(contents[index], path)
            if path.exists():
                disk.grow_raw(path, wanted.size_mb)
            else:
                disk.create_formatted(path, wanted.size_mb, label=f"ephemeral{index}")
        for wanted in guest.disks:
            if wanted.is_swap:
                disk.create_formatted(self.directory / _SWAP, wanted.size_mb, label=None)

    def copy_from_aside(self) -> None:
        """Give the guest in use what the one that is set aside remembers, beside its root disk."""
        for path in (*self.aside.glob(f"{_EPHEMERAL}*"), *(self.aside / name for name in _SMALL)):
            if path.exists():
                disk.copy(path, self.directory / path.name)

    def read_aside_base(self, server_id: str) -> Base:
        """Return what the root disk that is set aside stands on. Raises GuestNotFound if nothing is set aside."""
        try:
            found = read_root_drive((self.aside / self.definition.name).read_text()).base
        except FileNotFoundError:
            raise GuestNotFound(server_id=server_id) from None
        if found is None:
            raise HypervisorFailed("The disk that was set aside stands on nothing that is known.")
        return found

    def drop_rescue(self) -> None:
        """Remove what only a guest in rescue needs; its mark last."""
        for path in self.directory.glob(f"*{_RESCUE}"):
            path.unlink()
        self.rescued_definition.unlink(missing_ok=True)


def list_aside(instances: Path) -> Iterator[str]:
    """Return the servers of which something is set aside."""
    for found in instances.glob(f"*{_SUFFIX}"):
        yield found.name.removesuffix(_SUFFIX)
