"""What the operating system still has of a store's files in its memory, and what it has yet to write."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import select

from pileus.image.db import tables
from pileus.image.model.status import ACTIVE
from pileus.image.stores.filesystem import FORGET_BEHIND_BYTES, TEMPORARY, WRITE_BACK_BYTES, FilesystemStore
from pileus.kit.db import Transaction
from tests.image.bench import Site
from tests.lacking import skip_outside_ci

KEY = "7d1f3f8e-6e0c-4a5e-9d5e-0d9a4a1e1f10-0badcafe"
CACHESTAT = 451
PAGE_BYTES = os.sysconf("SC_PAGESIZE")


class Range(ctypes.Structure):
    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class Pages(ctypes.Structure):
    """How many pages of a file are in memory; of these, how many the disk does not have and how many it is getting."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("cached", "dirty", "leaving", "evicted", "lately_evicted"))
    cached: int
    dirty: int
    leaving: int


def pages(file: Path, offset: int = 0, length: int = 0) -> Pages:
    """Ask Linux; a length of 0 is up to the end."""
    found, asked = Pages(), Range(offset, length)
    with file.open("rb") as opened:
        failed = ctypes.CDLL(None, use_errno=True).syscall(
            CACHESTAT, opened.fileno(), ctypes.byref(asked), ctypes.byref(found), 0
        )
    if failed and ctypes.get_errno() == errno.ENOSYS:
        skip_outside_ci("Linux tells this since 6.5")
    assert not failed
    return found


def sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


@pytest.mark.parametrize("is_read_soon", [False, True])
def test_what_the_disk_has_is_kept_in_memory_only_if_it_is_read_soon(tmp_path: Path, *, is_read_soon: bool) -> None:
    writer = FilesystemStore("here", tmp_path, is_read_soon=is_read_soon).create(KEY, None)
    file = tmp_path / f"{KEY}{TEMPORARY}"
    before = FORGET_BEHIND_BYTES + WRITE_BACK_BYTES
    writer.write([bytes(before)])
    sync(file)
    file.read_bytes()  # a disk may be so fast that what was written is forgotten already
    writer.write([bytes(WRITE_BACK_BYTES)])
    of_before = pages(file, WRITE_BACK_BYTES, before - WRITE_BACK_BYTES).cached
    assert of_before == (FORGET_BEHIND_BYTES // PAGE_BYTES if is_read_soon else 0)
    writer.commit()
    assert (tmp_path / KEY).stat().st_size == before + WRITE_BACK_BYTES


def test_a_committed_file_is_on_the_disk(tmp_path: Path) -> None:
    writer = FilesystemStore("here", tmp_path).create(KEY, None)
    writer.write([b"x" * 2**20])
    assert pages(tmp_path / f"{KEY}{TEMPORARY}").dirty > 0
    writer.commit()
    found = pages(tmp_path / KEY)
    assert (found.dirty, found.leaving) == (0, 0)


def test_the_bytes_are_on_the_disk_before_anybody_is_told_that_the_image_is_active(site: Site) -> None:
    image_id = site.create_raw()
    seen: list[tuple[int, int]] = []

    def look(tx: Transaction) -> None:
        status = tx.scalar(select(tables.image.c.status).where(tables.image.c.id == image_id))
        if status == ACTIVE:
            (name,) = site.files()
            found = pages(site.folder / name)
            seen.append((found.dirty, found.leaving))

    site.backend.database.end_writes_with(look)
    assert site.upload(image_id, [b"x" * 2**20] * 3).status == 204
    assert seen == [(0, 0)]
