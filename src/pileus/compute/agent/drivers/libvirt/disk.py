"""Disks of guests, made by qemu-img.

Every call states every format, so that content never chooses how it is read, and runs under limits: an image comes from
a user, and a crafted one could make a parser take all of the host's memory or time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import HostFailed, HypervisorFailed
from pileus.compute.agent.image_format import ImageUnacceptable, require_safe

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1 << 20
_GIB = 1 << 30
_ADDRESS_SPACE_BYTES = 4 * _GIB
_QUICK_CPU_S = 30
_COPY_CPU_S = 4 * 3600


def create_overlay(base: Path, base_format: str, target: Path, root_gb: int) -> None:
    """Make `target` a qcow2 that shows `base` and takes all writes; `root_gb` 0 is as large as the base.

    Raises HypervisorFailed when the base is not what it is said to be, stands on another file, or is too large.
    """
    require_base(base, base_format)
    size_bytes = root_gb * _GIB
    needed_bytes = virtual_size_bytes(base, base_format)
    if root_gb and needed_bytes > size_bytes:
        raise HypervisorFailed(
            f"The image needs a disk of {-(-needed_bytes // _GIB)} GiB, more than the flavor's {root_gb} GiB."
        )
    size = [str(size_bytes)] if root_gb else []
    _run("create", "-q", "-f", "qcow2", "-F", base_format, "-b", str(base), str(target), *size)


def create_empty(target: Path, size_bytes: int) -> None:
    """Make `target` an empty qcow2. Raises HypervisorFailed."""
    _run("create", "-q", "-f", "qcow2", str(target), str(size_bytes))


def create_formatted(target: Path, size_mb: int, *, label: str | None) -> None:
    """Make `target` a raw disk with an ext4 filesystem of this label, or one to swap to. Raises HypervisorFailed."""
    with target.open("wb") as file:
        file.truncate(size_mb * _MIB)
    command = ["mkswap"] if label is None else ["mkfs.ext4", "-q", "-F", "-L", label]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    tool = shutil.which(command[0], path=path)
    if tool is None:
        raise HypervisorFailed(f"There is no {command[0]}: install the package util-linux or e2fsprogs.")
    done = subprocess.run(
        [tool, *command[1:], str(target)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise HostFailed(why=f"{command[0]} failed: {done.stderr.strip()[-300:]}")


def pack(source: Path, target: Path) -> None:
    """Copy a raw disk that nobody writes to a qcow2. Raises HypervisorFailed."""
    _run("convert", "-q", "-f", "raw", "-O", "qcow2", str(source), str(target), cpu_s=_COPY_CPU_S)


def unpack(source: Path, target: Path) -> None:
    """Copy what a qcow2 that stands on nothing shows to a raw disk. Raises HypervisorFailed."""
    require_base(source, "qcow2")
    _run("convert", "-q", "-f", "qcow2", "-O", "raw", str(source), str(target), cpu_s=_COPY_CPU_S)


def copy(source: Path, target: Path) -> None:
    """Copy a file, holes and all; where the file system can, without its bytes. Raises HypervisorFailed."""
    done = subprocess.run(
        ["cp", "--reflink=auto", "--sparse=always", "--", str(source), str(target)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if done.returncode:
        raise HostFailed(why=f"cp failed: {done.stderr.strip()[-300:]}")


def grow_raw(path: Path, size_mb: int) -> None:
    """Let a raw disk be this large; what is on it stays. Raises HypervisorFailed if it is larger."""
    has_mb = -(-path.stat().st_size // _MIB)
    if has_mb > size_mb:
        raise HypervisorFailed(f"A disk has {has_mb} MiB and cannot shrink to {size_mb} MiB.")
    with path.open("rb+") as file:
        file.truncate(size_mb * _MIB)


def resize(path: Path, root_gb: int) -> None:
    """Let a qcow2 that nobody uses be this large, or as large as it is for 0. Raises HypervisorFailed."""
    size_bytes = root_gb * _GIB
    has_bytes = virtual_size_bytes(path, "qcow2")
    if root_gb and has_bytes > size_bytes:
        raise HypervisorFailed(f"The disk has {-(-has_bytes // _GIB)} GiB and cannot shrink to {root_gb} GiB.")
    if has_bytes < size_bytes:
        _run("resize", "-q", "-f", "qcow2", str(path), str(size_bytes))


def flatten(source: Path, target: Path) -> None:
    """Copy what the qcow2 `source` shows, base and all, to one qcow2; nobody may write `source` meanwhile.

    Raises HypervisorFailed.
    """
    _run("convert", "-q", "-f", "qcow2", "-O", "qcow2", str(source), str(target), cpu_s=_COPY_CPU_S)


def virtual_size_bytes(path: Path, image_format: str) -> int:
    """Return how large the disk is that a guest sees, even of a disk in use. Raises HypervisorFailed."""
    found = json.loads(_run("info", "-U", "--output=json", "-f", image_format, str(path)))
    return int(found["virtual-size"])


def require_base(base: Path, base_format: str) -> None:
    """Check that guests may be built on `base`. Raises HypervisorFailed."""
    try:
        require_safe(base, base_format)
    except ImageUnacceptable as error:
        raise HypervisorFailed(error.reason) from error
    except OSError as error:
        raise HostFailed(why=str(error)) from error


def _run(*arguments: str, cpu_s: int = _QUICK_CPU_S) -> str:
    limits = ["prlimit", f"--as={_ADDRESS_SPACE_BYTES}", f"--cpu={cpu_s}", "--core=0", "--"]
    try:
        done = subprocess.run(
            [*limits, _qemu_img(), *arguments],
            capture_output=True,
            text=True,
            timeout=cpu_s * 4,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostFailed(why=f"qemu-img {arguments[0]} failed: {error}") from error
    if done.returncode:
        said = done.stderr.strip()[-300:] or f"exit status {done.returncode}"
        raise HostFailed(why=f"qemu-img {arguments[0]} failed: {said}")
    return done.stdout


def _qemu_img() -> str:
    found = shutil.which("qemu-img")
    if found is None:
        raise HypervisorFailed("There is no qemu-img: install the package qemu-utils (or qemu-img).")
    return found
