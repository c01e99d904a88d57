from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent.drivers.driver import Kernel
from pileus.compute.agent.drivers.empty_qcow2 import empty_qcow2
from pileus.compute.agent.image_cache import ImageCache, ImageDamaged
from pileus.compute.agent.image_format import ImageUnacceptable
from pileus.compute.messages import ImageAccess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QCOW2 = empty_qcow2()
HOLEY = b"head".ljust(1 << 20, b"\0") + b"tail" + bytes(100_000)


class Source:
    """An image service with one image."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        self.data = data
        self.error = error
        self.downloads = 0
        self.both_came = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    @contextmanager
    def download(self, image: ImageAccess) -> Iterator[Iterator[bytes]]:
        self.downloads += 1
        if self.downloads == 2:
            self.both_came.set()
        yield self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        assert self.may_go_on.wait(10)
        for start in range(0, len(self.data), 10_000):
            yield self.data[start : start + 10_000]
        if self.error:
            raise self.error


def access(**changes: Any) -> ImageAccess:
    return ImageAccess(**({"image_id": "an-image", "endpoint": "http://127.0.0.1:9292", "token": "secret"} | changes))


def make(directory: Path, data: bytes, error: Exception | None = None) -> tuple[ImageCache, Source]:
    source = Source(data, error)
    return ImageCache(directory / "_base", source.download), source


def test_an_image_is_fetched_once(tmp_path: Path) -> None:
    cache, source = make(tmp_path, QCOW2)
    assert cache.get(access()) == cache.get(access())
    assert source.downloads == 1
    base = cache.get(access())
    assert (base.path, base.format) == (tmp_path / "_base" / "an-image", "qcow2")
    assert base.path.read_bytes() == QCOW2


def test_an_image_is_fetched_once_however_many_ask_at_the_same_time(tmp_path: Path) -> None:
    cache, source = make(tmp_path, QCOW2)
    source.may_go_on.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.get, access()) for _ in range(8)]
        source.may_go_on.set()
        assert len({one.result(10).path for one in asked}) == 1
    assert source.downloads == 1


def test_different_images_do_not_wait_for_each_other(tmp_path: Path) -> None:
    cache, source = make(tmp_path, QCOW2)
    source.may_go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(cache.get, access(image_id=name)) for name in ("one", "two")]
        assert source.both_came.wait(10)
        source.may_go_on.set()
        assert [one.result(10).path.name for one in asked] == ["one", "two"]
    assert cache.list_ids() == ["one", "two"]


def test_a_base_image_cannot_be_written(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    assert cache.get(access()).path.stat().st_mode & 0o222 == 0


def test_a_raw_image_is_kept_byte_for_byte_with_holes_for_its_zeros(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, HOLEY)
    base = cache.get(access(disk_format="raw", size_bytes=len(HOLEY)))
    assert base.path.read_bytes() == HOLEY
    assert base.path.stat().st_blocks * 512 < len(HOLEY) // 2


def test_a_hash_that_agrees_is_accepted(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    digest = hashlib.sha512(QCOW2).hexdigest()
    assert cache.get(access(hash_algorithm="sha512", hash_value=digest)).path.exists()


def test_a_hash_that_disagrees_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    cache, source = make(tmp_path, QCOW2)
    with pytest.raises(ImageDamaged):
        cache.get(access(hash_algorithm="sha512", hash_value="0" * 128))
    assert list((tmp_path / "_base").iterdir()) == []
    cache.get(access())
    assert source.downloads == 2


def test_an_image_cut_short_is_refused(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    with pytest.raises(ImageDamaged, match=f"{len(QCOW2)} of 9999 bytes"):
        cache.get(access(size_bytes=9999))


def test_a_download_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2, ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        cache.get(access())
    assert list((tmp_path / "_base").iterdir()) == []


@pytest.mark.parametrize(
    ("declared", "data"), [("raw", QCOW2), ("qcow2", b"just bytes" * 100), ("qcow2", b"QFI\xfb"), ("qcow2", b"")]
)
def test_content_of_another_format_than_declared_is_refused(tmp_path: Path, declared: str, data: bytes) -> None:
    cache, _ = make(tmp_path, data)
    with pytest.raises(ImageUnacceptable):
        cache.get(access(disk_format=declared))
    assert list((tmp_path / "_base").iterdir()) == []


def test_an_image_with_a_backing_file_is_refused(tmp_path: Path) -> None:
    name = b"/etc/shadow"
    header = QCOW2[:8] + (256).to_bytes(8, "big") + len(name).to_bytes(4, "big") + QCOW2[20:256] + name
    cache, _ = make(tmp_path, header + QCOW2[len(header) :])
    with pytest.raises(ImageUnacceptable, match="backing file"):
        cache.get(access())


def test_an_image_with_its_data_elsewhere_is_refused(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2[:72] + (4).to_bytes(8, "big") + QCOW2[80:])
    with pytest.raises(ImageUnacceptable, match="external file"):
        cache.get(access())


@pytest.mark.parametrize("changes", [{"disk_format": "vmdk"}, {"container_format": "docker"}])
def test_what_hosts_cannot_boot_is_refused_before_it_is_fetched(tmp_path: Path, changes: dict[str, str]) -> None:
    cache, source = make(tmp_path, QCOW2)
    with pytest.raises(ImageUnacceptable, match="cannot be booted"):
        cache.get(access(**changes))
    assert source.downloads == 0


@pytest.mark.parametrize("image_id", ["", "../escape", "a/b", ".hidden"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, image_id: str) -> None:
    cache, source = make(tmp_path, QCOW2)
    with pytest.raises(ImageUnacceptable):
        cache.get(access(image_id=image_id))
    assert source.downloads == 0


def test_what_a_dead_process_left_is_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "_base").mkdir()
    (tmp_path / "_base" / "an-image.123.part").write_bytes(b"half")
    make(tmp_path, QCOW2)
    assert list((tmp_path / "_base").iterdir()) == []


def test_an_evicted_image_is_fetched_again(tmp_path: Path) -> None:
    cache, source = make(tmp_path, QCOW2)
    cache.get(access())
    assert cache.evict(set(), 0) == ["an-image"]
    assert cache.evict(set(), 0) == []
    cache.get(access())
    assert source.downloads == 2


def test_an_image_that_nobody_will_ask_for_again_is_forgotten_at_once(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    cache.get(access())
    for _ in range(2):
        cache.forget("an-image")
        assert cache.list_ids() == []


def test_an_image_that_a_guest_stands_on_or_that_was_asked_for_lately_is_kept(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    for name in ("one", "two"):
        cache.get(access(image_id=name))
    assert cache.evict(set(), 60) == []
    assert cache.evict({"one"}, 0) == ["two"]
    assert cache.list_ids() == ["one"]


def test_after_a_restart_an_image_counts_as_asked_for_just_now(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    cache.get(access())
    again, _ = make(tmp_path, QCOW2)
    assert again.evict(set(), 60) == []
    assert again.evict(set(), 0) == ["an-image"]


def test_what_boots_an_image_is_fetched_with_it(tmp_path: Path) -> None:
    cache, source = make(tmp_path, HOLEY)
    parts = {form: access(image_id=form, disk_format=form, container_format=form) for form in ("aki", "ari")}
    image = access(disk_format="ami", container_format="ami", kernel=parts["aki"], ramdisk=parts["ari"])
    base = cache.get(image)
    assert base.format == "raw"
    assert base.kernel == Kernel(tmp_path / "_base" / "aki", tmp_path / "_base" / "ari")
    assert base.kernel.path.read_bytes() == HOLEY
    assert source.downloads == 3


def test_who_waits_for_an_image_is_told_how_much_has_come(tmp_path: Path) -> None:
    cache, _ = make(tmp_path, QCOW2)
    told: list[tuple[int, int]] = []
    cache.get(access(size_bytes=len(QCOW2)), lambda moved, whole: told.append((moved, whole)))
    assert told[-1] == (len(QCOW2), len(QCOW2))
    assert [moved for moved, _ in told] == sorted(moved for moved, _ in told)
