"""What was declared raw was not looked at, so that a QCOW2 or VMDK under that name got past all checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.image import hostile
from tests.regressions.images import require_boot_refused, require_conversion_refused, require_upload_refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.bench import Site

CUT_SHORT = hostile.qcow2_over("/etc/passwd")[:300]
UNSAFE = [
    hostile.qcow2_over("/etc/passwd"),
    hostile.qcow2(features=4),
    hostile.flat_vmdk("/etc/passwd"),
    hostile.sparse_vmdk(extent='RW 2048 FLAT "/etc/passwd" 0'),
    hostile.sparse_vmdk(at=2, extent='RW 2048 FLAT "/etc/passwd" 0'),
]


@pytest.mark.parametrize("data", [*UNSAFE, CUT_SHORT])
@pytest.mark.parametrize("declared", ["raw", "ami", "aki", "ploop", "iso", "vhd"])
def test_content_counts_and_not_what_it_is_declared(site: Site, tmp_path: Path, declared: str, data: bytes) -> None:
    require_upload_refused(site, declared, [data])
    if declared in ("raw", "vhd"):
        require_conversion_refused(tmp_path, declared, data)


@pytest.mark.parametrize("data", [*UNSAFE, hostile.qcow2(), hostile.sparse_vmdk(), hostile.vdi(), hostile.vhd()])
@pytest.mark.parametrize("declared", ["raw", "ami", "aki", "iso"])
def test_no_host_boots_what_is_declared_as_something_else(tmp_path: Path, declared: str, data: bytes) -> None:
    require_boot_refused(tmp_path, declared, data)


@pytest.mark.parametrize("data", [hostile.qcow2(), hostile.sparse_vmdk(), hostile.vdi(), hostile.vhd()])
def test_even_a_harmless_one_is_not_converted_under_a_wrong_name(tmp_path: Path, data: bytes) -> None:
    require_conversion_refused(tmp_path, "raw", data)
