"""A guest wrote a QCOW2's header to its raw disk, and a qemu-img that was not told the format believed it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.drivers.libvirt import disk
from pileus.image.formats import conversion
from pileus.image.formats.conversion import ConversionLimits, convert
from pileus.image.model.format_errors import ConversionFailed
from tests.image import hostile
from tests.regressions.images import require_conversion_refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A qemu-img that notes how it is called."""
    folder, notes = tmp_path / "bin", tmp_path / "notes"
    folder.mkdir()
    program = folder / "qemu-img"
    program.write_text(f'#!/bin/sh\necho "$*" >> {notes}\necho \'{{"virtual-size": 512, "format": "raw"}}\'\n')
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setitem(conversion._ENVIRONMENT, "PATH", path)
    return notes


def calls(notes: Path) -> Sequence[list[str]]:
    return [line.split() for line in notes.read_text().splitlines()]


def test_a_raw_disk_with_such_a_header_is_refused(tmp_path: Path) -> None:
    require_conversion_refused(tmp_path, "raw", hostile.qcow2_over("/etc/passwd"))


def test_image_names_the_format_in_every_call(tmp_path: Path, spy: Path) -> None:
    (tmp_path / "disk").write_bytes(b"raw" * 512)
    with pytest.raises((ConversionFailed, FileNotFoundError)):  # the spy writes nothing
        convert(
            tmp_path / "disk",
            tmp_path / "out",
            source_format="raw",
            target_format="vhd",
            limits=ConversionLimits(),
        )
    assert [call[0] for call in calls(spy)] == ["info", "convert"]
    assert all(call[call.index("-f") + 1] == "raw" for call in calls(spy))
    assert calls(spy)[1][calls(spy)[1].index("-O") + 1] == "vpc"


def test_compute_names_the_format_in_every_call(tmp_path: Path, spy: Path) -> None:
    base = tmp_path / "base"
    base.write_bytes(b"raw" * 512)
    disk.create_overlay(base, "raw", tmp_path / "overlay", 1)
    disk.create_empty(tmp_path / "empty", 512)
    disk.flatten(tmp_path / "overlay", tmp_path / "flat")
    disk.virtual_size_bytes(base, "raw")
    assert len(calls(spy)) == 5
    assert all("-f" in call for call in calls(spy))
    assert all("-F" in call for call in calls(spy) if "-b" in call)
    assert all("-O" in call for call in calls(spy) if call[0] == "convert")
    base.write_bytes(hostile.qcow2_over("/etc/passwd"))
    with pytest.raises(HypervisorFailed):
        disk.create_overlay(base, "qcow2", tmp_path / "overlay", 1)
