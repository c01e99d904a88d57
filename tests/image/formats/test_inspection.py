from __future__ import annotations

from dataclasses import replace

import pytest

from pileus.image.formats.inspection import DEFAULT_RULES, Inspection, Rules, inspect_file
from pileus.image.model.errors import DataRefused
from pileus.image.model.image import DISK_FORMATS
from tests.image import hostile

GIB = 2**30


def conclude(data: bytes, disk_format: str, rules: Rules = DEFAULT_RULES, *, piece_bytes: int = 2**16) -> int | None:
    inspection = Inspection(rules)
    for start in range(0, len(data), piece_bytes):
        inspection.look([data[start : start + piece_bytes]])
    return inspection.conclude(disk_format, len(data))


@pytest.mark.parametrize("piece_bytes", [1, 77, 2**16, 2**21])
@pytest.mark.parametrize(
    ("disk_format", "data", "virtual_size"),
    [
        ("qcow2", hostile.qcow2(virtual_size=5 * GIB)[:2000], 5 * GIB),
        ("vhd", hostile.vhd(virtual_size=3 * GIB)[:2000], 3 * GIB),
        ("vdi", hostile.vdi(virtual_size=2 * GIB)[:2000], 2 * GIB),
        ("iso", hostile.iso(blocks=1000)[:40000], 2_048_000),
        ("vmdk", hostile.sparse_vmdk()[:20000], 2**20),
        ("gpt", hostile.divided()[:2000], 2000),
        ("raw", b"anything", 8),
        ("ami", b"anything", None),
        ("ploop", b"anything", None),
    ],
)
def test_the_size_of_the_disk_is_read_however_the_bytes_come(
    disk_format: str, data: bytes, virtual_size: int | None, piece_bytes: int
) -> None:
    assert conclude(data, disk_format, piece_bytes=piece_bytes) == virtual_size


def test_an_encrypted_disk_is_as_large_as_what_follows_its_header() -> None:
    data = hostile.luks(payload_sectors=4096)
    assert conclude(data, "luks") == len(data) - 4096 * 512


@pytest.mark.parametrize("declared", sorted(set(DISK_FORMATS) - {"raw", "qcow2"}))
def test_bytes_of_another_format_are_refused_whatever_they_are_declared(declared: str) -> None:
    with pytest.raises(DataRefused, match=f"disk_format is {declared}, but the data is qcow2"):
        conclude(hostile.qcow2(), declared)


@pytest.mark.parametrize("declared", ["qcow2", "raw"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hostile.qcow2(backing_offset=256), "it has a backing file"),
        (hostile.qcow2(features=4), "its data is in another file"),
        (hostile.qcow2(features=1 << 40), "it uses features that are not known"),
        (hostile.qcow2(version=1), "not known"),
        (hostile.qcow2_over("/etc/passwd")[:300], "it has a backing file"),
    ],
)
def test_a_qcow2_that_reaches_for_other_files_is_refused_however_short_it_is(
    declared: str, data: bytes, reason: str
) -> None:
    with pytest.raises(DataRefused, match=reason):
        conclude(data, declared)


@pytest.mark.parametrize("declared", ["vmdk", "raw"])
@pytest.mark.parametrize("piece_bytes", [1, 30, 2**16])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hostile.flat_vmdk("/etc/passwd"), "the data is in other files"),
        (hostile.flat_vmdk("/etc/passwd").replace(b"# Disk", b"# \xff\1isk"), "the data is in other files"),
        (hostile.flat_vmdk("x").replace(b"monolithicFlat", b"monolithicSparse"), "the data is in other files"),
        (hostile.sparse_vmdk(kind="monolithicFlat"), "'monolithicflat' is not allowed"),
        (hostile.sparse_vmdk(extent='RW 2048 FLAT "/etc/passwd" 0'), "Invalid extent filenames"),
        (hostile.sparse_vmdk(sectors=0, extent='RW 2048 FLAT "nbd:10.0.0.1:80" 0'), "gives no size"),
        (hostile.two_faced_vmdk(), "gives no size"),
        (hostile.sparse_vmdk(extent=hostile.PARENT + 'RW 2048 SPARSE "disk"'), "differs from another disk"),
        (hostile.sparse_vmdk(at=2), "damaged"),
    ],
)
def test_a_vmdk_that_reaches_for_other_files_is_refused_however_its_bytes_come(
    declared: str, piece_bytes: int, data: bytes, reason: str
) -> None:
    with pytest.raises(DataRefused, match=reason):
        conclude(data[: 2**15], declared, piece_bytes=piece_bytes)


@pytest.mark.parametrize(("disk_format", "data"), [("vhd", hostile.vhd(kind=4)), ("vdi", hostile.vdi(kind=4))])
def test_a_disk_that_only_holds_differences_is_refused(disk_format: str, data: bytes) -> None:
    with pytest.raises(DataRefused, match="only holds what differs from another disk"):
        conclude(data, disk_format)


def test_one_format_hidden_in_another_is_refused() -> None:
    data = bytearray(hostile.iso())
    data[:512] = hostile.qcow2()[:512]
    with pytest.raises(DataRefused, match="Multiple formats detected: iso, qcow2"):
        conclude(bytes(data), "raw")


def test_a_disc_image_may_start_like_a_divided_disk() -> None:
    data = bytearray(hostile.iso(blocks=1000))
    data[:512] = hostile.divided()[:512]
    assert conclude(bytes(data), "iso") == 2_048_000


def test_a_disk_larger_than_any_is_not_believed() -> None:
    with pytest.raises(DataRefused, match="claims to be a disk of"):
        conclude(hostile.qcow2(virtual_size=2**64 - 1), "qcow2")


def test_an_operator_may_let_other_formats_pass_but_not_unsafe_ones() -> None:
    rules = replace(DEFAULT_RULES, require_match=False)
    assert conclude(hostile.qcow2(), "vmdk", rules) is None
    assert conclude(b"anything", "qcow2", rules) is None
    with pytest.raises(DataRefused, match="backing file"):
        conclude(hostile.qcow2(backing_offset=256), "vmdk", rules)


def test_an_operator_may_refuse_partition_tables_out_of_order() -> None:
    strict = replace(DEFAULT_RULES, gpt_checks_nonfatal=frozenset())
    for kinds in ((), (0xEE, 0x83)):
        data = hostile.divided(kinds=kinds)
        assert conclude(data, "raw") == len(data)
        with pytest.raises(DataRefused, match="GPT MBR"):
            conclude(data, "raw", strict)
        assert conclude(data, "aki", strict) is None
    assert conclude(hostile.divided(), "gpt", strict) == 2**16


def test_an_operator_may_allow_fewer_kinds_of_vmdk_but_no_more() -> None:
    stream_only = replace(DEFAULT_RULES, vmdk_types=frozenset({"streamoptimized"}))
    with pytest.raises(DataRefused, match=r"'monolithicsparse' is not allowed \(allowed: streamoptimized\)"):
        conclude(hostile.sparse_vmdk(), "vmdk", stream_only)
    flat_too = replace(DEFAULT_RULES, vmdk_types=frozenset({"monolithicflat"}))
    with pytest.raises(DataRefused, match="failed safety checks"):
        conclude(hostile.sparse_vmdk(kind="monolithicFlat"), "vmdk", flat_too)


def test_a_file_is_looked_at_only_as_far_as_needed(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("file") / "disk"
    path.write_bytes(hostile.qcow2())
    inspect_file(path, "qcow2").require_only("qcow2")
    with pytest.raises(DataRefused, match="disk_format is raw, but the data is qcow2"):
        inspect_file(path, "raw").require_only("raw")
