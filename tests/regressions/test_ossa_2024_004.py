"""A downloaded image was converted before its checksum was compared, and the checksum was then never compared."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.image_cache import ImageDamaged
from pileus.image.formats.conversion import ConversionLimits, convert
from pileus.image.model.digest import Digest
from pileus.image.model.format_errors import DigestMismatch
from tests.image import hostile
from tests.regressions.images import host_access, host_cache

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.bench import Site

PUBLISHED = b"the vendor's image".ljust(4096, b"\0")
SWAPPED = b"another one's image".ljust(4096, b"\0")
DIGEST = hashlib.sha256(PUBLISHED).hexdigest()


def test_a_wrong_digest_ends_a_conversion_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(SWAPPED)
    monkeypatch.setattr(subprocess, "Popen", None)  # whoever starts a program fails
    with pytest.raises(DigestMismatch):
        convert(
            source,
            target,
            source_format="raw",
            target_format="qcow2",
            limits=ConversionLimits(),
            expected=Digest("sha256", DIGEST),
        )
    assert not target.exists()


def test_a_host_compares_the_digest_before_it_looks_into_an_image(tmp_path: Path) -> None:
    cache = host_cache(tmp_path, hostile.qcow2_over("/etc/passwd"))
    with pytest.raises(ImageDamaged):  # and not that it is unsafe, which is found by reading it
        cache.get(host_access("qcow2", hash_algorithm="sha256", hash_value=DIGEST))
    assert cache.list_ids() == []


def test_a_wrong_digest_ends_an_upload(site: Site) -> None:
    image_id = site.create_raw(expected_hash=f"sha256:{DIGEST}")
    assert site.upload(image_id, SWAPPED).status == 400
    assert site.files() == []
    assert site.upload(image_id, PUBLISHED).status == 204
