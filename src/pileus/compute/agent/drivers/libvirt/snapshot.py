"""Copy the disk of a guest while it runs.

The copy is QEMU's own backup job, as libvirt's push backup starts it: a picture of the disk at one moment, for which
the guest never stops; what it overwrites from then on is saved to the copy first. The guest's disk and its definition
stay as they are throughout. That is why it was chosen: with a temporary overlay, a death at the wrong moment leaves a
guest on a chain that must be merged again; with a pause, it leaves a guest that stands still, and the pause is as long
as the copy. Here a death leaves a job that the next attempt cancels and a file that it overwrites.
"""

from __future__ import annotations

import shutil
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import libvirt

from pileus.compute.agent.drivers.driver import HostFailed, HypervisorFailed
from pileus.compute.agent.drivers.libvirt import disk
from pileus.compute.agent.drivers.libvirt.drive import read_root_drive, read_root_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pileus.compute.agent.drivers.libvirt.files import Files

    FindDomain = Callable[[], libvirt.virDomain]
    TakeTurn = Callable[[], AbstractContextManager[None]]

_ATTEMPTS = 3
_PAUSE_S = 0.1
_CANCEL_TIMEOUT_S = 60.0


def copy_root(find_domain: FindDomain, files: Files, target: Path, take_turn: TakeTurn) -> None:
    """Write a guest's root disk, as it is at one moment, to `target`.

    Nothing else is done to the guest while `take_turn` is held, and that is only as long as it takes to begin.
    Raises GuestNotFound, HypervisorFailed, libvirtError.
    """
    part = files.directory / "snapshot.part"
    try:
        for _attempt in range(_ATTEMPTS):
            with take_turn():
                is_whole = _begin(find_domain(), files, part)
            if is_whole or await_copy(find_domain):
                shutil.move(part, target)
                return
    finally:
        part.unlink(missing_ok=True)
    raise HypervisorFailed("The guest went up or down too often to copy its disk.")


def _begin(domain: libvirt.virDomain, files: Files, part: Path) -> bool:
    """Begin to copy the disk to `part`, and tell whether that is done: of a disk that nobody writes it is."""
    part.unlink(missing_ok=True)
    if not domain.isActive() or read_root_drive(domain.XMLDesc()).device == "cdrom":
        disk.flatten(files.root, part)
        return True
    disk.create_empty(part, disk.virtual_size_bytes(files.root, "qcow2"))
    begin_copy(domain, part)
    return False


def begin_copy(domain: libvirt.virDomain, target: Path) -> None:
    """Start copying the root disk of a running guest to `target`, an empty qcow2 of its size that is there already.

    Raises libvirtError. A job that a dead process left behind is cancelled first.
    """
    cancel_job(domain)
    device = read_root_name(domain.XMLDesc())
    domain.backupBegin(backup_xml(device, target), None, libvirt.VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL)


def await_copy(find_domain: FindDomain) -> bool:
    """Wait for the job's end and tell whether the copy is whole; no if the guest went down or libvirtd lost track.

    Raises HypervisorFailed when QEMU reports an error, libvirtError when libvirt does.
    """
    while True:
        domain = find_domain()
        if not domain.isActive():
            return False
        if domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE:
            return _is_whole(domain)
        time.sleep(_PAUSE_S)


def cancel_job(domain: libvirt.virDomain) -> None:
    """Cancel the job that the domain may have. Raises HypervisorFailed when it does not end."""
    give_up = time.monotonic() + _CANCEL_TIMEOUT_S
    while domain.jobStats()["type"] != libvirt.VIR_DOMAIN_JOB_NONE:
        if time.monotonic() > give_up:
            raise HypervisorFailed("An earlier snapshot of this guest does not end.")
        try:
            domain.abortJob()
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:  # it ended by itself meanwhile
                raise
        time.sleep(_PAUSE_S)


def backup_xml(device: str, target: Path) -> str:
    """Return the order to libvirt: the root disk, whole, to this file; nothing else."""
    root = ET.Element("domainbackup", mode="push")
    disk = ET.SubElement(ET.SubElement(root, "disks"), "disk", name=device, backup="yes", type="file")
    ET.SubElement(disk, "driver", type="qcow2")
    ET.SubElement(disk, "target", file=str(target))
    return ET.tostring(root, encoding="unicode")


def _is_whole(domain: libvirt.virDomain) -> bool:
    stats = domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    if stats["type"] == libvirt.VIR_DOMAIN_JOB_FAILED:
        raise HostFailed(why=f"The disk could not be copied: {stats.get('errmsg', 'QEMU does not say why')}.")
    return bool(stats["type"] == libvirt.VIR_DOMAIN_JOB_COMPLETED)
