from __future__ import annotations

import hashlib
import itertools
import os
import struct
import subprocess
from pathlib import Path

import pytest

from pileus.image.formats import conversion
from pileus.image.formats.conversion import OUTPUT_OPTIONS, ConversionLimits, convert
from pileus.image.formats.inspection import Inspection
from pileus.image.model.digest import Digest
from pileus.image.model.errors import DataRefused, StorageFull
from pileus.image.model.format_errors import ConversionFailed, DigestMismatch, FormatNotConvertible
from tests.image import hostile

LIMITS = ConversionLimits(timeout_s=60)
DISK = b"".join(struct.pack(">Q", number) for number in range(2**17))  # 1 MiB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "raw").write_bytes(DISK)
    return tmp_path


def to(folder: Path, source: str, target_format: str, source_format: str | None = None) -> Path:
    target = folder / f"{source}-{target_format}"
    convert(folder / source, target, source_format=source_format or source, target_format=target_format, limits=LIMITS)
    return target


@pytest.mark.parametrize("between", sorted(OUTPUT_OPTIONS))
def test_a_disk_goes_through_every_format_and_back(folder: Path, between: str) -> None:
    to(folder, "raw", between).rename(folder / between)
    shares: list[float] = []
    for target_format in sorted(OUTPUT_OPTIONS):
        target = to(folder, between, target_format)
        inspection = Inspection()
        inspection.look([target.read_bytes()])
        assert inspection.conclude(target_format, target.stat().st_size) == len(DISK)
    back = folder / "back"
    done = convert(
        folder / between, back, source_format=between, target_format="raw", limits=LIMITS, progress=shares.append
    )
    assert (back.read_bytes(), done.size, done.virtual_size) == (DISK, len(DISK), len(DISK))
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_other_formats_are_not_converted(folder: Path) -> None:
    with pytest.raises(FormatNotConvertible, match="not converted from iso"):
        to(folder, "raw", "qcow2", "iso")
    with pytest.raises(FormatNotConvertible, match="not converted to ploop"):
        to(folder, "raw", "ploop")


@pytest.mark.parametrize("declared", ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"])
@pytest.mark.parametrize(
    "data",
    [
        hostile.qcow2_over("/etc/hostname"),
        hostile.qcow2(features=4),
        hostile.flat_vmdk("/etc/hostname"),
        hostile.sparse_vmdk(sectors=0, extent='RW 2048 FLAT "hostname" 0'),
        hostile.iso(),
    ],
)
def test_hostile_bytes_never_reach_qemu_img(
    folder: Path, monkeypatch: pytest.MonkeyPatch, declared: str, data: bytes
) -> None:
    (folder / "image").write_bytes(data)
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(DataRefused):
        to(folder, "image", "raw", declared)
    assert sorted(path.name for path in folder.iterdir()) == ["image", "raw"]


def test_a_digest_is_checked_before_anything_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Digest("sha256", hashlib.sha256(DISK).hexdigest())
    files = {"source_format": "raw", "target_format": "qcow2"}
    convert(folder / "raw", folder / "first", limits=LIMITS, expected=right, **files)
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(DigestMismatch):
        convert(folder / "raw", folder / "second", limits=LIMITS, expected=Digest("sha256", "0" * 64), **files)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ConversionLimits(timeout_s=0.001), "took longer than 0.001 seconds"),
        (ConversionLimits(address_space_mb=8), "failed to map|allocate"),
        (ConversionLimits(cpu_s=0), "qemu-img ended with -9"),
        (ConversionLimits(file_bytes=2**19), "the disk has 1048576 bytes, and 524288 are allowed"),
        (ConversionLimits(file_bytes=2**20), "File too large"),
    ],
)
def test_qemu_img_gets_no_more_than_it_may(folder: Path, limits: ConversionLimits, reason: str) -> None:
    target = folder / "target"
    with pytest.raises(ConversionFailed, match=reason) as caught:
        convert(folder / "raw", target, source_format="raw", target_format="qcow2", limits=limits)
    assert str(folder) not in caught.value.reason
    assert not target.exists()


@pytest.mark.parametrize("target_format", sorted(OUTPUT_OPTIONS))
def test_no_target_is_larger_than_was_asked_for_beforehand(folder: Path, target_format: str) -> None:
    (folder / "noise").write_bytes(os.urandom(2**25))
    asked: list[int] = []
    target = folder / "target"
    done = convert(
        folder / "noise",
        target,
        source_format="raw",
        target_format=target_format,
        limits=LIMITS,
        permit=asked.append,
    )
    (most,) = asked
    assert done.virtual_size <= done.size <= most


def test_what_has_no_room_is_not_begun(folder: Path) -> None:
    def refuse(most_bytes: int) -> None:
        assert not (folder / "target").exists()
        raise StorageFull(size=most_bytes)

    with pytest.raises(StorageFull):
        convert(
            folder / "raw",
            folder / "target",
            source_format="raw",
            target_format="raw",
            limits=LIMITS,
            permit=refuse,
        )
    assert not (folder / "target").exists()


def test_who_hears_of_the_progress_may_end_it(folder: Path) -> None:
    def stop(_share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        convert(
            folder / "raw",
            folder / "target",
            source_format="raw",
            target_format="qcow2",
            limits=LIMITS,
            progress=stop,
        )
    assert not (folder / "target").exists()


def test_every_call_names_the_formats(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    real = subprocess.Popen

    class Noted(real):  # type: ignore[misc, valid-type]
        def __init__(self, command: list[str], **rest: object) -> None:
            calls.append(command[command.index("--") + 2 :])
            super().__init__(command, **rest)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    to(folder, "raw", "vhd").rename(folder / "vhd")
    for source_format, target_format in itertools.product(("raw", "vhd"), ("qcow2", "vmdk")):
        to(folder, source_format, target_format)
    names = conversion.QEMU_NAMES.values()
    assert {call[0] for call in calls} == {"info", "convert"}
    for call in calls:
        assert call[call.index("-f") + 1] in names
        assert call[0] == "info" or call[call.index("-O") + 1] in names
        assert all(path.startswith("/") for path in call[call.index("--") + 1 :])
