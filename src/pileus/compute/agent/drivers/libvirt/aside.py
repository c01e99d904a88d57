"""Guests that are set aside while their server is tried in another size, or elsewhere; and guests in rescue.

Both keep the definition that the guest shall have again as a file beside its disks. It is written before anything is
changed, so that whatever a dead process left can be taken up.
"""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import GuestNotFound
from pileus.compute.agent.drivers.libvirt.domain_xml import device_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".aside"
RESCUE_DISK = "disk.rescue"
EXTRA_DISK = "disk.extra"  # and a number
_DEFINITION = "domain.xml"
_RESCUED_DEFINITION = "unrescue.xml"


@dataclass(frozen=True, slots=True)
class Aside:
    """The files of one server, in use or set aside."""

    directory: Path  # of the guest in use

    @property
    def path(self) -> Path:
        """Where the files are that are set aside."""
        return self.directory.with_name(self.directory.name + SUFFIX)

    @property
    def definition(self) -> Path:
        """Where the definition is of a guest that is on its way aside, or back."""
        return self.directory / _DEFINITION

    @property
    def rescued_definition(self) -> Path:
        """Where the definition is that a guest in rescue shall have again."""
        return self.directory / _RESCUED_DEFINITION

    @property
    def extra_disks(self) -> tuple[Path, ...]:
        """The disks beside the root disk of the guest in use, in their order."""
        return tuple(sorted(self.directory.glob(f"{EXTRA_DISK}*")))

    def copy_extra_disks(self) -> None:
        """Give the guest in use those of the one that is set aside."""
        for path in self.path.glob(f"{EXTRA_DISK}*"):
            shutil.copyfile(path, self.directory / path.name)

    def read_root(self, server_id: str) -> tuple[Path, Path, str]:
        """Return the root disk that is set aside, what it stands on, and of which format that is.

        Raises GuestNotFound if nothing is set aside.
        """
        try:
            disk = root_disk(ET.fromstring((self.path / _DEFINITION).read_text()))  # noqa: S314 - libvirt wrote it
        except FileNotFoundError:
            raise GuestNotFound(server_id=server_id) from None
        backing = disk.find("backingStore")
        source, form = disk.find("backingStore/source"), disk.find("backingStore/format")
        assert backing is not None
        assert source is not None
        assert form is not None
        return self.path / "disk", Path(source.get("file", "")), form.get("type", "")


def list_aside(instances: Path) -> Iterator[str]:
    """Return the servers of which something is set aside."""
    for found in instances.glob(f"*{SUFFIX}"):
        yield found.name.removesuffix(SUFFIX)


def root_disk(domain: ET.Element) -> ET.Element:
    """Return the element of a domain's root disk."""
    return next(disk for disk in domain.iter("disk") if _target(disk) == "vda")


def with_own_disk(rescue_xml: str, own_xml: str) -> str:
    """Return a rescue guest's domain with the root disk of its usual one as a further disk."""
    domain = ET.fromstring(rescue_xml)  # noqa: S314 - we wrote it
    own = root_disk(ET.fromstring(own_xml))  # noqa: S314 - libvirt wrote it
    for name in ("address", "alias"):
        for element in own.findall(name):
            own.remove(element)
    target, devices = own.find("target"), domain.find("devices")
    assert target is not None
    assert devices is not None
    target.set("dev", device_name(len(devices.findall("disk"))))  # the last one
    devices.append(own)
    return ET.tostring(domain, encoding="unicode")


def _target(disk: ET.Element) -> str | None:
    target = disk.find("target")
    return None if target is None else target.get("dev")
