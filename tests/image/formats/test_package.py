from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pileus.image.formats import ovf
from pileus.image.formats.decompression import decompress, find_compression
from pileus.image.formats.ova import open_disk
from pileus.image.model.errors import ImageTooLarge
from pileus.image.model.format_errors import ArchiveRefused

DISK = b"disk" * 1_000_000
PASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData"


def descriptor(*, disks: int = 1, name: str = "disk.vmdk", prolog: str = "", value: str = "DMTF:x86:i386") -> bytes:
    entries = "".join(f'<Disk ovf:fileRef="file{number}"/>' for number in range(disks))
    return f"""{prolog}<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:p="{PASD}"
      xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
      <References><File ovf:href="{name}" ovf:id="file0"/><File ovf:href="other" ovf:id="file1"/></References>
      <DiskSection>{entries}</DiskSection>
      <VirtualSystem><Item><p:InstructionSet> {value} </p:InstructionSet><p:Other>no</p:Other></Item></VirtualSystem>
    </Envelope>""".encode()


def package(path: Path, *members: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveRefused) as caught, open_disk(path) as disk:
        for _ in disk.pieces():
            pass
    return caught.value.reason


def test_the_disk_and_the_processors_properties_come_out_of_a_package(tmp_path: Path) -> None:
    path = package(tmp_path / "a.ova", ("a.ovf", descriptor()), ("disk.vmdk", DISK), ("other", b"no"))
    with open_disk(path) as disk:
        assert disk.size == len(DISK)
        assert b"".join(disk.pieces()) == DISK
        assert disk.properties == {"cim_pasd_InstructionSet": "DMTF:x86:i386"}
    with open_disk(path, wanted=["Other"]) as disk:
        assert disk.properties == {"cim_pasd_Other": "no"}
    assert [each.name for each in tmp_path.iterdir()] == ["a.ova"]


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_a_package_reaches_for_nothing_outside(tmp_path: Path) -> None:
    path = tmp_path / "a.ova"
    for name in ("/etc/passwd", "../../etc/passwd", "file:///etc/passwd"):
        assert "does not have the disk" in refusal(package(path, ("a.ovf", descriptor(name=name)), ("d", DISK)))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        members = [("a.ovf", descriptor()), (link("disk.vmdk", "/etc/passwd", kind), b"")]
        assert "does not have the disk" in refusal(package(path, *members))
    assert "no OVF descriptor" in refusal(package(path, (link("a.ovf", "/etc/passwd"), b"")))


def test_a_package_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ova"
    assert "no OVF descriptor" in refusal(package(path, ("disk.vmdk", DISK)))
    assert "names 2" in refusal(package(path, ("a.ovf", descriptor(disks=2)), ("disk.vmdk", DISK)))
    assert "names 0" in refusal(package(path, ("a.ovf", descriptor(disks=0)), ("disk.vmdk", DISK)))
    assert "not XML" in refusal(package(path, ("a.ovf", b"<a><b></a>"), ("disk.vmdk", DISK)))
    assert "more than 1048576 bytes" in refusal(package(path, ("a.ovf", b" " * 2**20 + descriptor())))
    path.write_bytes(DISK)
    assert "not a tar file" in refusal(path)
    path.write_bytes(gzip.compress(package(path, ("a.ovf", descriptor())).read_bytes()))
    assert "not a tar file" in refusal(path)


def test_a_package_cut_short_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "a.ova", ("a.ovf", descriptor()), ("disk.vmdk", DISK))
    path.write_bytes(path.read_bytes()[:2_000_000])
    assert "damaged" in refusal(path) or "ends before" in refusal(path)


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x" * 50)
    member.type = tarfile.XHDTYPE
    path = package(tmp_path / "a.ova", (member, b"1" * 2**23), ("a.ovf", descriptor()))
    assert "a header of the tar file is too large" in refusal(path)


def test_a_descriptor_declares_no_entities() -> None:
    laughs = '<!DOCTYPE e [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    reader = '<!DOCTYPE e [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    for prolog in (laughs, reader, '<!DOCTYPE e SYSTEM "http://127.0.0.1/">'):
        with pytest.raises(ArchiveRefused, match="DTD"):
            ovf.parse(descriptor(prolog=prolog, value="&b;"))


def zipped(path: Path, *names: str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, DISK)
    return path


def test_gzip_and_a_zip_of_one_file_are_undone(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(DISK[:100]) + gzip.compress(DISK[100:]))
    zipped(tmp_path / "a.zip", "../../etc/disk")
    for name, kind in (("a.gz", "gzip"), ("a.zip", "zip")):
        assert find_compression(tmp_path / name) == kind
        pieces = list(decompress(tmp_path / name, kind, limit_bytes=len(DISK)))
        assert b"".join(pieces) == DISK
        assert max(map(len, pieces)) <= 2**20
    (tmp_path / "a").write_bytes(DISK)
    assert find_compression(tmp_path / "a") is None


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_bomb_is_stopped_as_soon_as_it_is_too_large(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb"
    if kind == "gzip":
        path.write_bytes(gzip.compress(bytes(2**25)))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb", bytes(2**25))
    seen: list[int] = []
    with pytest.raises(ImageTooLarge):
        seen.extend(len(piece) for piece in decompress(path, kind, limit_bytes=2**21))
    assert sum(seen) <= 2**21


def broken_zips(path: Path) -> Iterator[bytes]:
    for names in ((), ("a", "b"), ("folder/",)):
        yield zipped(path, *names).read_bytes()
    yield zipped(path, "a", method=zipfile.ZIP_LZMA).read_bytes()
    yield zipped(path, "a").read_bytes()[:-100]
    yield zipped(path, "a", method=zipfile.ZIP_STORED).read_bytes().replace(b"disk", b"desk", 1)


def broken_gzips() -> Iterator[bytes]:
    whole = gzip.compress(DISK)
    yield from (whole[:-1], whole[:-8] + bytes(8), whole + b"rubbish", whole[:20] + bytes(100))


def test_an_archive_of_other_than_one_file_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for kind, data in [("zip", data) for data in broken_zips(path)] + [("gzip", data) for data in broken_gzips()]:
        path.write_bytes(data)
        with pytest.raises(ArchiveRefused):
            list(decompress(path, kind, limit_bytes=2**30))
