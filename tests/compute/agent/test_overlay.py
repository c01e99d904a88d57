from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.empty_qcow2 import empty_qcow2
from pileus.compute.agent.overlay import bases_in_use
from tests.lacking import require_program

if TYPE_CHECKING:
    from pathlib import Path


def overlay(instances: Path, guest: str, base: str) -> Path:
    """A guest's disk, as far as its header says what it stands on."""
    name = base.encode()
    disk = instances / guest / "disk"
    disk.parent.mkdir(parents=True)
    disk.write_bytes(struct.pack(">4sIQI", b"QFI\xfb", 3, 512, len(name)).ljust(512, b"\0") + name)
    return disk


def test_disks_say_what_they_stand_on(tmp_path: Path) -> None:
    overlay(tmp_path, "one", "/state/instances/_base/image-1")
    overlay(tmp_path, "two", "/state/instances/_base/image-1")
    overlay(tmp_path, "three", "/state/instances/_base/image-2")
    (tmp_path / "half-built").mkdir()
    assert bases_in_use(tmp_path) == {"image-1", "image-2"}


def test_a_disk_that_stands_alone_uses_nothing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "disk").write_bytes(empty_qcow2())
    assert bases_in_use(tmp_path) == set()


@pytest.mark.parametrize("data", [b"", b"not a qcow2 at all, but long enough"])
def test_a_disk_that_says_nothing_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "disk").write_bytes(data)
    with pytest.raises(ValueError, match="is no qcow2"):
        bases_in_use(tmp_path)


def test_what_qemu_makes_is_understood(tmp_path: Path) -> None:
    require_program("qemu-img", "qemu-utils")
    (tmp_path / "_base").mkdir()
    base = tmp_path / "_base" / "an-image"
    base.write_bytes(empty_qcow2())
    (tmp_path / "one").mkdir()
    create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(tmp_path / "one" / "disk")]
    subprocess.run(create, check=True)
    assert bases_in_use(tmp_path) == {"an-image"}
