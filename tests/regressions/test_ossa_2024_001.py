"""A QCOW2 may name another file as the place of its data, which was then read on the host."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.image import hostile
from tests.regressions.images import require_boot_refused, require_conversion_refused, require_upload_refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.bench import Site


@pytest.mark.parametrize("declared", ["qcow2", "raw"])
def test_a_qcow2_whose_data_is_in_another_file_is_refused(site: Site, tmp_path: Path, declared: str) -> None:
    secret, path = tmp_path / "secret", tmp_path / "image"
    secret.write_bytes(b"secret" * 1000)
    options = f"data_file={secret},data_file_raw=on"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, "4096"], check=True)
    data = path.read_bytes()
    assert str(secret).encode() in data
    require_upload_refused(site, declared, [data])
    require_conversion_refused(tmp_path, declared, data)
    require_boot_refused(tmp_path, declared, data)


@pytest.mark.parametrize("declared", ["qcow2", "raw"])
@pytest.mark.parametrize("data", [hostile.qcow2_over("/etc/passwd"), hostile.qcow2(features=1 << 5)])
def test_a_qcow2_with_a_backing_file_or_an_unknown_feature_is_refused(
    site: Site, tmp_path: Path, declared: str, data: bytes
) -> None:
    require_upload_refused(site, declared, [data])
    require_conversion_refused(tmp_path, declared, data)
    require_boot_refused(tmp_path, declared, data)
