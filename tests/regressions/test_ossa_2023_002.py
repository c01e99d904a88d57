"""A VMDK may be a text that names the files with its data, so an image was a way to read any file of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.image import hostile
from tests.regressions.images import require_boot_refused, require_conversion_refused, require_upload_refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.bench import Site

IMAGES = [
    hostile.flat_vmdk("/etc/passwd"),
    hostile.flat_vmdk("nbd:127.0.0.1:10809"),
    hostile.sparse_vmdk(kind="monolithicFlat", extent='RW 2048 FLAT "/etc/passwd" 0'),
    hostile.sparse_vmdk(extent='RW 2048 FLAT "/etc/passwd" 0'),
    hostile.two_faced_vmdk(),
    hostile.sparse_vmdk(extent=hostile.PARENT + 'RW 2048 SPARSE "disk"'),
]


@pytest.mark.parametrize("data", IMAGES)
def test_a_vmdk_that_names_a_file_is_refused(site: Site, tmp_path: Path, data: bytes) -> None:
    require_upload_refused(site, "vmdk", [data])
    require_conversion_refused(tmp_path, "vmdk", data)


@pytest.mark.parametrize("data", IMAGES)
@pytest.mark.parametrize("declared", ["vmdk", "raw", "qcow2"])
def test_no_host_boots_one(tmp_path: Path, declared: str, data: bytes) -> None:
    require_boot_refused(tmp_path, declared, data)


@pytest.mark.parametrize("data", IMAGES[:2])
def test_it_is_recognised_also_if_its_first_piece_says_nothing(site: Site, data: bytes) -> None:
    require_upload_refused(site, "raw", [data[:20], data[20:]])
