"""Small images that boot in other ways than a disk with a boot sector."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from pileus.compute.agent.drivers.driver import Kernel
from tests.contracts import boot_sector, efi_program
from tests.lacking import skip_outside_ci

GUEST = Path(__file__).parents[2] / "guest" / "build" / "pileus-guest.qcow2"
_BOOT_CODE_BYTES = 440  # of a disk's first sector
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def cd(directory: Path) -> Path:
    """An ISO image."""
    tree, image = directory / "cd", directory / "cd.iso"
    tree.mkdir()
    (tree / "boot.img").write_bytes(boot_sector.polite().ljust(2048, b"\0"))
    _run("genisoimage", "-quiet", "-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4", "-o", image, tree)
    return image


def efi_disk(directory: Path) -> Path:
    """A raw disk that only UEFI boots."""
    require_mtools()
    image, program = directory / "efi.raw", directory / "BOOTX64.EFI"
    program.write_bytes(efi_program.greeting())
    with image.open("wb") as file:
        file.truncate(boot_sector.DISK_BYTES)
    _run("mformat", "-i", image, "::")
    _run("mmd", "-i", image, "::/EFI", "::/EFI/BOOT")
    _run("mcopy", "-i", image, program, "::/EFI/BOOT/")
    return image


def guest_without_loader(directory: Path) -> tuple[Path, Kernel]:
    """The disk of the guest image, raw and without what would boot it; and the kernel that was on it."""
    require_mtools()
    if not GUEST.exists():
        skip_outside_ci(f"there is no {GUEST}; `make guest` builds it")
    raw, kernel, ramdisk = (directory / name for name in ("guest.raw", "kernel", "ramdisk"))
    _run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", GUEST, raw)
    for name, path in (("vmlinuz", kernel), ("initrd", ramdisk)):
        _run("mcopy", "-n", "-i", f"{raw}@@1M", f"::{name}", path)
    with raw.open("rb+") as file:
        file.write(bytes(_BOOT_CODE_BYTES))
    return raw, Kernel(kernel, ramdisk)


def require_mtools() -> None:
    """Go on only where a FAT file system can be made."""
    if shutil.which("mformat", path=_PATH) is None:
        skip_outside_ci("mformat is not installed (package mtools)")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, env={**os.environ, "PATH": _PATH})
